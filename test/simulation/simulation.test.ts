import {afterAll, beforeAll, expect, test} from '@jest/globals';
import {installVirtualTime} from './virtual-time.ts';

/** The seeds of each run of the tests; `npm run simulate` takes any number of others. */
const seeds = 2000;

/** Few enough for the time that a test has on a busy machine: one that ran out of it would go on beside the next. */
const seedsPerTest = 100;

const putBack: (() => void)[] = [];
beforeAll(async () => {
  putBack.push(installVirtualTime());
  // Loaded only now, so that nothing in it has seen another clock.
  const {catchUncaught} = await import('./simulate.ts');
  putBack.push(catchUncaught());
});
afterAll(() => {
  for (const each of putBack) each();
});

test.each(
  Array.from(
    {length: seeds / seedsPerTest},
    (_, part) => [part * seedsPerTest, (part + 1) * seedsPerTest - 1] as const,
  ),
)('no world of the seeds %i to %i violates an invariant', async (first, last) => {
  const {simulate} = await import('./simulate.ts');
  const violations: string[] = [];
  for (let seed = first; seed <= last; seed++) {
    const {violation} = await simulate(seed);
    if (violation !== undefined) violations.push(`seed ${seed} violates ${violation.invariant}: ${violation.why}`);
  }
  expect(violations).toEqual([]);
});

test('a seed is the same world each time', async () => {
  const {simulatePlan} = await import('./simulate.ts');
  const {planOf} = await import('./plan.ts');
  for (let seed = 0; seed < 60; seed++) {
    const once = await simulatePlan(planOf(seed), true);
    const again = await simulatePlan(planOf(seed), true);
    expect(again.timeline).toEqual(once.timeline);
  }
});
