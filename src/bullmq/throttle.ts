import {Queue} from 'bullmq';
import {timerDelay} from '../shared/timers.ts';
import type {Engine} from './engine-options.ts';

/** Pauses the queue for all workers when the service asks for it. */
export class Throttle {
  readonly #engine: Engine;
  #queue: Queue | undefined;
  #until = 0;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Lets no worker take a job for so many milliseconds. A shorter pause does not end a longer one. */
  async pause(duration: number): Promise<void> {
    const until = Date.now() + duration;
    if (duration <= 0 || until <= this.#until) return;
    this.#until = until;
    this.#queue ??= this.#connect();
    await this.#queue.rateLimit(timerDelay(duration));
  }

  async close(): Promise<void> {
    await this.#queue?.close();
  }

  #connect(): Queue {
    // Without skipMetasUpdate it would reset how many events are retained, which the queue that adds operations has set.
    const queue = new Queue(this.#engine.name, {...this.#engine.options, skipMetasUpdate: true});
    queue.on('error', this.#engine.onError);
    return queue;
  }
}
