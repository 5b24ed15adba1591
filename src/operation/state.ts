import type {Operation} from './operation.ts';

/** What of an answer's head is worth keeping: enough for a support case, nothing secret. */
export interface Answer {
  /** The HTTP status. */
  readonly httpStatus: number;
  /** The service's `request-id`. */
  readonly requestId?: string;
  /** The `client-request-id` that this library sent: a fresh GUID for each request. */
  readonly clientRequestId: string;
  /** The answer's `Date` header as the service wrote it. */
  readonly date?: string;
}

/** Why watching ended although the operation had not. */
export type AbandonReason =
  | 'timeout'
  | 'aborted'
  | 'stopped'
  | 'unauthorized'
  | 'forbidden'
  | 'notFound'
  | 'unreachable'
  | 'protocol'
  | 'unknownStatus'
  /** the operation succeeded, and its result could not be fetched */
  | 'result';

/** The reasons of {@link AbandonReason}, for checking what comes from outside. */
export const abandonReasons: ReadonlySet<string> = new Set<AbandonReason>([
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
]);

/** How often each kind of answer came: a status, an HTTP status, `timeout`, `network`, `protocol` or `unknownStatus`. */
export type Observed = Readonly<Record<string, number>>;

/**
 * All that is known of one watched operation: the machine's context, and what a resume token holds. Plain data;
 * all times are milliseconds since 1970.
 */
export interface WatchState {
  /** Where to ask, byte for byte as the service gave it. */
  readonly location: string;
  /** {@link location} as events and errors show it: without its query where that may be a capability. */
  readonly redactedLocation: string;
  /** The origin the token belongs to, from the location the caller gave; empty where none is sent. */
  readonly tokenOrigin: string;
  /** The protocol's name. */
  readonly protocol: string;
  readonly startedAt: number;
  /** When the next poll is due. */
  readonly dueAt: number;
  /** When watching ends at the latest; `undefined`: never. */
  readonly deadlineAt: number | undefined;
  /** Polls made so far. */
  readonly attempt: number;
  /** Polls that failed since the last good answer. */
  readonly failures: number;
  /** Requests of the present poll that the service put off with a `Retry-After`. */
  readonly deferredAttempts: number;
  /** Since when the service answers 404. */
  readonly missingSince: number | undefined;
  /** The operation as last reported. */
  readonly operation: Operation | undefined;
  /** The rank of the furthest status that an event told of; -1 before the first. */
  readonly reached: number;
  /** The unknown words that an event told of. */
  readonly unknownWords: readonly string[];
  readonly observed: Observed;
  /** When the operation last showed a change. */
  readonly changedAt: number;
  /** When a poll last found that the operation had not ended. */
  readonly lastSeenAt?: number | undefined;
  /** Whether `stalled` was told since then. */
  readonly stalled: boolean;
  /** When watching ended, and the answer that ended it. */
  readonly endedAt: number | undefined;
  readonly answer: Answer | undefined;
  readonly abandoned: AbandonReason | undefined;
}

/** Whether watching is over, because the operation ended or because we gave up. */
export function isOver(state: WatchState): boolean {
  return state.endedAt !== undefined;
}

/**
 * A state with some of it changed. The copy is written out, field by field: to spread so many fields and change some of them
 * takes twenty times as long, and this is done twice at each poll.
 */
export function changed(state: WatchState, changes: Partial<WatchState>): WatchState {
  const {
    location,
    redactedLocation,
    tokenOrigin,
    protocol,
    startedAt,
    dueAt,
    deadlineAt,
    attempt,
    failures,
    deferredAttempts,
  } = state;
  const {missingSince, operation, reached, unknownWords, observed, changedAt, lastSeenAt, stalled, endedAt, answer} =
    state;
  const {abandoned} = state;
  const copy: WatchState = {
    location,
    redactedLocation,
    tokenOrigin,
    protocol,
    startedAt,
    dueAt,
    deadlineAt,
    attempt,
    failures,
    deferredAttempts,
    missingSince,
    operation,
    reached,
    unknownWords,
    observed,
    changedAt,
    lastSeenAt,
    stalled,
    endedAt,
    answer,
    abandoned,
  };
  return Object.assign(copy, changes);
}
