import {afterEach, expect, jest, test} from '@jest/globals';
import ky from 'ky';
import {pollOperation} from '../../src/poll-operation.ts';
import type {OperationPoller} from '../../src/poller.ts';
import * as schedules from '../../src/schedule/schedules.ts';
import {playByFakeTimers} from '../support/fake-time.ts';
import {startEmulator} from '../testing/emulators.ts';
import {clientOf, token} from './clients.ts';

const count = 40;
const options = {schedule: schedules.fixed(1)};

/** How many requests were served and how many throttled until all operations had ended. */
async function requestCounts(client: (root: string) => (location: string) => OperationPoller) {
  const emulator = await startEmulator({throttle: {requests: 20, window: 3000}});
  const watch = client(emulator.root);
  const pollers = Array.from({length: count}, () => watch(emulator.addOperation({script: ['succeeded']}).location));
  await Promise.all(pollers.map((poller) => poller.result()));
  return {served: emulator.served, refused: emulator.throttled};
}

afterEach(() => void jest.useRealTimers());

test('40 operations on a service that takes 20 requests in 3 s: the gate keeps most refusals away', async () => {
  const [shared, apart] = await playByFakeTimers(ky, (http) =>
    Promise.all([
      requestCounts((root) => {
        const graph = clientOf({root}, {concurrency: 5, batch: false, http});
        return (location) => graph.watch(location, options);
      }),
      requestCounts(() => (location) => pollOperation(location, {token, ...options, http})),
    ]),
  );
  expect([shared.served, apart.served]).toEqual([count, count]);
  // Without the gate all are sent at once: 20 are throttled. With it, those in flight at the first 429.
  expect(apart.refused).toBe(20);
  expect(shared.refused).toBeLessThanOrEqual(apart.refused / 2);
});
