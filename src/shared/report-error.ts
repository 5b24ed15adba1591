import {isObject} from './json.ts';

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

/**
 * A callback of the user's whose own errors are reported as {@link reportUncaught} does: what it throws, and what a promise that it
 * returns rejects with.
 */
export function neverThrowing<Argument>(callback: (argument: Argument) => unknown): (argument: Argument) => void {
  return (argument) => {
    try {
      const returned = callback(argument);
      if (isObject(returned) && 'then' in returned) Promise.resolve(returned).catch(reportUncaught);
    } catch (error) {
      reportUncaught(error);
    }
  };
}
