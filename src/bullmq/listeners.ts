import {reportToHost} from '../host.ts';
import type {Subscription} from '../poller.ts';

/** Who listens to what: one that throws harms neither the others nor us. */
export class Listeners<Event extends {readonly type: string}> {
  readonly #listeners = new Map<string, Set<(event: Event) => void>>();

  /** Adds a listener; the same function may be added twice. `'*'` hears all. */
  add(type: Event['type'] | '*', listener: (event: Event) => void): Subscription {
    if (typeof listener !== 'function') throw new TypeError(`listener: expected a function, got ${typeof listener}`);
    const entry = (event: Event): void => listener(event);
    const listeners = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, listeners.add(entry));
    return {unsubscribe: () => void listeners.delete(entry)};
  }

  /** Tells those that listen to the event's type, then those that listen to all. */
  tell(event: Event): void {
    for (const type of [event.type, '*']) {
      for (const listener of [...(this.#listeners.get(type) ?? [])]) {
        try {
          listener(event);
        } catch (error) {
          reportToHost(error);
        }
      }
    }
  }
}
