import {EventEmitter} from 'node:events';
import type {Queue} from 'bullmq';
import {EndChecks} from './end-checks.ts';
import {EndStream} from './end-stream.ts';
import type {Engine} from './engine-options.ts';
import {jobOf} from './job.ts';
import type {RedisClock} from './redis-clock.ts';

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

  /** Waits for the end of an operation: yields whenever its job should be read, because it may have ended. Ends when this is closed. */
  async *wait(id: string): AsyncGenerator<undefined, void> {
    if (this.closing.aborted) return;
    const {jobId} = jobOf(id);
    // One connection for all that wait, made for the first of them.
    this.#stream ??= this.#openStream();
    let isDue = this.#stream.isEnding(jobId);
    let wake = (): void => {};
    const notify = (): void => {
      isDue = true;
      wake();
    };
    this.#ends.on(jobId, notify);
    this.#checks.add(jobId);
    try {
      while (!this.closing.aborted) {
        if (!isDue) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        } else {
          isDue = false;
          yield;
        }
      }
    } finally {
      this.#ends.off(jobId, notify);
      if (this.#ends.listenerCount(jobId) === 0) this.#checks.delete(jobId);
    }
  }

  /** Wakes all that wait. */
  async close(): Promise<void> {
    this.#closing.abort();
    for (const jobId of this.#ends.eventNames()) this.#ends.emit(jobId);
    await this.#stream?.close();
  }
}
