/// <reference lib="esnext.disposable" preserve="true" />

import {Queue} from 'bullmq';
import {InvalidResumeTokenError} from '../operation/errors.ts';
import type {ResumeToken} from '../operation/resume-token.ts';
import type {OperationPoller} from '../poller.ts';
import type {Protocol} from '../protocol/protocol.ts';
import {addOrTakeOver} from '../runner/add-or-take-over.ts';
import type {Checks} from '../shared/check-options.ts';
import {readLocation} from '../shared/location.ts';
import {chunksOf} from './chunks.ts';
import {closeInTime} from './close-in-time.ts';
import {type EngineOptions, readEngineOptions} from './engine-options.ts';
import {type JobData, jobOf} from './job.ts';
import {type AddedOperation, type AddOptions, bulkSize, JobAdder, type OperationFlowJob} from './job-adder.ts';
import {JobReader} from './job-reader.ts';
import {Publisher} from './publisher.ts';
import {QueuedOperation} from './queued-operation.ts';
import {RedisClock} from './redis-clock.ts';
import {RedisHolds} from './redis-holds.ts';
import {removeJob} from './remove-job.ts';
import {checkRetention, type RetentionOptions, readRetention} from './retention.ts';
import {wakeHeldJobs, wakeJob, watchedStates} from './wake-job.ts';

/** The options of {@link createOperationQueue}. */
export interface OperationQueueOptions extends EngineOptions {
  /** How long outcomes stay in Redis after the end, and how many; and events. Default a day, and 10,000 at most. */
  readonly retention?: RetentionOptions | undefined;
}

/** Where an operation is, or what to go on from. */
export type OperationSource<Result = unknown> = string | URL | ResumeToken | OperationPoller<Result>;

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

/**
 * Operations that wait in Redis and are watched by workers.
 *
 * @typeParam Data the type of what is added with an operation
 * @typeParam Result the type of the operations' results, which is not checked at run time
 */
export interface OperationQueue<Data = unknown, Result = unknown> extends AsyncDisposable {
  /**
   * Adds an operation to be watched. Adding the same one again changes nothing, even after it has ended, as long as its outcome is
   * retained: the code that starts operations is safe to retry.
   *
   * @param operation where it is: the `Location` header of the response to its start, unchanged; or a resume token or a poller to go on
   *   from. A poller is handed over: a poll that is under way is waited for, its `result()` rejects with a `WatchAbortedError` whose cause
   *   says so. It goes on if adding fails, or if the key belongs to another operation
   * @returns the operation that is in Redis: with a known key, the one that was there
   * @throws TypeError or RangeError when an option or the location is invalid; the message names it
   */
  add<Added extends Result = Result>(
    operation: OperationSource<Added>,
    options?: AddOptions<Data, Added>,
  ): Promise<QueuedOperation<Data, Added>>;
  /** Adds many in few round trips; returns them in their order. */
  addMany<Added extends Result = Result>(
    operations: Iterable<AddedOperation<Data, Added>>,
  ): Promise<QueuedOperation<Data, Added>[]>;
  /**
   * An operation as a job for BullMQ's `FlowProducer`, to be the child of a job that waits for its end. Nothing is in Redis until the flow
   * is added; then it is as if it had been added here. An operation of the same key that is there becomes the child, even one that has
   * ended. But a job has one parent: while that is in Redis, BullMQ adds a second flow with the same key without an error, and its parent
   * waits forever. A job without children can wait for the same operation, too: its worker awaits `(await queue.get(key))?.outcome()`.
   *
   * @throws TypeError or RangeError when an option or the location is invalid; the message names it
   *
   * @example
   * ```ts
   * const child = await queue.toFlowJob(location, {name: 'reset'});
   * await new FlowProducer({connection}).add({name: 'mail', queueName: 'mails', children: [child]});
   * // In the worker of 'mails':
   * const outcomes = Object.values(await job.getChildrenValues<OutcomeJson>()).map(readOutcome);
   * ```
   */
  toFlowJob<Added extends Result = Result>(
    operation: string | URL | ResumeToken,
    options?: AddOptions<Data, Added>,
  ): Promise<OperationFlowJob>;
  /**
   * The operation of that key, or of that `id`, which events carry; `undefined` where there is none, or no longer. `get<Image>(key)` says
   * what its result is.
   *
   * @throws InvalidResumeTokenError
   */
  get<Known extends Result = Result>(key: string): Promise<QueuedOperation<Data, Known> | undefined>;
  /** The operations that are being watched, in no order. One that cannot be read is reported to `onError`. */
  list(): Promise<QueuedOperation<Data, Result>[]>;
  /**
   * A hint that an operation may have changed, from a webhook for instance: it is polled as soon as the service allows, as for
   * `poller.wake()`. While it is being polled, one more poll follows; the call does not wait for it.
   *
   * @param key its key or its `id`
   * @returns whether there is such an operation that is being watched
   */
  wake(key: string): Promise<boolean>;
  /**
   * Stops watching; the operation itself goes on. A job that waits is removed at once, one that is being polled as soon as
   * that poll is over. Listeners get `abandoned`, and `result()` rejects with a `WatchAbortedError`; `onEnd` is not called.
   *
   * An end that is stored is handed over all the same: watching is over, and the outcome is the operation's own. Once its `onEnd` has
   * rejected, this removes it, and `onEnd` is not called again. Until a worker has called it, nothing here drops such an end: where no
   * worker has an `onEnd` any more, start one whose `onEnd` does nothing.
   *
   * @param key its key or its `id`
   * @returns whether there was something to stop; `false` where there is no such job, and where watching is over and `onEnd` has resolved,
   *   or has yet to resolve or reject for another 0.3 s; `get` tells the two apart
   * @throws InvalidResumeTokenError when the job cannot be read at all; one whose resume token alone is invalid is removed,
   *   without an event
   * @throws what Redis answers. Call it again: the operation may be watched on, a minute later at most
   */
  remove(key: string): Promise<boolean>;
  /**
   * Lifts the hold of an origin whose service throttled a poll and asked for no requests for a while: the operations that wait
   * for its end are polled now. A Graph client's own gate stays closed in each worker that has one.
   *
   * @param origin the origin, or any URL there; default all origins that are held
   * @throws TypeError when it is not an http or https URL
   */
  release(origin?: string | URL): Promise<void>;
  /** How many operations are in which state. */
  counts(): Promise<OperationCounts>;
  /**
   * Closes the connections; those to a Redis that does not answer are cut after 5 s. Workers go on; pending results of this queue reject
   * with a `WatchAbortedError`.
   */
  close(): Promise<void>;
}

const queueChecks = {retention: checkRetention} satisfies Checks<Omit<OperationQueueOptions, keyof EngineOptions>>;

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
export function createOperationQueue<Data = unknown, Result = unknown>(
  options: OperationQueueOptions,
): OperationQueue<Data, Result> {
  const {engine, own} = readEngineOptions(options, queueChecks);
  const retention = readRetention(own.retention);
  const queue = new Queue<JobData<Data>>(engine.name, {...engine.options, streams: retention.streams});
  queue.on('error', engine.onError);
  const clock = new RedisClock(queue);
  const reader = new JobReader<Data>(queue, engine, clock);
  const adder = new JobAdder<Data>(queue, engine, reader, retention);
  const publisher = new Publisher(engine);
  const holds = new RedisHolds(queue);

  const close = async (): Promise<void> => {
    await Promise.all([reader.ends.close(), publisher.close(), closeInTime(queue)]);
  };
  return {
    add: async (source, options) => {
      const add = (place: string | URL | ResumeToken, protocol?: Protocol) => adder.add(place, options, protocol);
      return new QueuedOperation(reader, await addOrTakeOver(source, add, ({state}) => state.location));
    },
    addMany: async (operations) => {
      const entries = await adder.addMany(operations);
      return entries.map((entry) => new QueuedOperation(reader, entry));
    },
    toFlowJob: (source, options) => adder.toFlowJob(source, options),
    get: async (key) => {
      const entry = await reader.read(key);
      return entry === undefined ? undefined : new QueuedOperation(reader, entry);
    },
    list: () => list(queue, reader),
    wake: async (key) => {
      const {jobId, id} = jobOf(key);
      if (id !== undefined && (await reader.read(id)) === undefined) return false;
      return await wakeJob(queue, jobId, 'hint');
    },
    remove: async (key) => removeJob(queue, jobOf(key), publisher, clock),
    release: async (origin) => {
      await wakeHeldJobs(queue, await holds.release(origin === undefined ? undefined : readOrigin(origin)));
    },
    counts: () => count(queue),
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function list<Data, Result>(queue: Queue, reader: JobReader<Data>): Promise<QueuedOperation<Data, Result>[]> {
  const tryGet = async (id: string): Promise<QueuedOperation<Data, Result> | undefined> => {
    try {
      const entry = await reader.read(id);
      return entry === undefined || entry.isDone ? undefined : new QueuedOperation(reader, entry);
    } catch (error) {
      if (!(error instanceof InvalidResumeTokenError)) throw error;
      reader.reportError(error);
      return undefined;
    }
  };
  const ids = await queue.getRanges([...watchedStates], 0, -1);
  const listed: QueuedOperation<Data, Result>[] = [];
  for (const some of chunksOf(ids, bulkSize)) {
    const found = await Promise.all(some.map(tryGet));
    listed.push(...found.filter((queued) => queued !== undefined));
  }
  return listed;
}

async function count(queue: Queue): Promise<OperationCounts> {
  const {delayed = 0, waiting = 0, prioritized = 0, active = 0, completed = 0, failed = 0} = await queue.getJobCounts();
  return {waiting: delayed, due: waiting + prioritized, active, ended: completed, failed};
}

function readOrigin(url: string | URL): string {
  const read = readLocation(String(url));
  if (read === undefined) throw new TypeError('origin: expected an http or https URL');
  return read.origin;
}
