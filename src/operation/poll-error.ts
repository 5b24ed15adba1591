import {printable} from '../shared/printable.ts';
import type {AbandonReason, Answer} from './state.ts';

/** What went wrong with a request: an HTTP status, no connection, no response in time, or a response that cannot be read. */
export type PollErrorKind = 'http' | 'network' | 'timeout' | 'protocol' | 'token';

/** What a {@link PollError} is made of. */
export interface PollErrorFacts {
  readonly kind: PollErrorKind;
  /** Whether the same request may well succeed a moment later. */
  readonly transient: boolean;
  /** Default: whether the HTTP status is 429. */
  readonly throttled?: boolean | undefined;
  readonly answer?: Answer | undefined;
  readonly code?: string | undefined;
  readonly retryAfter?: number | undefined;
  readonly ends?: AbandonReason | undefined;
}

const made = new WeakSet<object>();

/**
 * One request that failed. It holds no request, no header and no body, so that nothing secret can be reached from it.
 * It comes with `retrying` events and as the `cause` of an {@link OperationError}.
 */
export class PollError extends Error {
  override readonly name = 'PollError';
  /** What went wrong. */
  readonly kind: PollErrorKind;
  /** Whether the same request may well succeed a moment later; such requests are retried within the poll. */
  readonly transient: boolean;
  /** Whether the service throttled the request: 429, 403 with a `Retry-After`, or a code that the protocol lists as such. */
  readonly throttled: boolean;
  /** The HTTP status, if there was an answer. */
  readonly httpStatus: number | undefined;
  /** The most specific error code of the body, or the system's code such as `ECONNRESET`; up to 200 characters of it. */
  readonly code: string | undefined;
  /** The wait that the service's `Retry-After` asked for, in milliseconds from the answer. */
  readonly retryAfter: number | undefined;
  /** Why watching ends with it, where polling again is pointless. */
  readonly ends: AbandonReason | undefined;
  /** The head of the answer, if there was one. */
  readonly answer: Answer | undefined;
  readonly requestId: string | undefined;
  readonly clientRequestId: string | undefined;
  readonly date: string | undefined;

  constructor(message: string, {kind, transient, throttled, answer, code, retryAfter, ends}: PollErrorFacts) {
    super(printable(message));
    made.add(this);
    this.kind = kind;
    this.transient = transient;
    this.throttled = throttled ?? answer?.httpStatus === 429;
    this.httpStatus = answer?.httpStatus;
    this.code = code;
    this.retryAfter = retryAfter;
    this.ends = ends;
    this.answer = answer;
    this.requestId = answer?.requestId;
    this.clientRequestId = answer?.clientRequestId;
    this.date = answer?.date;
  }
}

/** Whether a value is a {@link PollError}. Unlike `instanceof`, it asks nothing of the value, which may be a proxy that throws. */
export function isPollError(value: unknown): value is PollError {
  return made.has(Object(value));
}

/** A {@link PollError} as JSON; it holds no request, header or body to begin with. */
export interface PollErrorJson extends PollErrorFacts {
  readonly message: string;
}

/** Writes a failed request. */
export function writePollError(error: PollError): PollErrorJson {
  const {message, kind, transient, throttled, answer, code, retryAfter, ends} = error;
  // Left out where it follows from the HTTP status.
  const own = throttled && answer?.httpStatus !== 429 ? {throttled} : {};
  return {message, kind, transient, ...own, answer, code, retryAfter, ends};
}

/** Reads what {@link writePollError} wrote. */
export function readPollError({message, answer, ...facts}: PollErrorJson): PollError {
  return new PollError(String(message), {
    ...facts,
    answer: answer === undefined ? undefined : Object.freeze({...answer}),
  });
}
