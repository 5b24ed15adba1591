import type {Subscription} from '../poller.ts';
import {reportUncaught} from '../shared/report-error.ts';

/** Who listens to what: one that throws harms neither the others nor us. */
export class Listeners<Event extends {readonly type: string}> {
  readonly #listeners = new Map<string, Set<(event: Event) => void>>();
  #count = 0;

  /** Whether nobody listens: then there is no need to make events. */
  get none(): boolean {
    return this.#count === 0;
  }

  /** Adds a listener; the same function may be added twice. `'*'` hears all. */
  add(type: Event['type'] | '*', listener: (event: Event) => void): Subscription {
    if (typeof listener !== 'function') throw new TypeError(`listener: expected a function, got ${typeof listener}`);
    const entry = (event: Event): void => listener(event);
    const listeners = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, listeners.add(entry));
    this.#count += 1;
    return {
      unsubscribe: () => {
        if (listeners.delete(entry)) this.#count -= 1;
      },
    };
  }

  /** Tells those that listen to the event's type, then those that listen to all. */
  tell(event: Event): void {
    for (const type of [event.type, '*']) {
      for (const listener of [...(this.#listeners.get(type) ?? [])]) {
        try {
          listener(event);
        } catch (error) {
          reportUncaught(error);
        }
      }
    }
  }
}
