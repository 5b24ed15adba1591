import type {Queue} from 'bullmq';
import {EndChecks} from './end-checks.ts';
import {EndStream} from './end-stream.ts';
import type {Engine} from './engine-options.ts';
import type {RedisClock} from './redis-clock.ts';

/** Waits for the end of one job. */
export interface EndWaiter {
  /** Resolves when the job should be read: it may have ended. */
  next(): Promise<void>;
  dispose(): void;
}

/**
 * Notices the ends of jobs for all that wait in this process: by one blocking read of the event stream, and by asking about a
 * thousand jobs at once every few seconds. So the load on Redis hardly depends on how many are waited for.
 */
export class EndWatcher {
  readonly #waiting = new Map<string, Set<() => void>>();
  readonly #closing = new AbortController();
  readonly #checks: EndChecks;
  readonly #openStream: () => EndStream;
  #stream: EndStream | undefined;

  constructor(queue: Queue, engine: Engine, clock: RedisClock) {
    const onEnd = (jobId: string): void => this.#notify(jobId);
    this.#checks = new EndChecks(queue, engine, onEnd, this.closing);
    this.#openStream = () => new EndStream(engine, clock, onEnd);
  }

  /** Aborts when it is closed. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  /** Starts to wait for the end of a job. */
  wait(jobId: string): EndWaiter {
    let isDue = false;
    let wake: (() => void) | undefined;
    const notify = (): void => {
      isDue = true;
      wake?.();
    };
    const waiting = this.#waiting.get(jobId) ?? new Set();
    this.#waiting.set(jobId, waiting.add(notify));
    if (!this.closing.aborted) {
      // One connection for all that wait, made for the first of them.
      this.#stream ??= this.#openStream();
      if (this.#stream.isEnding(jobId)) notify();
      this.#checks.add(jobId);
    }
    return {
      next: async () => {
        if (!isDue && !this.closing.aborted) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
        isDue = false;
        wake = undefined;
      },
      dispose: () => {
        waiting.delete(notify);
        if (waiting.size > 0 || this.#waiting.get(jobId) !== waiting) return;
        this.#waiting.delete(jobId);
        this.#checks.delete(jobId);
      },
    };
  }

  /** Wakes all that wait. */
  async close(): Promise<void> {
    this.#closing.abort();
    for (const jobId of [...this.#waiting.keys()]) this.#notify(jobId);
    await this.#stream?.close();
  }

  #notify(jobId: string): void {
    for (const notify of [...(this.#waiting.get(jobId) ?? [])]) notify();
  }
}
