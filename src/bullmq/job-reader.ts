import {Job, type Queue, QueueEvents} from 'bullmq';
import type {WatchState} from '../operation/state.ts';
import type {Engine} from './engine-options.ts';
import {type JobData, type JobResult, type OperationJob, readJobToken} from './job.ts';

/** How often a job is read again while its end is waited for: events of BullMQ get lost under load. */
const recheckInterval = 3000;

/** What Redis holds of an operation. */
export interface Entry<Data> {
  readonly state: WatchState;
  readonly data: Data | undefined;
  /** There once watching is over. */
  readonly result: JobResult | undefined;
  /** Why BullMQ gave the job up, if it did. */
  readonly failure: string | undefined;
}

/** Waits for one operation. */
export interface Vigil {
  /** Resolves when something may have changed: at a hint, and after some seconds at the latest. */
  next(): Promise<void>;
  end(): void;
}

/** Reads the jobs of a queue, and knows when to read them again. */
export class Board<Data> {
  readonly #queue: Queue;
  readonly #engine: Engine;
  readonly #waking = new Map<string, Set<() => void>>();
  #hints: QueueEvents | undefined;
  #closed = false;

  constructor(queue: Queue, engine: Engine) {
    this.#queue = queue;
    this.#engine = engine;
  }

  /** Whether nothing is read any more. */
  get closed(): boolean {
    return this.#closed;
  }

  /** An operation as Redis has it; `undefined` where there is none of that id. @throws InvalidResumeTokenError */
  async read(id: string): Promise<Entry<Data> | undefined> {
    const job: OperationJob<Data> | undefined = await Job.fromId<JobData<Data>, JobResult | null, string>(
      this.#queue,
      id,
    );
    return job === undefined ? undefined : readEntry(job);
  }

  /** Tells of what goes wrong while waiting. */
  trouble(error: unknown): void {
    this.#engine.onError(asError(error));
  }

  /** Begins to wait for an operation. What changes from now on is not missed. */
  watch(id: string): Vigil {
    this.#listen();
    let changed = false;
    let wake: (() => void) | undefined;
    const woken = (): void => {
      changed = true;
      wake?.();
    };
    const waking = this.#waking.get(id) ?? new Set();
    this.#waking.set(id, waking.add(woken));
    return {
      next: async () => {
        if (!changed && !this.#closed) {
          await new Promise<void>((resolve) => {
            const timer = setTimeout(resolve, recheckInterval);
            wake = () => {
              clearTimeout(timer);
              resolve();
            };
          });
        }
        changed = false;
        wake = undefined;
      },
      end: () => {
        waking.delete(woken);
        if (waking.size === 0 && this.#waking.get(id) === waking) this.#waking.delete(id);
      },
    };
  }

  /** Wakes all that wait; reads nothing any more. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const waking of [...this.#waking.values()]) for (const wake of [...waking]) wake();
    await this.#hints?.close();
  }

  // A connection of its own, which is made when first somebody waits.
  #listen(): void {
    if (this.#hints !== undefined || this.#closed) return;
    const hints = new QueueEvents(this.#engine.name, this.#engine.options);
    const hint = ({jobId}: {readonly jobId: string}): void => {
      for (const wake of [...(this.#waking.get(jobId) ?? [])]) wake();
    };
    hints.on('completed', hint);
    hints.on('failed', hint);
    hints.on('removed', hint);
    hints.on('error', this.#engine.onError);
    this.#hints = hints;
  }
}

/** A job's content, read. @throws InvalidResumeTokenError */
export function readEntry<Data>(job: OperationJob<Data>): Entry<Data> {
  const {token, data} = job.data;
  const ended = job.finishedOn !== undefined;
  const result = ended ? (job.returnvalue ?? undefined) : undefined;
  return {
    state: readJobToken(result?.token ?? token),
    data,
    result,
    failure: ended && result === undefined ? (job.failedReason ?? 'for no reason given') : undefined,
  };
}

/** What was thrown, as an error. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
