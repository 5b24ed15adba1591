import {afterEach, beforeEach, describe, expect, jest, test} from '@jest/globals';
import ky from 'ky';
import {readOptions} from '../../src/options/settings.ts';
import {poll} from '../../src/polling/poll.ts';
import {beginning, location, tasks} from '../support/core.ts';

beforeEach(() => {
  jest.useFakeTimers({now: beginning, doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate']});
});

afterEach(() => {
  expect(jest.getTimerCount()).toBe(0);
  jest.useRealTimers();
});

describe('a retry within a poll', () => {
  // The wait before the retry is 500 ms.
  test.each([
    ['does not begin after the deadline', 499, 1],
    ['does not begin at the very deadline', 500, 1],
    ['begins a millisecond before the deadline', 501, 2],
  ])('%s', async (_, untilDeadline, expected) => {
    let requests = 0;
    const http = ky.create({
      fetch: async () => {
        requests++;
        return new Response('', {status: 503});
      },
    });
    const retry = {retries: 1, minTimeout: 500, randomize: false};
    const settings = readOptions({protocol: tasks, http, retry});
    const onRetry = jest.fn();
    const report = poll(settings, {
      location,
      tokenOrigin: '',
      deadlineAt: beginning + untilDeadline,
      retryUntil: beginning + untilDeadline,
      signal: new AbortController().signal,
      onRetry,
    });
    await jest.advanceTimersByTimeAsync(1000);
    expect(await report).toMatchObject({is: 'failure', error: {httpStatus: 503}});
    expect([requests, onRetry.mock.calls.length]).toEqual([expected, expected - 1]);
  });
});
