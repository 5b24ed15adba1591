import type {Signal} from '../shared/abort.ts';
import {now, setTimer} from '../shared/clock.ts';
import {timerDelay} from '../shared/timers.ts';
import {type WaitingRequest, waitForAdmission} from './admission.ts';

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

/**
 * Holds back the requests to one origin when its service throttles: a 429 or 503 with `Retry-After` closes the gate for all
 * of them. When it opens again, the waiting requests leave in the order in which they came, not all at once but at the rate
 * at which the service accepted requests before.
 */
export class RateGate {
  #closedUntil = 0;
  /** The time between two requests, in milliseconds; 0: no pacing. */
  #interval = 0;
  /** When the next request may leave. */
  #nextAt = 0;
  /** When the service accepted the first request since the gate last opened, and how many it has accepted since. */
  #openedAt: number | undefined;
  #acceptedCount = 0;
  #lastAcceptedAt = 0;
  readonly #waiting = new Set<WaitingRequest>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Whether a request that has been admitted may still leave. */
  get isOpen(): boolean {
    return now() >= this.#closedUntil;
  }

  /**
   * Waits until a request may leave.
   *
   * @param weight how many requests it counts for
   * @param onHeldBack called with the time until which the service asked for no requests, in milliseconds since 1970
   * @returns what to wait for; `undefined` where the request may leave immediately
   * @throws the signal's reason when it aborts
   */
  acquire(weight: number, signal: Signal, onHeldBack?: (until: number) => void): Promise<void> | undefined {
    if (signal.aborted) return Promise.reject(signal.reason);
    if (this.#waiting.size === 0 && this.#isDue()) {
      this.#advance(weight);
      return undefined;
    }
    const admitted = waitForAdmission(this.#waiting, weight, signal, () => {
      if (this.#waiting.size === 0) this.#clearTimer();
    });
    if (this.#timer === undefined) this.#setTimer();
    if (!this.isOpen) onHeldBack?.(this.#closedUntil);
    return admitted;
  }

  /** Records that the service accepted a request. */
  accepted(): void {
    const time = now();
    this.#openedAt ??= Math.max(time, this.#closedUntil);
    this.#acceptedCount += 1;
    const elapsed = time - Math.max(this.#lastAcceptedAt, this.#closedUntil);
    this.#lastAcceptedAt = time;
    this.#interval *= Math.min(recovery, Math.exp(-elapsed / recoveryTime));
    if (this.#interval < minInterval) this.#interval = 0;
  }

  /** Records that the service throttled a request, which may be repeated after so many milliseconds. */
  throttled(retryAfter: number): void {
    const until = now() + retryAfter;
    if (this.isOpen && retryAfter > 0) {
      // What the service accepted since the gate opened, over the time until it opens again, is the rate that it sustains.
      const sustained = this.#openedAt === undefined ? defaultInterval : (until - this.#openedAt) / this.#acceptedCount;
      this.#interval = Math.min(maxInterval, Math.max(this.#interval, sustained * caution));
      this.#openedAt = undefined;
      this.#acceptedCount = 0;
    }
    this.#closedUntil = Math.max(this.#closedUntil, until);
  }

  #isDue(): boolean {
    return now() >= Math.max(this.#nextAt, this.#closedUntil);
  }

  #advance(weight: number): void {
    this.#nextAt = now() + this.#interval * weight;
  }

  #admit(): void {
    for (const waiting of this.#waiting) {
      if (!this.#isDue()) break;
      this.#waiting.delete(waiting);
      this.#advance(waiting.weight);
      waiting.admit();
    }
    this.#setTimer();
  }

  #setTimer(): void {
    this.#clearTimer();
    if (this.#waiting.size === 0) return;
    const delay = Math.max(this.#nextAt, this.#closedUntil) - now();
    this.#timer = setTimer(() => this.#admit(), timerDelay(Math.max(0, delay)));
  }

  #clearTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
