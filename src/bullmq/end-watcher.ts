import {EventEmitter} from 'node:events';
import type {Queue} from 'bullmq';
import {EndChecks} from './end-checks.ts';
import {EndStream} from './end-stream.ts';
import type {Engine} from './engine-options.ts';
import {jobOf} from './job.ts';
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
  /** Emits an event by a job's id when that job should be read. */
  readonly #ends = new EventEmitter().setMaxListeners(0);
  readonly #closing = new AbortController();
  readonly #checks: EndChecks;
  readonly #openStream: () => EndStream;
  #stream: EndStream | undefined;

  constructor(queue: Queue, engine: Engine, clock: RedisClock) {
    const onEnd = (jobId: string): void => void this.#ends.emit(jobId);
    this.#checks = new EndChecks(queue, engine, onEnd, this.closing);
    this.#openStream = () => new EndStream(engine, clock, onEnd);
  }

  /** Aborts when it is closed. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  /** Starts to wait for the end of an operation. */
  wait(id: string): EndWaiter {
    const {jobId} = jobOf(id);
    let isDue = false;
    let wake: (() => void) | undefined;
    const notify = (): void => {
      isDue = true;
      wake?.();
    };
    this.#ends.on(jobId, notify);
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
        this.#ends.off(jobId, notify);
        if (this.#ends.listenerCount(jobId) === 0) this.#checks.delete(jobId);
      },
    };
  }

  /** Wakes all that wait. */
  async close(): Promise<void> {
    this.#closing.abort();
    for (const jobId of this.#ends.eventNames()) this.#ends.emit(jobId);
    await this.#stream?.close();
  }
}
