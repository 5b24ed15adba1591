import type {OperationRecord} from '../runner/record.ts';
import {LazyAbortController} from '../shared/abort.ts';
import {doublingDelay, pause} from '../shared/timers.ts';
import {writeRecord} from './record-text.ts';
import type {OperationStore} from './store.ts';
import {TrackerError} from './tracker-error.ts';

/** What is to be in the store under a key. */
interface Change {
  /** `undefined`: nothing. */
  readonly record: OperationRecord | undefined;
  readonly mayBeLost: boolean;
  readonly waiters: readonly Waiter[];
}

interface Waiter {
  readonly stored: () => void;
  /** Called at the first failure. Without it, the waiter waits until the store has it. */
  readonly failed?: (error: TrackerError) => void;
}

/** After how long what the store rejected is written again, at first and at most, in milliseconds. */
const firstRetry = 100;
const longestRetry = 30_000;

/**
 * Writes to a store: for each key one change at a time, and of those that come in the meantime only the last. What the store
 * rejects is written again, after 0.1 s growing to 30 s.
 */
export class StoreWriter {
  readonly #store: OperationStore;
  readonly #onError: (error: TrackerError) => void;
  readonly #pending = new Map<string, Change>();
  /** What the store is doing. */
  readonly #applying = new Map<string, Change>();
  readonly #working = new Map<string, Promise<void>>();
  readonly #closing = new LazyAbortController();
  #isLeft = false;

  constructor(store: OperationStore, onError: (error: TrackerError) => void) {
    this.#store = store;
    this.#onError = onError;
  }

  /**
   * Resolves once the store has the record, or what came after it; or, on closing, once it has rejected it for the last time.
   *
   * @param record `undefined`: there is to be none
   */
  put(key: string, record: OperationRecord | undefined, mayBeLost = false): Promise<void> {
    return new Promise((stored) => this.#add(key, {record, mayBeLost, waiters: [{stored}]}));
  }

  /** @throws TrackerError when the store rejects it. It is written or removed again all the same, unless another change follows. */
  tryPut(key: string, record: OperationRecord | undefined): Promise<void> {
    return new Promise((stored, failed) => this.#add(key, {record, mayBeLost: false, waiters: [{stored, failed}]}));
  }

  /** Tries once more what is still to be written. */
  async close(): Promise<void> {
    this.#closing.abort();
    while (this.#working.size > 0) await Promise.all(this.#working.values());
  }

  /** Leaves the store behind: from now on nobody waits for it, and it gets no more changes. Another tracker may be using it by then. */
  leave(why: string): void {
    this.#isLeft = true;
    for (const [key, change] of [...this.#applying, ...this.#pending]) {
      for (const {stored, failed = stored} of change.waiters) failed(storeError(key, change, why));
    }
  }

  #add(key: string, change: Change): void {
    const before = this.#pending.get(key);
    this.#pending.set(key, before === undefined ? change : merge(before, change));
    if (!this.#working.has(key)) this.#working.set(key, this.#work(key));
  }

  async #work(key: string): Promise<void> {
    // Known to be under way before the store is called, which may call the tracker back.
    await undefined;
    let failures = 0;
    for (let change = this.#take(key); change !== undefined; change = this.#take(key)) {
      const isLastTry = this.#closing.aborted;
      this.#applying.set(key, change);
      try {
        await this.#apply(key, change);
        failures = 0;
        for (const {stored} of change.waiters) stored();
      } catch (cause) {
        const error = storeError(key, change, cause);
        for (const {failed} of change.waiters) failed?.(error);
        const patient = change.waiters.filter(({failed}) => failed === undefined);
        // Callers that get the error need no report.
        if (patient.length === change.waiters.length) this.#onError(error);
        if (isLastTry) {
          for (const {stored} of patient) stored();
          continue;
        }
        const again = {...change, waiters: patient};
        const newer = this.#pending.get(key);
        this.#pending.set(key, newer === undefined ? again : merge(again, newer));
        failures += 1;
        await pause(doublingDelay(firstRetry, longestRetry, failures), this.#closing).catch(() => {});
      }
    }
    this.#applying.delete(key);
    this.#working.delete(key);
  }

  #take(key: string): Change | undefined {
    const change = this.#pending.get(key);
    this.#pending.delete(key);
    return this.#isLeft ? undefined : change;
  }

  async #apply(key: string, {record, mayBeLost}: Change): Promise<void> {
    if (record === undefined) await this.#store.remove(key);
    else if (mayBeLost) await this.#store.write(key, writeRecord(record), {mayBeLost});
    else await this.#store.write(key, writeRecord(record));
  }
}

function storeError(key: string, {record}: Change, cause: unknown): TrackerError {
  const what = record === undefined ? 'The store could not remove' : 'The store could not write';
  return new TrackerError('store', what, key, cause);
}

function merge(before: Change, after: Change): Change {
  return {
    record: after.record,
    mayBeLost: before.mayBeLost && after.mayBeLost,
    waiters: [...before.waiters, ...after.waiters],
  };
}
