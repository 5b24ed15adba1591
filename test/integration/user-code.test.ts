// As a user tests code of their own: fake timers, a mocked fetch, and the default http.

import {afterEach, beforeEach, expect, jest, test} from '@jest/globals';
import {OperationFailedError, pollOperation, schedules} from '../../src/index.ts';

const usualFetch = globalThis.fetch;
const fetchMock = jest.fn<typeof fetch>();

beforeEach(() => {
  jest.useFakeTimers();
  fetchMock.mockReset();
  globalThis.fetch = fetchMock;
});

afterEach(() => {
  globalThis.fetch = usualFetch;
  jest.useRealTimers();
});

/** The code under test: it resets nothing, it only waits and writes a report. */
async function report(location: string, lines: string[]): Promise<string> {
  const poller = pollOperation(location, {
    token: async () => 'users-token',
    schedule: schedules.exponential({initial: 1000, factor: 2, max: 60_000, jitter: 'none'}),
  });
  poller.on('running', () => lines.push('running'));
  poller.on('retrying', ({error}) => lines.push(`retrying after ${error.httpStatus}`));
  const {statusDetail} = await poller.result();
  return `done: ${statusDetail}`;
}

const location = 'https://graph.microsoft.com/v1.0/users/a/authentication/operations/b?aadgdc=BY01P&aadgsu=ssprprod-a';

const operation = (status: string, statusDetail: string | null = null): Response =>
  new Response(JSON.stringify({id: 'b', status, statusDetail, createdDateTime: '2020-03-19T12-01-03.45Z'}), {
    headers: {'content-type': 'application/json'},
  });

test('waits pass by advancing the timers', async () => {
  fetchMock
    .mockResolvedValueOnce(operation('notStarted'))
    .mockResolvedValueOnce(operation('running'))
    .mockResolvedValueOnce(new Response('{}', {status: 503, headers: {'retry-after': '30'}}))
    .mockResolvedValueOnce(operation('running'))
    .mockResolvedValueOnce(operation('succeeded', 'ResetSuccess'));
  const lines: string[] = [];
  const start = Date.now();
  const done = report(location, lines);
  expect(fetchMock).not.toHaveBeenCalled();
  await jest.advanceTimersByTimeAsync(0);
  expect(fetchMock).toHaveBeenCalledTimes(1);
  await jest.advanceTimersByTimeAsync(999);
  expect(fetchMock).toHaveBeenCalledTimes(1);
  await jest.advanceTimersByTimeAsync(1);
  expect([fetchMock.mock.calls.length, lines]).toEqual([2, ['running']]);
  await jest.advanceTimersByTimeAsync(2000);
  expect([fetchMock.mock.calls.length, lines]).toEqual([3, ['running', 'retrying after 503']]);
  await jest.advanceTimersByTimeAsync(29_999);
  expect(fetchMock).toHaveBeenCalledTimes(3);
  await jest.advanceTimersByTimeAsync(1);
  expect(fetchMock).toHaveBeenCalledTimes(4);
  await jest.advanceTimersByTimeAsync(8000);
  expect(await done).toBe('done: ResetSuccess');
  expect(Date.now() - start).toBe(41_000);
  expect(fetchMock).toHaveBeenCalledTimes(5);
  expect(jest.getTimerCount()).toBe(0);
});

test('the mocked fetch sees the location and the token', async () => {
  fetchMock.mockResolvedValueOnce(operation('succeeded'));
  await report(location, []);
  const [input, init] = fetchMock.mock.calls[0] ?? [];
  const request = new Request(input ?? '', init);
  expect([request.method, request.url, request.headers.get('authorization')]).toEqual([
    'GET',
    location,
    'Bearer users-token',
  ]);
});

test('runAllTimersAsync runs the whole watch', async () => {
  let polls = 0;
  fetchMock.mockImplementation(async () => operation(++polls < 15 ? 'running' : 'succeeded', 'ResetSuccess'));
  const done = report(location, []);
  await jest.runAllTimersAsync();
  expect(await done).toBe('done: ResetSuccess');
  expect(polls).toBe(15);
});

test('a failure is an OperationFailedError', async () => {
  fetchMock.mockResolvedValue(operation('failed', 'PolicyViolation'));
  await expect(report(location, [])).rejects.toThrow(OperationFailedError);
});

test('a fetch that rejects is retried', async () => {
  const lines: string[] = [];
  fetchMock.mockRejectedValueOnce(new TypeError('fetch failed')).mockResolvedValueOnce(operation('succeeded', 'x'));
  const done = report(location, lines);
  await jest.runAllTimersAsync();
  expect([await done, lines]).toEqual(['done: x', ['retrying after undefined']]);
});

test('a fetch that never answers is abandoned after as many time-outs as configured', async () => {
  fetchMock.mockImplementation(() => new Promise(() => undefined));
  const done = report(location, []).catch((error: unknown) => error);
  await jest.advanceTimersByTimeAsync(15 * 60_000);
  expect(await done).toMatchObject({name: 'UnreachableError', observed: {timeout: 20}});
  expect(jest.getTimerCount()).toBe(0);
});
