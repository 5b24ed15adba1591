// One process with very many operations outstanding, by one Graph client with `$batch` against the emulator: how late it
// comes to them, what a poll costs, and whether the heap stays flat.
import {createGraphClient} from 'operation-poller/graph';
import {asChild, inChild, settledMemory} from './child.ts';
import type {Report} from './cost.ts';
import {watchLoop} from './loop-delay.ts';
import {scaleLocation, startScaleServer} from './scale-server.ts';
import {percentile} from './statistics.ts';
import {figure, table, targetTable} from './table.ts';

const largest = 100_000;
const interval = 30_000;
const duration = 120_000;
const sampleEvery = 10_000;
/** The same polls per second by fewer operations: what a poll costs must not depend on their number. */
const smaller = [1000, 10_000].map((operations) => ({
  operations,
  interval: (interval * operations) / largest,
  duration: 6000,
}));
/** Every so many of the operations tells when it was due and when it was asked for. */
const watchedEvery = 50;
/** The time it may take to start them all, in milliseconds for each. */
const startTime = 0.06;
const startedAtOnce = 1000;

interface Task {
  readonly root: string;
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
  /** Megabytes in use, the least of each ten seconds: that is what garbage collection left. */
  readonly heap: readonly number[];
  readonly settledHeap: number;
}

/** Measures all sizes. */
export async function measureScale(): Promise<Report> {
  const server = await startScaleServer(largest);
  const measured: Scale[] = [];
  try {
    for (const size of [...smaller, {operations: largest, interval, duration}]) {
      measured.push(await inChild<Scale>(import.meta.url, {root: server.root, ...size} satisfies Task));
    }
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
  const large = measured.at(-1);
  const small = measured[0];
  const series = large?.heap.map((heap) => heap.toFixed(0)).join(', ');
  const text = [
    `One Graph client with \`$batch\` against the emulator in another process; ${largest.toLocaleString('en')} operations for ${duration / 1000} s.\n`,
    table(head, rows),
    `\nHeap in MB, the least in each ${sampleEvery / 1000} s: ${series}. Without garbage at the end: ${large?.settledHeap.toFixed(0)}. The first ${interval / 1000} s hold operations that were not asked for yet.`,
  ].join('\n');
  const targets = [
    {
      name: 'CPU per poll at 100k operations to that at 1k',
      measured: (large?.cpu ?? Number.NaN) / (small?.cpu ?? Number.NaN),
      unit: '×',
      atMost: 1.1,
    },
  ];
  return {text, targets};
}

async function measure({root, operations, interval, duration}: Task): Promise<Scale> {
  let polls = 0;
  const lateness: number[] = [];
  const schedule = (): number => {
    polls += 1;
    return interval;
  };
  const graph = createGraphClient({root, token: 'a-token'});
  const firstDue = Date.now() + 500 + operations * startTime;
  for (let id = 0; id < operations; id++) {
    // Spread evenly over the interval, so that polls are made at their full rate from the beginning.
    const initialDelay = Math.max(0, Math.floor(firstDue + (id * interval) / operations - Date.now()));
    const poller = graph.watch(scaleLocation(root, id), {schedule, initialDelay, totalTimeout: false});
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
  const pollsBefore = polls;
  const loop = watchLoop();
  const cpuBefore = process.cpuUsage();
  const began = performance.now();
  const heap: number[] = [];
  while (performance.now() - began < duration) {
    let least = Number.POSITIVE_INFINITY;
    const until = performance.now() + Math.min(sampleEvery, duration);
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
  const settledHeap = (await settledMemory()).heap / 1e6;
  const cpu = (user + system) / made;
  const rate = made / seconds;
  return {operations, interval, polls: made, cpu, loopP50, loopP99, lateP50, lateP99, rate, heap, settledHeap};
}

function megabytes(): number {
  return process.memoryUsage().heapUsed / 1e6;
}

function pause(delay: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delay));
}

/** Prints it. */
export async function benchmarkScale(): Promise<void> {
  const {text, targets} = await measureScale();
  console.log(`${text}\n\n${targetTable(targets)}`);
}

await asChild(import.meta.url, measure);
