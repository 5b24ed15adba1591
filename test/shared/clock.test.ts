import {afterEach, expect, jest, test} from '@jest/globals';
import fc from 'fast-check';
import {now, processClock, turnClock} from '../../src/shared/clock.ts';
import {SimulatedClock} from '../support/simulated-clock.ts';

afterEach(() => void jest.restoreAllMocks());

const hours = fc.integer({min: -7_200_000, max: 7_200_000});
const after = fc.integer({min: 1, max: 8});
const stall = fc.integer({min: 0, max: 600_000});

test('how far the wall clock was set is known, whenever the process stands still', () => {
  fc.assert(
    fc.property(hours, after, stall, (set, read, milliseconds) => {
      const machine = new SimulatedClock();
      now();
      machine.wallAhead = set;
      machine.plan({after: read, stall: milliseconds});
      const offset = processClock.wallOffset();
      if (Math.abs(set) < 1000) expect(offset).toBe(0);
      // Each of the two that are compared is cut off to a millisecond.
      else expect(Math.abs(offset - set)).toBeLessThanOrEqual(2);
      jest.restoreAllMocks();
    }),
  );
});

test('a turn goes by one clock, whatever is done to the wall clock: where the process stands still it is late, never early', () => {
  fc.assert(
    fc.property(hours, hours, after, stall, (ahead, set, read, milliseconds) => {
      const machine = new SimulatedClock();
      now();
      machine.plan({after: read, stall: milliseconds, set});
      const begunAt = now();
      const clock = turnClock(machine.time + ahead, begunAt);
      for (let times = 0; times < 4; times++) {
        const before = machine.time;
        const time = clock.now();
        expect(time).toBeGreaterThanOrEqual(before + ahead);
        expect(time).toBeLessThanOrEqual(machine.time + ahead + milliseconds);
        machine.time += 1000;
      }
      jest.restoreAllMocks();
    }),
  );
});
