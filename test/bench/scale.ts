// One process with very many operations outstanding, by one Graph client with `$batch` against the emulator: how late it
// comes to them, what a poll costs, and whether the heap stays flat.

import type {OperationPoller} from 'operation-poller';
import {createGraphClient} from 'operation-poller/graph';
import {asChild, inChild, settledMemory} from './child.ts';
import {pause} from './contenders/contender.ts';
import {watchLoop} from './loop-delay.ts';
import {scaleLocation, startScaleServer} from './scale-server.ts';
import {percentile, spreadOf} from './statistics.ts';
import {figure, type Report, table} from './table.ts';

const largest = 100_000;
const interval = 30_000;
const duration = 120_000;
const sampleEvery = 10_000;
/** Until every operation was asked for once nothing is measured, and at least for so long. */
const warmUp = 3000;
const settleTime = 2000;
/**
 * The same polls per second by fewer operations: what a poll costs must not depend on their number. All are measured in one
 * process, the largest first: in one of their own the small ones would be measured before their code is compiled.
 */
const sizes: readonly Size[] = [
  {operations: largest, interval, duration},
  ...[10_000, 1000].map((operations) => ({
    operations,
    interval: (interval * operations) / largest,
    duration: 9000,
  })),
];
/** Every so many of the operations tells when it was due and when it was asked for. */
const watchedEvery = 50;
/** The time it may take to start them all, in milliseconds for each. */
const startTime = 0.06;
const startedAtOnce = 1000;

interface Size {
  readonly operations: number;
  readonly interval: number;
  readonly duration: number;
}

interface Scale {
  readonly operations: number;
  readonly interval: number;
  readonly polls: number;
  /** Microseconds of CPU for each poll. */
  readonly cpu: number;
  /** Milliseconds, as all that follow. */
  readonly loopP50: number;
  readonly loopP99: number;
  readonly lateP50: number;
  readonly lateP99: number;
  /** Polls per second. */
  readonly rate: number;
  /** Megabytes in use, the least of each ten seconds. */
  readonly heap: readonly number[];
  /** Megabytes without garbage, before what is measured and after it. */
  readonly settled: readonly [before: number, after: number];
}

/** Measures all sizes. */
export async function measureScale(): Promise<Report> {
  const server = await startScaleServer(largest);
  let measured: readonly Scale[];
  try {
    measured = await inChild<Scale[]>(import.meta.url, server.root);
  } finally {
    server.stop();
  }
  const head = [
    'operations',
    'each due every, s',
    'polls per second',
    'CPU per poll, µs',
    'late p50, ms',
    'p99, ms',
    'loop delay p50, ms',
    'p99, ms',
  ];
  const rows = measured.map((scale) => [
    scale.operations.toLocaleString('en'),
    String(scale.interval / 1000),
    figure(scale.rate),
    figure(scale.cpu),
    figure(scale.lateP50),
    figure(scale.lateP99),
    figure(scale.loopP50),
    figure(scale.loopP99),
  ]);
  const large = measured[0];
  const small = measured.at(-1);
  const {heap = [], settled: [before, after] = [Number.NaN, Number.NaN]} = large ?? {};
  const series = heap.map((least) => least.toFixed(0)).join(', ');
  const text = [
    `One Graph client with \`$batch\` against the emulator in another process; ${largest.toLocaleString('en')} operations for ${duration / 1000} s, of which the first ${interval / 1000} s ask for each once and are not measured.\n`,
    table(head, rows),
    `\nHeap in MB, garbage included, the least in each ${sampleEvery / 1000} s: ${series}. Without garbage: ${before.toFixed(0)} before, ${after.toFixed(0)} at the end.`,
  ].join('\n');
  const targets = [
    {
      name: 'CPU per poll at 100k operations to that at 1k',
      measured: spreadOf([(large?.cpu ?? Number.NaN) / (small?.cpu ?? Number.NaN)]),
      unit: '×',
      atMost: 1.1,
    },
    {
      name: 'heap of 100k operations without garbage, at the end to before',
      measured: spreadOf([after / before]),
      unit: '×',
      atMost: 1.05,
    },
  ];
  return {text, targets};
}

async function measureSizes(root: string): Promise<Scale[]> {
  const measured: Scale[] = [];
  for (const size of sizes) measured.push(await measure(root, size));
  return measured;
}

async function measure(root: string, {operations, interval, duration}: Size): Promise<Scale> {
  let polls = 0;
  const lateness: number[] = [];
  const schedule = (): number => {
    polls += 1;
    return interval;
  };
  const graph = createGraphClient({root, token: 'a-token'});
  const pollers: OperationPoller[] = [];
  const firstDue = Date.now() + 500 + operations * startTime;
  for (let id = 0; id < operations; id++) {
    // Spread evenly over the interval, so that polls are made at their full rate from the beginning.
    const initialDelay = Math.max(0, Math.floor(firstDue + (id * interval) / operations - Date.now()));
    const poller = graph.watch(scaleLocation(root, id), {schedule, initialDelay, totalTimeout: false});
    pollers.push(poller);
    if (id % startedAtOnce === 0) await new Promise(setImmediate);
    if (id % watchedEvery !== 0) continue;
    let due: number | undefined;
    poller.on('waiting', ({at, delay}) => {
      due = at + delay;
    });
    poller.on('polled', ({at}) => {
      if (due !== undefined) lateness.push(at - due);
    });
  }
  await pause(Math.max(0, firstDue - Date.now()));
  await pause(Math.max(interval, warmUp));
  const settledBefore = (await settledMemory()).heap / 1e6;
  // What was late because of that collection is asked for by now.
  await pause(settleTime);
  lateness.length = 0;
  const pollsBefore = polls;
  const loop = watchLoop();
  const cpuBefore = process.cpuUsage();
  const began = performance.now();
  const heap: number[] = [];
  const measured = duration - Math.max(interval, warmUp);
  while (performance.now() - began < measured) {
    let least = Number.POSITIVE_INFINITY;
    const until = performance.now() + Math.min(sampleEvery, measured);
    while (performance.now() < until) {
      await pause(100);
      least = Math.min(least, megabytes());
    }
    heap.push(least);
  }
  const seconds = (performance.now() - began) / 1000;
  const {user, system} = process.cpuUsage(cpuBefore);
  const {p50: loopP50, p99: loopP99} = loop();
  const made = polls - pollsBefore;
  const [lateP50, lateP99] = [percentile(lateness, 50), percentile(lateness, 99)];
  const settled = [settledBefore, (await settledMemory()).heap / 1e6] as const;
  for (const poller of pollers) poller.stop();
  const cpu = (user + system) / made;
  const rate = made / seconds;
  return {
    operations,
    interval,
    polls: made,
    cpu,
    loopP50,
    loopP99,
    lateP50,
    lateP99,
    rate,
    heap,
    settled,
  };
}

function megabytes(): number {
  return process.memoryUsage().heapUsed / 1e6;
}

await asChild(import.meta.url, measureSizes);
