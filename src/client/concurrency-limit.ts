import {onAbort, type Signal} from '../shared/abort.ts';

interface WaitingRequest {
  readonly weight: number;
  readonly admit: () => void;
}

/** Limits how many requests are in flight at once; a batch counts as many as it contains. First come, first served. */
export class ConcurrencyLimit {
  readonly #limit: number;
  #inFlight = 0;
  readonly #waiting = new Set<WaitingRequest>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Waits until a request may leave. @throws the signal's reason when it aborts, and then nothing is acquired */
  acquire(weight: number, signal: Signal): Promise<void> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      if (this.tryAcquire(weight)) return resolve();
      const admit = (): void => {
        unsubscribe();
        resolve();
      };
      const waiting: WaitingRequest = {weight, admit};
      const unsubscribe = onAbort(signal, () => {
        this.#waiting.delete(waiting);
        reject(signal.reason);
        this.#admit();
      });
      this.#waiting.add(waiting);
    });
  }

  /** @returns whether a request may leave without waiting; otherwise, nothing is acquired */
  tryAcquire(weight: number): boolean {
    const isAdmitted = this.#waiting.size === 0 && this.#fits(weight);
    if (isAdmitted) this.#inFlight += weight;
    return isAdmitted;
  }

  /** Makes room for the requests that wait. */
  release(weight: number): void {
    this.#inFlight -= weight;
    this.#admit();
  }

  // A batch that is larger than the limit leaves when nothing else is in flight.
  #fits(weight: number): boolean {
    return this.#inFlight === 0 || this.#inFlight + weight <= this.#limit;
  }

  #admit(): void {
    for (const waiting of this.#waiting) {
      if (!this.#fits(waiting.weight)) return;
      this.#waiting.delete(waiting);
      this.#inFlight += waiting.weight;
      waiting.admit();
    }
  }
}
