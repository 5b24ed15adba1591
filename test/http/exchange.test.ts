import {expect, test} from '@jest/globals';
import {exchange, type ServiceRequest} from '../../src/http/exchange.ts';
import {createResponse, type TransportRequest} from '../../src/http/transport.ts';
import type {PollOptions} from '../../src/options/poll-options.ts';
import {readOptions} from '../../src/options/settings.ts';
import {defineProtocol} from '../../src/protocol/define-protocol.ts';
import {get, tasks} from '../support/core.ts';

const home = 'https://graph.example';
const token = 'marker-token-0123456789';
const request: ServiceRequest = {
  ...get,
  location: `${home}/a`,
  tokenOrigin: home,
  deadlineAt: undefined,
  signal: new AbortController().signal,
};

/** An answer: its status, and where it redirects to. */
type Answer = readonly [status: number, location?: string];

/** Sends a request to a service that gives these answers, and gives the last one and all that was sent. */
async function exchanged(answers: readonly Answer[], options: PollOptions = {}) {
  const left = [...answers];
  const sent: [string, TransportRequest][] = [];
  const transport = async (location: string, outgoing: TransportRequest) => {
    sent.push([location, outgoing]);
    const [status, target] = left.shift() ?? [200];
    return createResponse(status, new Headers(target === undefined ? {} : {location: target}), {text: ''});
  };
  const settings = {...readOptions({protocol: tasks, token, ...options}), transport};
  return {response: await exchange(settings, request), sent};
}

const seeOther = defineProtocol({...tasks, seeOtherSucceeds: true});

test('where 303 is the end, other redirects are followed', async () => {
  const {response, sent} = await exchanged([[302, '/b'], [200]], {protocol: seeOther});
  expect([response.status, response.seeOther]).toEqual([200, undefined]);
  expect(sent.map(([location]) => location)).toEqual([`${home}/a`, `${home}/b`]);
});

test.each([
  ['is kept', '/made', `${home}/made`],
  ['is not kept where it holds the token', `/made?key=${token}`, undefined],
])('where 303 is the end, its location %s', async (_, target, expected) => {
  const {response, sent} = await exchanged([[303, target]], {protocol: seeOther});
  expect([response.status, response.seeOther, sent.length]).toEqual([303, expected, 1]);
});

test.each([
  ['is foreign', [], true],
  ['is not foreign where it is trusted', ['https://other.example'], false],
])('another origin %s, also for a protocol that sends no token', async (_, trustedOrigins, expected) => {
  const protocol = defineProtocol({...tasks, authorization: 'none'});
  const {response, sent} = await exchanged([[307, 'https://other.example/b'], [200]], {protocol, trustedOrigins});
  expect([response.isForeign, sent.at(-1)?.[1].isForeign]).toEqual([expected, expected]);
  expect(sent.map(([, {headers}]) => headers['authorization'])).toEqual([undefined, undefined]);
});

test.each([100, 599])('the HTTP status %i is one', async (status) => {
  expect((await exchanged([[status]])).response.status).toBe(status);
});

test.each([99, 600, 200.5])('the HTTP status %p is none', async (status) => {
  const message = `The response cannot be read as an operation: the HTTP status ${status}`;
  await expect(exchanged([[status]])).rejects.toMatchObject({kind: 'protocol', message});
});
