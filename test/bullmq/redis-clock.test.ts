import {afterEach, describe, expect, jest, test} from '@jest/globals';
import fc from 'fast-check';
import {RedisClock} from '../../src/bullmq/redis-clock.ts';
import type {RedisKeys} from '../../src/bullmq/redis-script.ts';
import {SimulatedClock} from '../support/simulated-clock.ts';

afterEach(() => void jest.restoreAllMocks());

/** A Redis whose clock is right, and as far away as given. */
function redisOf(machine: SimulatedClock, roundTrip: number): RedisKeys {
  const client = {
    readRedisTime: undefined,
    runCommand: async () => {
      machine.time += roundTrip / 2;
      const microseconds = Math.round(machine.time * 1000);
      machine.time += roundTrip / 2;
      return [String(Math.floor(microseconds / 1e6)), String(microseconds % 1e6)];
    },
  };
  return {backend: {client: Promise.resolve(client as never)}, toKey: (type) => type};
}

const hours = fc.integer({min: -7_200_000, max: 7_200_000});
const after = fc.integer({min: 1, max: 40});

describe("Redis' clock", () => {
  test('is right wherever the wall clock is set or the process stands still, and knows how far off the wall clock is', async () => {
    await fc.assert(
      fc.asyncProperty(
        hours,
        hours,
        after,
        fc.nat({max: 60_000}),
        fc.nat({max: 40}),
        async (before, set, read, stall, trip) => {
          const machine = new SimulatedClock();
          machine.wallAhead = before;
          const clock = new RedisClock(redisOf(machine, trip));
          machine.plan({after: read, set, stall});
          for (let times = 0; times < 5; times++) {
            await clock.measure();
            for (let reads = 0; reads < 3; reads++) {
              const begun = machine.time;
              const time = clock.now();
              expect(time).toBeGreaterThanOrEqual(begun - trip / 2 - 2);
              expect(time).toBeLessThanOrEqual(machine.time + trip / 2 + 2);
              machine.time += 400;
            }
            await clock.update();
          }
          // It is known only where it is more than a second that the wall clock was set.
          expect(Math.abs(clock.skew() - machine.wallAhead)).toBeLessThanOrEqual(1000 + trip / 2 + 3);
          jest.restoreAllMocks();
        },
      ),
    );
  });

  test('is not measured anew for the millisecond by which two whole times may differ, once the wall clock has been set', async () => {
    const machine = new SimulatedClock();
    const keys = redisOf(machine, 1);
    const clock = new RedisClock(keys);
    await clock.measure();
    machine.wallAhead += 3_600_000.5;
    await clock.update();
    const measure = jest.spyOn(clock, 'measure');
    for (let times = 0; times < 20; times++) {
      machine.time += 0.3;
      await clock.update();
    }
    expect(measure).not.toHaveBeenCalled();
    machine.wallAhead -= 3_600_000;
    await clock.update();
    expect(measure).toHaveBeenCalledTimes(1);
  });
});
