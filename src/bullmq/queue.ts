/// <reference lib="esnext.disposable" preserve="true" />

import {type JobsOptions, Queue} from 'bullmq';
import type {WatchState} from '../operation/state.ts';
import {firstState} from '../options/first-state.ts';
import type {PollOptions} from '../options/poll-options.ts';
import {pollOptionChecks, readOptions} from '../options/settings.ts';
import {type Checks, checkedWhereRead, checkIsObject, checkOptions, isNonEmptyString} from '../shared/check-options.ts';
import {processClock} from '../shared/clock.ts';
import {readLocation} from '../shared/location.ts';
import {type EngineOptions, readEngineOptions, unlimited} from './engine-options.ts';
import {type JobData, jobId, jobName, writeJobToken} from './job.ts';
import {JobReader} from './job-reader.ts';
import {OriginHolds} from './origin-holds.ts';
import {promoteHeld} from './promote-held.ts';
import {Publisher} from './publisher.ts';
import {QueuedOperation} from './queued-operation.ts';
import {RedisClock} from './redis-clock.ts';
import {removeJob} from './remove-job.ts';
import {checkRetention, type RetentionOptions, readRetention} from './retention.ts';

/** The options of {@link createOperationQueue}. */
export interface OperationQueueOptions extends EngineOptions {
  /** How long outcomes stay in Redis after the end, and how many; and events. Default a day, and 10,000 at most. */
  readonly retention?: RetentionOptions | undefined;
}

/** How to watch an operation of a queue. */
export interface AddOptions<Data = unknown> {
  /**
   * How the service represents its operations. Only the name of the protocol is stored: workers need the protocol too. Default
   * `protocols.longRunning`.
   */
  readonly protocol?: PollOptions['protocol'];
  /** Identifies the operation in place of its location, where one operation has several locations. */
  readonly key?: string | undefined;
  /** Your own data, as JSON. It is stored unencrypted: no secrets. */
  readonly data?: Data | undefined;
  /** How long to watch in all, in milliseconds; `false`: no limit. Default the protocol's, 15 minutes. */
  readonly totalTimeout?: number | false | undefined;
  /** How long to wait before the first poll, in milliseconds, e.g. the `Retry-After` of the answer to the start. Default 0. */
  readonly initialDelay?: number | undefined;
}

/** One of many operations to add. */
export interface AddedOperation<Data = unknown> extends AddOptions<Data> {
  /** Where the operation is. */
  readonly location: string | URL;
}

/** How many operations of a queue are in which state. */
export interface OperationCounts {
  /** waiting for their next poll */
  readonly waiting: number;
  /** due, and not yet taken by a worker */
  readonly due: number;
  /** being polled */
  readonly active: number;
  /** over, with their outcome still retained */
  readonly ended: number;
  /** no longer retried by BullMQ: practically none, because the number of retries is practically unlimited */
  readonly failed: number;
}

/** Operations that wait in Redis and are watched by workers. */
export interface OperationQueue<Data = unknown> extends AsyncDisposable {
  /**
   * Adds an operation to be watched. Adding the same one again changes nothing, also after it has ended, as long as its
   * outcome is retained: the code that starts operations can be retried safely.
   *
   * @param location where the operation is: the `Location` header of the response to its start, unchanged
   * @returns the operation, once it is in Redis
   * @throws TypeError or RangeError when an option or the location is invalid; the message names it
   */
  add(location: string | URL, options?: AddOptions<Data>): Promise<QueuedOperation<Data>>;
  /** Adds many in few round trips; returns them in their order. */
  addMany(operations: Iterable<AddedOperation<Data>>): Promise<QueuedOperation<Data>[]>;
  /** The operation of that id; `undefined` where there is none (any more). @throws InvalidResumeTokenError */
  get(id: string): Promise<QueuedOperation<Data> | undefined>;
  /**
   * Stops watching; the operation itself goes on. A job that waits is removed at once, one that is being polled as soon as
   * that poll is over. Listeners get `abandoned`, and `result()` rejects with a `WatchAbortedError`.
   *
   * @returns whether there was something to stop; `false` where there is no such job and where watching is over
   * @throws InvalidResumeTokenError when the job cannot be read at all; one whose resume token alone is invalid is removed,
   *   without an event
   */
  remove(id: string): Promise<boolean>;
  /**
   * Lifts the hold of an origin whose service throttled a poll and asked for no requests for a while: the operations that wait
   * for its end are polled now. A Graph client's own gate stays closed in each worker that has one.
   *
   * @param origin the origin, or any URL there; default all origins that are held
   * @throws TypeError when it is no http or https URL
   */
  release(origin?: string | URL): Promise<void>;
  /** How many operations are in which state. */
  counts(): Promise<OperationCounts>;
  /** Closes the connections. Workers go on; pending results of this queue reject with a `WatchAbortedError`. */
  close(): Promise<void>;
}

const queueChecks = {
  retention: checkRetention,
} satisfies Checks<Omit<OperationQueueOptions, keyof EngineOptions>>;

const addChecks = {
  protocol: pollOptionChecks.protocol,
  key: isNonEmptyString,
  data: checkedWhereRead,
  totalTimeout: pollOptionChecks.totalTimeout,
  initialDelay: pollOptionChecks.initialDelay,
} satisfies Checks<AddOptions>;

const largestBulk = 1000;

/**
 * Makes a queue of operations on Redis. It is cheap: make one where operations are started.
 *
 * @throws TypeError or RangeError when an option is invalid; the message names it
 *
 * @example
 * ```ts
 * const queue = createOperationQueue<{user: string}>({name: 'operations', connection: {host: 'redis'}});
 * const queued = await queue.add(location, {data: {user: 'adele'}, initialDelay: 2000});
 * const operation = await queued.result(); // in this process or, by queue.get(id), in any other
 * ```
 */
export function createOperationQueue<Data = unknown>(options: OperationQueueOptions): OperationQueue<Data> {
  const engine = readEngineOptions(options, queueChecks);
  const {removeOnComplete, streams} = readRetention(options.retention);
  const queue = new Queue<JobData<Data>>(engine.name, {...engine.options, streams});
  queue.on('error', engine.onError);
  const clock = new RedisClock(queue.backend.client);
  const reader = new JobReader<Data>(queue, engine, clock);
  const publisher = new Publisher(engine);
  const holds = new OriginHolds({client: queue.backend.client, toKey: (type) => queue.toKey(type)});

  const jobOptions = {
    // A problem with the infrastructure is no end: a job is tried again as long as there is a queue.
    attempts: unlimited,
    backoff: {type: 'capped'},
    stackTraceLimit: 1,
    removeOnComplete,
  } satisfies JobsOptions;

  // BullMQ counts the delay from when it takes the job, which of many is later than when they were passed to addMany.
  const jobOf = ({id, data, state}: Added<Data>) => ({
    name: jobName,
    data: {token: writeJobToken(state), ...(data === undefined ? {} : {data})},
    opts: delayed(id, state.dueAt, clock.now()),
  });
  const delayed = (id: string, dueAt: number, timestamp: number) => ({
    ...jobOptions,
    jobId: id,
    timestamp,
    delay: Math.ceil(Math.max(0, dueAt - timestamp)),
  });
  // By Redis' clock, which may have to be read first.
  const timeOfCall = async (): Promise<number> => {
    const called = processClock.now();
    await clock.update().catch(engine.onError);
    return clock.now() - (processClock.now() - called);
  };
  const operationOf = ({id, data, state}: Added<Data>): QueuedOperation<Data> =>
    new QueuedOperation<Data>(id, reader, {state, data, result: undefined, failure: undefined});
  const close = async (): Promise<void> => {
    await reader.close();
    await publisher.close();
    await queue.close();
  };
  return {
    add: async (location, addOptions) => {
      const added = readAdded(location, addOptions, await timeOfCall());
      const {name, data, opts} = jobOf(added);
      await queue.add(name, data, opts);
      return operationOf(added);
    },
    addMany: async (operations) => {
      const now = await timeOfCall();
      const added = [...operations].map(({location, ...addOptions}) => readAdded(location, addOptions, now));
      for (let from = 0; from < added.length; from += largestBulk) {
        await queue.addBulk(added.slice(from, from + largestBulk).map(jobOf));
      }
      return added.map(operationOf);
    },
    get: async (id) => {
      const entry = await reader.read(id);
      return entry === undefined ? undefined : new QueuedOperation(id, reader, entry);
    },
    remove: (id) => removeJob(queue, id, publisher, clock),
    release: async (origin) => {
      await promoteHeld(queue, await holds.release(origin === undefined ? undefined : readOrigin(origin)));
    },
    counts: async () => {
      const counts = await queue.getJobCounts();
      const of = (name: string): number => counts[name] ?? 0;
      return {
        waiting: of('delayed'),
        due: of('wait') + of('waiting') + of('paused') + of('prioritized'),
        active: of('active'),
        ended: of('completed'),
        failed: of('failed'),
      };
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

interface Added<Data> {
  readonly id: string;
  readonly data: Data | undefined;
  readonly state: WatchState;
}

function readAdded<Data>(location: string | URL, options: AddOptions<Data> = {}, now: number): Added<Data> {
  checkIsObject('options', options);
  checkOptions(options, addChecks);
  const {protocol, key, data, totalTimeout, initialDelay} = options;
  const settings = readOptions({protocol, totalTimeout, initialDelay});
  const state = firstState(location, settings, now);
  return {id: jobId(state.location, key), data, state};
}

function readOrigin(url: string | URL): string {
  const read = readLocation(String(url));
  if (read === undefined) throw new TypeError('origin: expected an http or https URL');
  return read.origin;
}
