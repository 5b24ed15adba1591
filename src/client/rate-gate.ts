import type {Signal} from '../shared/abort.ts';
import {now} from '../shared/clock.ts';
import {pause} from '../shared/timers.ts';
import {ConcurrencyLimit} from './concurrency-limit.ts';

/**
 * By what factor the interval between requests shrinks with each accepted one. Slow enough that the service's limit is
 * exceeded only once in a while, fast enough that a temporary limit is soon forgotten.
 */
const recovery = 0.9985;
/** The time in which the interval also shrinks by a factor of e, however few requests there are, in milliseconds. */
const recoveryTime = 50_000;
/** How much larger the first interval is than the one at which the service accepted requests before. */
const caution = 1.2;
/** The largest interval, in milliseconds: one long wait must not slow a client down forever. */
const maxInterval = 1000;
/** The interval where the service throttles before it has accepted anything, in milliseconds. */
const defaultInterval = 50;
/** An interval below this many milliseconds counts as 0. */
const minInterval = 1;

/** @param until in milliseconds since 1970 */
type OnHeldBack = (until: number) => void;

/**
 * Holds back the requests to one origin when its service throttles: a 403, 429 or 503 with `Retry-After` closes the gate for
 * all of them. When it opens again, the waiting requests leave in the order in which they came, not all at once but at the
 * rate at which the service accepted requests before. They wait in one line, whatever for: the first of them leaves once the
 * gate is open, the pace is kept, and the concurrency limit admits it.
 */
export class RateGate {
  readonly #concurrency: ConcurrencyLimit;
  readonly #line = new ConcurrencyLimit(1);
  readonly #waiting = new Set<{readonly onHeldBack: OnHeldBack | undefined}>();
  #closedUntil = 0;
  /** The time between two requests, in milliseconds; 0: no pacing. */
  #interval = 0;
  /** When the next request may leave. */
  #nextAt = 0;
  /** When the service accepted the first request since the gate last opened, and how many it has accepted since. */
  #openedAt: number | undefined;
  #acceptedCount = 0;
  #lastAcceptedAt = 0;

  /** @param concurrency the limit that the requests of all gates share */
  constructor(concurrency: ConcurrencyLimit) {
    this.#concurrency = concurrency;
  }

  /**
   * Waits until a request may leave, which then counts as in flight.
   *
   * @param weight how many requests it counts for
   * @param onHeldBack called with the time until which the service asked for no requests, each time that the gate closes
   * @throws the signal's reason when it aborts
   */
  async acquire(weight: number, signal: Signal, onHeldBack?: OnHeldBack): Promise<void> {
    signal.throwIfAborted();
    // As a rule the gate is open, and nobody waits.
    if (this.#waiting.size === 0 && now() >= this.#dueAt && this.#concurrency.tryAcquire(weight)) {
      this.#advance(weight);
      return;
    }
    if (!this.#isOpen) onHeldBack?.(this.#closedUntil);
    const waiting = {onHeldBack};
    this.#waiting.add(waiting);
    try {
      await this.#line.acquire(1, signal);
      try {
        await this.#acquireFirst(weight, signal);
      } finally {
        this.#line.release(1);
      }
    } finally {
      this.#waiting.delete(waiting);
    }
  }

  /** Whether it holds nobody back, and has forgotten that the service ever throttled. */
  get isIdle(): boolean {
    const interval = this.#interval * Math.exp(-this.#elapsed / recoveryTime);
    return this.#waiting.size === 0 && this.#isOpen && interval < minInterval;
  }

  /** Records that the service accepted a request. */
  accepted(): void {
    const time = now();
    this.#openedAt ??= Math.max(time, this.#closedUntil);
    this.#acceptedCount += 1;
    const elapsed = this.#elapsed;
    this.#lastAcceptedAt = time;
    this.#interval *= Math.min(recovery, Math.exp(-elapsed / recoveryTime));
    if (this.#interval < minInterval) this.#interval = 0;
  }

  /** Records that the service throttled a request, which may be repeated after so many milliseconds. */
  throttled(retryAfter: number): void {
    const until = now() + retryAfter;
    const closes = this.#isOpen && retryAfter > 0;
    this.#closedUntil = Math.max(this.#closedUntil, until);
    if (!closes) return;
    // What the service accepted since the gate opened, over the time until it opens again, is the rate that it sustains.
    const sustained = this.#openedAt === undefined ? defaultInterval : (until - this.#openedAt) / this.#acceptedCount;
    this.#interval = Math.min(maxInterval, Math.max(this.#interval, sustained * caution));
    this.#openedAt = undefined;
    this.#acceptedCount = 0;
    for (const {onHeldBack} of this.#waiting) onHeldBack?.(until);
  }

  get #isOpen(): boolean {
    return now() >= this.#closedUntil;
  }

  /** For how long the interval has been what it is, in milliseconds. */
  get #elapsed(): number {
    return now() - Math.max(this.#lastAcceptedAt, this.#closedUntil);
  }

  get #dueAt(): number {
    return Math.max(this.#nextAt, this.#closedUntil);
  }

  /** Waits until the first in line may leave. */
  async #acquireFirst(weight: number, signal: Signal): Promise<void> {
    for (;;) {
      if (now() < this.#dueAt) await pause(this.#dueAt - now(), signal);
      await this.#concurrency.acquire(weight, signal);
      if (now() >= this.#dueAt) break;
      // The gate has closed in the meantime, or stays closed for longer.
      this.#concurrency.release(weight);
    }
    this.#advance(weight);
  }

  #advance(weight: number): void {
    this.#nextAt = now() + this.#interval * weight;
  }
}
