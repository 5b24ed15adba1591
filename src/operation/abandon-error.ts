import type {Clock} from '../shared/clock.ts';
import {
  ForbiddenError,
  type OperationError,
  type OperationErrorFacts,
  OperationNotFoundError,
  ProtocolError,
  ResultUnavailableError,
  UnauthorizedError,
  UnknownStatusError,
  UnreachableError,
  WatchAbortedError,
  WatchTimeoutError,
} from './errors.ts';
import {resumeTokenOf} from './resume-token.ts';
import {type AbandonReason, type Answer, isOver, type WatchState} from './state.ts';

/** How much of a location the message of a failed request shows at most. */
export const maxShownLocation = 600;

/** How much of an unknown status word events and errors show; `raw` has all of it. */
export const maxUnknownWordLength = 100;

/** What led to abandoning a watch. */
export interface AbandonFacts {
  readonly answer?: Answer | undefined;
  readonly cause?: unknown;
  /** The unknown word. */
  readonly word?: string;
  /** The clock of the state. Default the wall clock. */
  readonly clock?: Clock | undefined;
}

/** The error that an abandoned watch ends with. */
export function abandonError(
  reason: AbandonReason,
  state: WatchState,
  at: number,
  {answer = state.answer, cause, word = '', clock}: AbandonFacts,
): OperationError {
  const facts: OperationErrorFacts = {
    state,
    at,
    answer,
    cause,
    // The token of an operation that has ended stays that of the ended operation.
    resumeToken: () => resumeTokenOf(isOver(state) ? state : {...state, abandoned: reason, endedAt: at, answer}, clock),
  };
  const where = state.redactedLocation;
  // Only of what the library gives: the reason of an abort may be anything, and is not looked at.
  const because = (): string => (cause instanceof Error ? `: ${withoutLocation(cause.message, where)}` : '');
  switch (reason) {
    case 'timeout': {
      const status = state.operation === undefined ? 'no status was seen' : `it is ${state.operation.status}`;
      // One of these may well have been the end.
      const unknown = state.unknownWords.map((each) => `; unknown status ${JSON.stringify(each)}`).join('');
      return new WatchTimeoutError(
        `${where} had not ended within ${at - state.startedAt} ms: ${status}${unknown}`,
        facts,
      );
    }
    case 'aborted':
    case 'stopped':
      return new WatchAbortedError(
        `Watching ${where} was ${reason}${isOver(state) ? '' : '; the operation goes on'}`,
        facts,
      );
    case 'unauthorized':
      return new UnauthorizedError(`There is no valid token for ${where}${because()}`, facts);
    case 'forbidden':
      return new ForbiddenError(`This caller may not read ${where}${because()}`, facts);
    case 'notFound':
      return new OperationNotFoundError(`There is no operation at ${where}${because()}`, facts);
    case 'unreachable':
      return new UnreachableError(
        `${where} could not be reached in ${state.failures} poll${state.failures === 1 ? '' : 's in a row'}${because()}`,
        facts,
      );
    case 'protocol':
      return new ProtocolError(`${where} does not respond as its protocol says${because()}`, facts);
    case 'result':
      return new ResultUnavailableError(`${where} succeeded, but its result could not be fetched${because()}`, facts);
    case 'unknownStatus': {
      const rawStatus = word.slice(0, maxUnknownWordLength);
      return new UnknownStatusError(`${where} has the unknown status ${JSON.stringify(rawStatus)}`, rawStatus, facts);
    }
  }
}

/** A message after one that has named the location: a long one would leave no room for anything else. */
function withoutLocation(message: string, location: string): string {
  const shown = location.slice(0, maxShownLocation);
  return message.replace(` ${shown} `, ' ').replaceAll(shown, '…');
}
