import {afterEach, beforeEach, expect, jest, test} from '@jest/globals';
import {createGraphClient} from '../../src/graph/index.ts';
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

test('what is no poller or has no timers to advance is refused, and the argument named', async () => {
  const poller = {on: () => undefined};
  const skip = (...given: readonly unknown[]) => Reflect.apply(skipWaits, undefined, given);
  expect(() => skip(undefined, jest)).toThrow(new TypeError('poller: expected a poller, got undefined'));
  expect(() => skip('poller', jest)).toThrow(new TypeError("poller: expected a poller, got 'poller'"));
  expect(() => skip(poller)).toThrow(new TypeError('timers: expected fake timers: jest or vi, got undefined'));
  expect(() => skip(poller, {})).toThrow(new TypeError('timers: expected fake timers: jest or vi, got {}'));
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

test('the waits of a poller of a Graph client without batches pass too', async () => {
  const emulator = await startEmulator({script: ['running', {http: 429, retryAfter: 60}, 'succeeded']});
  const graph = createGraphClient({root: emulator.root, token: 'test-token', batch: false});
  const start = Date.now();
  const reset = await graph.resetPassword('adele@contoso.com');
  if (reset.poller !== undefined) skipWaits(reset.poller, jest);
  expect(await reset.newPassword()).toBe('Emulated-0-Password');
  expect(Date.now() - start).toBeGreaterThan(60_000);
});
