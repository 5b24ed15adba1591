import {onAbort, type Signal} from './abort.ts';
import {asTimer} from '../http/retry-after.ts';

/** Waits for so many milliseconds. @throws the signal's reason when it aborts */
export function pause(delay: number, signal: Signal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      unhear();
      resolve();
    }, asTimer(delay));
    const unhear = onAbort(signal, () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}
