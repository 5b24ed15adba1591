// What polls cost the process that makes them, beside bare loops and other libraries on the same server and schedule: CPU
// per poll, wall time, event-loop delay, and how long it takes to start and to settle ten thousand operations.
import {benchLocation} from './answer.ts';
import {asMeasurer, type Measurer, startMeasurer} from './child.ts';
import {contenders, entryOf} from './contenders/index.ts';
import {answerInProcess} from './in-process.ts';
import {watchLoop} from './loop-delay.ts';
import {startBenchServer} from './server.ts';
import {median, medians} from './statistics.ts';
import {compared, type Target, table, targetTable} from './table.ts';

const operations = 500;
const polls = 10;
const interval = 50;
const settled = 10_000;
const runs = 5;
/** How long each contender polls before it is measured: until its code is compiled, which costs more than what it does. */
const warmUp = 8000;

interface Task {
  readonly name: string;
  readonly root: string;
}

type Polling = {
  /** Microseconds of CPU for each poll. */
  readonly cpu: number;
  /** Milliseconds, as all that follow. */
  readonly wall: number;
  readonly p50: number;
  readonly p99: number;
};

type Settling = {
  /** Until all are started, in one turn. */
  readonly start: number;
  /** From then on until all have succeeded. */
  readonly settle: number;
};

/** What the benchmark tells: a table of all, and the figures that have a target. */
export interface Report {
  readonly text: string;
  readonly targets: readonly Target[];
}

/** Measures all contenders, each in a process of its own; the runs take turns. */
export async function measureCost(): Promise<Report> {
  const server = await startBenchServer();
  const measurers = contenders.map(({name}) =>
    startMeasurer<Polling & Settling>(import.meta.url, {name, root: server.root}),
  );
  const first: Polling[] = [];
  const polling = measurers.map((): Polling[] => []);
  const settling = measurers.map((): Settling[] => []);
  try {
    for (const measurer of measurers) first.push(await warm(measurer));
    for (let run = 0; run < runs; run++) {
      for (const [index, measurer] of measurers.entries()) polling[index]?.push(await measurer.ask('poll'));
    }
    for (let run = 0; run < runs; run++) {
      for (const [index, measurer] of measurers.entries()) settling[index]?.push(await measurer.ask('settle'));
    }
  } finally {
    for (const measurer of measurers) measurer.stop();
    server.stop();
  }
  const rows = contenders.map(({name, kind}, index) => {
    const {start, settle} = medians(settling[index] ?? []);
    const both = median((settling[index] ?? []).map((each) => each.start + each.settle));
    return {name, kind, ...medians(polling[index] ?? []), cold: first[index]?.cpu ?? Number.NaN, start, settle, both};
  });
  type Row = (typeof rows)[number];
  const fields = ['cpu', 'cold', 'wall', 'p50', 'p99', 'start', 'settle', 'both'] as const;
  const cell = (row: Row, field: (typeof fields)[number]): string =>
    compared(row[field], Math.min(...rows.filter(({kind}) => kind === 'peer').map((each) => each[field])));
  const head = [
    '',
    'CPU per poll, µs',
    'at first, µs',
    'wall time, ms',
    'loop delay p50, ms',
    'p99, ms',
    'start 10k, ms',
    'settle 10k, ms',
    'both, ms',
  ];
  const text = [
    `${operations} operations, ${polls} polls each, every ${interval} ms; medians of ${runs} runs after ${warmUp / 1000} s of polling, and what the first such run cost; in brackets the ratio to the best peer.\n`,
    table(
      head,
      rows.map((row) => [row.name, ...fields.map((field) => cell(row, field))]),
    ),
  ].join('\n');
  return {text, targets: targetsOf(new Map(rows.map(({name, cpu}) => [name, cpu])))};
}

function targetsOf(cpu: ReadonlyMap<string, number>): Target[] {
  const ratio = (name: string, to: string): number => (cpu.get(name) ?? Number.NaN) / (cpu.get(to) ?? Number.NaN);
  const ours = 'operation-poller';
  const target = (name: string, measured: number, atMost: number): Target => ({
    name: `CPU per poll, ${name}`,
    measured,
    unit: '×',
    atMost,
  });
  return [
    target('default, to bare ky', ratio(ours, 'bare ky'), 1.15),
    target('leanHttp, to core-lro', ratio(`${ours}, leanHttp`, '@azure/core-lro'), 1),
    target('$batch, to core-lro', ratio(`${ours}, $batch`, '@azure/core-lro'), 0.25),
  ];
}

/** Prints it. */
export async function benchmarkCost(): Promise<void> {
  const {text, targets} = await measureCost();
  console.log(`${text}\n\n${targetTable(targets)}`);
}

/** Polls until it is warm, and gives what the first run was like. */
async function warm(measurer: Measurer<Polling>): Promise<Polling> {
  const began = performance.now();
  const first = await measurer.ask('poll');
  while (performance.now() - began < warmUp) await measurer.ask('poll');
  return first;
}

asMeasurer(import.meta.url, ({name, root}: Task) => {
  const {load, overFetch} = entryOf(name);
  const loading = load();
  let run = 0;
  const watchAll = async (
    count: number,
    times: number,
  ): Promise<{readonly start: number; readonly all: Promise<unknown>}> => {
    const watch = (await loading).contender.prepare(root, interval);
    const part = `${process.pid}-${run++}`;
    const began = performance.now();
    const outcomes = Array.from({length: count}, (_, id) => watch(benchLocation(root, `${part}-${id}`, times)));
    return {start: performance.now() - began, all: Promise.all(outcomes)};
  };
  const poll = async (): Promise<Polling> => {
    const loop = watchLoop();
    const cpuBefore = process.cpuUsage();
    const began = performance.now();
    await (await watchAll(operations, polls)).all;
    const wall = performance.now() - began;
    const {user, system} = process.cpuUsage(cpuBefore);
    return {cpu: (user + system) / (operations * polls), wall, ...loop()};
  };
  // The network would be most of this: thousands of sockets opened at once.
  const settle = async (): Promise<Settling> => {
    const inProcess = overFetch ? answerInProcess() : undefined;
    globalThis.gc?.();
    const began = performance.now();
    const {start, all} = await watchAll(settled, 1);
    await all;
    inProcess?.restore();
    return {start, settle: performance.now() - began - start};
  };
  return (question) => (question === 'poll' ? poll() : settle());
});
