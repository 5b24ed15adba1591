// `npm run bench` runs the performance suite, and with `-- --write` puts its figures into docs/performance-figures.md. Named ones
// run alone: `npm run bench -- stop`. `-- --check` fails where a figure is worse than its target by more than its spread, and
// `-- --list` prints the names.
import {benchmarkBatch} from './batch.ts';
import {measureCost} from './cost.ts';
import {benchmarkEstimate} from './estimate.ts';
import {measureInstall} from './install.ts';
import {measureLoad} from './load.ts';
import {measureMemory} from './memory.ts';
import {measureOnce} from './once.ts';
import {benchmarkQueueKill} from './queue-kill.ts';
import {benchmarkQueueLateness} from './queue-lateness.ts';
import {benchmarkQueueMemory} from './queue-memory.ts';
import {benchmarkQueueResults} from './queue-results.ts';
import {benchmarkQueueThroughput} from './queue-throughput.ts';
import {measureScale} from './scale.ts';
import {benchmarkSchedules} from './schedules.ts';
import {measureStep} from './step.ts';
import {benchmarkStop} from './stop.ts';
import {measureSuite} from './suite.ts';
import {exceeded, type Report, targetTable} from './table.ts';
import {benchmarkThrottle} from './throttle.ts';
import {benchmarkTracker} from './tracker.ts';
import {benchmarkTrackerKill} from './tracker-kill.ts';
import {benchmarkWake} from './wake.ts';

/** Those whose figures have targets. */
const measured: Readonly<Record<string, () => Promise<Report>>> = {
  cost: measureCost,
  install: measureInstall,
  load: measureLoad,
  memory: measureMemory,
  once: measureOnce,
  scale: measureScale,
  step: measureStep,
};

/** Those that print what they find. */
const printed: Readonly<Record<string, () => Promise<void>>> = {
  batch: benchmarkBatch,
  estimate: benchmarkEstimate,
  'queue-kill': benchmarkQueueKill,
  'queue-lateness': benchmarkQueueLateness,
  'queue-memory': benchmarkQueueMemory,
  'queue-results': benchmarkQueueResults,
  'queue-throughput': benchmarkQueueThroughput,
  schedules: benchmarkSchedules,
  stop: benchmarkStop,
  throttle: benchmarkThrottle,
  tracker: benchmarkTracker,
  'tracker-kill': benchmarkTrackerKill,
  wake: benchmarkWake,
};

const known = [...Object.keys(measured), ...Object.keys(printed)].sort();
const there = `there are ${known.join(', ')}; without a name the performance suite runs`;

/** Prints a report. With `--check` one that is behind its targets ends the process with an error, once all is measured. */
function show({text, targets}: Report): void {
  console.log(targets.length === 0 ? text : `${text}\n\n${targetTable(targets)}`);
  for (const {name} of given.includes('--check') ? exceeded(targets) : []) {
    console.log(`behind its target: ${name}`);
    process.exitCode = 1;
  }
}

const given = process.argv.slice(2);
const names = given.filter((each) => !each.startsWith('--'));
for (const each of given) {
  if (['--check', '--list', '--write', ...known].includes(each)) continue;
  throw new Error(`no benchmark ${each}; ${there}`);
}
if (given.includes('--list')) console.log(there);
else if (names.length === 0) show(await measureSuite(given.includes('--write')));
for (const name of names) {
  console.log(`\n== ${name}`);
  const report = await measured[name]?.();
  if (report !== undefined) show(report);
  await printed[name]?.();
}
