/**
 * The core: watch a long-running operation from its location to its end, with events, errors, schedules, protocols and resume
 * tokens.
 *
 * @module operation-poller
 */

// By subject; nothing inside imports this file. The way in: poll-operation.ts makes the poller, poller.ts lets polling/watch.ts run
// the loop, and machine/machine.ts is the machine.
import * as protocols from './protocol/protocols.ts';
import * as schedules from './schedule/schedules.ts';

// Watching an operation.

export type {TokenRequest, TokenSource} from './http/authorization.ts';
export {readRetryAfter} from './http/retry-after.ts';
export type {PollOptions, RetryOptions} from './options/poll-options.ts';
export {pollOperation, resumeOperation} from './poll-operation.ts';
export {type OperationEventOf, OperationPoller} from './poller.ts';
export {fetchOperation} from './polling/fetch-once.ts';
export type {Subscription} from './shared/listeners.ts';

// What an operation is, and how watching it ends.

export type {
  CanceledOperation,
  EndedOperation,
  FailedOperation,
  NotStartedOperation,
  Operation,
  OperationFault,
  OperationStatus,
  RunningOperation,
  SucceededOperation,
  TerminalStatus,
} from './operation/operation.ts';
export type {Outcome} from './operation/outcome.ts';
export type {ResumeToken} from './operation/resume-token.ts';

// The events of a poller.

export type {
  AbandonedEvent,
  CanceledEvent,
  FailedEvent,
  NotStartedEvent,
  OperationEvent,
  OperationEventBase,
  OperationEventType,
  PolledEvent,
  ProgressEvent,
  RelocatedEvent,
  RemainingTime,
  RetryingEvent,
  RunningEvent,
  StalledEvent,
  SucceededEvent,
  UnknownStatusEvent,
  WaitCause,
  WaitingEvent,
} from './operation/events.ts';

// Errors.

export {
  ForbiddenError,
  InvalidResumeTokenError,
  OperationCanceledError,
  OperationError,
  OperationFailedError,
  OperationNotFoundError,
  OperationNotStartedError,
  OperationNotWatchableError,
  ProtocolError,
  ResultUnavailableError,
  UnauthorizedError,
  UnknownStatusError,
  UnreachableError,
  WatchAbortedError,
  WatchTimeoutError,
} from './operation/errors.ts';
export {PollError, type PollErrorKind} from './operation/poll-error.ts';

// The machine, for workflows, and what it takes.

export type {
  OperationInput,
  OperationMachine,
  OperationMachineEvent,
  OperationSnapshot,
  WatchCommand,
  WatchingEvent,
  WatchLogic,
} from './machine/machine-type.ts';
export type {AbandonReason, Answer, Observed, OperationStateValue, WatchState} from './operation/state.ts';
export type {
  AbandonEvent,
  RelocateEvent,
  ReportEvent,
  RetryEvent,
  StallEvent,
  TroubleEvent,
  UnknownWordEvent,
  WaitEvent,
  WatchEvent,
} from './operation/watch-event.ts';
export {operationMachine, type WatchOperationOptions, watchOperation} from './polling/operation-machine.ts';

// How services word their operations.

export type {JsonPointer, JsonPointers} from './protocol/pointer.ts';
export type {GraphProtocols} from './protocol/presets.ts';
export type {
  CancelRequest,
  Protocol,
  ProtocolDefinition,
  ProtocolFields,
  ResultPlace,
  TokenHeader,
  WaitPlace,
} from './protocol/protocol.ts';
export type {ReadableAnswer, ReadOperation} from './protocol/read.ts';
export type {FinalStateVia, StartRequest} from './protocol/result-location.ts';
export type {StatusOnResource} from './protocol/status-on-resource.ts';
export type {UrlTemplate} from './protocol/url-template.ts';

// When to poll.

export type {AdaptiveOptions, AdaptiveSchedule} from './schedule/adaptive.ts';
export type {DurationHistogramJson} from './schedule/duration-histogram.ts';
export type {ExponentialOptions, Schedule, ScheduleContext, ScheduleEnd} from './schedule/schedule.ts';

// Namespaces: a bundler can leave out of them what a program does not name.

export {
  /** The protocols that come with the library, and `define` for a service of your own. */
  protocols,
  /** The schedules that come with the library. */
  schedules,
};
