import {checkFunction, checkName} from './check-options.ts';
import {orReported} from './report-error.ts';

/** What `on` returns. */
export interface Subscription {
  /** Removes the listener. */
  unsubscribe(): void;
}

type Listener<Event> = (event: Event) => void;

/** Listeners by event type. One that throws affects neither the others nor the emitter. */
export class Listeners<Event extends {readonly type: string}> {
  readonly #listeners = new Map<string, Set<Listener<Event>>>();
  readonly #types: readonly string[];
  /** The events that are still to be emitted while listeners are being called. */
  #pending: Event[] | undefined;

  /** @param types the types of all events there are */
  constructor(types: readonly string[]) {
    this.#types = types;
  }

  /** Whether there are no listeners, so that no event has to be created. */
  get isEmpty(): boolean {
    return [...this.#listeners.values()].every(({size}) => size === 0);
  }

  /**
   * Adds a listener; the same function may be added twice.
   *
   * @param type the event's type, or `'*'` for all
   * @throws TypeError when there is no such type, or the listener is not a function
   */
  add(type: Event['type'] | '*', listener: Listener<Event>): Subscription {
    if (type !== '*') checkName('event', type, this.#types);
    checkFunction('listener', listener);
    const entry: Listener<Event> = (event) => listener(event);
    const listeners = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, listeners.add(entry));
    return {unsubscribe: () => void listeners.delete(entry)};
  }

  /** Emits an event to the listeners of its type, then to those of all. */
  emit(event: Event): void {
    this.#emitTo(event.type, event);
    this.#emitTo('*', event);
  }

  /**
   * Emits events in their order. Further events that a listener causes, by stopping the poller for instance, wait until all listeners
   * have got the current one, and take the place of those that were still to come.
   */
  emitInTurn(events: readonly Event[]): void {
    const isNested = this.#pending !== undefined;
    this.#pending = [...events];
    if (isNested) return;
    for (let event = this.#pending.shift(); event !== undefined; event = this.#pending.shift()) this.emit(event);
    this.#pending = undefined;
  }

  #emitTo(type: string, event: Event): void {
    const listeners = this.#listeners.get(type);
    if (listeners === undefined) return;
    for (const listener of [...listeners]) {
      // Another listener may have removed it in this event.
      if (!listeners.has(listener)) continue;
      orReported(() => listener(event));
    }
  }
}
