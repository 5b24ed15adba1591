// What polls cost the process that makes them, beside bare loops and other libraries on the same server and schedule: CPU
// per poll, wall time, event-loop delay, and how long it takes to start and to settle ten thousand operations.
import {benchLocation, benchLocationUntil} from './answer.ts';
import {asMeasurer, startMeasurer} from './child.ts';
import {type Contender, pause} from './contenders/contender.ts';
import {contenders, type Entry, entryOf} from './contenders/index.ts';
import {answerInProcess} from './in-process.ts';
import {watchLoop} from './loop-delay.ts';
import {servedPolls, startBenchServer} from './server.ts';
import {median, medians, ratioOf} from './statistics.ts';
import {compared, type Report, table} from './table.ts';
import {inTurns} from './turns.ts';

const operations = 500;
const interval = 50;
const settled = 10_000;
const turns = 7;
const settlingTurns = 3;
/** How many processes of each begin anew, and for how long they are measured. */
const freshProcesses = 5;
const firstSecond = 1000;
/**
 * How many polls each contender makes before its turns: until its code is compiled, which costs more than what it does. Not for how
 * long it polls: a busy machine makes fewer of them in that time.
 */
const warmUpPolls = 25_000;
/** For how long it makes them before they are counted. */
const warmUpRound = 2500;
/** Its rounds at most, where the machine is too busy. */
const maxWarmUpRounds = 8;
/** How long it polls in a turn before it is measured: its connections were closed while others had theirs. */
const leadIn = 300;
/** For how long it is measured. */
const measured = 900;
/** How long it polls after that: the answer to how many polls there were comes when the loop has time for it. */
const leadOut = 200;

const ours = 'operation-poller';

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

/** Measures all contenders, each in a process of its own, in turns. */
export async function measureCost(): Promise<Report> {
  const server = await startBenchServer();
  const start = (name: string) =>
    startMeasurer<Polling & Settling>(import.meta.url, {name, root: server.root} satisfies Task);
  const running = contenders.map((contender) => ({...contender, measurer: start(contender.name)}));
  try {
    const first = await inTurns(freshProcesses, [ours, 'bare ky'], async (name) => {
      const measurer = start(name);
      try {
        return (await measurer.ask('begin')).cpu;
      } finally {
        measurer.stop();
      }
    });
    for (const {measurer} of running) await measurer.ask('warm up');
    const polling = await inTurns(turns, running, ({measurer}) => measurer.ask('poll'));
    const overFetch = running.filter((contender) => contender.overFetch);
    const settling = await inTurns(settlingTurns, overFetch, ({measurer}) => measurer.ask('settle'));
    return report(first, byName(running, polling), byName(overFetch, settling));
  } finally {
    for (const {measurer} of running) measurer.stop();
    server.stop();
  }
}

type ByName<Figure> = ReadonlyMap<string, readonly Figure[]>;

function byName<Figure>(named: readonly Pick<Entry, 'name'>[], figures: readonly Figure[][]): ByName<Figure> {
  return new Map(named.map(({name}, index) => [name, figures[index] ?? []]));
}

function report(
  [first = [], firstOfKy = []]: number[][],
  polling: ByName<Polling>,
  settling: ByName<Settling>,
): Report {
  const rows = contenders.map(({name, kind}) => {
    const cost = settling.get(name) ?? [{start: Number.NaN, settle: Number.NaN}];
    const settled = medians(cost.map(({start, settle}) => ({start, settle, both: start + settle})));
    return {name, kind, ...medians(polling.get(name) ?? []), ...settled};
  });
  type Row = (typeof rows)[number];
  const fields = ['cpu', 'wall', 'p50', 'p99', 'start', 'settle', 'both'] as const;
  const cell = (row: Row, field: (typeof fields)[number]): string =>
    compared(row[field], Math.min(...rows.filter(({kind}) => kind === 'peer').map((each) => each[field])));
  const head = [
    '',
    'CPU per poll, µs',
    'wall time of 10k polls, ms',
    'loop delay p50, ms',
    'p99, ms',
    'start 10k, ms',
    'settle 10k, ms',
    'both, ms',
  ];
  const text = [
    `${operations} operations, a poll of each every ${interval} ms: medians of ${turns} turns of ${measured / 1000} s, after ${warmUpPolls.toLocaleString('en')} polls. ${settled.toLocaleString('en')} that succeed at their first poll: medians of ${settlingTurns} turns. In brackets the ratio to the best peer.\n`,
    table(
      head,
      rows.map((row) => [row.name, ...fields.map((field) => cell(row, field))]),
    ),
    `\nThe first second of a process that begins so, in µs of CPU per poll: ${median(first).toFixed(0)}, and with bare ky ${median(firstOfKy).toFixed(0)}; medians of ${freshProcesses} processes.`,
  ].join('\n');
  const figures = <Turn>(of: ByName<Turn>, figure: (turn: Turn) => number): ByName<number> =>
    new Map([...of].map(([name, turns]) => [name, turns.map(figure)]));
  const cpu = figures(polling, (turn) => turn.cpu);
  const both = figures(settling, ({start, settle}) => start + settle);
  const ratio = (of: ByName<number>, to: string, name = ours) => ({
    measured: ratioOf(of.get(name), of.get(to)),
    unit: '×',
  });
  const [ky, lro] = ['bare ky', '@azure/core-lro'];
  return {
    text,
    targets: [
      {name: 'CPU per poll, settled, to bare ky', ...ratio(cpu, ky), atMost: 1.05, reached: 1.25},
      {name: 'the first second, to bare ky', measured: ratioOf(first, firstOfKy), unit: '×', atMost: 1.3, reached: 1.4},
      {name: '10,000 settled, to bare ky', ...ratio(both, ky), atMost: 1.4},
      {name: '10,000 settled, to core-lro', ...ratio(both, lro), atMost: 1.5, reached: 2.25},
      {
        name: 'CPU per poll, leanHttp, to core-lro',
        ...ratio(cpu, lro, `${ours}, leanHttp`),
        atMost: 0.28,
      },
      {name: 'CPU per poll, $batch, to core-lro', ...ratio(cpu, lro, `${ours}, $batch`), atMost: 0.18, reached: 0.34},
    ],
  };
}

asMeasurer(import.meta.url, ({name, root}: Task) => {
  const loading = entryOf(name).load();
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
  const poll = async (before: number, measured: number, after: number): Promise<Polling> => {
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
  const warmUp = async (): Promise<Polling> => {
    const before = await servedPolls(root);
    for (let round = 1; ; round++) {
      const polling = await poll(0, measured, warmUpRound - measured);
      if (round === maxWarmUpRounds || (await servedPolls(root)) - before >= warmUpPolls) return polling;
    }
  };
  // In process: the network would be most of this, thousands of sockets opened at once.
  const settle = async (): Promise<Settling> => {
    const loaded = await loading;
    const {restore} = answerInProcess();
    globalThis.gc?.();
    const began = performance.now();
    const outcomes = watchAll(loaded, settled, (id) => benchLocation(root, id, 1));
    const start = performance.now() - began;
    await Promise.all(outcomes);
    restore();
    return {start, settle: performance.now() - began - start};
  };
  return (question) => {
    if (question === 'settle') return settle();
    if (question === 'begin') return poll(0, firstSecond, leadOut);
    return question === 'poll' ? poll(leadIn, measured, leadOut) : warmUp();
  };
});
