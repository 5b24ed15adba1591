import type {Operation, OperationStatus} from './operation.ts';

/** The part of a response's head that is worth keeping: enough for a support case, nothing secret. */
export interface Answer {
  /** The HTTP status. */
  readonly httpStatus: number;
  /** The service's `request-id`. */
  readonly requestId?: string;
  /** The `client-request-id` that this library sent: a fresh GUID for each request. */
  readonly clientRequestId: string;
  /** The response's `Date` header as the service wrote it. */
  readonly date?: string;
}

const reasons = [
  'timeout',
  'aborted',
  'stopped',
  'unauthorized',
  'forbidden',
  'notFound',
  'unreachable',
  'protocol',
  'unknownStatus',
  'result',
] as const;

/** Why watching ended although the operation had not; `'result'`: it succeeded, and its result could not be fetched. */
export type AbandonReason = (typeof reasons)[number];

/** The reasons of {@link AbandonReason}, for checking what comes from outside. */
export const abandonReasons: ReadonlySet<string> = new Set(reasons);

/** The machine's states: the operation's statuses, and `abandoned` when watching ended before the operation did. */
export type OperationStateValue = OperationStatus | 'abandoned';

/**
 * How often each kind of response was received: a status, an HTTP status, `timeout`, `network`, `protocol`, `unknownStatus` or
 * `notFollowed`.
 */
export type Observed = Readonly<Record<string, number>>;

/**
 * All that is known about one watched operation: the machine's context, and what a resume token holds. Plain data;
 * all times are milliseconds since 1970.
 */
export interface WatchState {
  /** Where to poll, byte for byte as the service gave it. */
  readonly location: string;
  /** {@link location} as events and errors show it: without its query where that may be a capability. */
  readonly redactedLocation: string;
  /** The origin that the token goes to, from the location that the caller gave; empty where none is sent. */
  readonly tokenOrigin: string;
  /** The protocol's name. */
  readonly protocol: string;
  readonly startedAt: number;
  /** When the next poll is due. */
  readonly dueAt: number;
  /** When the service, or the protocol's `minimumInterval`, allows the next poll; `undefined`: any time. */
  readonly notBefore?: number | undefined;
  /** When watching ends at the latest; `undefined`: never. */
  readonly deadlineAt: number | undefined;
  /** Polls made so far. */
  readonly attempt: number;
  /** Polls that failed since the last good answer. */
  readonly failures: number;
  /** Requests of the current poll that the service deferred with a `Retry-After`. */
  readonly deferredAttempts: number;
  /** Since when the service has been responding with 404. */
  readonly missingSince: number | undefined;
  /** The operation as last reported. */
  readonly operation: Operation | undefined;
  /** The furthest status that an event announced; `undefined` before the first. */
  readonly highestStatus: OperationStatus | undefined;
  /** The unknown words that an event announced. */
  readonly unknownWords: readonly string[];
  readonly observed: Observed;
  /** When the operation last showed a change. */
  readonly changedAt: number;
  /** When a poll last found that the operation had not ended. */
  readonly lastSeenAt?: number | undefined;
  /** Whether `stalled` was emitted since then. */
  readonly stalled: boolean;
  /** Where the result is fetched, decided when the operation was started; `null`: it is the operation's own answer. */
  readonly resultLocation?: string | null | undefined;
  /** When watching ended. */
  readonly endedAt: number | undefined;
  /** The head of the last answer. */
  readonly answer: Answer | undefined;
  readonly abandoned: AbandonReason | undefined;
}

/** The fields of {@link WatchState} that are times. */
const times = [
  'startedAt',
  'dueAt',
  'notBefore',
  'deadlineAt',
  'missingSince',
  'changedAt',
  'lastSeenAt',
  'endedAt',
] as const;

/** A state with its times converted to a clock that is `by` milliseconds ahead. */
export function shiftTimes(state: WatchState, by: number): WatchState {
  if (by === 0) return state;
  const shifted = copyOf(state);
  for (const name of times) {
    const time = state[name];
    if (time !== undefined) shifted[name] = time + by;
  }
  return shifted;
}

/** The state of the machine that a watched operation is in. */
export function stateValue({abandoned, operation}: WatchState): OperationStateValue {
  return abandoned === undefined ? (operation?.status ?? 'notStarted') : 'abandoned';
}

/** Whether watching is over, because the operation ended or because it was abandoned. */
export function isOver(state: WatchState): boolean {
  return state.endedAt !== undefined;
}

/**
 * When the next poll is allowed: after the wait that the service asked for, or else as before where that is still to come. A watch
 * that ends now may be resumed before that, and a hint may have made the poll.
 */
export function allowedFrom({notBefore}: WatchState, at: number, wait: number | undefined): number | undefined {
  if (wait !== undefined) return at + wait;
  return notBefore !== undefined && notBefore > at ? notBefore : undefined;
}

/**
 * When the last poll goes out, if the deadline cuts a wait: early enough to be answered. Without a deadline there is none, and
 * this is `Infinity`.
 */
export function lastPollAt({
  startedAt,
  deadlineAt = Number.POSITIVE_INFINITY,
}: Pick<WatchState, 'startedAt' | 'deadlineAt'>): number {
  return Math.floor(deadlineAt - Math.min(1000, (deadlineAt - startedAt) / 10));
}

/** A state with the operation as an outcome has it: where its result was fetched, it is in the operation and nowhere else. */
export function withFetchedResult(state: WatchState, operation: Operation | undefined): WatchState {
  return operation === state.operation ? state : {...state, operation, resultLocation: null};
}

/**
 * A copy of a state, to be changed by whoever made it. It is spelled out, field by field: spreading so many fields takes twenty
 * times as long, and this happens twice at each poll.
 */
export function copyOf(state: WatchState): {-readonly [Field in keyof WatchState]: WatchState[Field]} {
  return {
    location: state.location,
    redactedLocation: state.redactedLocation,
    tokenOrigin: state.tokenOrigin,
    protocol: state.protocol,
    startedAt: state.startedAt,
    dueAt: state.dueAt,
    notBefore: state.notBefore,
    deadlineAt: state.deadlineAt,
    attempt: state.attempt,
    failures: state.failures,
    deferredAttempts: state.deferredAttempts,
    missingSince: state.missingSince,
    operation: state.operation,
    highestStatus: state.highestStatus,
    unknownWords: state.unknownWords,
    observed: state.observed,
    changedAt: state.changedAt,
    lastSeenAt: state.lastSeenAt,
    stalled: state.stalled,
    resultLocation: state.resultLocation,
    endedAt: state.endedAt,
    answer: state.answer,
    abandoned: state.abandoned,
  };
}
