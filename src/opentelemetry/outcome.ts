import type {Attributes} from '@opentelemetry/api';
import type {OperationEvent} from '../operation/events.ts';
import {attributeNames} from './names.ts';

/** How a watch ended. */
export interface WatchOutcome {
  /** The outcome and, after a failure, the class of the error that `result()` rejects with. */
  readonly attributes: Attributes;
  /** From the end of the operation, as the service dates it, to its detection, in seconds. */
  readonly detectionDelay: number | undefined;
}

/** The outcome of a watch, if the event ends it. A cancellation or a stop is deliberate and therefore not an error. */
export function watchOutcome(event: OperationEvent): WatchOutcome | undefined {
  const {outcome, error} = attributeNames;
  switch (event.type) {
    case 'succeeded':
    case 'canceled':
    case 'failed': {
      const failure = event.type === 'failed' && {[error]: 'OperationFailedError'};
      return {attributes: {[outcome]: event.type, ...failure}, detectionDelay: detectionDelay(event)};
    }
    case 'abandoned': {
      const isDeliberate = event.reason === 'stopped' || event.reason === 'aborted';
      const failure = !isDeliberate && {[error]: event.error.name};
      return {attributes: {[outcome]: 'abandoned', ...failure}, detectionDelay: undefined};
    }
    default:
      return undefined;
  }
}

// The service's clock is not ours: a negative difference means nothing.
function detectionDelay({at, operation}: OperationEvent): number | undefined {
  const changedAt = operation?.lastActionDateTime?.getTime();
  return changedAt === undefined || changedAt > at ? undefined : (at - changedAt) / 1000;
}
