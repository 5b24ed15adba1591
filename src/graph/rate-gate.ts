import {onAbort, type Signal} from '../shared/abort.ts';
import {timerDelay} from '../shared/timers.ts';

// How much faster requests may follow each other after each one that was taken, and by how much with time. Slow enough that
// the service's limit is overstepped once in a while only, quick enough that a passing limit is soon forgotten.
const recovery = 0.9985;
// How much slower than the service last took them requests follow each other at first.
const caution = 1.2;
const recoveryTime = 50_000;
/** The slowest pace, in milliseconds from one request to the next: a client that asks seldom must not be held for ever. */
const slowest = 1000;
/** The pace where nothing is known: the service took nothing before it refused. */
const unknownPace = 50;
const unpaced = 1;

interface Held {
  readonly weight: number;
  readonly go: () => void;
}

/**
 * Holds the requests to one origin back when the service says so. A 429 or 503 with `Retry-After` closes it for all. When it
 * opens again the held requests follow each other at the pace at which the service last took them, not at once, and in the
 * order in which they came.
 */
export class Gate {
  #closedUntil = 0;
  /** How far apart requests are, in milliseconds; 0: not paced. */
  #interval = 0;
  /** When the next one may pass. */
  #next = 0;
  /** Since when requests are taken, how many were, and when the last one was. */
  #openedAt: number | undefined;
  #taken = 0;
  #lastAt = 0;
  readonly #held = new Set<Held>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Whether a request may leave that has passed. */
  get isOpen(): boolean {
    return Date.now() >= this.#closedUntil;
  }

  /**
   * Waits until a request may pass.
   *
   * @param weight how many the service counts it for
   * @returns what to wait for; `undefined` where it may pass at once
   * @throws the signal's reason when it aborts
   */
  pass(weight: number, signal: Signal): Promise<void> | undefined {
    if (signal.aborted) return Promise.reject(signal.reason);
    if (this.#held.size === 0 && this.#isDue()) {
      this.#advance(weight);
      return undefined;
    }
    return new Promise<void>((resolve, reject) => {
      const held: Held = {
        weight,
        go: () => {
          unsubscribe();
          resolve();
        },
      };
      const unsubscribe = onAbort(signal, () => {
        this.#held.delete(held);
        if (this.#held.size === 0) this.#disarm();
        unsubscribe();
        reject(signal.reason);
      });
      this.#held.add(held);
      if (this.#timer === undefined) this.#arm();
    });
  }

  /** A request was taken. */
  took(): void {
    const now = Date.now();
    this.#openedAt ??= Math.max(now, this.#closedUntil);
    this.#taken += 1;
    const passed = Math.max(0, now - Math.max(this.#lastAt, this.#closedUntil));
    this.#lastAt = now;
    this.#interval *= Math.min(recovery, Math.exp(-passed / recoveryTime));
    if (this.#interval < unpaced) this.#interval = 0;
  }

  /** A request was refused, to be made again after so many milliseconds. */
  refused(retryAfter: number): void {
    const until = Date.now() + retryAfter;
    if (this.isOpen && retryAfter > 0) {
      // What the service took since it opened, over the time until it opens again, is the pace it bears.
      const pace = this.#openedAt === undefined ? unknownPace : (until - this.#openedAt) / this.#taken;
      this.#interval = Math.min(slowest, Math.max(this.#interval, pace * caution));
      this.#openedAt = undefined;
      this.#taken = 0;
    }
    this.#closedUntil = Math.max(this.#closedUntil, until);
  }

  #isDue(): boolean {
    return Date.now() >= Math.max(this.#next, this.#closedUntil);
  }

  #advance(weight: number): void {
    this.#next = Date.now() + this.#interval * weight;
  }

  #admit(): void {
    for (const held of this.#held) {
      if (!this.#isDue()) break;
      this.#held.delete(held);
      this.#advance(held.weight);
      held.go();
    }
    this.#arm();
  }

  #arm(): void {
    this.#disarm();
    if (this.#held.size === 0) return;
    const delay = Math.max(this.#next, this.#closedUntil) - Date.now();
    this.#timer = setTimeout(() => this.#admit(), timerDelay(Math.max(0, delay)));
  }

  #disarm(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
