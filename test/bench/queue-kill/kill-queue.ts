import {setTimeout as sleep} from 'node:timers/promises';
import {Redis} from 'ioredis';
import {createOperationQueue, type QueuedOperation} from 'operation-poller/bullmq';
import type {BenchRedis} from '../redis.ts';
import {type Cause, causeOf} from './cause.ts';
import {type JobEvent, readEvents} from './queue-events.ts';
import {type EarlyPoll, mostPolls, startService} from './service.ts';
import {makeTrouble, type RunningWorker, type Trouble, type TroublePlan, workerStarter} from './trouble.ts';

/** What is done to a queue; the operations take about as long as the trouble lasts. */
export interface QueueKillPlan extends TroublePlan {
  readonly operations: number;
  readonly workers: number;
  /** Node's own arguments for the workers. */
  readonly execArgv?: readonly string[];
}

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
  /** Those without a known cause, and what happened to their jobs. */
  readonly unexplained: ReadonlyArray<EarlyPoll & {readonly events: readonly JobEvent[]}>;
  readonly troubles: readonly Trouble[];
  /** How long after the moment that the service named each other poll came, in milliseconds. */
  readonly lateness: readonly number[];
  /** Milliseconds. */
  readonly took: number;
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
    // All events are read at the end.
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
    const events = await readEvents(client, `bull:${name}:events`);
    const jobs = new Map(queued.map(({key, id}) => [key, events.get(jobIdOf(id)) ?? []]));
    const eventsOf = (key: string): readonly JobEvent[] => jobs.get(key) ?? [];
    const early = service.early.map((each) => ({each, cause: causeOf(each, troubles, eventsOf(each.key))}));
    const unexplained = early.flatMap(({each, cause}) => (cause === 'unexplained' ? [each] : []));
    const happened = (kind: Trouble['kind']): number => troubles.filter((trouble) => trouble.kind === kind).length;
    const completions = [...jobs].map(([key, of]) => ({key, ends: of.filter(({name: type}) => type === 'completed')}));
    return {
      kills: happened('killed'),
      stops: happened('stopped'),
      restarts: happened('redis'),
      lost: ends.filter((end) => end === undefined).length,
      wrong: ends.filter((end, id) => end !== undefined && end !== service.endOf(id)).length,
      twice: completions.filter((each) => each.ends.length > 1).length,
      polls: service.polls,
      uncounted: completions.reduce((sum, {key, ends: [end]}) => sum + lostPolls(service.pollsOf(key), end), 0),
      early: countsOf(early),
      unexplained: unexplained.map((each) => ({...each, events: eventsOf(each.key)})),
      troubles,
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

function jobIdOf(id: string): string {
  return id.slice(0, id.indexOf('.'));
}

function lostPolls(polls: number, end: JobEvent | undefined): number {
  return end === undefined ? 0 : polls - (end.attempts ?? 0);
}

function countsOf(early: ReadonlyArray<{readonly cause: Cause}>): Readonly<Record<Cause, number>> {
  const counts = {killed: 0, stopped: 0, redis: 0, forgotten: 0, presumedDead: 0, unexplained: 0};
  for (const {cause} of early) counts[cause] += 1;
  return counts;
}
