import {setImmediate as settled} from 'node:timers/promises';
import {runInNewContext} from 'node:vm';
import {expect, jest, test} from '@jest/globals';
import {redact, redactJson} from '../../src/http/redact.ts';
import {findByRead} from '../../src/protocol/find-by-read.ts';
import type {Protocol} from '../../src/protocol/protocol.ts';

const token = 'marker-token-0123456789';
const version = '2023-01-01-preview';

/** What is found by a protocol's function in a response with this body and these headers. */
function read(given: unknown, links: unknown = {}, headers: Record<string, string> = {}) {
  const seen: Parameters<NonNullable<Protocol['read']>>[0][] = [];
  const protocolRead: NonNullable<Protocol['read']> = (response) => {
    seen.push(response);
    return given as undefined;
  };
  const secrets = {secrets: [token, version], credentials: [token]};
  const response = {status: 202, headers: new Headers(headers), json: links, ...secrets};
  const result = findByRead(protocolRead, response, redact, redactJson);
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

const noStatus = 'the function read gave the status undefined';

test.each<[unknown, unknown]>([
  [undefined, 'the function read found none'],
  [null, noStatus],
  ['running', noStatus],
  [[version], noStatus],
  [`of ${token}`, noStatus],
  [{status: `of ${token}`}, 'the function read gave the status "of [token]"'],
  [
    {status: 'running', id: version},
    {status: 'running', rawStatus: 'running', id: '[token]', resourceLocation: undefined},
  ],
  [
    {status: 'succeeded', rawStatus: `is ${version}`, result: [version], resourceLocation: `/a/${version}/${token}`},
    {status: 'succeeded', rawStatus: 'is [token]', result: ['[token]'], resourceLocation: `/a/${version}/[token]`},
  ],
])('what it returns, %j, is taken as %j', (given, expected) => {
  expect(read(given).result).toStrictEqual(expected);
});

test('what its operation inherits is none of its fields', () => {
  Object.defineProperty(Object.prototype, 'rawStatus', {value: 'evil', configurable: true});
  try {
    expect(read({status: 'running'}).result).toHaveProperty('rawStatus', 'running');
  } finally {
    Reflect.deleteProperty(Object.prototype, 'rawStatus');
  }
});

test.each([
  ['of this realm', () => Promise.reject(new Error('too late'))],
  ['of another realm', (): unknown => runInNewContext("Promise.reject(new Error('too late'))")],
])('a promise that it returns, %s, rejects unseen: it has no status', async (_, promise) => {
  const unhandled = jest.fn();
  process.on('unhandledRejection', unhandled);
  expect(read(promise()).result).toBe(noStatus);
  await settled();
  process.off('unhandledRejection', unhandled);
  expect(unhandled).not.toHaveBeenCalled();
});
