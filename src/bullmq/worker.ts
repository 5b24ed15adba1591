/// <reference lib="esnext.disposable" preserve="true" />

import type {GraphClient} from '../graph/graph-client.ts';
import type {OperationEventType} from '../operation/events.ts';
import type {PollOptions} from '../options/poll-options.ts';
import {pollOptionChecks} from '../options/settings.ts';
import type {Protocol} from '../protocol/protocol.ts';
import {type Check, type Checks, checkIsObject, isNumber} from '../shared/check-options.ts';
import type {Subscription} from '../shared/listeners.ts';
import {Listeners} from '../shared/listeners.ts';
import {gather} from './coalesce.ts';
import {type EngineOptions, readEngineOptions} from './engine-options.ts';
import {type JobIo, pollJob} from './poll-job.ts';
import {PollWorker} from './poll-worker.ts';
import {Publisher} from './publisher.ts';
import {Throttle} from './throttle.ts';
import type {WorkerEvent, WorkerEventOf} from './worker-events.ts';
import {type WorkerPollOptions, WorkerSettings} from './worker-settings.ts';

/** How many polls all workers of a queue may make in a while. */
export interface LimiterOptions {
  readonly max: number;
  /** In milliseconds. A window is fixed: at its edge twice as many may come together. */
  readonly duration: number;
}

/** The options of {@link createOperationWorker}; those of a poller apply to all operations. */
export interface OperationWorkerOptions extends EngineOptions, WorkerPollOptions {
  /**
   * The bearer token, as for `pollOperation`. It goes to the origin of each operation's location, which the queue holds:
   * who can write to Redis decides where it goes. With `graph` it goes to the client's root alone.
   */
  readonly token?: PollOptions['token'];
  /** The ky instance that sends the requests. Default `ky`. */
  readonly http?: PollOptions['http'];
  /** A Graph client in place of `token` and `http`: polls go through its batches, its gate and its limits. */
  readonly graph?: GraphClient | undefined;
  /** Protocols of your own, beside the library's: the queue refers to them by name. */
  readonly protocols?: readonly Protocol[] | undefined;
  /** How many polls may be under way at once in this worker. Waiting takes no place. Default 100. */
  readonly concurrency?: number | undefined;
  /** How many polls all workers of the queue may make in a while; give it to each of them. Default: no limit. */
  readonly limiter?: LimiterOptions | undefined;
  /**
   * After about how many milliseconds others take over the polls of a worker that died. A worker that does not get to run
   * for so long is taken for dead, and its polls are made twice. Default 5000.
   */
  readonly recoverAfter?: number | undefined;
}

/** A worker: it has begun when you hold it. */
export interface OperationWorker extends AsyncDisposable {
  /**
   * Adds a listener to the polls that this worker makes, in this process: all of them, also those that bring nothing new,
   * each as soon as it is answered and without a way through Redis. Listeners added right after the worker was made hear
   * everything.
   *
   * A poll that has to be made again is told again: one whose answer could not be written to Redis, or whose worker was
   * taken for dead. One that is handed back when the worker closes is not told, and nor is what other workers do, or
   * `cancel`. A listener that throws harms nobody: its error is reported to the host.
   *
   * @param type the event's name, as a poller has it, or `'*'` for all
   * @param listener hears the event, which is frozen
   * @throws TypeError when the listener is no function
   *
   * @example
   * ```ts
   * worker.on('polled', ({id, at, askedAt = at}) => console.log(id, at - askedAt));
   * ```
   */
  on<Type extends OperationEventType | '*'>(type: Type, listener: (event: WorkerEventOf<Type>) => void): Subscription;
  /** Resolves when it is connected. */
  ready(): Promise<void>;
  /**
   * Takes no more jobs and finishes the polls under way; those that are not answered within `requestTimeout` are handed back.
   * Everything else waits in Redis for other workers.
   */
  close(): Promise<void>;
}

const isRequiredNumber = (least: number, takes = 'a number'): Check =>
  isNumber({takes, least, most: Number.MAX_SAFE_INTEGER});

const {
  schedule,
  requestTimeout,
  maxResponseSize,
  unknownStatus,
  notFoundGrace,
  consecutiveFailures,
  stalledAfter,
  trustedOrigins,
} = pollOptionChecks;

const optionChecks = {
  token: () => {}, // WorkerSettings checks these four.
  http: () => {},
  graph: () => {},
  protocols: () => {},
  concurrency: isRequiredNumber(1),
  limiter: (name, value) => {
    checkIsObject(name, value, '{max, duration}');
    const {max, duration} = value as Partial<LimiterOptions>;
    isRequiredNumber(1)(`${name}.max`, max);
    isRequiredNumber(1, 'milliseconds')(`${name}.duration`, duration);
  },
  recoverAfter: isRequiredNumber(1000, 'milliseconds'),
  schedule,
  requestTimeout,
  maxResponseSize,
  unknownStatus,
  notFoundGrace,
  consecutiveFailures,
  stalledAfter,
  trustedOrigins,
} satisfies Checks<Omit<OperationWorkerOptions, keyof EngineOptions>>;

// BullMQ never forgets that a job's worker died, and would give the job up when it happened twice in its life.
const anyNumberOfTimes = Number.MAX_SAFE_INTEGER;
// Without a limiter BullMQ heeds no pause of the queue.
const noLimit: LimiterOptions = {max: Number.MAX_SAFE_INTEGER, duration: 1000};
const week = 7 * 24 * 3600; // BullMQ counts this one in seconds
const firstRetry = 1000;
const longestRetry = 60_000;

/**
 * Makes a worker that polls the operations of a queue. Start as many as you like, in as many processes; each poll is made
 * by one of them, and between polls nothing of an operation is in any process.
 *
 * @throws TypeError or RangeError when an option is not as it should be; the message names it
 *
 * @example
 * ```ts
 * const graph = createGraphClient({token: new ClientSecretCredential(tenant, client, secret)});
 * const worker = createOperationWorker({name: 'operations', connection: {host: 'redis'}, graph});
 * process.once('SIGTERM', () => void worker.close());
 * ```
 */
export function createOperationWorker(options: OperationWorkerOptions): OperationWorker {
  const engine = readEngineOptions(options, optionChecks);
  const {name: _, connection, prefix, onError, ...given} = options;
  const {token, http, graph, protocols, concurrency = 100, limiter = noLimit, recoverAfter = 5000, ...poll} = given;
  const settings = new WorkerSettings({token, http, graph, protocols}, poll);
  const publisher = new Publisher(engine);
  const throttle = new Throttle(engine);
  const listeners = new Listeners<WorkerEvent>();
  const closing = new AbortController();
  const io: JobIo = {
    gathered: gather(),
    settings,
    publisher,
    listeners,
    signal: closing.signal,
    throttled: (retryAfter) => throttle.pause(retryAfter),
    onError: engine.onError,
  };
  const worker = new PollWorker(engine.name, (job, lock) => pollJob(io, job, lock), {
    ...engine.options,
    concurrency,
    limiter,
    lockDuration: recoverAfter,
    stalledInterval: recoverAfter / 2,
    maxStalledCount: anyNumberOfTimes,
    runRetryDelay: firstRetry,
    removeOnFail: {age: week},
    settings: {
      backoffStrategy: (attempts) => Math.min(longestRetry, firstRetry * 2 ** Math.min(attempts - 1, 10)),
    },
  });
  worker.on('error', engine.onError);
  worker.on('failed', (_job, error) => engine.onError(error));

  let closed: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    const timer = setTimeout(() => closing.abort(new Error('The worker closes')), settings.requestTimeout);
    await worker.close();
    clearTimeout(timer);
    await publisher.close();
    await throttle.close();
  };
  const closeOnce = (): Promise<void> => {
    closed ??= close();
    return closed;
  };
  return {
    on: (type, listener) => listeners.add(type, listener as (event: WorkerEvent) => void),
    ready: async () => void (await worker.waitUntilReady()),
    close: closeOnce,
    [Symbol.asyncDispose]: closeOnce,
  };
}
