import {onAbort, type Signal} from '../shared/abort.ts';

/** A request that waits to be admitted. */
export interface WaitingRequest {
  /** How many requests it counts for. */
  readonly weight: number;
  readonly admit: () => void;
}

/**
 * Waits at the end of a line until the request is admitted.
 *
 * @param onLeave called when the signal has aborted and the request has left the line
 * @throws the signal's reason when it aborts
 */
export function waitForAdmission(
  line: Set<WaitingRequest>,
  weight: number,
  signal: Signal,
  onLeave: () => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const admit = (): void => {
      unsubscribe();
      resolve();
    };
    const waiting: WaitingRequest = {weight, admit};
    const unsubscribe = onAbort(signal, () => {
      unsubscribe();
      line.delete(waiting);
      reject(signal.reason);
      onLeave();
    });
    line.add(waiting);
  });
}
