import type {OperationStore} from 'operation-poller/tracker';
import {operationIn} from './service.ts';
import type {World} from './world.ts';

/** Called with what was written, as soon as it is there, and with what was removed, once the tracker knows. */
interface Watchers {
  written(operation: number, text: string): void;
  removed(operation: number): void;
}

/** What a store says that rejects what it is asked for. */
export const storeError = 'the store is not there';

/** How much longer a slow call takes, in milliseconds. */
const slowness = 700;

/** A store that takes its time, rejects as its plan says, and loses in a crash what may be lost. */
export class ModelStore {
  readonly #world: World;
  readonly #watchers: Watchers;
  readonly #texts = new Map<number, string>();
  /** What a crash leaves of it. */
  readonly #lasting = new Map<number, string>();
  /** The keys whose last change was rejected. */
  readonly #failing = new Set<number>();
  #calls = 0;
  #generation = 0;

  constructor(world: World, watchers: Watchers) {
    this.#world = world;
    this.#watchers = watchers;
  }

  get size(): number {
    return this.#texts.size;
  }

  has(operation: number): boolean {
    return this.#texts.has(operation);
  }

  /** Whether the last change of an operation was rejected: what is stored is older than what its process knew. */
  isFailing(operation: number): boolean {
    return this.#failing.has(operation);
  }

  textOf(operation: number): string | undefined {
    return this.#texts.get(operation);
  }

  /** Whoever opened it has left it behind: it answers none of the calls that are under way. */
  leave(): void {
    this.#generation += 1;
    this.#failing.clear();
  }

  crash(): void {
    this.leave();
    if (!this.#world.plan.losesWrites) return;
    this.#texts.clear();
    for (const [operation, text] of this.#lasting) this.#texts.set(operation, text);
  }

  /** The store as one process sees it. */
  open(): OperationStore {
    const generation = this.#generation;
    /** The changes that are under way, by their keys, and how many of each key have failed in a row. */
    const changing = new Set<number>();
    const failures = new Map<number, number>();
    let isClosed = false;
    const call = <Result>(apply: () => Result): Promise<Result> => {
      if (isClosed) this.#world.broken('a store is called after it was closed');
      return this.#call(generation, apply);
    };
    const change = async (key: string, apply: (operation: number) => void): Promise<void> => {
      const operation = operationIn(key);
      if (changing.has(operation)) this.#world.broken(`two changes of ${key} at once`);
      changing.add(operation);
      try {
        await call(() => apply(operation));
        failures.delete(operation);
        this.#failing.delete(operation);
      } catch (error) {
        const failed = (failures.get(operation) ?? 0) + 1;
        failures.set(operation, failed);
        this.#failing.add(operation);
        // The tracker tries again after that.
        this.#world.factsOf(operation).late += Math.min(30_000, 100 * 2 ** (failed - 1)) + slowness;
        throw error;
      } finally {
        changing.delete(operation);
      }
    };
    return {
      list: () => call(() => [...this.#texts.keys()].map((operation) => `op-${operation}`)),
      read: (key) => call(() => this.#texts.get(operationIn(key))),
      write: (key, text, hint) =>
        change(key, (operation) => {
          this.#texts.set(operation, text);
          if (hint?.mayBeLost !== true) this.#lasting.set(operation, text);
          this.#watchers.written(operation, text);
        }),
      remove: (key) =>
        change(key, (operation) => {
          this.#texts.delete(operation);
          this.#lasting.delete(operation);
        }).then(() => this.#watchers.removed(operationIn(key))),
      close: () =>
        call(() => {
          if (changing.size > 0) this.#world.broken('a store is closed while it is being changed');
          isClosed = true;
        }),
    };
  }

  /** One call, which the process may not live to see the end of. */
  #call<Result>(generation: number, apply: () => Result): Promise<Result> {
    const {time, plan} = this.#world;
    const isDead = (): boolean => generation !== this.#generation || !time.isProcessAlive;
    // What is left of a dead process calls into the void.
    if (isDead()) return new Promise(() => undefined);
    const fault = plan.storeFaults[this.#calls];
    // Some are done as soon as they are asked for, and some just before they are answered.
    const isDoneFirst = this.#calls % 2 === 0;
    this.#calls += 1;
    if (fault !== undefined) this.#world.count(`store ${fault}`);
    if (fault !== undefined) for (const facts of this.#world.facts) facts.late += slowness;
    return new Promise((resolve, reject) => {
      const isDone = fault !== 'rejects';
      const applied = (): Result | undefined => (isDone && !this.#world.reaches('write') ? apply() : undefined);
      const first = isDoneFirst ? applied() : undefined;
      const settle = (): void => {
        if (isDead()) return;
        const result = isDoneFirst ? first : applied();
        if (isDead()) return;
        if (fault?.startsWith('rejects')) reject(new Error(storeError));
        else resolve(result as Result);
      };
      const takes = plan.store.takes + (fault === 'is slow' ? slowness : 0);
      if (takes === 0) settle();
      else time.after(takes, settle, 'application');
    });
  }
}
