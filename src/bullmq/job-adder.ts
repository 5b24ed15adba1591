import type {JobsOptions, Queue} from 'bullmq';
import {readResumeToken} from '../operation/read-resume-token.ts';
import {type ResumeToken, writeResumeToken} from '../operation/resume-token.ts';
import {shiftTimes, type WatchState} from '../operation/state.ts';
import type {Protocol} from '../protocol/protocol.ts';
import {type RecordOptions, recordedState, recordOptionChecks} from '../runner/create-record.ts';
import {type OperationRecord, recordOf} from '../runner/record.ts';
import {
  type Check,
  type Checks,
  checkBoolean,
  checkNonEmptyString,
  checkOptions,
  checkRange,
  checkWellFormed,
} from '../shared/check-options.ts';
import {chunksOf} from './chunks.ts';
import {type Engine, unlimited} from './engine-options.ts';
import {createId, isId, type JobData, jobOf, writeJob} from './job.ts';
import type {Entry, JobReader} from './job-reader.ts';
import type {Retention} from './retention.ts';

/**
 * How to watch an operation of a queue. Of a protocol, only the name is stored: workers need the protocol too. `key` identifies the
 * operation in place of its location, where one operation has several locations. `data` is stored unencrypted: no secrets.
 */
export interface AddOptions<Data = unknown, Result = unknown> extends RecordOptions<Data, Result> {
  /** Whether a worker's `onEnd` is called with the end. Workers that have none then leave the operation to others. Default `false`. */
  readonly handOver?: boolean | undefined;
  /** The job's name in BullMQ, for dashboards and telemetry. Default `'operation'`. */
  readonly name?: string | undefined;
  /**
   * The job's priority in BullMQ, which decides among operations that are due while all workers are busy: 1 is the highest and
   * 2,097,151 the lowest. Default none: such operations come before all that have one.
   */
  readonly priority?: number | undefined;
}

/**
 * An operation as a job for BullMQ's `FlowProducer`, which adds it as a child of another job. Workers complete it with its outcome,
 * whatever that is; `readOutcome` of `operation-poller/runner` reads it.
 */
export interface OperationFlowJob {
  readonly name: string;
  readonly queueName: string;
  readonly prefix: string;
  readonly data: unknown;
  readonly opts: Omit<JobsOptions, 'parent' | 'repeat' | 'deduplication' | 'debounce'>;
}

/** One of many operations to add. */
export interface AddedOperation<Data = unknown, Result = unknown> extends AddOptions<Data, Result> {
  /** Where the operation is, or a resume token to go on from. */
  readonly location: string | URL | ResumeToken;
}

const checkKey: Check = (name, value) => {
  checkWellFormed(name, value);
  if (isId(String(value))) throw new TypeError(`${name}: expected a key, got one in the form of an id`);
};

const addChecks = {
  ...recordOptionChecks,
  key: checkKey,
  handOver: checkBoolean,
  name: checkNonEmptyString,
  priority: checkRange({whole: true, least: 1, most: 2 ** 21 - 1}),
} satisfies Checks<AddOptions>;

interface NewJob<Data> extends Pick<AddOptions, 'handOver' | 'name' | 'priority'> {
  readonly jobId: string;
  readonly record: OperationRecord<Data>;
  readonly state: WatchState;
}

/** How many jobs are written or read at once. */
export const bulkSize = 1000;

/** Adds operations to a queue as jobs. */
export class JobAdder<Data> {
  readonly #queue: Queue<JobData<Data>>;
  readonly #engine: Engine;
  readonly #reader: JobReader<Data>;
  readonly #options: JobsOptions;

  constructor(queue: Queue<JobData<Data>>, engine: Engine, reader: JobReader<Data>, {removeOnComplete}: Retention) {
    this.#queue = queue;
    this.#engine = engine;
    this.#reader = reader;
    this.#options = {
      // A problem with the infrastructure is no end: a job is tried again as long as there is a queue.
      attempts: unlimited,
      backoff: {type: 'capped'},
      stackTraceLimit: 1,
      removeOnComplete,
    };
  }

  /** Adds one operation. @returns what is in Redis now: what was added, or what was there before */
  async add(
    source: string | URL | ResumeToken,
    options: AddOptions<Data> | undefined,
    protocol: Protocol | undefined,
  ): Promise<Entry<Data>> {
    const job = this.#prepare(source, options, await this.#timeOfCall(), protocol);
    const {name, data, opts} = this.#jobFor(job);
    await this.#queue.add(name, data, opts);
    return await this.#entryOf(job);
  }

  /** Adds many operations in few round trips; returns them in their order. */
  async addMany(operations: Iterable<AddedOperation<Data>>): Promise<Entry<Data>[]> {
    const now = await this.#timeOfCall();
    const jobs = [...operations].map(({location, ...options}) => this.#prepare(location, options, now));
    const entries: Entry<Data>[] = [];
    for (const bulk of chunksOf(jobs, bulkSize)) {
      await this.#queue.addBulk(bulk.map((job) => this.#jobFor(job)));
      entries.push(...(await Promise.all(bulk.map((job) => this.#entryOf(job)))));
    }
    return entries;
  }

  /** The job that {@link add} would add, for a flow. */
  async toFlowJob(source: string | URL | ResumeToken, given?: AddOptions<Data>): Promise<OperationFlowJob> {
    const job = this.#jobFor(this.#prepare(source, given, await this.#timeOfCall()));
    const {name: queueName, options} = this.#engine;
    return {...job, queueName, prefix: options.prefix ?? 'bull'};
  }

  // By Redis' clock, which may have to be read first.
  async #timeOfCall(): Promise<number> {
    const {clock} = this.#reader;
    const called = performance.now();
    await clock.update().catch(this.#engine.onError);
    // In this order, a pause between the two makes the time later, and no wait shorter.
    const since = performance.now() - called;
    return Math.ceil(clock.now() - since);
  }

  #prepare(
    source: string | URL | ResumeToken,
    options: AddOptions<Data> = {},
    now: number,
    ofPoller?: Protocol,
  ): NewJob<Data> {
    const {handOver, name, priority, key, data, protocol = ofPoller, ...watch} = checkOptions(options, addChecks);
    const place = typeof source === 'string' || source instanceof URL ? source : this.#byClock(source);
    const state = recordedState(place, {...watch, protocol}, now);
    const {jobId} = jobOf(key ?? state.location);
    const record = recordOf(createId(jobId), key ?? state.location, data, state);
    return {jobId, record, state, handOver, name, priority};
  }

  /** A resume token with its times by the queue's clock; they are the wall clock's of this machine. */
  #byClock(token: ResumeToken): ResumeToken {
    return writeResumeToken(shiftTimes(readResumeToken(token), -this.#reader.clock.skew()));
  }

  // BullMQ counts the delay from when it takes the job; of many jobs, some are taken long after the call of addMany.
  #jobFor({jobId, record, handOver, name = 'operation', priority}: NewJob<Data>) {
    const timestamp = this.#reader.clock.now();
    const delay = Math.ceil(Math.max(0, record.token.dueAt - timestamp));
    return {
      name,
      data: writeJob(record, handOver),
      opts: {...this.#options, jobId, timestamp, delay, ...(priority === undefined ? {} : {priority})},
    };
  }

  async #entryOf({jobId, record, state}: NewJob<Data>): Promise<Entry<Data>> {
    const client = await this.#queue.backend.client;
    // Nearly all are new, and what was just written need not be parsed.
    const text = await client.hget(this.#queue.toKey(jobId), 'data');
    const isOurs = text === null || text.includes(`"id":"${record.id.slice(jobId.length + 1)}"`);
    const entry = isOurs ? undefined : await this.#reader.read(jobId);
    return entry ?? {record, state, outcome: () => undefined, isDone: false};
  }
}
