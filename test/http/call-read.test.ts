import {setImmediate as settled} from 'node:timers/promises';
import {runInNewContext} from 'node:vm';
import {expect, jest, test} from '@jest/globals';
import {callRead} from '../../src/http/call-read.ts';
import type {Protocol} from '../../src/protocol/protocol.ts';

const token = 'marker-token-0123456789';
const version = '2023-01-01-preview';

/** What a protocol's function gives for a response with this body and these headers. */
function read(given: unknown, links: unknown = {}, headers: Record<string, string> = {}) {
  const seen: Parameters<NonNullable<Protocol['read']>>[0][] = [];
  const protocolRead: NonNullable<Protocol['read']> = (response) => {
    seen.push(response);
    return given as undefined;
  };
  const secrets = {secrets: [token, version], credentials: [token]};
  const result = callRead(protocolRead, {status: 202, headers: new Headers(headers), json: links, ...secrets});
  return {result, seen: seen[0]};
}

test('it gets the status, the headers and the body, in which URLs still work, and cannot change them', () => {
  const links = {at: `/jobs?v=${version}`};
  const long = `${'x'.repeat(300)} ${version}`;
  const {seen} = read(undefined, links, {'x-long': long, 'x-quoted': `of ${token}`});
  expect(seen).toMatchObject({httpStatus: 202, body: {at: `/jobs?v=${version}`}});
  expect([...(seen?.headers.entries() ?? [])]).toEqual([
    ['x-long', long],
    ['x-quoted', 'of [token]'],
  ]);
  expect(Object.isFrozen(seen?.body)).toBe(true);
});

test('it gets no header that could not be one without its escapes, and all others', () => {
  const headers = {'x-euro': `\\u20ac of ${token.replace('-', '%2d')}`, 'x-line': `a %0a ${token.replace('-', '%2d')}`};
  const {seen} = read(undefined, {}, {...headers, 'x-other': 'a'});
  expect([...(seen?.headers.entries() ?? [])]).toEqual([['x-other', 'a']]);
});

test.each<[unknown, unknown]>([
  [undefined, undefined],
  [null, null],
  ['running', 'running'],
  [[version], ['[token]']],
  [`of ${token}`, 'of [token]'],
  [
    {status: 'running', id: version},
    {status: 'running', id: '[token]'},
  ],
  [
    {id: version, resourceLocation: `/a/${version}/${token}`},
    {id: '[token]', resourceLocation: `/a/${version}/[token]`},
  ],
])('what it returns, %j, is taken as %j', (given, expected) => {
  expect(read(given).result).toStrictEqual(expected);
});

test.each([
  ['of this realm', () => Promise.reject(new Error('too late'))],
  ['of another realm', (): unknown => runInNewContext("Promise.reject(new Error('too late'))")],
])('a promise that it returns, %s, rejects unseen: it has no status', async (_, promise) => {
  const unhandled = jest.fn();
  process.on('unhandledRejection', unhandled);
  expect(read(promise()).result).toEqual({});
  await settled();
  process.off('unhandledRejection', unhandled);
  expect(unhandled).not.toHaveBeenCalled();
});
