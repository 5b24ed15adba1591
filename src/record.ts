import type {OperationError, PollError} from './errors.ts';
import type {OperationEvent, OperationEventBase, WaitCause} from './events.ts';
import {hasEnded, type Operation, statusRank} from './operation.ts';
import type {AbandonReason, Answer, WatchState} from './state.ts';

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
  readonly shownLocation: string;
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
  const changed =
    before === undefined ||
    before.status !== operation.status ||
    before.percentComplete !== operation.percentComplete ||
    before.statusDetail !== operation.statusDetail ||
    before.lastActionDateTime?.getTime() !== operation.lastActionDateTime?.getTime();
  const next: WatchState = {
    ...state,
    attempt: state.attempt + 1,
    failures: 0,
    deferrals: 0,
    missingSince: undefined,
    operation,
    reached: Math.max(state.reached, rank),
    observed: counted(state.observed, operation.status),
    changedAt: changed ? at : state.changedAt,
    stalled: changed ? false : state.stalled,
    endedAt: ended ? at : undefined,
    answer: ended ? answer : undefined,
  };
  const base = baseOf(next, at, answer);
  const events: OperationEvent[] = [Object.freeze({...base, type: 'polled'})];
  const {percentComplete} = operation;
  if (percentComplete !== undefined && percentComplete !== before?.percentComplete) {
    events.push(Object.freeze({...base, type: 'progress', operation, percentComplete}));
  }
  // A status that an earlier one follows again is recorded, but neither is told of twice.
  if (rank > state.reached) events.push(statusEvent(base, operation));
  return {state: next, events};
}

function statusEvent(base: OperationEventBase, operation: Operation): OperationEvent {
  // The union of events is a union on the status, which the compiler cannot see through a variable.
  return Object.freeze({...base, type: operation.status, operation} as OperationEvent);
}

function recordUnknownWord(state: WatchState, {rawStatus, at, answer}: UnknownWordEvent): Recorded {
  const word = rawStatus.slice(0, longestUnknownWord);
  const isNew = !state.unknownWords.includes(word) && state.unknownWords.length < mostUnknownWords;
  const next: WatchState = {
    ...state,
    attempt: state.attempt + 1,
    failures: 0,
    deferrals: 0,
    missingSince: undefined,
    unknownWords: isNew ? [...state.unknownWords, word] : state.unknownWords,
    observed: counted(state.observed, 'unknownStatus'),
  };
  const base = baseOf(next, at, answer);
  const events: OperationEvent[] = [Object.freeze({...base, type: 'polled'})];
  if (isNew) events.push(Object.freeze({...base, type: 'unknownStatus', rawStatus: word}));
  return {state: next, events};
}

function recordRetry(state: WatchState, {error, delay, at, answer}: RetryEvent): Recorded {
  const next: WatchState = {...state, dueAt: at + delay, observed: counted(state.observed, kindOf(error))};
  const base = {...baseOf(next, at, answer), attempt: state.attempt + 1};
  return {state: next, events: [Object.freeze({...base, type: 'retrying', error, delay})]};
}

function recordTrouble(state: WatchState, {error, counts, at}: TroubleEvent): Recorded {
  const next: WatchState = {
    ...state,
    attempt: state.attempt + 1,
    failures: counts === 'failure' ? state.failures + 1 : state.failures,
    deferrals: counts === 'deferral' ? state.deferrals + 1 : counts === 'failure' ? 0 : state.deferrals,
    missingSince: counts === 'missing' ? (state.missingSince ?? at) : state.missingSince,
    observed: counted(state.observed, kindOf(error)),
  };
  return {state: next, events: []};
}

function recordWait(state: WatchState, {delay, because, after, at, answer}: WaitEvent): Recorded {
  const next: WatchState = {...state, dueAt: at + delay};
  const base = baseOf(next, at, answer);
  const waiting: OperationEvent = Object.freeze({...base, type: 'waiting', delay, because});
  if (after === undefined) return {state: next, events: [waiting]};
  return {state: next, events: [Object.freeze({...base, type: 'retrying', error: after, delay}), waiting]};
}

function recordRelocation(state: WatchState, {location, shownLocation, at, answer}: RelocateEvent): Recorded {
  const next: WatchState = {...state, location, shownLocation};
  const base = baseOf(next, at, answer);
  const relocated: OperationEvent = {...base, type: 'relocated', from: state.shownLocation, to: shownLocation};
  return {state: next, events: [Object.freeze(relocated)]};
}

function recordStall(state: WatchState, {at, answer}: StallEvent): Recorded {
  const next: WatchState = {...state, stalled: true};
  const stalled: OperationEvent = {...baseOf(next, at, answer), type: 'stalled', since: state.changedAt};
  return {state: next, events: [Object.freeze(stalled)]};
}

function recordAbandonment(state: WatchState, {reason, error, at, answer}: AbandonEvent): Recorded {
  const next: WatchState = {...state, abandoned: reason, endedAt: at, answer};
  const abandoned: OperationEvent = {...baseOf(next, at, answer), type: 'abandoned', reason, error};
  return {state: next, events: [Object.freeze(abandoned)]};
}

function baseOf(state: WatchState, at: number, answer: Answer | undefined): OperationEventBase {
  const {operation, shownLocation: location, attempt} = state;
  return answer === undefined ? {operation, location, attempt, at} : {operation, location, attempt, at, answer};
}

function kindOf(error: PollError): string {
  return error.kind === 'http' && error.httpStatus !== undefined ? String(error.httpStatus) : error.kind;
}

function counted(observed: WatchState['observed'], kind: string): WatchState['observed'] {
  return {...observed, [kind]: (observed[kind] ?? 0) + 1};
}
