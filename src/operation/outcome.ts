import type {Clock} from '../shared/clock.ts';
import {OperationCanceledError, type OperationError, OperationFailedError} from './errors.ts';
import {
  type CanceledOperation,
  type FailedOperation,
  hasEnded,
  type Operation,
  type SucceededOperation,
} from './operation.ts';
import {resumeTokenOf} from './resume-token.ts';
import type {AbandonReason, WatchState} from './state.ts';

/** How watching ended: a union on `status`. `error` is what `result()` rejects with. */
export type Outcome<Result = unknown> =
  | {readonly status: 'succeeded'; readonly operation: SucceededOperation<Result>}
  | {readonly status: 'failed'; readonly operation: FailedOperation; readonly error: OperationFailedError}
  | {readonly status: 'canceled'; readonly operation: CanceledOperation; readonly error: OperationCanceledError}
  | {
      /** Watching ended before the operation did; that may still be running, or have ended. */
      readonly status: 'abandoned';
      readonly reason: AbandonReason;
      /** As last known; `undefined` before the first report. */
      readonly operation: Operation<Result> | undefined;
      /** Its `resumeToken` continues the watch. */
      readonly error: OperationError;
    };

/**
 * The operation of a watch that ended well.
 *
 * @throws the outcome's error where it ended in any other way
 */
export function succeededOperation<Result>(outcome: Outcome<Result>): SucceededOperation<Result> {
  if (outcome.status === 'succeeded') return outcome.operation;
  throw outcome.error;
}

/** The outcome of an operation that ended; `undefined` while it has not. @param clock the state's; default the wall clock */
export function endedOutcome(state: WatchState, clock?: Clock): Outcome | undefined {
  const {operation} = state;
  if (operation === undefined || !hasEnded(operation)) return undefined;
  if (operation.status === 'succeeded') return {status: 'succeeded', operation};
  const facts = {state, at: state.endedAt, resumeToken: () => resumeTokenOf(state, clock)};
  const describe = (end: string): string => {
    const name = operation.id === undefined ? 'The operation' : `Operation ${operation.id}`;
    const why = [operation.error?.code, operation.error?.message ?? operation.statusDetail].filter(Boolean).join(', ');
    return `${name} ${end}${why && `: ${why.slice(0, 300)}`}`;
  };
  return operation.status === 'failed'
    ? {status: 'failed', operation, error: new OperationFailedError(describe('failed'), facts)}
    : {status: 'canceled', operation, error: new OperationCanceledError(describe('was canceled'), facts)};
}
