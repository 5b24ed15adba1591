import {afterEach, expect, jest, test} from '@jest/globals';
import fc from 'fast-check';
import {takeTurn} from '../../src/runner/index.ts';
import {now} from '../../src/shared/clock.ts';
import {beginning} from '../support/core.ts';
import {SimulatedClock} from '../support/simulated-clock.ts';
import {answer, everySecond, recordAt, serviceOf} from './turns.ts';

afterEach(() => void jest.restoreAllMocks());

test('wherever the process stands still, and the wall clock is set, no wait gets shorter and no request may take longer', async () => {
  const hours = fc.integer({min: -7_200_000, max: 7_200_000});
  await fc.assert(
    fc.asyncProperty(
      fc.integer({min: 1, max: 25}),
      fc.nat({max: 400}),
      hours,
      hours,
      async (after, stall, set, ahead) => {
        const machine = new SimulatedClock();
        const record = recordAt({totalTimeout: 5000});
        const deadlineAt = beginning + 5000;
        // The runner's clock is ahead of this machine's, and not set.
        machine.time -= ahead;
        now();
        const limits: number[] = [];
        const setRealTimeout = globalThis.setTimeout;
        jest.spyOn(globalThis, 'setTimeout').mockImplementation(((callback: () => void, delay: number) => {
          // Standing still just now, it could not have set it earlier.
          limits.push(machine.readAt + ahead + delay);
          return setRealTimeout(callback, delay);
        }) as typeof setTimeout);
        let answeredAt = 0;
        const {http} = serviceOf([
          () => {
            answeredAt = machine.time + ahead;
            const again = answer(200, {'retry-after': '2'}, {id: 'b', status: 'running'});
            return typeof again === 'string' ? Response.json({}) : again();
          },
        ]);
        machine.plan({after, stall, set});
        const turn = await takeTurn(record, {...everySecond, http}, machine.time + ahead);
        expect(turn).toMatchObject({record: {token: {attempt: 1, deadlineAt}}});
        expect(Object(turn).dueAt).toBeGreaterThanOrEqual(answeredAt + 2000);
        // A timer is set in whole milliseconds.
        expect(Math.min(...limits)).toBeLessThanOrEqual(deadlineAt + 1);
        jest.restoreAllMocks();
      },
    ),
    {numRuns: 200},
  );
});
