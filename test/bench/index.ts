// `npm run bench` runs the performance suite, and with `-- --write` puts its figures into docs/performance-figures.md. Named ones
// run alone: `npm run bench -- stop`. `-- --list` tells the names.
import {benchmarkBatch} from './batch.ts';
import {benchmarkCost} from './cost.ts';
import {benchmarkEstimate} from './estimate.ts';
import {benchmarkMemory} from './memory.ts';
import {benchmarkQueueKill} from './queue-kill.ts';
import {benchmarkQueueLateness} from './queue-lateness.ts';
import {benchmarkQueueMemory} from './queue-memory.ts';
import {benchmarkQueueResults} from './queue-results.ts';
import {benchmarkQueueThroughput} from './queue-throughput.ts';
import {benchmarkScale} from './scale.ts';
import {benchmarkSchedules} from './schedules.ts';
import {benchmarkStep} from './step.ts';
import {benchmarkStop} from './stop.ts';
import {benchmarkSuite} from './suite.ts';
import {benchmarkThrottle} from './throttle.ts';
import {benchmarkTracker} from './tracker.ts';
import {benchmarkTrackerKill} from './tracker-kill.ts';
import {benchmarkWake} from './wake.ts';

const benchmarks: Readonly<Record<string, () => Promise<void>>> = {
  batch: benchmarkBatch,
  cost: benchmarkCost,
  estimate: benchmarkEstimate,
  memory: benchmarkMemory,
  'queue-kill': benchmarkQueueKill,
  'queue-lateness': benchmarkQueueLateness,
  'queue-memory': benchmarkQueueMemory,
  'queue-results': benchmarkQueueResults,
  'queue-throughput': benchmarkQueueThroughput,
  scale: benchmarkScale,
  step: benchmarkStep,
  schedules: benchmarkSchedules,
  stop: benchmarkStop,
  throttle: benchmarkThrottle,
  tracker: benchmarkTracker,
  'tracker-kill': benchmarkTrackerKill,
  wake: benchmarkWake,
};

const given = process.argv.slice(2);
const names = given.filter((each) => !each.startsWith('--'));
const there = `there are ${Object.keys(benchmarks).join(', ')}; without a name the performance suite runs`;
for (const each of given) {
  if (each === '--write' || each === '--list' || Object.hasOwn(benchmarks, each)) continue;
  throw new Error(`no benchmark ${each}; ${there}`);
}
if (given.includes('--list')) console.log(there);
else if (names.length === 0) await benchmarkSuite(given.includes('--write'));
for (const name of names) {
  console.log(`\n== ${name}`);
  await benchmarks[name]?.();
}
