/**
 * Reports an error of the user's own code (a listener, a schedule) as the host reports uncaught errors: `reportError` where
 * there is one, else it is thrown where nothing catches it, which Node tells as `uncaughtException`.
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
