// What polls cost the process that makes them, beside bare loops and other libraries on the same server and schedule: CPU
// per poll, wall time, event-loop delay, and how long it takes to start and to settle ten thousand operations.
import {benchLocation, benchLocationUntil} from './answer.ts';
import {asMeasurer, startMeasurer} from './child.ts';
import {type Contender, pause} from './contenders/contender.ts';
import {contenders, entryOf} from './contenders/index.ts';
import {answerInProcess} from './in-process.ts';
import {watchLoop} from './loop-delay.ts';
import {servedPolls, startBenchServer} from './server.ts';
import {median, medians} from './statistics.ts';
import {compared, type Target, table, targetTable} from './table.ts';

const operations = 500;
const interval = 50;
const settled = 10_000;
const runs = 5;
/** How long each contender polls before its turns: until its code is compiled, which costs more than what it does. */
const warmUp = 8000;
/** How long it polls in a turn before it is measured: its connections were closed while others had theirs. */
const leadIn = 400;
/** For how long it is measured. */
const measured = 1200;
/** How long it polls after that: the answer to how many polls there were comes when the loop has time for it. */
const leadOut = 300;

interface Task {
  readonly name: string;
  readonly root: string;
}

type Polling = {
  /** Microseconds of CPU for each poll. */
  readonly cpu: number;
  /** Milliseconds for 10,000 polls. */
  readonly wall: number;
  /** Milliseconds, as all that follow. */
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
    for (const measurer of measurers) first.push(await measurer.ask('warm up'));
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
    'wall time of 10k polls, ms',
    'loop delay p50, ms',
    'p99, ms',
    'start 10k, ms',
    'settle 10k, ms',
    'both, ms',
  ];
  const text = [
    `${operations} operations, a poll of each every ${interval} ms; medians of ${runs} turns of ${measured / 1000} s after ${warmUp / 1000} s of polling, whose first ${measured / 1000} s have a column; in brackets the ratio to the best peer.\n`,
    table(
      head,
      rows.map((row) => [row.name, ...fields.map((field) => cell(row, field))]),
    ),
  ].join('\n');
  const cpu = polling.map((turns) => turns.map((turn) => turn.cpu));
  return {text, targets: targetsOf(new Map(contenders.map(({name}, index) => [name, cpu[index] ?? []])))};
}

/** Of turns that follow each other: the machine is faster in some minutes than in others. */
function targetsOf(cpu: ReadonlyMap<string, readonly number[]>): Target[] {
  const ratio = (name: string, to: string): number => {
    const others = cpu.get(to) ?? [];
    return median((cpu.get(name) ?? []).map((each, turn) => each / (others[turn] ?? Number.NaN)));
  };
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

asMeasurer(import.meta.url, ({name, root}: Task) => {
  const {load, overFetch} = entryOf(name);
  const loading = load();
  let run = 0;
  const watchAll = (
    {contender}: {readonly contender: Contender},
    count: number,
    location: (id: string) => string,
  ): Promise<unknown>[] => {
    const watch = contender.prepare(root, interval);
    const part = `${process.pid}-${run++}`;
    return Array.from({length: count}, (_, id) => watch(location(`${part}-${id}`)));
  };
  const poll = async (before: number, after: number): Promise<Polling> => {
    const loaded = await loading;
    const until = Date.now() + before + measured + after;
    const outcomes = watchAll(loaded, operations, (id) => benchLocationUntil(root, id, until));
    await pause(before);
    const servedBefore = await servedPolls(root);
    const loop = watchLoop();
    const cpuBefore = process.cpuUsage();
    const began = performance.now();
    await pause(measured);
    const polls = (await servedPolls(root)) - servedBefore;
    const wall = ((performance.now() - began) / polls) * 10_000;
    const {user, system} = process.cpuUsage(cpuBefore);
    const delay = loop();
    await Promise.all(outcomes);
    return {cpu: (user + system) / polls, wall, ...delay};
  };
  // The network would be most of this: thousands of sockets opened at once.
  const settle = async (): Promise<Settling> => {
    const loaded = await loading;
    const inProcess = overFetch ? answerInProcess() : undefined;
    globalThis.gc?.();
    const began = performance.now();
    const outcomes = watchAll(loaded, settled, (id) => benchLocation(root, id, 1));
    const start = performance.now() - began;
    await Promise.all(outcomes);
    inProcess?.restore();
    return {start, settle: performance.now() - began - start};
  };
  return (question) => {
    if (question === 'settle') return settle();
    return question === 'poll' ? poll(leadIn, leadOut) : poll(0, warmUp - measured);
  };
});
