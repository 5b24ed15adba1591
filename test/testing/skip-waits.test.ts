import {afterEach, beforeEach, expect, jest, test} from '@jest/globals';
import {pollOperation} from '../../src/index.ts';
import {skipWaits} from '../../src/testing/index.ts';
import {startEmulator} from './emulators.ts';

beforeEach(() => {
  jest.useFakeTimers({
    doNotFake: ['nextTick', 'setImmediate', 'clearImmediate', 'queueMicrotask', 'setInterval', 'clearInterval'],
  });
});

afterEach(() => {
  jest.useRealTimers();
});

test('every wait passes at once, and once: those of the schedule, of the service and of a failure', async () => {
  const emulator = await startEmulator();
  const operation = emulator.addOperation({
    script: [
      {status: 'running', retryAfter: 30},
      {http: 429, retryAfter: 60},
      {http: 503, times: 2},
      'running',
      'succeeded',
    ],
  });
  const start = Date.now();
  const poller = pollOperation(operation.location, {
    token: 'test-token',
    schedule: () => 10_000,
    retry: {retries: 0},
    notFoundGrace: 0,
  });
  skipWaits(poller, jest);
  await poller.result();
  const times = operation.requests.map(({at}) => at - start);
  expect(times).toEqual([0, 30_000, 90_000, 100_000, 110_000, 120_000]);
  expect(jest.getTimerCount()).toBe(0);
});
