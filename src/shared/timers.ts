import {LazyAbortController, onAbort, type Signal} from './abort.ts';
import {setTimer} from './clock.ts';

/** The longest delay that a timer can hold, in milliseconds: beyond it `setTimeout` fires immediately. */
export const longestTimer: number = 2 ** 31 - 1;

/** The delay of a timer, in milliseconds: whole, not negative, and no longer than a timer can hold. */
export function timerDelay(delay: number): number {
  return Math.min(Math.max(0, Math.ceil(delay)), longestTimer);
}

/** A delay that doubles with each failure, from `first` up to `longest`, in milliseconds. @param failures so far, from 1 on */
export function doublingDelay(first: number, longest: number, failures: number): number {
  return Math.min(longest, first * 2 ** (failures - 1));
}

/** Waits for `delay` milliseconds. @throws the signal's reason when it aborts */
export function pause(delay: number, signal: Signal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const onTimer = (): void => {
      unsubscribe();
      resolve();
    };
    const timer = setTimer(onTimer, timerDelay(delay), undefined);
    const unsubscribe = onAbort(signal, () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}

/** Waits for work, but no longer than `timeout` milliseconds. @returns whether it has ended @throws what it rejects with */
export async function endsWithin(timeout: number, work: Promise<unknown>): Promise<boolean> {
  const ended = new LazyAbortController();
  const late = pause(timeout, ended).then(() => false);
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    ended.abort();
  }
}
