import {OperationError} from '../operation/errors.ts';
import {type Operation, type OperationStatus, statusRank} from '../operation/operation.ts';
import type {WatchSource} from './watch-source.ts';

/**
 * Waits until an operation has reached a status or a later one.
 *
 * @throws the outcome's error when watching ends before that; an OperationError when the operation succeeded, so that it never
 *   will
 */
export async function waitForStatus(source: WatchSource, status: OperationStatus): Promise<Operation> {
  const hasReached = (operation: Operation | undefined): operation is Operation =>
    operation !== undefined && (operation.status === status || statusRank[operation.status] > statusRank[status]);
  const known = source.operation();
  if (hasReached(known)) return known;
  let unsubscribe: (() => void) | undefined;
  try {
    return await new Promise<Operation>((resolve, reject) => {
      unsubscribe = source.follow(
        (operation) => {
          if (hasReached(operation)) resolve(operation);
        },
        (outcome) => {
          const {operation} = outcome;
          if (hasReached(operation)) return resolve(operation);
          if (outcome.status !== 'succeeded') return reject(outcome.error);
          const state = source.state();
          reject(new OperationError(`${state.redactedLocation} succeeded, so it will never be ${status}`, {state}));
        },
      );
    });
  } finally {
    unsubscribe?.();
  }
}
