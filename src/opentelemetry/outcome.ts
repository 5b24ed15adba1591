import type {OperationEvent} from '../operation/events.ts';

/** How a watch ended. */
export interface Ending {
  readonly outcome: 'succeeded' | 'failed' | 'canceled' | 'abandoned';
  /** The class of the error that `result()` rejects with, where something went wrong. */
  readonly error: string | undefined;
  /** From when the service says that it ended to when we heard of it, in seconds. */
  readonly detection: number | undefined;
}

/** How a watch ended, if the event says that it did. That it was stopped, or canceled, is what somebody wanted. */
export function endingOf(event: OperationEvent): Ending | undefined {
  switch (event.type) {
    case 'succeeded':
    case 'canceled':
      return {outcome: event.type, error: undefined, detection: detectionOf(event)};
    case 'failed':
      return {outcome: 'failed', error: 'OperationFailedError', detection: detectionOf(event)};
    case 'abandoned': {
      const isWanted = event.reason === 'stopped' || event.reason === 'aborted';
      return {outcome: 'abandoned', error: isWanted ? undefined : event.error.name, detection: undefined};
    }
    default:
      return undefined;
  }
}

// The two clocks are not the same: a difference below 0 says nothing.
function detectionOf({at, operation}: OperationEvent): number | undefined {
  const changedAt = operation?.lastActionDateTime?.getTime();
  return changedAt === undefined || changedAt > at ? undefined : (at - changedAt) / 1000;
}
