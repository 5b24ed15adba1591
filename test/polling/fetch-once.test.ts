import {getEventListeners} from 'node:events';
import {afterEach, beforeEach, expect, jest, test} from '@jest/globals';
import ky from 'ky';
import {OperationNotFoundError, UnauthorizedError, UnreachableError} from '../../src/operation/errors.ts';
import type {PollOptions} from '../../src/options/poll-options.ts';
import {readOptions} from '../../src/options/settings.ts';
import {fetchOnce} from '../../src/polling/fetch-once.ts';
import {beginning, stateOf, tasks} from '../support/core.ts';

beforeEach(() => {
  jest.useFakeTimers({now: beginning, doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate']});
});

afterEach(() => {
  expect(jest.getTimerCount()).toBe(0);
  jest.useRealTimers();
});

/** How fetching ends when the service answers so, and the number of requests. */
async function ended(response: Response, options: PollOptions = {}) {
  let requests = 0;
  const http = ky.create({
    fetch: async () => {
      requests++;
      return response;
    },
  });
  const end: unknown = await fetchOnce(stateOf(), readOptions({protocol: tasks, http, ...options})).catch(
    (error: unknown) => error,
  );
  return {end, requests};
}

test.each<[string, Response, PollOptions, abstract new (...given: never[]) => Error, number]>([
  ['a failure that a watch would survive', new Response('', {status: 503}), {}, UnreachableError, 1],
  ['a 404 that a watch would wait out', new Response('', {status: 404}), {}, OperationNotFoundError, 1],
  [
    'no token',
    new Response(''),
    {
      token: () => {
        throw new Error('no');
      },
    },
    UnauthorizedError,
    0,
  ],
])('ends with %s', async (_, response, options, type, expected) => {
  const {end, requests} = await ended(response, options);
  expect(end).toBeInstanceOf(type);
  expect(requests).toBe(expected);
});

test('ends when the service throttles, and its resume token is due when the service says', async () => {
  const {end} = await ended(new Response('', {status: 429, headers: {'retry-after': '60'}}));
  expect(end).toMatchObject({
    name: 'UnreachableError',
    cause: {httpStatus: 429},
    resumeToken: {dueAt: beginning + 60_000, notBefore: beginning + 60_000},
  });
});

test('leaves no listener on its signal', async () => {
  const {signal} = new AbortController();
  const {end} = await ended(Response.json({id: 'b', status: 'running'}), {signal});
  expect(end).toMatchObject({status: 'running'});
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});
