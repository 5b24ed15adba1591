/// <reference lib="esnext.disposable" preserve="true" />

import {type JobsOptions, Queue} from 'bullmq';
import {InvalidResumeTokenError} from '../operation/errors.ts';
import {readResumeToken} from '../operation/read-resume-token.ts';
import {type ResumeToken, writeResumeToken} from '../operation/resume-token.ts';
import {shiftTimes, type WatchState} from '../operation/state.ts';
import {OperationPoller} from '../poller.ts';
import {type RecordOptions, recordedState, recordOptionChecks} from '../runner/create-record.ts';
import {type OperationRecord, recordOf} from '../runner/record.ts';
import {type Checks, checkIsObject, checkOptions, isBoolean, isNonEmptyString} from '../shared/check-options.ts';
import {readLocation} from '../shared/location.ts';
import {type EngineOptions, readEngineOptions, unlimited} from './engine-options.ts';
import {createId, type JobData, jobName, jobOf, writeJob} from './job.ts';
import {type Entry, JobReader} from './job-reader.ts';
import {OriginHolds} from './origin-holds.ts';
import {Publisher} from './publisher.ts';
import {QueuedOperation} from './queued-operation.ts';
import {RedisClock} from './redis-clock.ts';
import {removeJob} from './remove-job.ts';
import {checkRetention, type RetentionOptions, readRetention} from './retention.ts';
import {wakeHeldJobs, wakeJob} from './wake-job.ts';

/** The options of {@link createOperationQueue}. */
export interface OperationQueueOptions extends EngineOptions {
  /** How long outcomes stay in Redis after the end, and how many; and events. Default a day, and 10,000 at most. */
  readonly retention?: RetentionOptions | undefined;
}

/**
 * How to watch an operation of a queue. Of a protocol, only the name is stored: workers need the protocol too. `key` identifies the
 * operation in place of its location, where one operation has several locations. `data` is stored unencrypted: no secrets.
 */
export interface AddOptions<Data = unknown> extends RecordOptions<Data> {
  /** Whether a worker's `onEnd` is called with the end. Workers that have none then leave the operation to others. Default `false`. */
  readonly handOver?: boolean | undefined;
}

/** Where an operation is, or what to go on from. */
export type OperationSource = string | URL | ResumeToken | OperationPoller;

/** One of many operations to add. */
export interface AddedOperation<Data = unknown> extends AddOptions<Data> {
  /** Where the operation is, or a resume token to go on from. */
  readonly location: string | URL | ResumeToken;
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
   * @param operation where it is: the `Location` header of the response to its start, unchanged; or a resume token or a poller
   *   to go on from. A poller is handed over: its request under way is waited for, its `result()` rejects with a
   *   `WatchAbortedError` whose cause says so. It goes on if adding fails, and where the key is that of another operation
   * @returns the operation that is in Redis: with a known key, the one that was there
   * @throws TypeError or RangeError when an option or the location is invalid; the message names it
   */
  add(operation: OperationSource, options?: AddOptions<Data>): Promise<QueuedOperation<Data>>;
  /** Adds many in few round trips; returns them in their order. */
  addMany(operations: Iterable<AddedOperation<Data>>): Promise<QueuedOperation<Data>[]>;
  /**
   * The operation of that key, or of that `id`, which events carry; `undefined` where there is none (any more).
   *
   * @throws InvalidResumeTokenError
   */
  get(key: string): Promise<QueuedOperation<Data> | undefined>;
  /** The operations that are being watched, in no order. One that cannot be read is reported to `onError`. */
  list(): Promise<QueuedOperation<Data>[]>;
  /**
   * A hint that an operation may have changed, from a webhook for instance: it is polled as soon as the service allows, as for
   * `poller.wake()`. While it is being polled, one more poll follows.
   *
   * @param key its key or its `id`
   * @returns whether there is such an operation that is being watched
   */
  wake(key: string): Promise<boolean>;
  /**
   * Stops watching; the operation itself goes on. A job that waits is removed at once, one that is being polled as soon as
   * that poll is over. Listeners get `abandoned`, and `result()` rejects with a `WatchAbortedError`; `onEnd` is not called.
   *
   * @param key its key or its `id`
   * @returns whether there was something to stop; `false` where there is no such job and where watching is over
   * @throws InvalidResumeTokenError when the job cannot be read at all; one whose resume token alone is invalid is removed,
   *   without an event
   */
  remove(key: string): Promise<boolean>;
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
  ...recordOptionChecks,
  key: isNonEmptyString,
  handOver: isBoolean,
} satisfies Checks<AddOptions>;

const largestBulk = 1000;
/** How long a hint waits for the end of a turn that is being taken, in milliseconds. */
const hintPatience = 30_000;
const watchedStates = ['delayed', 'wait', 'active', 'prioritized'] as const;

/**
 * Makes a queue of operations on Redis. It is cheap: make one where operations are started.
 *
 * @throws TypeError or RangeError when an option is invalid; the message names it
 *
 * @example
 * ```ts
 * const queue = createOperationQueue<{user: string}>({name: 'operations', connection: {host: 'redis'}});
 * const queued = await queue.add(location, {data: {user: 'adele'}, initialDelay: 2000});
 * const operation = await queued.result(); // in this process or, by queue.get(key), in any other
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

  // By Redis' clock, which may have to be read first.
  const timeOfCall = async (): Promise<number> => {
    const called = performance.now();
    await clock.update().catch(engine.onError);
    return Math.ceil(clock.now() - (performance.now() - called));
  };
  const prepare = (source: string | URL | ResumeToken, options: AddOptions<Data> = {}, now: number): Added<Data> => {
    checkIsObject('options', options);
    checkOptions(options, addChecks);
    const {handOver, key, data, ...watch} = options;
    const place = typeof source === 'string' || source instanceof URL ? source : byClock(source, clock);
    const state = recordedState(place, watch, now);
    const {jobId} = jobOf(key ?? state.location);
    const record = recordOf(createId(jobId), key ?? state.location, data, state);
    return {jobId, record, state, handOver: handOver === true ? handOver : undefined};
  };
  // BullMQ counts the delay from when it takes the job, which of many is later than when they were passed to addMany.
  const jobFor = ({jobId, record, handOver}: Added<Data>) => {
    const timestamp = clock.now();
    const delay = Math.ceil(Math.max(0, record.token.dueAt - timestamp));
    return {
      name: jobName,
      data: writeJob(record, handOver === undefined ? {} : {handOver}),
      opts: {...jobOptions, jobId, timestamp, delay},
    };
  };
  /** What is in Redis now: what was added, or what was there before. */
  const entryOf = async ({jobId, record, state}: Added<Data>): Promise<Entry<Data>> => {
    const client = await queue.backend.client;
    const text = await client.hget(queue.toKey(jobId), 'data');
    const isOurs = text === null || text.includes(`"id":"${record.id.slice(jobId.length + 1)}"`);
    const entry = isOurs ? undefined : await reader.read(jobId);
    return entry ?? {record, state, outcome: () => undefined, isDone: false};
  };
  const add = async (source: string | URL | ResumeToken, options?: AddOptions<Data>): Promise<Entry<Data>> => {
    const added = prepare(source, options, await timeOfCall());
    const {name, data, opts} = jobFor(added);
    await queue.add(name, data, opts);
    return await entryOf(added);
  };
  const takeOver = async (poller: OperationPoller, options?: AddOptions<Data>): Promise<Entry<Data>> => {
    let entry: Entry<Data> | undefined;
    const take = async (token: ResumeToken): Promise<Entry<Data>> => {
      entry = await add(token, options);
      // Then the poller goes on.
      if (entry.state.location !== token.location) throw new Error('The key is that of another operation');
      return entry;
    };
    return await poller.handOver(take).catch((error: unknown) => {
      if (entry === undefined) throw error;
      return entry;
    });
  };
  const tryGet = async (id: string): Promise<QueuedOperation<Data> | undefined> => {
    try {
      const entry = await reader.read(id);
      return entry === undefined || entry.isDone ? undefined : new QueuedOperation(reader, entry);
    } catch (error) {
      if (!(error instanceof InvalidResumeTokenError)) throw error;
      engine.onError(error);
      return undefined;
    }
  };
  const close = async (): Promise<void> => {
    await reader.close();
    await publisher.close();
    await queue.close();
  };
  return {
    add: async (source, options) => {
      const entry = source instanceof OperationPoller ? takeOver(source, options) : add(source, options);
      return new QueuedOperation(reader, await entry);
    },
    addMany: async (operations) => {
      const now = await timeOfCall();
      const added = [...operations].map(({location, ...options}) => prepare(location, options, now));
      const queued: QueuedOperation<Data>[] = [];
      for (let from = 0; from < added.length; from += largestBulk) {
        const bulk = added.slice(from, from + largestBulk);
        await queue.addBulk(bulk.map(jobFor));
        const entries = await Promise.all(bulk.map(entryOf));
        queued.push(...entries.map((entry) => new QueuedOperation(reader, entry)));
      }
      return queued;
    },
    get: async (key) => {
      const entry = await reader.read(key);
      return entry === undefined ? undefined : new QueuedOperation(reader, entry);
    },
    list: async () => {
      // A job may move from one state to another in the meantime.
      const ids = [...new Set(await queue.getRanges([...watchedStates], 0, -1))];
      const listed: QueuedOperation<Data>[] = [];
      for (let from = 0; from < ids.length; from += largestBulk) {
        const some = await Promise.all(ids.slice(from, from + largestBulk).map(tryGet));
        listed.push(...some.filter((queued) => queued !== undefined));
      }
      return listed;
    },
    wake: async (key) => {
      const {jobId, id} = jobOf(key);
      if (id !== undefined && (await reader.read(id)) === undefined) return false;
      return await wakeJob(queue, jobId, 'hint', hintPatience);
    },
    remove: (key) => removeJob(queue, jobOf(key), publisher, clock),
    release: async (origin) => {
      await wakeHeldJobs(queue, await holds.release(origin === undefined ? undefined : readOrigin(origin)));
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
  readonly jobId: string;
  readonly record: OperationRecord<Data>;
  readonly state: WatchState;
  readonly handOver: true | undefined;
}

/** A resume token with its times by the queue's clock; they are the wall clock's of this machine. */
function byClock(token: ResumeToken, clock: RedisClock): ResumeToken {
  return writeResumeToken(shiftTimes(readResumeToken(token), -clock.skew()));
}

function readOrigin(url: string | URL): string {
  const read = readLocation(String(url));
  if (read === undefined) throw new TypeError('origin: expected an http or https URL');
  return read.origin;
}
