import {afterEach, beforeEach, describe, expect, jest, test} from '@jest/globals';
import ky from 'ky';
import {readOptions} from '../../src/options/settings.ts';
import {byProcessClock, poll} from '../../src/polling/poll.ts';
import {defineProtocol} from '../../src/protocol/define-protocol.ts';
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

describe('maxRetryTime', () => {
  // The first attempt takes 200 ms, and the wait before the retry is 500 ms.
  test.each([
    ['that has passed when the first attempt fails allows no retry', 100, 1],
    ['that has not passed allows one', 1000, 2],
  ])('%s', async (_, maxRetryTime, expected) => {
    let requests = 0;
    const http = ky.create({
      fetch: async () => {
        requests++;
        await new Promise((resolve) => setTimeout(resolve, 200));
        return new Response('', {status: 503});
      },
    });
    const retry = {retries: 1, minTimeout: 500, randomize: false, maxRetryTime};
    const report = poll(readOptions({protocol: tasks, http, retry}), {
      location,
      tokenOrigin: '',
      deadlineAt: undefined,
      retryUntil: undefined,
      signal: new AbortController().signal,
      onRetry: () => {},
    });
    for (let count = 0; count < 20; count++) {
      await new Promise((resolve) => setImmediate(resolve));
      await jest.advanceTimersByTimeAsync(100);
    }
    expect([await report, requests]).toMatchObject([{is: 'failure', error: {httpStatus: 503}}, expected]);
  });
});

describe('where 404 is the end', () => {
  const protocol = defineProtocol({...tasks, notFoundSucceeds: true});
  const none = () => new Response('', {status: 404});
  const to = (target: string) => () => new Response('', {status: 302, headers: {location: target}});

  test.each([
    ['it is', [none], 'operation'],
    ['it is also after a redirect on the same origin', [to('/elsewhere'), none], 'operation'],
    ['it is not on a foreign host that a redirect led to', [to('https://other.example/'), none], 'failure'],
    ['405 is none', [() => new Response('', {status: 405})], 'failure'],
  ])('%s', async (_, answers, expected) => {
    const left = [...answers];
    const http = ky.create({fetch: async () => left.shift()?.() ?? none()});
    const report = await poll(readOptions({protocol, http, retry: {retries: 0}}), {
      location,
      tokenOrigin: 'https://graph.example',
      deadlineAt: undefined,
      retryUntil: undefined,
      signal: new AbortController().signal,
      onRetry: () => {},
    });
    expect(report.is).toBe(expected);
  });
});

test('times of the wall clock become those of the process when the wall clock is set', () => {
  const request = {
    location,
    tokenOrigin: '',
    deadlineAt: Date.now() + 10_000,
    retryUntil: undefined,
    signal: new AbortController().signal,
    onRetry: () => {},
  };
  const before = byProcessClock(request).deadlineAt ?? 0;
  jest.setSystemTime(beginning + 3_600_000);
  expect((byProcessClock(request).deadlineAt ?? 0) - before).toBe(-3_600_000);
});
