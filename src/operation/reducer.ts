import {maxUnknownWordLength} from './abandon-error.ts';
import type {OperationEvent, OperationEventBase, RemainingTime} from './events.ts';
import {statusRank} from './operation.ts';
import type {PollError} from './poll-error.ts';
import {changed, copyOf, type OperationStateValue, type WatchState} from './state.ts';
import type {
  AbandonEvent,
  RelocateEvent,
  ReportEvent,
  RetryEvent,
  StallEvent,
  TroubleEvent,
  UnknownWordEvent,
  WaitEvent,
  WatchEvent,
} from './watch-event.ts';

/** A state, and the events to emit for what led to it, in order. */
export interface Reduced {
  readonly state: WatchState;
  readonly events: readonly OperationEvent[];
}

const maxUnknownWords = 20;

/**
 * The bookkeeping for an event that the machine takes: the state after it, and what to emit. Pure, and the machine's only
 * action.
 *
 * @param next the state of the machine that the event leads to
 */
export function reduce(state: WatchState, event: WatchEvent, next: OperationStateValue): Reduced {
  switch (event.type) {
    case 'report':
      return reduceReport(state, event, next);
    case 'unknownWord':
      return reduceUnknownWord(state, event);
    case 'retry':
      return reduceRetry(state, event);
    case 'trouble':
      return reduceTrouble(state, event);
    case 'wait':
      return reduceWait(state, event);
    case 'relocate':
      return reduceRelocation(state, event);
    case 'stall':
      return reduceStall(state, event);
    case 'abandon':
      return reduceAbandonment(state, event);
  }
}

function reduceReport(state: WatchState, event: ReportEvent, next: OperationStateValue): Reduced {
  const {operation, unknownWord, remaining, at, answer} = event;
  const before = state.operation;
  const hasEnded = next !== 'notStarted' && next !== 'running';
  const isHigher = state.highestStatus === undefined || statusRank[operation.status] > statusRank[state.highestStatus];
  const isNews =
    before === undefined ||
    before.status !== operation.status ||
    before.percentComplete !== operation.percentComplete ||
    before.statusDetail !== operation.statusDetail ||
    before.lastActionDateTime?.getTime() !== operation.lastActionDateTime?.getTime();
  const word = unknownWord === undefined ? undefined : newWord(state, unknownWord);
  // Not by `changed`, since this happens at each poll: to assign so many fields takes seven times as long.
  const after = copyOf(state);
  after.attempt += 1;
  after.failures = 0;
  after.deferredAttempts = 0;
  after.missingSince = undefined;
  after.operation = operation;
  after.observed = increment(state.observed, operation.status);
  if (answer !== undefined) after.answer = answer;
  if (word !== undefined) after.unknownWords = [...state.unknownWords, word];
  if (isHigher) after.highestStatus = operation.status;
  if (isNews) after.changedAt = at;
  if (isNews) after.stalled = false;
  if (hasEnded) after.endedAt = at;
  else after.lastSeenAt = at;
  const events = polledEvents(after, event, word);
  const {percentComplete} = operation;
  if (percentComplete !== undefined && percentComplete !== before?.percentComplete) {
    events.push(createEvent(after, event, withRemaining({type: 'progress', operation, percentComplete}, remaining)));
  }
  // running -> notStarted is recorded, but no status is announced twice.
  if (isHigher) events.push(statusEvent(after, event));
  return {state: after, events};
}

function statusEvent(state: WatchState, event: ReportEvent): OperationEvent {
  const {operation} = event;
  // The union of events is a union on the status, which the compiler cannot see through a variable.
  return createEvent(state, event, {type: operation.status, operation} as OwnFields<OperationEvent>);
}

function reduceUnknownWord(state: WatchState, event: UnknownWordEvent): Reduced {
  const {rawStatus, retryAfter, at, answer} = event;
  const word = newWord(state, rawStatus);
  const after = changed(state, {
    answer: answer ?? state.answer,
    attempt: state.attempt + 1,
    failures: 0,
    deferredAttempts: 0,
    missingSince: undefined,
    notBefore: notBefore(state, at, retryAfter),
    unknownWords: word === undefined ? state.unknownWords : [...state.unknownWords, word],
    observed: increment(state.observed, 'unknownStatus'),
  });
  return {state: after, events: polledEvents(after, event, word)};
}

/** What is emitted for any answer about the operation. @param word a status word that has not been emitted before */
function polledEvents(
  state: WatchState,
  event: ReportEvent | UnknownWordEvent,
  word: string | undefined,
): OperationEvent[] {
  const polled = createEvent(state, event, withRemaining({type: 'polled'}, event.remaining));
  return word === undefined ? [polled] : [polled, createEvent(state, event, {type: 'unknownStatus', rawStatus: word})];
}

/** The word as its event carries it; `undefined` if it has been emitted before. */
function newWord({unknownWords}: WatchState, rawStatus: string): string | undefined {
  const word = rawStatus.slice(0, maxUnknownWordLength);
  return unknownWords.includes(word) || unknownWords.length >= maxUnknownWords ? undefined : word;
}

function reduceRetry(state: WatchState, event: RetryEvent): Reduced {
  const {error, delay, at} = event;
  const after = changed(state, {
    dueAt: at + delay,
    answer: error.answer ?? state.answer,
    observed: increment(state.observed, failureKind(error)),
  });
  return {state: after, events: [createEvent(duringPoll(after), event, {type: 'retrying', error, delay})]};
}

/** The event of a poll that is still going on carries its number. */
function duringPoll(state: WatchState): WatchState {
  return changed(state, {attempt: state.attempt + 1});
}

function reduceTrouble(state: WatchState, {error, counts, at}: TroubleEvent): Reduced {
  const after = changed(state, {
    answer: error.answer ?? state.answer,
    attempt: state.attempt + 1,
    failures: counts === 'failure' ? state.failures + 1 : state.failures,
    deferredAttempts:
      counts === 'deferral' ? state.deferredAttempts + 1 : counts === 'failure' ? 0 : state.deferredAttempts,
    missingSince: counts === 'missing' ? (state.missingSince ?? at) : state.missingSince,
    notBefore: notBefore(state, at, error.retryAfter),
    observed: increment(state.observed, failureKind(error)),
  });
  return {state: after, events: []};
}

function reduceWait(state: WatchState, event: WaitEvent): Reduced {
  const {delay, because, notBefore, after: error, remaining, at} = event;
  const after = copyOf(state);
  after.dueAt = at + delay;
  after.notBefore = notBefore;
  const shown = because === 'heldBack' ? duringPoll(after) : after;
  const waiting = createEvent(shown, event, withRemaining({type: 'waiting', delay, because}, remaining));
  if (error === undefined) return {state: after, events: [waiting]};
  return {state: after, events: [createEvent(after, event, {type: 'retrying', error, delay}), waiting]};
}

function reduceRelocation(state: WatchState, event: RelocateEvent): Reduced {
  const from = state.redactedLocation;
  if (event.followed) {
    const {location, redactedLocation: to} = event;
    const after = changed(state, {location, redactedLocation: to});
    return {state: after, events: [createEvent(after, event, {type: 'relocated', from, to, followed: true})]};
  }
  // A proxy that puts its own address there does so in every answer: one event is enough.
  const after = changed(state, {observed: increment(state.observed, 'notFollowed')});
  if (state.observed['notFollowed'] !== undefined) return {state: after, events: []};
  return {state: after, events: [createEvent(after, event, {type: 'relocated', from, to: event.to, followed: false})]};
}

function reduceStall(state: WatchState, event: StallEvent): Reduced {
  const after = changed(state, {stalled: true});
  return {state: after, events: [createEvent(after, event, {type: 'stalled', since: state.changedAt})]};
}

function reduceAbandonment(state: WatchState, event: AbandonEvent): Reduced {
  const {reason, error, at, answer} = event;
  const after = changed(state, {abandoned: reason, endedAt: at, answer: answer ?? state.answer});
  return {state: after, events: [createEvent(after, event, {type: 'abandoned', reason, error})]};
}

type OwnFields<Event extends OperationEvent> = Event extends OperationEvent
  ? Omit<Event, Exclude<keyof OperationEventBase, 'operation'>> | Omit<Event, keyof OperationEventBase>
  : never;

/**
 * Makes an event. The fields that all events share come first, since this happens at each poll: freezing an object that
 * begins with a spread one takes fifty times as long.
 */
function createEvent(
  {operation, redactedLocation: location, attempt}: WatchState,
  {at, answer}: WatchEvent,
  own: OwnFields<OperationEvent>,
): OperationEvent {
  const event =
    answer === undefined
      ? {operation, location, attempt, at, ...own}
      : {operation, location, attempt, at, answer, ...own};
  return Object.freeze(event as OperationEvent);
}

function withRemaining<Own>(own: Own, remaining: RemainingTime | undefined): Own {
  return remaining === undefined ? own : {...own, remaining};
}

/** What a request failed with: an HTTP status or a kind of error. */
export function failureKind(error: PollError): string {
  return error.kind === 'http' && error.httpStatus !== undefined ? String(error.httpStatus) : error.kind;
}

/** When the next poll is allowed: a watch that ends now may be resumed before that. */
function notBefore(state: WatchState, at: number, retryAfter: number | undefined): number | undefined {
  if (retryAfter !== undefined) return at + retryAfter;
  return state.notBefore !== undefined && state.notBefore > at ? state.notBefore : undefined;
}

function increment(observed: WatchState['observed'], kind: string): WatchState['observed'] {
  const counts = {...observed};
  counts[kind] = (observed[kind] ?? 0) + 1;
  return counts;
}
