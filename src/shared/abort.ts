/** What may end work early: an `AbortSignal`, or a controller of our own. */
export type Signal = AbortSignal | LazyAbortController;

/**
 * An `AbortController` that makes its `AbortSignal` only on demand. Every poll and every request can be aborted, hardly any
 * is, and an `AbortSignal` costs more to create and to collect than everything else that we do for a poll.
 */
export class LazyAbortController {
  #aborted = false;
  #reason: unknown;
  // There is usually one callback, and a set for one is a waste.
  #callback: (() => void) | undefined;
  #others: Set<() => void> | undefined;
  #controller: AbortController | undefined;

  get aborted(): boolean {
    return this.#aborted;
  }

  get reason(): unknown {
    return this.#reason;
  }

  /** An `AbortSignal` that aborts along with it. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#aborted) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  throwIfAborted(): void {
    if (this.#aborted) throw this.#reason;
  }

  /** Aborts. Without a reason, the reason is the one that an `AbortSignal` has by default. */
  abort(reason?: unknown): void {
    if (this.#aborted) return;
    this.#aborted = true;
    this.#reason = reason === undefined ? new DOMException('This operation was aborted', 'AbortError') : reason;
    const callback = this.#callback;
    const others = this.#others;
    this.#callback = undefined;
    this.#others = undefined;
    callback?.();
    for (const other of others ?? []) other();
    this.#controller?.abort(this.#reason);
  }

  /** @returns removes the callback */
  onAbort(callback: () => void): () => void {
    if (this.#callback === undefined) {
      this.#callback = callback;
      return () => {
        if (this.#callback === callback) this.#callback = undefined;
      };
    }
    this.#others ??= new Set();
    // The same function may be given twice.
    const entry = (): void => callback();
    const others = this.#others.add(entry);
    return () => void others.delete(entry);
  }
}

/** The signal as an `AbortSignal`. */
export function toAbortSignal(signal: Signal): AbortSignal {
  return signal instanceof LazyAbortController ? signal.signal : signal;
}

interface Shared {
  readonly callbacks: Set<() => void>;
  readonly listener: () => void;
}

// EventTarget walks the list of its listeners at each addition, and Node warns from the eleventh on: all pollers on one signal
// share one listener.
const sharing = new WeakMap<AbortSignal, Shared>();

/**
 * Calls back once when the signal aborts; never where it has aborted already.
 *
 * @returns removes the callback; with the last one, the listener on the signal goes too
 */
export function onAbort(signal: Signal, callback: () => void): () => void {
  if (signal instanceof LazyAbortController) return signal.onAbort(callback);
  // The same function may be given twice.
  const entry = (): void => callback();
  const shared = sharing.get(signal) ?? share(signal);
  const {callbacks, listener} = shared;
  callbacks.add(entry);
  return () => {
    callbacks.delete(entry);
    if (callbacks.size > 0) return;
    signal.removeEventListener('abort', listener);
    if (sharing.get(signal) === shared) sharing.delete(signal);
  };
}

/** What a promise gives. @throws the signal's reason once that aborts: the promise is no longer waited for */
export async function unlessAborted<T>(promise: Promise<T>, signal: Signal): Promise<T> {
  let unsubscribe = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    signal.throwIfAborted();
    unsubscribe = onAbort(signal, () => reject(signal.reason));
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    unsubscribe();
  }
}

function share(signal: AbortSignal): Shared {
  const callbacks = new Set<() => void>();
  const listener = (): void => {
    sharing.delete(signal);
    for (const callback of callbacks) callback();
  };
  const shared: Shared = {callbacks, listener};
  sharing.set(signal, shared);
  signal.addEventListener('abort', listener, {once: true});
  return shared;
}

/** A controller that also aborts with an `AbortSignal`, until it is disposed of. */
export interface DerivedController {
  readonly controller: LazyAbortController;
  /** Removes the listener from the signal. */
  dispose(): void;
}

/** Makes a controller that aborts with the given signal, if there is one. */
export function deriveController(signal: AbortSignal | undefined): DerivedController {
  const controller = new LazyAbortController();
  if (signal?.aborted) controller.abort(signal.reason);
  const dispose = signal === undefined ? () => {} : onAbort(signal, () => controller.abort(signal.reason));
  return {controller, dispose};
}
