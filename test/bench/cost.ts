// What polls cost the process that makes them, beside bare loops and other libraries on the same server and schedule: CPU
// per poll, wall time, event-loop delay, and how long it takes to start and to settle ten thousand operations.
import {benchLocation} from './answer.ts';
import {asChild, inChild} from './child.ts';
import {contenders, entryOf} from './contenders/index.ts';
import {answerInProcess} from './in-process.ts';
import {watchLoop} from './loop-delay.ts';
import {startBenchServer} from './server.ts';
import {medians} from './statistics.ts';
import {compared, type Target, table, targetTable} from './table.ts';

const operations = 500;
const polls = 20;
const interval = 50;
const warmUp = 2; // polls
const settled = 10_000;
const runs = 5;

interface Task {
  readonly name: string;
  readonly root: string;
}

type Cost = {
  /** Microseconds of CPU for each poll. */
  readonly cpu: number;
  /** Milliseconds, as all that follow. */
  readonly wall: number;
  readonly p50: number;
  readonly p99: number;
  readonly start: number;
  readonly settle: number;
};

/** What the benchmark tells: a table of all, and the figures that have a target. */
export interface Report {
  readonly text: string;
  readonly targets: readonly Target[];
}

/** Measures all contenders in turn, each run in a process of its own. */
export async function measureCost(): Promise<Report> {
  const costs = new Map<string, Cost[]>(contenders.map(({name}) => [name, []]));
  const server = await startBenchServer();
  try {
    for (let run = 0; run < runs; run++) {
      for (const [name, measured] of costs)
        measured.push(await inChild<Cost>(import.meta.url, {name, root: server.root}));
    }
  } finally {
    server.stop();
  }
  const rows = contenders.map(({name, kind}) => ({name, kind, ...medians(costs.get(name) ?? [])}));
  const best = (field: keyof Cost): number =>
    Math.min(...rows.filter(({kind}) => kind === 'peer').map((row) => row[field]));
  const cell = (row: Cost, field: keyof Cost): string => compared(row[field], best(field));
  const head = [
    '',
    'CPU per poll, µs',
    'wall time, ms',
    'loop delay p50, ms',
    'p99, ms',
    'start 10k, ms',
    'settle 10k, ms',
  ];
  const fields = ['cpu', 'wall', 'p50', 'p99', 'start', 'settle'] as const;
  const text = [
    `${operations} operations, ${polls} polls each, every ${interval} ms; medians of ${runs} runs; in brackets the ratio to the best peer.\n`,
    table(
      head,
      rows.map((row) => [row.name, ...fields.map((field) => cell(row, field))]),
    ),
  ].join('\n');
  const cpu = (name: string): number => rows.find((row) => row.name === name)?.cpu ?? Number.NaN;
  const lro = cpu('@azure/core-lro');
  const targets = [
    {
      name: 'CPU per poll, default, to bare ky',
      measured: cpu('operation-poller') / cpu('bare ky'),
      unit: '×',
      atMost: 1.15,
    },
    {
      name: 'CPU per poll, $batch, to core-lro',
      measured: cpu('operation-poller, $batch') / lro,
      unit: '×',
      atMost: 0.25,
    },
  ];
  return {text, targets};
}

/** Prints it. */
export async function benchmarkCost(): Promise<void> {
  const {text, targets} = await measureCost();
  console.log(`${text}\n\n${targetTable(targets)}`);
}

async function measure({name, root}: Task): Promise<Cost> {
  const {load, overFetch, kind} = entryOf(name);
  const {contender} = await load();
  const watchAll = (watch: (location: string) => Promise<unknown>, part: string, count: number, times: number) =>
    Array.from({length: count}, (_, id) => watch(benchLocation(root, `${process.pid}-${part}-${id}`, times)));

  const watch = contender.prepare(root, interval);
  await Promise.all(watchAll(watch, 'warm-up', operations, warmUp));
  globalThis.gc?.();
  const loop = watchLoop();
  const cpuBefore = process.cpuUsage();
  const began = performance.now();
  await Promise.all(watchAll(watch, 'measured', operations, polls));
  const wall = performance.now() - began;
  const {user, system} = process.cpuUsage(cpuBefore);
  const {p50, p99} = loop();
  const cpu = (user + system) / (operations * polls);

  if (kind === 'bare') return {cpu, wall, p50, p99, start: Number.NaN, settle: Number.NaN};
  // The network would be most of what follows: thousands of sockets opened at once.
  if (overFetch) answerInProcess();
  const once = contender.prepare(root, interval);
  globalThis.gc?.();
  const from = performance.now();
  const outcomes = watchAll(once, 'settled', settled, 1);
  const start = performance.now() - from;
  await Promise.all(outcomes);
  return {cpu, wall, p50, p99, start, settle: performance.now() - from - start};
}

await asChild(import.meta.url, measure);
