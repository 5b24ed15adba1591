import {asError} from './as-error.ts';
import {ClockSkewError} from './clock-skew-error.ts';
import {maxSkew, type RedisClock} from './redis-clock.ts';

const interval = 60_000;
/** While the clocks differ. */
const shortInterval = 1000;

/** A worker, as far as it is started here and paused while the clocks differ. */
export interface Pausable {
  start(): void;
  pause(): Promise<void>;
  resume(): Promise<void>;
}

/**
 * Lets a worker take jobs only while its machine's clock agrees with Redis'. BullMQ makes jobs due by the machine's clock: a
 * worker whose clock is ahead would take them again and again, one whose clock is behind would take them late.
 */
export class ClockCheck {
  readonly #clock: RedisClock;
  readonly #worker: Pausable;
  readonly #onError: (error: Error) => void;
  #state: 'new' | 'running' | 'paused' | 'closed' = 'new';
  #reported = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #checking: Promise<void> | undefined;

  constructor(clock: RedisClock, worker: Pausable, onError: (error: Error) => void) {
    this.#clock = clock;
    this.#worker = worker;
    this.#onError = onError;
  }

  /** Compares the clocks, now and then once a minute. Resolves after the first comparison. */
  check(): Promise<void> {
    this.#checking ??= this.#check().finally(() => {
      this.#checking = undefined;
    });
    return this.#checking;
  }

  /** Checks at once when the wall clock was set. */
  notice(): void {
    if (this.#state === 'running' && Math.abs(this.#clock.skew()) > maxSkew) void this.check();
  }

  close(): void {
    this.#state = 'closed';
    clearTimeout(this.#timer);
  }

  async #check(): Promise<void> {
    clearTimeout(this.#timer);
    try {
      await this.#clock.measure();
    } catch (error) {
      // Redis is unavailable: the last measurement still counts.
      if (this.#state !== 'closed') this.#onError(asError(error));
    }
    const skew = this.#clock.skew();
    if (Math.abs(skew) <= maxSkew) await this.#go();
    else await this.#stop(skew);
    if (this.#state === 'closed') return;
    this.#timer = setTimeout(() => void this.check(), this.#state === 'running' ? interval : shortInterval);
  }

  async #go(): Promise<void> {
    const state = this.#state;
    if (state !== 'new' && state !== 'paused') return;
    this.#reported = false;
    this.#state = 'running';
    if (state === 'new') this.#worker.start();
    else await this.#worker.resume();
  }

  async #stop(skew: number): Promise<void> {
    if (this.#state === 'closed') return;
    if (!this.#reported) this.#onError(new ClockSkewError(skew));
    this.#reported = true;
    if (this.#state !== 'running') return;
    this.#state = 'paused';
    await this.#worker.pause();
  }
}
