import {expect, jest} from '@jest/globals';
import {type KillPlan, killTracker} from '../bench/tracker-kill.ts';
import {testTogether} from '../support/test-together.ts';

const loader = new URL('../support/load-typescript.mjs', import.meta.url).href;
const plans: ReadonlyArray<readonly [KillPlan]> = [
  [{operations: 40, kills: 8}],
  [{operations: 40, kills: 8, failEach: 10}],
  // Most of its processes have nothing left to do, and end before they are killed.
  [{operations: 1, kills: 8}],
];

// Nine processes, one after another: each compiles the source, which takes long on a busy machine.
jest.setTimeout(240_000);

// `npm run bench -- tracker-kill` does the same with more.
testTogether(plans, '84: nothing is lost when the process is killed: %j', async (plan) => {
  const report = await killTracker({...plan, execArgv: ['--import', loader]});
  expect(report).toMatchObject({lost: 0, missed: 0, wrong: 0, left: 0});
  expect(report.calls).toBeGreaterThanOrEqual(plan.operations);
});
