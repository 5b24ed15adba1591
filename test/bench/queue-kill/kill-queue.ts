import {setTimeout as sleep} from 'node:timers/promises';
import {Redis} from 'ioredis';
import {createOperationQueue, type QueuedOperation} from 'operation-poller/bullmq';
import type {BenchRedis} from '../redis.ts';
import {readEvents} from './queue-events.ts';
import {type QueueKillReport, reportOf} from './report.ts';
import {mostPolls, startService} from './service.ts';
import {makeTrouble, type RunningWorker, type Trouble, type TroublePlan, workerStarter} from './trouble.ts';

/** What is done to a queue; the operations take about as long as the trouble lasts. */
export interface QueueKillPlan extends TroublePlan {
  readonly operations: number;
  readonly workers: number;
  /** Node's own arguments for the workers. */
  readonly execArgv?: readonly string[];
}

/**
 * Makes trouble as planned for the workers of a queue and for its Redis, whose data survive, until all operations have ended.
 *
 * @returns what came of it, and how long it took, in milliseconds
 */
export async function killQueue(
  plan: QueueKillPlan,
  {connection, restart}: Pick<BenchRedis, 'connection' | 'restart'>,
): Promise<QueueKillReport & {readonly took: number}> {
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
    return {...reportOf({service, ends, troubles, jobs}), took: performance.now() - began};
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
