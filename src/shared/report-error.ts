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

/** A callback of the user's whose own errors are reported as {@link reportUncaught} does. */
export function neverThrowing<Argument>(callback: (argument: Argument) => void): (argument: Argument) => void {
  return (argument) => {
    try {
      callback(argument);
    } catch (error) {
      reportUncaught(error);
    }
  };
}
