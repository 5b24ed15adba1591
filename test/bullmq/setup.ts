import {type ChildProcess, fork} from 'node:child_process';
import {randomUUID} from 'node:crypto';
import {once} from 'node:events';
import {fileURLToPath} from 'node:url';
import {afterAll, afterEach, beforeAll, describe} from '@jest/globals';
import {Job, Queue} from 'bullmq';
import {Redis} from 'ioredis';
import ky, {type KyInstance} from 'ky';
import {
  createOperationEvents,
  createOperationQueue,
  createOperationWorker,
  type OperationEvents,
  type OperationQueue,
  type OperationQueueOptions,
  type OperationWorker,
  type OperationWorkerOptions,
} from 'operation-poller/bullmq';
import {type GraphEmulator, type GraphEmulatorOptions, startGraphEmulator} from 'operation-poller/testing';
import type {Engine} from '../../src/bullmq/engine-options.ts';
import {type JobData, jobOf} from '../../src/bullmq/job.ts';
import {findRedis, startRedis, type TestRedis} from '../support/redis.ts';

const source = findRedis();

/** As `describe`, but skipped where there is no Redis. */
export const describeWithRedis: typeof describe.skip = source === undefined ? describe.skip : describe;

/** The token of these tests: no part of it may be found in Redis. */
export const token = 'secret-marker-7f3a91';

/** What a test works with; everything is closed after it, in the opposite order. */
export class Bench {
  redis!: TestRedis;
  name = '';
  #client: Redis | undefined;
  readonly #open: Array<() => Promise<unknown>> = [];
  /** What `onError` was called with. */
  errors: Error[] = [];

  /** Before all tests of a file. */
  constructor(persistent = false) {
    beforeAll(async () => {
      if (source !== undefined) this.redis = await startRedis(source, persistent);
    });
    afterEach(() => this.#close());
    afterAll(() => this.redis?.stop());
  }

  get connection(): {readonly host: string; readonly port: number} {
    return {host: this.redis.host, port: this.redis.port};
  }

  /** A new name for each test, so that none sees another's jobs. */
  fresh(): this {
    this.name = `test-${randomUUID()}`;
    this.errors = [];
    return this;
  }

  opened<T>(thing: T, close: () => Promise<unknown>): T {
    this.#open.push(close);
    return thing;
  }

  #common() {
    const onError = (error: Error): void => void this.errors.push(error);
    return {name: this.name, connection: this.connection, onError};
  }

  /** What queue, worker and events make of their options, for the parts that they consist of. */
  get engine(): Engine {
    const {name, connection, onError} = this.#common();
    return {name, options: {connection}, onError};
  }

  queue<Data = unknown>(options: Partial<OperationQueueOptions> = {}): OperationQueue<Data> {
    const queue = createOperationQueue<Data>({...this.#common(), ...options});
    return this.opened(queue, () => queue.close());
  }

  worker<Data = unknown>(options: Partial<OperationWorkerOptions<Data>> = {}): OperationWorker {
    const common = options.client === undefined ? {token} : {};
    const worker = createOperationWorker<Data>({...this.#common(), ...common, schedule: () => 20, ...options});
    return this.opened(worker, () => worker.close());
  }

  async events(): Promise<OperationEvents> {
    const events = createOperationEvents(this.#common());
    this.opened(events, () => events.close());
    await events.ready();
    return events;
  }

  async emulator(options: GraphEmulatorOptions = {}): Promise<GraphEmulator> {
    const emulator = await startGraphEmulator({token, ...options});
    return this.opened(emulator, () => emulator.stop());
  }

  /** BullMQ's own queue, to look behind the scenes. */
  raw(): Queue {
    const queue = new Queue(this.name, {connection: this.connection});
    return this.opened(queue, () => queue.close());
  }

  /** A connection of the test's own. */
  redisClient(): Redis {
    this.#client ??= new Redis(this.connection);
    return this.#client;
  }

  async #close(): Promise<void> {
    for (let close = this.#open.pop(); close !== undefined; close = this.#open.pop()) await close();
    if (this.name === '' || source === undefined) return;
    const queue = new Queue(this.name, {connection: this.connection});
    await queue.obliterate({force: true});
    await queue.close();
    this.#client?.disconnect();
    this.#client = undefined;
  }
}

const program = fileURLToPath(new URL('./worker-process.ts', import.meta.url));
const loader = new URL('../support/load-typescript.mjs', import.meta.url).href;

/** Starts a worker in a process of its own. One that hangs in `onEnd` sends the id that it was called with. */
export async function startWorkerProcess(bench: Bench, given: {hangsInOnEnd?: boolean} = {}): Promise<ChildProcess> {
  const options = JSON.stringify({name: bench.name, connection: bench.connection, token, ...given});
  const child = fork(program, [options], {execArgv: ['--import', loader]});
  bench.opened(child, async () => void child.kill('SIGKILL'));
  await once(child, 'message');
  return child;
}

/** By then the test has failed anyway: otherwise jest would never end. In milliseconds. */
const longestWait = 50_000;
/** How long to wait before a condition is looked at again, in milliseconds. */
const pause = 5;

/**
 * Waits until a condition holds.
 *
 * @returns how long it has waited, in milliseconds, where of each pause no more is counted than on a machine that keeps up
 */
export async function until(holds: () => unknown | Promise<unknown>): Promise<number> {
  const started = performance.now();
  let waited = 0;
  while (!(await holds())) {
    if (performance.now() - started > longestWait) throw new Error(`Does not hold after ${longestWait} ms: ${holds}`);
    const begun = performance.now();
    await new Promise((resolve) => setTimeout(resolve, pause));
    waited += Math.min(performance.now() - begun, 2 * pause);
  }
  return waited;
}

/**
 * A service in this process, none of whose answers comes before the test lets them go: what is to happen during a poll does, however
 * busy the machine is.
 *
 * @param statuses those of its answers, the last one again and again
 */
export function holdingService(...statuses: readonly string[]): {
  readonly fetch: () => Promise<Response>;
  readonly http: KyInstance;
  readonly location: string;
  readonly requests: () => number;
  readonly release: () => void;
} {
  let requests = 0;
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const fetch = async (): Promise<Response> => {
    const status = statuses[Math.min(requests, statuses.length - 1)];
    requests += 1;
    await released;
    return Response.json({id: 'a', status});
  };
  const http = ky.create({fetch});
  return {fetch, http, location: 'https://graph.example/operations/a', requests: () => requests, release};
}

/**
 * A `recoverAfter` with which a lock outlives a process that stands still for a second, in milliseconds: BullMQ renews a lock when half of
 * it is over.
 */
export const longerThanStalls = 2200;

/**
 * Takes jobs away from their worker and lets them be taken again, as BullMQ does where their locks have run out: so no lock has to be so
 * short that it also runs out where this process stands still.
 */
export async function takeAway(bench: Bench, operations: ReadonlyArray<{readonly id: string}>): Promise<void> {
  const key = `bull:${bench.name}`;
  const commands = bench.redisClient().multi();
  for (const id of operations.map(jobIdOf)) {
    commands.del(`${key}:${id}:lock`).lrem(`${key}:active`, 0, id).lpush(`${key}:wait`, id);
  }
  await commands.zadd(`${key}:marker`, 0, '0').exec();
}

/** The id that BullMQ has for an operation. */
export function jobIdOf({id}: {readonly id: string}): string {
  return jobOf(id).jobId;
}

/** Until when BullMQ delays the job of an operation, in milliseconds since 1970; 0: it does not. */
export async function dueOf(bench: Bench, operation: {readonly id: string}): Promise<number> {
  const score = await bench.redisClient().zscore(`bull:${bench.name}:delayed`, jobIdOf(operation));
  // Twelve bits of it are a counter.
  return Math.floor(Number(score) / 4096);
}

/** Makes the deadline of an operation that waits pass, without the time that it takes. */
export async function passDeadline(bench: Bench, operation: {readonly id: string}): Promise<void> {
  const job = await Job.fromId<JobData>(bench.raw(), jobIdOf(operation));
  if (job === undefined) throw new Error('It has no job');
  await job.updateData({...job.data, token: {...job.data.token, deadlineAt: Date.now() - 1}});
  await job.promote();
}

/** What a promise rejects with. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('Expected it to reject');
}
