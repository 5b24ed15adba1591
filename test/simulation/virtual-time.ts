import {Random} from './random.ts';

/** Whose a timer is. What belongs to the library or to the application that runs it ends with the process. */
export type Owner = 'library' | 'application' | 'world';

/** A callback that is due at some time. */
export interface Timer {
  readonly at: number;
  readonly run: () => void;
  readonly owner: Owner;
}

/** When each world begins, and how long its machine has been running then. */
const beginning = Date.UTC(2030, 0, 1);
const uptime = 6 * 3_600_000;

/** How the system ends a suspension: the monotonic clock went on and timers are late, or both stood still. */
export type Suspension = 'stalled' | 'frozen';

/**
 * The clocks of one world. All times are whole milliseconds. `now` is what a monotonic clock shows, from 0; the wall clock
 * also counts the time that the machine was frozen, and jumps when somebody sets it.
 */
export class VirtualTime {
  /** Milliseconds of the monotonic clock since the world began. */
  now = 0;
  /** How long the machine was frozen: the service's time went on. */
  frozen = 0;
  /** By how much the wall clock was set forward. */
  wallOffset = 0;
  readonly #random: Random;
  /** The timers, the next one last. */
  readonly #timers: Timer[] = [];
  #identifiers = 0;
  /** While the process is dead, what is left of its code has no effect. */
  isProcessAlive = true;

  constructor(seed: number) {
    this.#random = new Random(seed ^ 0x5bd1e995);
  }

  /** What `Date.now` gives. */
  get wall(): number {
    return this.serviceTime + this.wallOffset;
  }

  /** The time that everybody agrees on, in milliseconds since 1970. */
  get serviceTime(): number {
    return beginning + this.now + this.frozen;
  }

  /** What `performance.now` gives. */
  get monotonic(): number {
    return uptime + this.now;
  }

  random(): number {
    return this.#random.next();
  }

  /** A GUID, in the order in which they are asked for. */
  identifier(): `${string}-${string}-${string}-${string}-${string}` {
    this.#identifiers += 1;
    return `00000000-0000-4000-8000-${String(this.#identifiers).padStart(12, '0')}`;
  }

  /** Calls back after so many milliseconds; what is due at the same time is called in the order of the calls. */
  after(delay: number, run: () => void, owner: Owner = 'world'): Timer {
    const timer: Timer = {at: this.now + delay, run, owner};
    let index = this.#timers.length;
    while (index > 0 && (this.#timers[index - 1] as Timer).at <= timer.at) index -= 1;
    this.#timers.splice(index, 0, timer);
    return timer;
  }

  cancel(timer: Timer): void {
    const index = this.#timers.indexOf(timer);
    if (index >= 0) this.#timers.splice(index, 1);
  }

  /** The next callback; the clock goes on to where it is due, never back. */
  next(): Timer | undefined {
    const timer = this.#timers.pop();
    if (timer !== undefined && timer.at > this.now) this.now = timer.at;
    return timer;
  }

  /** Whether the next callback is due later than now. */
  get isQuiet(): boolean {
    const next = this.#timers.at(-1);
    return next === undefined || next.at > this.now;
  }

  /** How many timers of the library there are. */
  get libraryTimers(): number {
    return this.#timers.filter(({owner}) => owner === 'library').length;
  }

  /** The process is no more, and with it its timers. */
  dropProcessTimers(): void {
    for (let index = this.#timers.length - 1; index >= 0; index--) {
      if (this.#timers[index]?.owner !== 'world') this.#timers.splice(index, 1);
    }
  }

  suspend(how: Suspension, milliseconds: number): void {
    if (how === 'frozen') this.frozen += milliseconds;
    else this.now += milliseconds;
  }
}

// Before the first world: what modules read while they are loaded has to be the same in each run.
let current = new VirtualTime(-1);

/** Makes a world's time that of this process, which begins: what it knew of clocks is forgotten. */
export function enter(time: VirtualTime): void {
  current = time;
  // The library's clock begins anew when it sees another function.
  performance.now = () => time.monotonic;
}

const longestDelay = 2 ** 31 - 1;

/**
 * Replaces the clocks, timers and random numbers of this process. The library must be loaded after that.
 *
 * @returns puts everything back
 */
export function installVirtualTime(): () => void {
  const {setTimeout, clearTimeout} = globalThis;
  const {now} = Date;
  const {random} = Math;
  const {stackTraceLimit} = Error;
  // Nobody reads where an error comes from, but in one that is replayed.
  Error.stackTraceLimit = 0;
  const replaced = [
    replace(performance, 'now', () => current.monotonic),
    replace(performance, 'timeOrigin', beginning - uptime),
    replace(crypto, 'randomUUID', () => current.identifier()),
  ];
  const set = (callback: (...given: unknown[]) => void, delay = 1, ...given: unknown[]): unknown => {
    // As Node does it: a delay that no timer can hold, or none, is 1 ms.
    const after = delay >= 1 && delay <= longestDelay ? Math.trunc(delay) : 1;
    if (!current.isProcessAlive) return undefined;
    return current.after(after, () => callback(...given), 'library');
  };
  globalThis.setTimeout = set as unknown as typeof setTimeout;
  globalThis.clearTimeout = ((timer: unknown) => {
    if (typeof timer === 'object' && timer !== null) current.cancel(timer as Timer);
  }) as typeof clearTimeout;
  Date.now = () => current.wall;
  Math.random = () => current.random();
  return () => {
    Object.assign(globalThis, {setTimeout, clearTimeout});
    Date.now = now;
    Math.random = random;
    Error.stackTraceLimit = stackTraceLimit;
    for (const putBack of replaced) putBack();
  };
}

function replace(owner: object, name: string, value: unknown): () => void {
  const before = Object.getOwnPropertyDescriptor(owner, name);
  Object.defineProperty(owner, name, {value, configurable: true, writable: true});
  return () => {
    if (before === undefined) Reflect.deleteProperty(owner, name);
    else Object.defineProperty(owner, name, before);
  };
}
