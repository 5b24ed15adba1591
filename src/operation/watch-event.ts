import type {OperationError} from './errors.ts';
import type {RemainingTime, WaitCause} from './events.ts';
import type {Operation} from './operation.ts';
import type {PollError} from './poll-error.ts';
import type {AbandonReason, Answer, OperationStateValue} from './state.ts';

interface WatchEventBase {
  /** When it happened, in milliseconds since 1970. */
  readonly at: number;
  /** The head of the response that led to it. */
  readonly answer?: Answer | undefined;
}

/** The service responded with an operation. No other event leads from one of the operation's statuses to another. */
export interface ReportEvent extends WatchEventBase {
  readonly type: 'report';
  readonly operation: Operation;
  /** Its status word, where only the protocol's `otherWords` gives that a meaning. */
  readonly unknownWord?: string | undefined;
  /** How long the operation is likely to go on. */
  readonly remaining?: RemainingTime | undefined;
}

/** The service responded with a status word that the protocol does not have. */
export interface UnknownWordEvent extends WatchEventBase {
  readonly type: 'unknownWord';
  readonly rawStatus: string;
  /** The wait that the response's `Retry-After` asked for, in milliseconds. */
  readonly retryAfter?: number | undefined;
  /** How long the operation is likely to go on. */
  readonly remaining?: RemainingTime | undefined;
}

/** A request failed, and the same poll tries again. */
export interface RetryEvent extends WatchEventBase {
  readonly type: 'retry';
  readonly error: PollError;
  /** Milliseconds until the next request. */
  readonly delay: number;
}

/** A poll failed; watching goes on. */
export interface TroubleEvent extends WatchEventBase {
  readonly type: 'trouble';
  readonly error: PollError;
  /** Which count of {@link WatchState} the failure belongs to. */
  readonly counts: 'failure' | 'deferral' | 'missing' | 'nothing';
}

/** The next poll is due after a wait. */
export interface WaitEvent extends WatchEventBase {
  readonly type: 'wait';
  /** Milliseconds. */
  readonly delay: number;
  readonly because: WaitCause;
  /** When the service allows the next poll, in milliseconds since 1970, where it asks for a wait at all. */
  readonly notBefore?: number | undefined;
  /** The failure that made the wait necessary. */
  readonly after?: PollError | undefined;
  /** How long the operation is likely to go on. */
  readonly remaining?: RemainingTime | undefined;
}

/** The service says that the operation is at another location; where it is followed, it is polled there from now on. */
export type RelocateEvent = WatchEventBase & {readonly type: 'relocate'} & (
    | {readonly followed: true; readonly location: string; readonly redactedLocation: string}
    | {readonly followed: false; readonly to: string}
  );

/** Nothing has changed for a long time. */
export interface StallEvent extends WatchEventBase {
  readonly type: 'stall';
}

/** Watching ends although the operation has not. */
export interface AbandonEvent extends WatchEventBase {
  readonly type: 'abandon';
  readonly reason: AbandonReason;
  readonly error: OperationError;
}

/** Everything that happens to a watched operation: what the machine takes. */
export type WatchEvent =
  | ReportEvent
  | UnknownWordEvent
  | RetryEvent
  | TroubleEvent
  | WaitEvent
  | RelocateEvent
  | StallEvent
  | AbandonEvent;

/** The machine's table: the state that follows an event; `undefined` where the machine does not take it. */
export type TransitionTable = (from: OperationStateValue, event: WatchEvent) => OperationStateValue | undefined;
