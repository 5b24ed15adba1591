// Runs the benchmarks named on the command line, or all of them: `npm run bench`, `npm run bench -- stop`.
import {benchmarkBatch} from './batch.ts';
import {benchmarkCost} from './cost.ts';
import {benchmarkMemory} from './memory.ts';
import {benchmarkQueueKill} from './queue-kill.ts';
import {benchmarkQueueMemory} from './queue-memory.ts';
import {benchmarkQueueThroughput} from './queue-throughput.ts';
import {benchmarkStep} from './step.ts';
import {benchmarkStop} from './stop.ts';
import {benchmarkThrottle} from './throttle.ts';

const benchmarks: Readonly<Record<string, () => Promise<void>>> = {
  batch: benchmarkBatch,
  cost: benchmarkCost,
  memory: benchmarkMemory,
  'queue-kill': benchmarkQueueKill,
  'queue-memory': benchmarkQueueMemory,
  'queue-throughput': benchmarkQueueThroughput,
  step: benchmarkStep,
  stop: benchmarkStop,
  throttle: benchmarkThrottle,
};

const named = process.argv.slice(2);
for (const name of named.length === 0 ? Object.keys(benchmarks) : named) {
  const benchmark = benchmarks[name];
  if (benchmark === undefined) throw new Error(`no benchmark ${name}; there are ${Object.keys(benchmarks).join(', ')}`);
  console.log(`\n== ${name}`);
  await benchmark();
}
