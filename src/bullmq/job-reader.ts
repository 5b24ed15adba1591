import {Job, type Queue, QueueEvents} from 'bullmq';
import type {WatchState} from '../operation/state.ts';
import type {OutcomeJson} from '../runner/outcome-json.ts';
import type {Clock} from '../shared/clock.ts';
import {asError, type Engine} from './engine-options.ts';
import {type JobData, type OperationJob, readingJob, readJobToken} from './job.ts';

/** How often a job is read again while somebody waits for its end: BullMQ loses events under load. */
const rereadInterval = 3000;

/** What Redis holds of an operation. */
export interface Entry<Data> {
  readonly state: WatchState;
  readonly data: Data | undefined;
  /** Present once watching is over. */
  readonly result: OutcomeJson | undefined;
  /** Why BullMQ gave up on the job, if it did. */
  readonly failure: string | undefined;
}

/** Waits for changes of one job. */
export interface JobWaiter {
  /** Resolves when the job may have changed: at an event of the queue, and after some seconds at the latest. */
  next(): Promise<void>;
  dispose(): void;
}

/** Reads the jobs of a queue, and knows when to read them again. */
export class JobReader<Data> {
  readonly #queue: Queue;
  readonly #engine: Engine;
  /** By which all times in jobs go. */
  readonly clock: Clock;
  readonly #waiting = new Map<string, Set<() => void>>();
  #queueEvents: QueueEvents | undefined;
  #closed = false;

  constructor(queue: Queue, engine: Engine, clock: Clock) {
    this.clock = clock;
    this.#queue = queue;
    this.#engine = engine;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** An operation as Redis has it; `undefined` where there is none of that id. @throws InvalidResumeTokenError */
  async read(id: string): Promise<Entry<Data> | undefined> {
    return await readingJob(id, async () => {
      const job: OperationJob<Data> | undefined = await Job.fromId<JobData<Data>, OutcomeJson | null, string>(
        this.#queue,
        id,
      );
      return job === undefined ? undefined : readEntry(job);
    });
  }

  /** Reports a problem that does not end waiting. */
  reportError(error: unknown): void {
    this.#engine.onError(asError(error));
  }

  /** Starts to wait for changes of a job: from now on none is missed. */
  wait(id: string): JobWaiter {
    this.#listen();
    let changed = false;
    let wake: (() => void) | undefined;
    const notify = (): void => {
      changed = true;
      wake?.();
    };
    const waiting = this.#waiting.get(id) ?? new Set();
    this.#waiting.set(id, waiting.add(notify));
    return {
      next: async () => {
        if (!changed && !this.#closed) {
          await new Promise<void>((resolve) => {
            const timer = setTimeout(resolve, rereadInterval);
            wake = () => {
              clearTimeout(timer);
              resolve();
            };
          });
        }
        changed = false;
        wake = undefined;
      },
      dispose: () => {
        waiting.delete(notify);
        if (waiting.size === 0 && this.#waiting.get(id) === waiting) this.#waiting.delete(id);
      },
    };
  }

  /** Wakes all that wait, and reads nothing any more. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const id of [...this.#waiting.keys()]) this.#notify(id);
    await this.#queueEvents?.close();
  }

  // One connection for all that wait, made for the first of them.
  #listen(): void {
    if (this.#queueEvents !== undefined || this.#closed) return;
    const events = new QueueEvents(this.#engine.name, this.#engine.options);
    const notify = ({jobId}: {readonly jobId: string}): void => this.#notify(jobId);
    events.on('completed', notify);
    events.on('failed', notify);
    events.on('removed', notify);
    events.on('error', this.#engine.onError);
    this.#queueEvents = events;
  }

  #notify(id: string): void {
    for (const notify of [...(this.#waiting.get(id) ?? [])]) notify();
  }
}

function readEntry<Data>(job: OperationJob<Data>): Entry<Data> {
  const {token, data} = job.data ?? {};
  const ended = job.finishedOn !== undefined;
  const result = ended ? (job.returnvalue ?? undefined) : undefined;
  return {
    state: readJobToken(result === undefined ? token : result.token),
    data,
    result,
    failure: ended && result === undefined ? (job.failedReason ?? 'no reason given') : undefined,
  };
}
