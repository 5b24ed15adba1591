interface Shared {
  readonly callbacks: Set<() => void>;
  readonly listener: () => void;
}

// EventTarget walks the list of its listeners at each addition, and Node warns from the eleventh on: pollers on one signal
// share one listener.
const sharing = new WeakMap<AbortSignal, Shared>();

/**
 * Hears a signal abort, once.
 *
 * @returns what ends hearing it; the last one to end leaves no listener on the signal
 */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  const shared = sharing.get(signal) ?? share(signal);
  const {callbacks, listener} = shared;
  // The same function may be given twice.
  const entry = (): void => callback();
  callbacks.add(entry);
  return () => {
    callbacks.delete(entry);
    if (callbacks.size > 0) return;
    signal.removeEventListener('abort', listener);
    if (sharing.get(signal) === shared) sharing.delete(signal);
  };
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

/** A signal of one's own that aborts with another, until it is released. */
export interface OwnSignal {
  readonly signal: AbortSignal;
  /** Aborts it. */
  abort(reason: unknown): void;
  /** Leaves nothing on the other signal. */
  release(): void;
}

/** Makes a signal that aborts with the given one, if there is one. */
export function abortWith(other: AbortSignal | undefined): OwnSignal {
  const controller = new AbortController();
  const abort = (reason: unknown): void => controller.abort(reason);
  if (other?.aborted) abort(other.reason);
  const unhear = other === undefined ? undefined : onAbort(other, () => abort(other.reason));
  return {signal: controller.signal, abort, release: () => unhear?.()};
}
