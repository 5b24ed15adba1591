/** What an operation is doing, in Microsoft Graph's words. */
export type OperationStatus = 'notStarted' | 'running' | 'succeeded' | 'failed' | 'canceled';

/** The terminal statuses. */
export type TerminalStatus = 'succeeded' | 'failed' | 'canceled';

/** How far along a status is: a later status has a higher rank, and all terminal ones the same. */
export const statusRank: Readonly<Record<OperationStatus, number>> = {
  notStarted: 0,
  running: 1,
  succeeded: 2,
  failed: 2,
  canceled: 2,
};

/** Whether a value is one of the five statuses. */
export function isOperationStatus(value: unknown): value is OperationStatus {
  return typeof value === 'string' && Object.hasOwn(statusRank, value);
}

/** Why an operation failed, as the service put it. Branch on `code`, never on `message`. */
export interface OperationFault {
  readonly code?: string;
  readonly message?: string;
}

interface OperationFacts {
  /** The operation's id as the service gave it; never assume a GUID. `undefined` when the response has none. */
  readonly id: string | undefined;
  /** The status word as the service wrote it, e.g. `Running` or `inProgress`. */
  readonly rawStatus: string;
  /** When the operation was created; absent when the service's text is not a date (see `raw` for the text). */
  readonly createdDateTime?: Date;
  /** When the operation last changed, as the service says. */
  readonly lastActionDateTime?: Date;
  /** The service's free text about the status, e.g. `ResetSuccess`. */
  readonly statusDetail?: string;
  /** Progress in percent, 0 to 100. */
  readonly percentComplete?: number;
  /** Where the finished resource is. */
  readonly resourceLocation?: string;
  /** The whole body of the answer, deeply frozen. */
  readonly raw: unknown;
}

/** An operation that has not begun. */
export interface NotStartedOperation extends OperationFacts {
  readonly status: 'notStarted';
}

/** An operation that is running. */
export interface RunningOperation extends OperationFacts {
  readonly status: 'running';
}

/** An operation that succeeded. `Result` is what its protocol says of the result, which nobody checks. */
export interface SucceededOperation<Result = unknown> extends OperationFacts {
  readonly status: 'succeeded';
  /** What the operation produced, if its protocol finds that in the response or it was fetched. */
  readonly result?: Result;
}

/** An operation that failed. */
export interface FailedOperation extends OperationFacts {
  readonly status: 'failed';
  /** The service's error, where it gave one. */
  readonly error?: OperationFault;
}

/** An operation that was canceled or skipped; partial results are in `raw`. */
export interface CanceledOperation extends OperationFacts {
  readonly status: 'canceled';
  /** The service's error, where it gave one. */
  readonly error?: OperationFault;
}

/**
 * A long-running operation as the service last described it: frozen, and a union on `status`, so that `result` exists
 * only on a succeeded operation and `error` only on a failed or canceled one.
 */
export type Operation<Result = unknown> =
  | NotStartedOperation
  | RunningOperation
  | SucceededOperation<Result>
  | FailedOperation
  | CanceledOperation;

/** An operation in a terminal state. */
export type EndedOperation<Result = unknown> = SucceededOperation<Result> | FailedOperation | CanceledOperation;

/** Whether an operation is in a terminal state. */
export function hasEnded(operation: Operation): operation is EndedOperation {
  return statusRank[operation.status] === statusRank.succeeded;
}
