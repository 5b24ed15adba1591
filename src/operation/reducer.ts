import type {OperationError, PollError} from './errors.ts';
import type {OperationEvent, OperationEventBase, WaitCause} from './events.ts';
import {hasEnded, type Operation, statusRank} from './operation.ts';
import {type AbandonReason, type Answer, changed, type WatchState} from './state.ts';

interface Told {
  /** When, in milliseconds since 1970. */
  readonly at: number;
  /** The head of the answer that says so. */
  readonly answer?: Answer | undefined;
}

/** The service answered with an operation. This alone moves the machine between the operation's statuses. */
export interface ReportEvent extends Told {
  readonly type: 'report';
  readonly operation: Operation;
}

/** The service answered with a word that the protocol does not have. */
export interface UnknownWordEvent extends Told {
  readonly type: 'unknownWord';
  readonly rawStatus: string;
}

/** A request failed, and the poll tries again by itself. */
export interface RetryEvent extends Told {
  readonly type: 'retry';
  readonly error: PollError;
  /** Milliseconds. */
  readonly delay: number;
}

/** A poll failed; watching goes on. */
export interface TroubleEvent extends Told {
  readonly type: 'trouble';
  readonly error: PollError;
  /** Which count of {@link WatchState} the failure belongs to. */
  readonly counts: 'failure' | 'deferral' | 'missing' | 'nothing';
}

/** The next poll is due after a wait. */
export interface WaitEvent extends Told {
  readonly type: 'wait';
  /** Milliseconds. */
  readonly delay: number;
  readonly because: WaitCause;
  /** The failure that made the wait necessary. */
  readonly after?: PollError | undefined;
}

/** The operation is asked for elsewhere from now on. */
export interface RelocateEvent extends Told {
  readonly type: 'relocate';
  readonly location: string;
  readonly redactedLocation: string;
}

/** Nothing has changed for a long time. */
export interface StallEvent extends Told {
  readonly type: 'stall';
}

/** Watching ends although the operation has not. */
export interface AbandonEvent extends Told {
  readonly type: 'abandon';
  readonly reason: AbandonReason;
  readonly error: OperationError;
}

/** Everything that happens to a watched operation. */
export type WatchEvent =
  | ReportEvent
  | UnknownWordEvent
  | RetryEvent
  | TroubleEvent
  | WaitEvent
  | RelocateEvent
  | StallEvent
  | AbandonEvent;

/** A state and the events that led to it told of, in order. */
export interface Recorded {
  readonly state: WatchState;
  readonly events: readonly OperationEvent[];
}

const mostUnknownWords = 20;
const longestUnknownWord = 100;

/** What an event makes of the state, and what there is to tell: pure, and the machine's only action. */
export function record(state: WatchState, event: WatchEvent): Recorded {
  switch (event.type) {
    case 'report':
      return recordReport(state, event);
    case 'unknownWord':
      return recordUnknownWord(state, event);
    case 'retry':
      return recordRetry(state, event);
    case 'trouble':
      return recordTrouble(state, event);
    case 'wait':
      return recordWait(state, event);
    case 'relocate':
      return recordRelocation(state, event);
    case 'stall':
      return recordStall(state, event);
    case 'abandon':
      return recordAbandonment(state, event);
  }
}

function recordReport(state: WatchState, {operation, at, answer}: ReportEvent): Recorded {
  const before = state.operation;
  const rank = statusRank[operation.status];
  const ended = hasEnded(operation);
  const isNews =
    before === undefined ||
    before.status !== operation.status ||
    before.percentComplete !== operation.percentComplete ||
    before.statusDetail !== operation.statusDetail ||
    before.lastActionDateTime?.getTime() !== operation.lastActionDateTime?.getTime();
  const next = changed(state, {
    attempt: state.attempt + 1,
    failures: 0,
    deferredAttempts: 0,
    missingSince: undefined,
    operation,
    reached: Math.max(state.reached, rank),
    observed: counted(state.observed, operation.status),
    changedAt: isNews ? at : state.changedAt,
    lastSeenAt: ended ? state.lastSeenAt : at,
    stalled: isNews ? false : state.stalled,
    endedAt: ended ? at : undefined,
    answer: ended ? answer : undefined,
  });
  const events: OperationEvent[] = [told(next, at, answer, {type: 'polled'})];
  const {percentComplete} = operation;
  if (percentComplete !== undefined && percentComplete !== before?.percentComplete) {
    events.push(told(next, at, answer, {type: 'progress', operation, percentComplete}));
  }
  // A status that an earlier one follows again is recorded, but neither is told of twice.
  if (rank > state.reached) events.push(statusEvent(next, at, answer, operation));
  return {state: next, events};
}

function statusEvent(state: WatchState, at: number, answer: Answer | undefined, operation: Operation): OperationEvent {
  // The union of events is a union on the status, which the compiler cannot see through a variable.
  return told(state, at, answer, {type: operation.status, operation} as OwnFields<OperationEvent>);
}

function recordUnknownWord(state: WatchState, {rawStatus, at, answer}: UnknownWordEvent): Recorded {
  const word = rawStatus.slice(0, longestUnknownWord);
  const isNew = !state.unknownWords.includes(word) && state.unknownWords.length < mostUnknownWords;
  const next = changed(state, {
    attempt: state.attempt + 1,
    failures: 0,
    deferredAttempts: 0,
    missingSince: undefined,
    unknownWords: isNew ? [...state.unknownWords, word] : state.unknownWords,
    observed: counted(state.observed, 'unknownStatus'),
  });
  const events: OperationEvent[] = [told(next, at, answer, {type: 'polled'})];
  if (isNew) events.push(told(next, at, answer, {type: 'unknownStatus', rawStatus: word}));
  return {state: next, events};
}

function recordRetry(state: WatchState, {error, delay, at, answer}: RetryEvent): Recorded {
  const next = changed(state, {dueAt: at + delay, observed: counted(state.observed, kindOf(error))});
  const retrying = told(changed(next, {attempt: state.attempt + 1}), at, answer, {type: 'retrying', error, delay});
  return {state: next, events: [retrying]};
}

function recordTrouble(state: WatchState, {error, counts, at}: TroubleEvent): Recorded {
  const next = changed(state, {
    attempt: state.attempt + 1,
    failures: counts === 'failure' ? state.failures + 1 : state.failures,
    deferredAttempts:
      counts === 'deferral' ? state.deferredAttempts + 1 : counts === 'failure' ? 0 : state.deferredAttempts,
    missingSince: counts === 'missing' ? (state.missingSince ?? at) : state.missingSince,
    observed: counted(state.observed, kindOf(error)),
  });
  return {state: next, events: []};
}

function recordWait(state: WatchState, {delay, because, after, at, answer}: WaitEvent): Recorded {
  const next = changed(state, {dueAt: at + delay});
  const waiting = told(next, at, answer, {type: 'waiting', delay, because});
  if (after === undefined) return {state: next, events: [waiting]};
  return {state: next, events: [told(next, at, answer, {type: 'retrying', error: after, delay}), waiting]};
}

function recordRelocation(state: WatchState, {location, redactedLocation, at, answer}: RelocateEvent): Recorded {
  const next = changed(state, {location, redactedLocation});
  const relocated = told(next, at, answer, {type: 'relocated', from: state.redactedLocation, to: redactedLocation});
  return {state: next, events: [relocated]};
}

function recordStall(state: WatchState, {at, answer}: StallEvent): Recorded {
  const next = changed(state, {stalled: true});
  return {state: next, events: [told(next, at, answer, {type: 'stalled', since: state.changedAt})]};
}

function recordAbandonment(state: WatchState, {reason, error, at, answer}: AbandonEvent): Recorded {
  const next = changed(state, {abandoned: reason, endedAt: at, answer});
  return {state: next, events: [told(next, at, answer, {type: 'abandoned', reason, error})]};
}

type OwnFields<Event extends OperationEvent> = Event extends OperationEvent
  ? Omit<Event, Exclude<keyof OperationEventBase, 'operation'>> | Omit<Event, keyof OperationEventBase>
  : never;

/**
 * An event. The fields that all have come first, since this is done at each poll: to freeze an object that begins with a
 * spread one takes fifty times as long.
 */
function told(
  {operation, redactedLocation: location, attempt}: WatchState,
  at: number,
  answer: Answer | undefined,
  own: OwnFields<OperationEvent>,
): OperationEvent {
  const event = {operation, location, attempt, at, ...(answer === undefined ? {} : {answer}), ...own};
  return Object.freeze(event as OperationEvent);
}

function kindOf(error: PollError): string {
  return error.kind === 'http' && error.httpStatus !== undefined ? String(error.httpStatus) : error.kind;
}

function counted(observed: WatchState['observed'], kind: string): WatchState['observed'] {
  return {...observed, [kind]: (observed[kind] ?? 0) + 1};
}
