import {printable} from '../shared/printable.ts';
import type {CanceledOperation, FailedOperation, Operation, SucceededOperation} from './operation.ts';
import type {ResumeToken} from './resume-token.ts';
import type {Answer, Observed, WatchState} from './state.ts';

/** What an {@link OperationError} is made of. */
export interface OperationErrorFacts {
  /** What was known when it happened; absent where nothing was being watched yet. */
  readonly state?: WatchState;
  /** When it happened, in milliseconds since 1970. */
  readonly at?: number | undefined;
  /** The head of the response that led to it. Default the state's. */
  readonly answer?: Answer | undefined;
  readonly cause?: unknown;
  /** Makes the resume token when it is asked for. */
  readonly resumeToken?: () => ResumeToken;
}

/**
 * The base of all errors that a watched operation ends with: `error instanceof OperationError` catches them all, and
 * `error.name` tells them apart.
 *
 * {@link PollError} is deliberately not one of them: one failed request ends nothing. It is the `cause` of those that it
 * led to.
 */
export class OperationError extends Error {
  override readonly name: string = 'OperationError';
  /** The operation as last known; `undefined` before the first report. */
  readonly operation: Operation | undefined;
  /** Where the operation was polled; without the query where that may be a capability. */
  readonly location: string | undefined;
  /** How many polls were made. */
  readonly attempts: number;
  /** How long it was watched, in milliseconds. */
  readonly elapsed: number;
  /** How often each kind of response came, e.g. `{running: 12, '503': 2}`. */
  readonly observed: Observed;
  /** The `request-id` of the service's last answer. */
  readonly requestId: string | undefined;
  /** The `client-request-id` that was sent with it. */
  readonly clientRequestId: string | undefined;
  /** That response's `Date` header. */
  readonly date: string | undefined;
  readonly #resumeToken: (() => ResumeToken) | undefined;

  constructor(message: string, {state, at, answer = state?.answer, cause, resumeToken}: OperationErrorFacts = {}) {
    super(printable(message), cause === undefined ? undefined : {cause});
    this.operation = state?.operation;
    this.location = state?.redactedLocation;
    this.attempts = state?.attempt ?? 0;
    this.elapsed = state === undefined || at === undefined ? 0 : Math.max(0, at - state.startedAt);
    this.observed = state?.observed ?? {};
    this.requestId = answer?.requestId;
    this.clientRequestId = answer?.clientRequestId;
    this.date = answer?.date;
    this.#resumeToken = resumeToken;
  }

  /**
   * A token for `resumeOperation`; `undefined` where there is nothing to resume. It is not shown when the error is
   * printed: it holds the location whole, and a location can be a capability.
   */
  get resumeToken(): ResumeToken | undefined {
    return this.#resumeToken?.();
  }
}

/** The service said that the operation failed. What it gave as a reason is in `operation.error` and `operation.statusDetail`. */
export class OperationFailedError extends OperationError {
  override readonly name = 'OperationFailedError';
  declare readonly operation: FailedOperation;
}

/** The service said that the operation was canceled or skipped. Partial results are in `operation.raw`. */
export class OperationCanceledError extends OperationError {
  override readonly name = 'OperationCanceledError';
  declare readonly operation: CanceledOperation;
}

/** `totalTimeout` passed. The operation may still be going on: the resume token watches it for another `totalTimeout`. */
export class WatchTimeoutError extends OperationError {
  override readonly name = 'WatchTimeoutError';
}

/** Watching was stopped, by the signal or by `stop()`; `cause` is the reason given. The operation goes on. */
export class WatchAbortedError extends OperationError {
  override readonly name = 'WatchAbortedError';
}

/** The service refused the token (401), even a refreshed one, or the option `token` returned none. */
export class UnauthorizedError extends OperationError {
  override readonly name = 'UnauthorizedError';
}

/** The service does not let this caller read the operation: a 403 that is not throttling. */
export class ForbiddenError extends OperationError {
  override readonly name = 'ForbiddenError';
}

/** The service has no such operation (404 beyond `notFoundGrace`, or 410). That is not the same as failed. */
export class OperationNotFoundError extends OperationError {
  override readonly name = 'OperationNotFoundError';
}

/** Too many polls in a row failed; `cause` is the last failure, a {@link PollError}. */
export class UnreachableError extends OperationError {
  override readonly name = 'UnreachableError';
}

/**
 * The operation succeeded, but what it produced could not be fetched, as `fetchResult` asks; `cause` is the last failure, a
 * {@link PollError}. The resume token fetches it again.
 */
export class ResultUnavailableError extends OperationError {
  override readonly name = 'ResultUnavailableError';
  declare readonly operation: SucceededOperation;
}

/** The service's responses cannot be read as an operation, or lead where the protocol does not allow; `cause` is a {@link PollError}. */
export class ProtocolError extends OperationError {
  override readonly name: 'ProtocolError' | 'OperationNotWatchableError' = 'ProtocolError';
}

/**
 * An operation was started, but is on an origin that gets no token, so it is not watched. It goes on: the resume token watches
 * it once its origin is one of `trustedOrigins`. {@link OperationError.location} is where the service says it is. If that
 * quotes a token or a header of the client, there is no resume token, because it must not be stored.
 */
export class OperationNotWatchableError extends ProtocolError {
  override readonly name = 'OperationNotWatchableError';
}

/** The service used a status word that the protocol does not have, and `unknownStatus` is `'fail'`. */
export class UnknownStatusError extends OperationError {
  override readonly name = 'UnknownStatusError';
  /** The word, up to 100 characters of it. */
  readonly rawStatus: string;

  constructor(message: string, rawStatus: string, facts?: OperationErrorFacts) {
    super(message, facts);
    this.rawStatus = rawStatus;
  }
}

/**
 * An operation could not be started; `cause` is the failure, a {@link PollError}. The request is never repeated automatically:
 * {@link mayHaveStarted} says whether the service may have started it anyway.
 */
export class OperationNotStartedError extends OperationError {
  override readonly name = 'OperationNotStartedError';
  /** Whether the service may have received the request and acted on it. */
  readonly mayHaveStarted: boolean;

  constructor(message: string, mayHaveStarted: boolean, facts?: OperationErrorFacts) {
    super(message, facts);
    this.mayHaveStarted = mayHaveStarted;
  }
}

/** What was given is not a valid resume token; the message says what is wrong with it. */
export class InvalidResumeTokenError extends OperationError {
  override readonly name = 'InvalidResumeTokenError';
}
