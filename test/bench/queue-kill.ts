// Workers are killed and stopped at random moments, and so is Redis with its append-only file: no operation is lost, none ends
// twice or wrongly, and none is polled early unless an answer was lost. BENCH_OPERATIONS and BENCH_MINUTES give other sizes.
import {type ChildProcess, fork} from 'node:child_process';
import {once} from 'node:events';
import {createServer} from 'node:http';
import type {AddressInfo} from 'node:net';
import {setTimeout as sleep} from 'node:timers/promises';
import {fileURLToPath} from 'node:url';
import {Redis} from 'ioredis';
import {schedules} from 'operation-poller';
import {createOperationQueue, createOperationWorker, type QueuedOperation} from 'operation-poller/bullmq';
import {type BenchRedis, startBenchRedis} from './redis.ts';
import {percentile} from './statistics.ts';

/** What is done to a queue. Times are in milliseconds. */
export interface QueueKillPlan {
  readonly operations: number;
  readonly workers: number;
  /** About how long the operations take, and how long the trouble lasts. */
  readonly time: number;
  /** How often something is killed or stopped, on average. */
  readonly troubleEvery: number;
  readonly recoverAfter: number;
  /** Node's own arguments for the workers. */
  readonly execArgv?: readonly string[];
}

/** Why a poll may come early: what happened to the worker that got the answer before, or to Redis. */
const causes = ['killed', 'stopped', 'redis', 'presumedDead', 'unexplained'] as const;
type Cause = (typeof causes)[number];

/** What came of it. */
export interface QueueKillReport {
  /** How often each kind of trouble was made. */
  readonly kills: number;
  readonly stops: number;
  readonly restarts: number;
  /** Operations without an outcome. */
  readonly lost: number;
  /** Outcomes that the service has not said. */
  readonly wrong: number;
  /** Operations that ended more than once. */
  readonly twice: number;
  readonly polls: number;
  /** Polls of operations that have ended that are in no outcome, because their answer was lost. */
  readonly uncounted: number;
  /** Polls that came earlier than an answer allowed, or after an end, by why that answer was lost. */
  readonly early: Readonly<Record<Cause, number>>;
  /** How long after the moment that the service named each other poll came, in milliseconds. */
  readonly lateness: readonly number[];
  /** Milliseconds. */
  readonly took: number;
}

/** Prints what was lost and what it cost, and throws when something was lost or wrong. */
export async function benchmarkQueueKill(): Promise<void> {
  const plan: QueueKillPlan = {
    operations: Number(process.env['BENCH_OPERATIONS'] ?? 20_000),
    workers: 4,
    time: Number(process.env['BENCH_MINUTES'] ?? 10) * 60_000,
    troubleEvery: 15_000,
    recoverAfter: 5000,
  };
  const redis = await startBenchRedis({appendOnly: true});
  try {
    const report = await killQueue(plan, redis);
    const {kills, stops, restarts, lost, wrong, twice, polls, uncounted, early, lateness, took} = report;
    const at = (percent: number): string => `${percentile(lateness, percent)} ms`;
    console.log(
      `${plan.operations} operations, ${plan.workers} workers, ${(took / 1000).toFixed(0)} s: ${kills} times a worker was killed, ` +
        `${stops} times stopped for a while, ${restarts} times Redis was killed\n` +
        `lost ${lost}, ended wrongly ${wrong}, ended twice ${twice}\n` +
        `${polls} polls, of which ${uncounted} are in no outcome because their answer was lost\n` +
        `early after a lost answer, by what happened: ${causes.map((cause) => `${cause} ${early[cause]}`).join(', ')}\n` +
        `late: median ${at(50)}, 99th percentile ${at(99)}, at most ${at(100)}`,
    );
    if (lost + wrong + twice + early.unexplained > 0)
      throw new Error('something was lost, wrong, ended twice or early');
    if (kills * stops * restarts === 0) throw new Error('it was over before everything had gone wrong');
  } finally {
    await redis.stop();
  }
}

/** Makes trouble as planned for the workers of a queue and for its Redis, whose data survive, until all operations have ended. */
export async function killQueue(
  plan: QueueKillPlan,
  {connection, restart}: Pick<BenchRedis, 'connection' | 'restart'>,
): Promise<QueueKillReport> {
  const {operations, time, recoverAfter} = plan;
  const service = await startService(plan);
  const name = 'operations';
  const queue = createOperationQueue({
    name,
    connection,
    onError: () => undefined,
    // All events are counted at the end.
    retention: {count: operations, events: 100_000_000},
  });
  const client = new Redis({...connection, retryStrategy: () => 20, maxRetriesPerRequest: null});
  client.on('error', () => undefined);
  const running: RunningWorker[] = [];
  const began = performance.now();
  try {
    const initialDelay = (id: number): number => Math.floor((id * time) / operations / mostPolls);
    const queued = await queue.addMany(
      Array.from({length: operations}, (_, id) => ({
        location: `${service.root}/${id}`,
        key: String(id),
        initialDelay: initialDelay(id),
        totalTimeout: false as const,
      })),
    );
    const start = workerStarter({name, connection, recoverAfter}, plan.execArgv);
    running.push(...(await Promise.all(Array.from({length: plan.workers}, start))));
    const ending = new AbortController();
    const troubles: Trouble[] = [];
    const making = makeTrouble(plan, {running, start, restart, troubles, signal: ending.signal});
    const ends = await Promise.all(queued.map((operation) => endOf(operation, 2 * time + patience)));
    ending.abort();
    await making;
    const {endings, stalls, attempts} = await readEvents(client, `bull:${name}`);
    const happened = (kind: Trouble['kind']): number => troubles.filter((trouble) => trouble.kind === kind).length;
    const early: Record<Cause, number> = {killed: 0, stopped: 0, redis: 0, presumedDead: 0, unexplained: 0};
    const unexplained: EarlyPoll[] = [];
    for (const poll of service.early) {
      const cause = causeOf(poll, troubles, stalls, recoverAfter);
      early[cause] += 1;
      if (cause === 'unexplained') unexplained.push(poll);
    }
    // What it takes to find out why.
    if (unexplained.length > 0) {
      const polls = unexplained.map((poll) => ({...poll, stalls: stalls.get(poll.key)}));
      console.error(JSON.stringify({unexplained: polls, troubles}));
    }
    return {
      kills: happened('killed'),
      stops: happened('stopped'),
      restarts: happened('redis'),
      lost: ends.filter((end) => end === undefined).length,
      wrong: ends.filter((end, id) => end !== undefined && end !== service.endOf(id)).length,
      twice: [...endings.values()].filter((count) => count > 1).length,
      polls: service.polls,
      uncounted: [...attempts].reduce((sum, [key, attempt]) => sum + service.pollsOf(key) - attempt, 0),
      early,
      lateness: service.lateness,
      took: performance.now() - began,
    };
  } finally {
    for (const {child} of running) child.kill('SIGKILL');
    client.disconnect();
    await queue.close();
    service.stop();
  }
}

/** How much longer than twice their time the operations may take, on a machine that is busy with other work. */
const patience = 180_000;

/** The status of an operation's outcome; `undefined` when there is none in time. */
async function endOf(operation: QueuedOperation, longest: number): Promise<string | undefined> {
  const waiting = new AbortController();
  const late = sleep(longest, undefined, {signal: waiting.signal}).catch(() => undefined);
  const outcome = await Promise.race([operation.outcome(), late]);
  waiting.abort();
  return outcome?.status;
}

interface RunningWorker {
  readonly child: ChildProcess;
  readonly token: string;
}

function workerStarter(common: object, execArgv: readonly string[] = []): () => Promise<RunningWorker> {
  let started = 0;
  return async () => {
    const token = `worker-${++started}`;
    const task = JSON.stringify({...common, token});
    const child = fork(fileURLToPath(import.meta.url), ['work', task], {execArgv: [...execArgv]});
    await once(child, 'message');
    return {child, token};
  };
}

/** What was done to a worker, or to Redis, from when to when: in milliseconds since 1970. */
interface Trouble {
  readonly kind: 'killed' | 'stopped' | 'redis';
  /** The worker's token. */
  readonly token?: string;
  readonly from: number;
  readonly to: number;
}

interface Scene {
  readonly running: RunningWorker[];
  readonly start: () => Promise<RunningWorker>;
  readonly restart: () => Promise<void>;
  readonly troubles: Trouble[];
  readonly signal: AbortSignal;
}

/** Kills and stops, at random moments, until the time is over or the signal aborts. */
async function makeTrouble({time, troubleEvery, recoverAfter}: QueueKillPlan, scene: Scene): Promise<void> {
  const {running, start, restart, troubles, signal} = scene;
  const until = Date.now() + time;
  const pause = (longest: number): Promise<void> => sleep(longest, undefined, {signal}).catch(() => undefined);
  const kinds = ['killed', 'redis', 'stopped', 'killed', 'stopped'] as const;
  const starting: Array<Promise<unknown>> = [];
  for (let count = 0; ; count += 1) {
    await pause((0.5 + Math.random()) * troubleEvery);
    // Each kind at least once.
    if (signal.aborted || (Date.now() > until && count >= kinds.length)) break;
    const kind = kinds[count % kinds.length] ?? 'redis';
    const from = Date.now();
    const victim = running[Math.floor(Math.random() * running.length)];
    if (kind === 'redis' || victim === undefined) {
      await restart();
      troubles.push({kind: 'redis', from, to: Date.now()});
      continue;
    }
    const {child, token} = victim;
    if (kind === 'stopped') {
      child.kill('SIGSTOP');
      await pause(Math.random() * 3 * recoverAfter);
      child.kill('SIGCONT');
    } else {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
      running.splice(running.indexOf(victim), 1);
      starting.push(start().then((worker) => running.push(worker)));
    }
    troubles.push({kind, token, from, to: Date.now()});
  }
  // One that is just being started is ended with the others.
  await Promise.all(starting);
}

/** A request, and what was answered. */
interface Poll {
  readonly token: string;
  readonly askedAt: number;
  /** Infinite until then. */
  answeredAt: number;
  /** When the next one may come; infinite until it is answered, and where it was the end. */
  dueAt: number;
}

/** A poll that came although an answer before it did not allow one yet. */
interface EarlyPoll {
  readonly key: string;
  readonly at: number;
  readonly before: Poll;
}

/** How long before and after an answer something may happen that loses it, in milliseconds: it is still on its way, or being stored. */
const margin = 2000;

/** Why a poll was early. @param stalls when BullMQ presumed dead the worker that had a job */
function causeOf(
  {key, at, before}: EarlyPoll,
  troubles: readonly Trouble[],
  stalls: ReadonlyMap<string, readonly number[]>,
  recoverAfter: number,
): Cause {
  const isLossOf = ({token = before.token, from, to}: Trouble): boolean =>
    token === before.token && to >= before.askedAt - margin && from <= Math.min(at, before.answeredAt) + margin;
  const trouble = troubles.find(isLossOf);
  if (trouble !== undefined) return trouble.kind;
  // Where the processor is busy, a worker loses its lock, and what it asked all the same arrives when another one has asked, too.
  const isStalled = stalls
    .get(key)
    ?.some((stall) => stall >= before.askedAt - 3 * recoverAfter && stall <= at + recoverAfter);
  return isStalled === true ? 'presumedDead' : 'unexplained';
}

interface Service {
  readonly root: string;
  readonly polls: number;
  readonly early: readonly EarlyPoll[];
  readonly lateness: readonly number[];
  pollsOf(key: string): number;
  /** What the service has said about the end of an operation. */
  endOf(id: number): string | undefined;
  stop(): void;
}

const fewestPolls = 3;
const mostPolls = 6;
const longestAnswer = 200;

/** A service that knows by their tokens which worker asks, and says when to come again. */
async function startService({operations, time}: QueueKillPlan): Promise<Service> {
  const asked: Poll[][] = Array.from({length: operations}, () => []);
  const ends = new Map<number, string>();
  const early: EarlyPoll[] = [];
  const lateness: number[] = [];
  let polls = 0;
  const server = createServer((request, response) => {
    const key = (request.url ?? '').slice(1);
    const id = Number(key);
    const before = asked[id] ?? [];
    const askedAt = Date.now();
    const poll: Poll = {
      token: (request.headers.authorization ?? '').replace('Bearer ', ''),
      askedAt,
      answeredAt: Number.POSITIVE_INFINITY,
      dueAt: Number.POSITIVE_INFINITY,
    };
    const tooEarly = before.find(({dueAt}) => dueAt > askedAt);
    const last = before.at(-1);
    if (tooEarly !== undefined) early.push({key, at: askedAt, before: tooEarly});
    else if (last !== undefined) lateness.push(askedAt - last.dueAt);
    before.push(poll);
    polls += 1;
    const planned = fewestPolls + (id % (mostPolls - fewestPolls + 1));
    const isEnd = before.length >= planned;
    const status = !isEnd ? 'running' : id % 3 === 0 ? 'failed' : 'succeeded';
    // In whole seconds, as HTTP has it.
    const retryAfter = Math.ceil(((0.8 + 0.4 * Math.random()) * time) / planned / 1000);
    setTimeout(() => {
      poll.answeredAt = Date.now();
      if (isEnd) ends.set(id, status);
      else poll.dueAt = poll.answeredAt + retryAfter * 1000;
      if (!isEnd) response.setHeader('retry-after', retryAfter);
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({id: key, status}));
    }, Math.random() * longestAnswer);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const {port} = server.address() as AddressInfo;
  return {
    root: `http://127.0.0.1:${port}`,
    get polls() {
      return polls;
    },
    early,
    lateness,
    pollsOf: (key) => asked[Number(key)]?.length ?? 0,
    endOf: (id) => ends.get(id),
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

interface Events {
  /** How often each job ended. */
  readonly endings: ReadonlyMap<string, number>;
  /** When each job was taken from a worker that was presumed dead, by the operation's key, in milliseconds since 1970. */
  readonly stalls: ReadonlyMap<string, readonly number[]>;
  /** How many polls each outcome counts, by the operation's key. */
  readonly attempts: ReadonlyMap<string, number>;
}

/** Reads all of BullMQ's events. */
async function readEvents(client: Redis, prefix: string): Promise<Events> {
  const endings = new Map<string, number>();
  const stallsOf = new Map<string, number[]>();
  const attempts = new Map<string, number>();
  for (let from = '-'; ; ) {
    const page = await client.xrange(`${prefix}:events`, from, '+', 'COUNT', 10_000);
    for (const [at, fields] of page) {
      const event = new Map(
        fields.flatMap((field, index) => (index % 2 === 0 ? [[field, fields[index + 1] ?? '']] : [])),
      );
      const id = event.get('jobId') ?? '';
      if (event.get('event') === 'stalled') stallsOf.set(id, [...(stallsOf.get(id) ?? []), Number.parseInt(at, 10)]);
      if (event.get('event') !== 'completed') continue;
      const {token} = JSON.parse(event.get('returnvalue') ?? '{}');
      endings.set(id, (endings.get(id) ?? 0) + 1);
      attempts.set(keyOf(token), token.attempt);
    }
    const last = page.at(-1);
    if (last === undefined) break;
    from = `(${last[0]}`;
  }
  const stalls = new Map<string, readonly number[]>();
  for (const [id, times] of stallsOf) {
    const {token} = JSON.parse((await client.hget(`${prefix}:${id}`, 'data')) ?? '{}');
    if (token !== undefined) stalls.set(keyOf(token), times);
  }
  return {endings, stalls, attempts};
}

function keyOf({location}: {readonly location: string}): string {
  return new URL(location).pathname.slice(1);
}

if (process.argv[2] === 'work') {
  const worker = createOperationWorker({
    ...JSON.parse(process.argv[3] ?? '{}'),
    schedule: schedules.fixed(1000),
    onError: () => undefined,
  });
  await worker.ready();
  process.send?.('ready');
  process.on('disconnect', () => process.exit());
}
