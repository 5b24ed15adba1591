import {randomBytes} from 'node:crypto';
import {setFlagsFromString} from 'node:v8';
import {runInNewContext} from 'node:vm';
import {afterEach, beforeEach, describe, expect, jest, test} from '@jest/globals';
import type {GraphEmulatorOptions, ThrottleOptions} from '../../src/testing/index.ts';
import {startGraphEmulator} from '../../src/testing/index.ts';
import {Throttle} from '../../src/testing/throttle.ts';
import {field, partUrl, poll, sendBatch, startEmulator} from './emulators.ts';

beforeEach(() => {
  jest.useFakeTimers({now: new Date('2030-01-02T03:04:05.500Z')});
});

afterEach(() => {
  jest.useRealTimers();
});

/** Status and Retry-After of the answers to `count` polls of an operation. */
async function pollsUnder(throttle: ThrottleOptions, count: number): Promise<unknown[]> {
  const emulator = await startEmulator({throttle});
  const {location} = emulator.addOperation();
  const answers: unknown[] = [];
  for (let index = 0; index < count; index += 1) {
    const {response} = await poll(location);
    answers.push([response.status, response.headers.get('retry-after')]);
  }
  return answers;
}

describe('throttling', () => {
  test('refuses requests over the limit of a window, and they take no step', async () => {
    const emulator = await startEmulator({throttle: {requests: 2, window: 10_000}});
    const operation = emulator.addOperation();
    await poll(operation.location);
    jest.advanceTimersByTime(7872);
    await poll(operation.location);
    const {response, body} = await poll(operation.location);
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '2.128']);
    expect(field(body, 'error', 'code')).toBe('TooManyRequests');
    expect([operation.polls, operation.requests.length]).toEqual([2, 3]);
    expect([emulator.received, emulator.served, emulator.throttled]).toEqual([3, 2, 1]);
  });

  test('starts a new window with the first request after the end, checked just before and just after', async () => {
    const emulator = await startEmulator({throttle: {requests: 1, window: 1000}});
    const {location} = emulator.addOperation();
    const statusAfter = async (milliseconds: number) => {
      jest.advanceTimersByTime(milliseconds);
      return (await poll(location)).response.status;
    };
    expect([await statusAfter(0), await statusAfter(999), await statusAfter(1)]).toEqual([200, 429, 200]);
    expect([await statusAfter(5500), await statusAfter(999), await statusAfter(1)]).toEqual([200, 429, 200]);
  });

  const forms: ReadonlyArray<readonly [ThrottleOptions['retryAfter'], string | null]> = [
    [undefined, '1.6'],
    ['decimal', '1.6'],
    ['seconds', '2'],
    ['date', 'Wed, 02 Jan 2030 03:04:08 GMT'],
    ['none', null],
  ];
  test.each(forms)('gives the Retry-After in the form %s', async (retryAfter, header) => {
    expect(await pollsUnder({requests: 0, window: 1600, retryAfter}, 1)).toEqual([[429, header]]);
  });

  test('counts by token, or all requests together', async () => {
    const tokens = ['a', 'a', 'b', 'b'];
    const under = async (per: 'token' | 'all' | undefined) => {
      const {location} = (await startEmulator({throttle: {requests: 1, window: 1000, per}})).addOperation();
      const answers: number[] = [];
      for (const token of tokens) {
        answers.push((await poll(location, {headers: {authorization: `Bearer ${token}`}})).response.status);
      }
      return answers;
    };
    expect(await under(undefined)).toEqual([200, 429, 200, 429]);
    expect(await under('token')).toEqual([200, 429, 200, 429]);
    expect(await under('all')).toEqual([200, 429, 429, 429]);
  });

  test('counts each part of a batch, and the envelope not at all', async () => {
    const emulator = await startEmulator({throttle: {requests: 3, window: 10_000}});
    const parts = Array.from({length: 5}, () => ({url: partUrl(emulator, emulator.addOperation())}));
    const {response, byId} = await sendBatch(emulator, parts);
    expect(response.status).toBe(200);
    expect(['0', '1', '2', '3', '4'].map((id) => field(byId.get(id), 'status'))).toEqual([200, 200, 200, 429, 429]);
    expect(byId.get('3')).toMatchObject({headers: {'Retry-After': '10'}, body: {error: {code: 'TooManyRequests'}}});
    expect((await sendBatch(emulator, parts)).response.status).toBe(200);
    expect([emulator.received, emulator.served, emulator.throttled]).toEqual([2, 3, 7]);
    expect(emulator.operations[4]?.requests).toMatchObject([{batched: true}, {batched: true}]);
  });

  test('counts every other request, including unknown paths and starts', async () => {
    const emulator = await startEmulator({throttle: {requests: 1, window: 1000}});
    expect((await poll(`${emulator.root}/v1.0/me`)).response.status).toBe(404);
    const start = emulator.addStart({path: '/a/start', starts: {}});
    expect((await poll(start.location, {method: 'POST'})).response.status).toBe(429);
    expect([start.polls, start.requests.length, emulator.operations.length]).toEqual([0, 1, 0]);
  });

  test('is off by default, but requests are counted', async () => {
    const emulator = await startEmulator();
    const {location} = emulator.addOperation();
    for (let index = 0; index < 5; index += 1) await poll(location);
    expect([emulator.served, emulator.throttled]).toEqual([5, 0]);
  });
});

describe('memory', () => {
  test('has no window left of tokens that are no longer used', () => {
    setFlagsFromString('--expose-gc');
    const collectGarbage: () => void = runInNewContext('gc');
    const used = (): number => {
      collectGarbage();
      return process.memoryUsage().heapUsed;
    };
    const throttle = new Throttle({requests: 1, window: 100});
    const request = {
      method: 'GET',
      target: '/x',
      body: undefined,
      requestId: '1',
      clientRequestId: '1',
      recorded: undefined,
    };
    const before = used();
    // 20 MB of tokens, 2 MB of them in one window.
    for (let now = 0; now < 1000; now += 1) {
      throttle.refuse({...request, authorization: randomBytes(10_000).toString('hex'), now});
    }
    expect(used() - before).toBeLessThan(5_000_000);
    expect(throttle.served).toBe(1000);
  });
});

describe('the option is checked at the call', () => {
  const cases: ReadonlyArray<readonly [unknown, string]> = [
    [5, 'options.throttle: expected an object, got 5'],
    [{window: 5}, 'options.throttle.requests: expected a number, got undefined'],
    [{requests: 5}, 'options.throttle.window: expected a number of milliseconds, got undefined'],
    [
      {requests: -1, window: 5},
      'options.throttle.requests: expected a whole number from 0 to 9007199254740991, got -1',
    ],
    [{requests: 5, window: 0}, 'options.throttle.window: expected more than 0 milliseconds, got 0'],
    [{requests: 5, window: 5, retryAfter: 5}, 'options.throttle.retryAfter: expected a string, got 5'],
    [{requests: 5, window: 5, per: 'app'}, "options.throttle.per: expected one of 'token', 'all', got 'app'"],
    [
      {requests: 5, windows: 5},
      "options.throttle: unknown field 'windows'; known are requests, window, retryAfter, per",
    ],
  ];
  test.each(cases.map(([throttle, message]) => [message, throttle] as const))('%s', async (message, throttle) => {
    const options: GraphEmulatorOptions = {};
    Reflect.set(options, 'throttle', throttle);
    await expect(startGraphEmulator(options)).rejects.toThrow(message);
  });
});
