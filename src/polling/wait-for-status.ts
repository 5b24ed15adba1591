import {OperationError} from '../operation/errors.ts';
import {type Operation, type OperationStatus, statusRank} from '../operation/operation.ts';
import {operationChanges} from './operation-changes.ts';
import type {WatchSource} from './watch-source.ts';

/**
 * Waits until an operation has reached a status or a later one.
 *
 * @throws the outcome's error when watching ends before that; an OperationError when the operation succeeded, so that it never
 *   will
 */
export async function waitForStatus(source: WatchSource, status: OperationStatus): Promise<Operation> {
  const hasReached = (operation: Operation): boolean =>
    operation.status === status || statusRank[operation.status] > statusRank[status];
  const known = source.operation();
  if (known !== undefined && hasReached(known)) return known;
  for await (const operation of operationChanges(source)) if (hasReached(operation)) return operation;
  const state = source.state();
  throw new OperationError(`${state.redactedLocation} succeeded, so it will never be ${status}`, {state});
}
