import {expect, test} from '@jest/globals';
import {type KillPlan, killTracker} from '../bench/tracker-kill.ts';

const loader = new URL('../support/load-typescript.mjs', import.meta.url).href;
const plans: readonly KillPlan[] = [
  {operations: 40, kills: 8},
  {operations: 40, kills: 8, failEach: 10},
];

// Row 84. `npm run bench -- tracker-kill` does the same with more.
test.each(plans)(
  'nothing is lost when the process is killed: %j',
  async (plan) => {
    const report = await killTracker({...plan, execArgv: ['--import', loader]});
    expect(report).toMatchObject({lost: 0, missed: 0, wrong: 0, left: 0});
    expect(report.calls).toBeGreaterThanOrEqual(plan.operations);
  },
  // Ten processes, one after another: each compiles the source, which takes long on a busy machine.
  240_000,
);
