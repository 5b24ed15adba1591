import {onAbort, type Signal} from '../shared/abort.ts';

interface Waiting {
  readonly weight: number;
  readonly enter: () => void;
}

/** Bounds how many requests are under way at once; a batch counts as many as it carries. First come, first served. */
export class Limit {
  readonly #most: number;
  #underWay = 0;
  readonly #waiting = new Set<Waiting>();

  constructor(most: number) {
    this.#most = most;
  }

  /** Waits for a place. @throws the signal's reason when it aborts, and then no place is taken */
  async enter(weight: number, signal: Signal): Promise<void> {
    signal.throwIfAborted();
    if (this.#waiting.size === 0 && this.#fits(weight)) {
      this.#underWay += weight;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const waiting: Waiting = {
        weight,
        enter: () => {
          unsubscribe();
          resolve();
        },
      };
      const unsubscribe = onAbort(signal, () => {
        this.#waiting.delete(waiting);
        reject(signal.reason);
        this.#admit();
      });
      this.#waiting.add(waiting);
    });
  }

  /** Gives a place back. */
  leave(weight: number): void {
    this.#underWay -= weight;
    this.#admit();
  }

  // One that is wider than the limit goes when nothing else is under way.
  #fits(weight: number): boolean {
    return this.#underWay === 0 || this.#underWay + weight <= this.#most;
  }

  #admit(): void {
    for (const waiting of this.#waiting) {
      if (!this.#fits(waiting.weight)) return;
      this.#waiting.delete(waiting);
      this.#underWay += waiting.weight;
      waiting.enter();
    }
  }
}
