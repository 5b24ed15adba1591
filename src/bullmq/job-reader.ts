import {Job, type Queue} from 'bullmq';
import type {Outcome} from '../operation/outcome.ts';
import type {WatchState} from '../operation/state.ts';
import {type OutcomeJson, readOutcome} from '../runner/outcome-json.ts';
import {type OperationRecord, outcomeOf, stateOf} from '../runner/record.ts';
import {asError} from './as-error.ts';
import {EndWatcher} from './end-watcher.ts';
import type {Engine} from './engine-options.ts';
import {type JobData, jobOf, type OperationJob, readingJob, readJob} from './job.ts';
import type {RedisClock} from './redis-clock.ts';

/** What Redis holds of an operation. */
export interface Entry<Data> {
  readonly record: OperationRecord<Data>;
  readonly state: WatchState;
  /** Reads how watching ended; gives `undefined` while it goes on. @throws what is wrong with what the job holds */
  readonly outcome: () => Outcome | undefined;
  /** Whether nothing is left to do: with `handOver`, `onEnd` has resolved. */
  readonly isDone: boolean;
  /** Why BullMQ gave up on the job, if it did. */
  readonly failure?: string | undefined;
}

/** Reads the jobs of a queue, and knows when they have ended. */
export class JobReader<Data> {
  readonly #queue: Queue;
  readonly #engine: Engine;
  /** Waits for the ends of its jobs. */
  readonly ends: EndWatcher;
  /** The clock of all times in jobs. */
  readonly clock: RedisClock;

  constructor(queue: Queue, engine: Engine, clock: RedisClock) {
    this.clock = clock;
    this.#queue = queue;
    this.#engine = engine;
    this.ends = new EndWatcher(queue, engine, clock);
  }

  /** An operation as Redis has it; `undefined` if there is none with that key or id. @throws InvalidResumeTokenError */
  async read(keyOrId: string): Promise<Entry<Data> | undefined> {
    const {jobId, id} = jobOf(keyOrId);
    return await readingJob(jobId, async () => {
      const job: OperationJob<Data> | undefined = await Job.fromId<JobData<Data>, OutcomeJson | null, string>(
        this.#queue,
        jobId,
      );
      if (job === undefined) return undefined;
      const entry = readEntry(jobId, job);
      return id === undefined || entry.record.id === id ? entry : undefined;
    });
  }

  /** Reports a problem that does not end waiting. */
  reportError(error: unknown): void {
    this.#engine.onError(asError(error));
  }
}

/** @throws what is wrong with what the job holds */
function readEntry<Data>(jobId: string, job: OperationJob<Data>): Entry<Data> {
  const record = readJob(jobId, job.data);
  const isDone = job.finishedOn !== undefined;
  const result = isDone ? (job.returnvalue ?? undefined) : undefined;
  if (result === undefined) {
    const failure = isDone ? (job.failedReason ?? 'no reason given') : undefined;
    return {record, state: stateOf(record), outcome: () => outcomeOf(record), isDone, failure};
  }
  const {ended, ...others} = record;
  const last = {...others, token: result.token};
  return {record: last, state: stateOf(last), outcome: () => readOutcome(result), isDone};
}
