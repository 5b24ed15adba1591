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
  /** The operation's id as the service gave it; never assume a GUID. `undefined` when the answer held none. */
  readonly id: string | undefined;
  /** The status word as the service wrote it, e.g. `Running` or `inProgress`. */
  readonly rawStatus: string;
  /** When the operation was created; absent when the service's text is no date (see `raw` for the text). */
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

/** An operation that succeeded. */
export interface SucceededOperation extends OperationFacts {
  readonly status: 'succeeded';
  /** What the operation produced, where its protocol has it in the answer. */
  readonly result?: unknown;
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
export type Operation =
  | NotStartedOperation
  | RunningOperation
  | SucceededOperation
  | FailedOperation
  | CanceledOperation;

/** An operation in a terminal state. */
export type EndedOperation = SucceededOperation | FailedOperation | CanceledOperation;

/** Whether an operation is in a terminal state. */
export function hasEnded(operation: Operation): operation is EndedOperation {
  return statusRank[operation.status] === statusRank.succeeded;
}

// Freezing a Date does not stop setTime(), and every listener gets the same one.
class FixedDate extends Date {}
for (const name of Object.getOwnPropertyNames(Date.prototype)) {
  if (name.startsWith('set')) {
    Object.defineProperty(FixedDate.prototype, name, {
      value: () => {
        throw new TypeError(`An operation's date cannot be changed (${name}): copy it with new Date(date) first`);
      },
    });
  }
}
Object.defineProperty(FixedDate, 'name', {value: 'Date'});

// Graph documents hyphens in the time of day and sends colons; fractions have up to seven digits; a zone may be missing.
const dateTime = /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d)[:-](\d\d)[:-](\d\d)(?:[.,](\d{1,9}))?\s?([Zz]|[+-]\d\d:?\d\d)?$/;

// As nearly all services write it, and toISOString() too.
const usualDateTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3})?Z$/;

// What toISOString() writes with a year of four digits, so that a date in a resume token can be read again.
const earliest = Date.parse('0002-01-01T00:00:00Z');
const latest = Date.parse('9999-12-31T23:59:59.999Z');

/**
 * Reads a date and time as leniently as the services write it: ISO 8601, with hyphens between hours, minutes and
 * seconds, without a zone (taken as UTC), with one to nine digits of fraction (beyond milliseconds they are cut).
 *
 * @returns the date, which cannot be changed, or `undefined` for anything else and for the year 1, which means "none"
 */
export function readDateTime(value: unknown): Date | undefined {
  if (typeof value !== 'string') return undefined;
  if (usualDateTime.test(value)) {
    const date = new FixedDate(value);
    // One that is odd in any way goes the long way, which comes to the same for all others.
    if (date.getTime() >= earliest && date.getUTCDate() === Number(value.slice(8, 10))) return date;
  }
  const parts = dateTime.exec(value);
  if (parts === null) return undefined;
  const [, year = '', month, day, hours, minutes, seconds, fraction = '', zone = 'Z'] = parts;
  if (year === '0001' || year === '0000') return undefined;
  const offset = zone.length === 5 ? `${zone.slice(0, 3)}:${zone.slice(3)}` : zone.toUpperCase();
  const milliseconds = fraction.padEnd(3, '0').slice(0, 3);
  const date = new FixedDate(`${year}-${month}-${day}T${hours}:${minutes}:${seconds}.${milliseconds}${offset}`);
  if (!(date.getTime() >= earliest && date.getTime() <= latest)) return undefined;
  // The engine rolls 30 February over to March; a date that does not exist is no date.
  if (new Date(`${year}-${month}-${day}T00:00:00Z`).getUTCDate() !== Number(day)) return undefined;
  return date;
}
