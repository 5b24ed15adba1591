import {asTimer} from '../http/retry-after.ts';
import {onAbort, type Signal} from './abort.ts';

/** Waits for so many milliseconds. @throws the signal's reason when it aborts */
export function pause(delay: number, signal: Signal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      unsubscribe();
      resolve();
    }, asTimer(delay));
    const unsubscribe = onAbort(signal, () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}
