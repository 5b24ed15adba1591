import type {OperationError} from './errors.ts';
import type {
  CanceledOperation,
  FailedOperation,
  NotStartedOperation,
  Operation,
  RunningOperation,
  SucceededOperation,
} from './operation.ts';
import type {PollError} from './poll-error.ts';
import type {AbandonReason, Answer} from './state.ts';

/** What a wait comes from. */
export type WaitCause =
  /** the schedule */
  | 'schedule'
  /** the service's Retry-After */
  | 'retryAfter'
  /** an earlier Retry-After to another request to the same origin, which a client keeps for all of them */
  | 'heldBack'
  /** the option `initialDelay` */
  | 'initialDelay'
  /** after a resume: the rest of a wait that began before */
  | 'resume'
  /** `wake()`: the next poll is made as soon as the service allows */
  | 'wake'
  /** the deadline: the last poll goes out just before it, and the rest is waited for after that */
  | 'deadline';

/** How long a watched operation is likely to go on, in milliseconds: it ends sooner in 10, 50 and 90 of a hundred cases. */
export interface RemainingTime {
  readonly p10: number;
  readonly p50: number;
  readonly p90: number;
}

/** What every event carries; events are frozen. */
export interface OperationEventBase<Result = unknown> {
  /** The operation as last known; `undefined` before the first report. */
  readonly operation: Operation<Result> | undefined;
  /** Where it is polled; without the query where that may be a capability. */
  readonly location: string;
  /** The number of the poll, from 1; 0 before the first. */
  readonly attempt: number;
  /** When it happened, in milliseconds since 1970. */
  readonly at: number;
  /** The head of the response that led to the event, if one did. */
  readonly answer?: Answer;
}

interface StatusEvent<Type extends string, Known extends Operation> extends OperationEventBase {
  readonly type: Type;
  readonly operation: Known;
}

/** The service reported `notStarted` for the first time. */
export type NotStartedEvent = StatusEvent<'notStarted', NotStartedOperation>;
/** The service reported `running` for the first time. */
export type RunningEvent = StatusEvent<'running', RunningOperation>;
/** The operation succeeded. */
export type SucceededEvent<Result = unknown> = StatusEvent<'succeeded', SucceededOperation<Result>>;
/** The operation failed. */
export type FailedEvent = StatusEvent<'failed', FailedOperation>;
/** The operation was canceled or skipped. */
export type CanceledEvent = StatusEvent<'canceled', CanceledOperation>;

/** The service responded with an operation, changed or not. */
export interface PolledEvent<Result = unknown> extends OperationEventBase<Result> {
  readonly type: 'polled';
  /** How long the operation is likely to go on from `at`, where the schedule has learned it. */
  readonly remaining?: RemainingTime;
}

/** The percentage changed. */
export interface ProgressEvent<Result = unknown> extends OperationEventBase<Result> {
  readonly type: 'progress';
  readonly operation: Operation<Result>;
  /** Percent, 0 to 100. */
  readonly percentComplete: number;
  /** How long the operation is likely to go on from `at`, where the schedule has learned it. */
  readonly remaining?: RemainingTime;
}

/** A request failed and another one follows. */
export interface RetryingEvent<Result = unknown> extends OperationEventBase<Result> {
  readonly type: 'retrying';
  /** What failed. */
  readonly error: PollError;
  /** Milliseconds until the next request. */
  readonly delay: number;
}

/** The next poll is due later. */
export interface WaitingEvent<Result = unknown> extends OperationEventBase<Result> {
  readonly type: 'waiting';
  /** Milliseconds until the next poll. */
  readonly delay: number;
  readonly because: WaitCause;
  /** How long the operation is likely to go on from `at`, where the schedule has learned it. */
  readonly remaining?: RemainingTime;
}

/** The service used a status word that is not in the protocol's `words`; emitted once for each word. */
export interface UnknownStatusEvent<Result = unknown> extends OperationEventBase<Result> {
  readonly type: 'unknownStatus';
  /** The word, up to 100 characters of it. */
  readonly rawStatus: string;
}

/** The service says that the operation is at another location. */
export interface RelocatedEvent<Result = unknown> extends OperationEventBase<Result> {
  readonly type: 'relocated';
  /**
   * Whether it is polled there from now on. `false`: the new location is on a foreign origin that the protocol does not allow,
   * as when a proxy puts its own address there; `to` is that origin, and polling goes on at `from`. Emitted once for each watch.
   */
  readonly followed: boolean;
  readonly from: string;
  readonly to: string;
}

/** Nothing about the operation has changed for `stalledAfter`; emitted once until something does. */
export interface StalledEvent<Result = unknown> extends OperationEventBase<Result> {
  readonly type: 'stalled';
  /** When it last changed, in milliseconds since 1970. */
  readonly since: number;
}

/** Watching ended before the operation did. */
export interface AbandonedEvent<Result = unknown> extends OperationEventBase<Result> {
  readonly type: 'abandoned';
  readonly reason: AbandonReason;
  /** The error that `result()` rejects with. */
  readonly error: OperationError;
}

/** Every event that a poller and the machine emit, a union on `type`. `Result` is the type of the operation's result. */
export type OperationEvent<Result = unknown> =
  | NotStartedEvent
  | RunningEvent
  | SucceededEvent<Result>
  | FailedEvent
  | CanceledEvent
  | PolledEvent<Result>
  | ProgressEvent<Result>
  | RetryingEvent<Result>
  | WaitingEvent<Result>
  | UnknownStatusEvent<Result>
  | RelocatedEvent<Result>
  | StalledEvent<Result>
  | AbandonedEvent<Result>;

/** The names of the events. */
export type OperationEventType = OperationEvent['type'];

/** The names of all events. */
export const operationEventTypes: readonly string[] = /* @__PURE__ */ Object.keys({
  notStarted: true,
  running: true,
  succeeded: true,
  failed: true,
  canceled: true,
  polled: true,
  progress: true,
  retrying: true,
  waiting: true,
  unknownStatus: true,
  relocated: true,
  stalled: true,
  abandoned: true,
} satisfies Record<OperationEventType, true>);
