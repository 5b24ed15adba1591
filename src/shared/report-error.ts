/**
 * Reports an error thrown by the user's own code (a listener, a schedule) the way the host reports uncaught errors: by
 * `reportError` where there is one, else by throwing it where nothing catches it, which Node emits as `uncaughtException`.
 */
export function reportUncaught(error: unknown): void {
  if (typeof globalThis.reportError === 'function') {
    globalThis.reportError(error);
    return;
  }
  queueMicrotask(() => {
    throw error;
  });
}

/** What a function of the user's returns; where it throws, that is reported, and this returns `undefined`. */
export function orReported<Returned>(work: () => Returned): Returned | undefined {
  try {
    return work();
  } catch (error) {
    reportUncaught(error);
    return undefined;
  }
}

/** A callback of the user's whose own errors are reported as {@link reportUncaught} does. */
export function neverThrowing<Argument>(callback: (argument: Argument) => void): (argument: Argument) => void {
  return (argument) => orReported(() => callback(argument));
}
