/// <reference lib="esnext.disposable" preserve="true" />

import type {WorkerOptions} from 'bullmq';
import {type OperationEventType, operationEventTypes} from '../operation/events.ts';
import {untilAborted} from '../runner/take-turn.ts';
import type {TurnEvent, TurnEventOf} from '../runner/turn-events.ts';
import {prepareTurns, readTurnOptions, type TurnOptions, turnChecks} from '../runner/turn-options.ts';
import {type Checks, checkMilliseconds, checkObjectWith} from '../shared/check-options.ts';
import {Listeners, type Subscription} from '../shared/listeners.ts';
import {doublingDelay} from '../shared/timers.ts';
import {ClockCheck} from './clock-check.ts';
import {closeInTime, longestClose} from './close-in-time.ts';
import {coalesce} from './coalesce.ts';
import {
  checkBlocking,
  checkCount,
  type Engine,
  type EngineOptions,
  readEngineOptions,
  unlimited,
} from './engine-options.ts';
import {foldLockErrors} from './fold-lock-errors.ts';
import {PollWorker} from './poll-worker.ts';
import {Publisher} from './publisher.ts';
import {RedisHolds} from './redis-holds.ts';
import {Skips} from './skips.ts';
import {type JobIo, takeJobTurn} from './take-job-turn.ts';

/** How many polls all workers of a queue may make in a period of time. */
export interface LimiterOptions {
  /** How many polls. */
  readonly max: number;
  /** In milliseconds. A window is fixed: around its edge up to twice as many may come together. */
  readonly duration: number;
}

/** How much of BullMQ's metrics is kept. */
export interface MetricsOptions {
  /** For how many minutes: 10,080 are a week. Each takes a few bytes of Redis, once for the queue. */
  readonly maxDataPoints: number;
}

/**
 * The options of {@link createOperationWorker}; those of a poller apply to all operations. `token` goes to the origin of each
 * operation's location, which the queue holds: whoever can write to Redis decides where it goes. With `client` it goes to the
 * client's root alone. `maxRetryAfter` limits how long an origin is held back, too.
 */
export interface OperationWorkerOptions<Data = unknown, Result = unknown>
  extends EngineOptions,
    WorkerPollOptions<Data, Result> {
  /** How many polls may be under way at once in this worker. Jobs that wait do not count. Default 100. */
  readonly concurrency?: number | undefined;
  /** How many polls all workers of the queue may make in a period of time; pass it to each of them. Default: no limit. */
  readonly limiter?: LimiterOptions | undefined;
  /**
   * About how long it takes until others take over the polls of a worker that died, in milliseconds. A worker that gets no CPU
   * time for that long is presumed dead, and its polls are made twice. Default 5000.
   */
  readonly recoverAfter?: number | undefined;
  /**
   * BullMQ's metrics: how many operations ended in each minute, of which `maxDataPoints` are kept. `getMetrics('completed')` of BullMQ's
   * `Queue` reads them; whether the operations succeeded is not in them. Default: none are kept.
   */
  readonly metrics?: MetricsOptions | undefined;
}

/** What a worker takes for its polls, and for the ends of operations that were added with `handOver`. */
export type WorkerPollOptions<Data = unknown, Result = unknown> = Omit<
  TurnOptions<Data, Result>,
  'signal' | 'heldUntil' | 'started' | 'finalStateVia'
>;

/** A worker. It starts by itself. */
export interface OperationWorker extends AsyncDisposable {
  /**
   * Adds a listener to the polls that this worker makes, in this process: all of them, also those that bring nothing new,
   * each as soon as it is answered, without going through Redis. Listeners added right after the worker was made get
   * every event.
   *
   * A poll that has to be made again emits its events again: one whose answer could not be written to Redis, or whose worker
   * was presumed dead. One that is handed back when the worker closes emits none, and nor does what other workers do, or
   * `remove`. If a listener throws or rejects, the error is reported to the host, and nothing else is affected.
   *
   * @param type the event's name, as a poller has it, or `'*'` for all
   * @param listener gets the event, which is frozen
   * @throws TypeError when the listener is not a function
   *
   * @example
   * ```ts
   * worker.on('polled', ({id, at, askedAt = at}) => console.log(id, at - askedAt));
   * ```
   */
  on<Type extends OperationEventType | '*'>(type: Type, listener: (event: TurnEventOf<Type>) => void): Subscription;
  /** Resolves when it is connected. */
  ready(): Promise<void>;
  /**
   * Takes no more jobs and finishes the polls under way; those that are not answered within `requestTimeout` are handed back, and so
   * are ends whose `onEnd` has not resolved by then. Everything else waits in Redis for other workers. If Redis does not answer, the
   * connections are cut 5 s after that.
   */
  close(): Promise<void>;
}

const metricsChecks = {maxDataPoints: checkCount} satisfies Checks<MetricsOptions>;
const limiterChecks = {max: checkCount, duration: checkMilliseconds(1)} satisfies Checks<LimiterOptions>;

const {signal: _, heldUntil, started, finalStateVia, ...pollChecks} = turnChecks;

const workerChecks = {
  ...pollChecks,
  concurrency: checkCount,
  limiter: checkObjectWith(limiterChecks, {takes: '{max, duration}', required: ['max', 'duration']}),
  recoverAfter: checkMilliseconds(1000),
  metrics: checkObjectWith(metricsChecks, {takes: '{maxDataPoints}', required: ['maxDataPoints']}),
} satisfies Checks<Omit<OperationWorkerOptions, keyof EngineOptions>>;

const week = 7 * 24 * 3600; // BullMQ counts this one in seconds
/** After how long a job that failed is tried again, at first and at most, in milliseconds. */
const firstRetry = 1000;
const longestRetry = 60_000;

/**
 * Makes a worker that polls the operations of a queue. Start as many as you like, in as many processes; each poll is made
 * by one of them, and between polls nothing of an operation is in any process.
 *
 * @throws TypeError or RangeError when an option is invalid; the message names it
 *
 * @example
 * ```ts
 * const client = createGraphClient({token: new ClientSecretCredential(tenant, client, secret)});
 * const worker = createOperationWorker({name: 'operations', connection: {host: 'redis'}, client});
 * process.once('SIGTERM', () => void worker.close());
 * ```
 */
export function createOperationWorker<Data = unknown, Result = unknown>(
  options: OperationWorkerOptions<Data, Result>,
): OperationWorker {
  // Nobody checks the type of a result.
  const {engine, own} = readEngineOptions(options as OperationWorkerOptions<Data>, workerChecks);
  checkBlocking(engine.options);
  const {concurrency, limiter, recoverAfter = 5000, metrics, ...poll} = own;
  const {requestTimeout} = readTurnOptions(poll);
  const closing = new AbortController();
  const worker = new PollWorker<Data>(
    engine.name,
    (job, lock) => {
      clockCheck.notice();
      return takeJobTurn(io, job, lock);
    },
    workerOptions(engine, own, recoverAfter),
  );
  const publisher = new Publisher(engine);
  const holds = new RedisHolds(worker);
  const io: JobIo<Data> = {
    resume: prepareTurns(poll),
    // One that awaits the worker's `close()` would otherwise keep it open forever.
    onEnd: poll.onEnd && untilAborted(poll.onEnd, closing.signal),
    heldOrigins: coalesce(() => holds.read()),
    clock: worker.clock,
    holds,
    skips: new Skips(),
    lockDuration: recoverAfter,
    publisher,
    backend: worker.backend,
    listeners: new Listeners<TurnEvent>(operationEventTypes),
    signal: closing.signal,
    onError: engine.onError,
  };
  const lockErrors = foldLockErrors(engine.onError);
  worker.on('error', lockErrors.report);
  worker.on('failed', (_job, error) => engine.onError(error));

  const clockCheck = new ClockCheck(worker.clock, worker, engine.onError);
  void clockCheck.check();

  let closed: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    clockCheck.close();
    const timer = setTimeout(() => closing.abort(new Error('The worker closes')), requestTimeout);
    const isInTime = await closeInTime(worker, requestTimeout + longestClose);
    if (!isInTime) await worker.abandonLocks();
    lockErrors.flush();
    clearTimeout(timer);
    await publisher.close(isInTime ? longestClose : 0);
  };
  const closeOnce = (): Promise<void> => {
    closed ??= close();
    return closed;
  };
  return {
    on: (type, listener) => io.listeners.add(type, listener as (event: TurnEvent) => void),
    ready: async () => {
      await worker.waitUntilReady();
      await clockCheck.check();
    },
    close: closeOnce,
    [Symbol.asyncDispose]: closeOnce,
  };
}

function workerOptions(
  engine: Engine,
  {concurrency = 100, limiter, metrics}: Pick<OperationWorkerOptions, 'concurrency' | 'limiter' | 'metrics'>,
  recoverAfter: number,
): WorkerOptions {
  return {
    ...engine.options,
    autorun: false,
    concurrency,
    ...(limiter && {limiter}),
    ...(metrics && {metrics}),
    lockDuration: recoverAfter,
    stalledInterval: recoverAfter / 2,
    // BullMQ never forgets that a job's worker died, and by default fails the job when it happens twice in the job's life.
    maxStalledCount: unlimited,
    runRetryDelay: firstRetry,
    removeOnFail: {age: week},
    settings: {backoffStrategy: (attempts) => doublingDelay(firstRetry, longestRetry, attempts)},
  };
}
