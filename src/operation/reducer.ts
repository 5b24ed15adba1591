import {maxUnknownWordLength} from './abandon-error.ts';
import {statusRank} from './operation.ts';
import type {PollError} from './poll-error.ts';
import {allowedFrom, copyOf, type OperationStateValue, type WatchState} from './state.ts';
import type {ReportEvent, TroubleEvent, UnknownWordEvent, WatchEvent} from './watch-event.ts';

const maxUnknownWords = 20;

/** A state on its way from the one before an event to the one after it. */
type Draft = ReturnType<typeof copyOf>;

/**
 * The bookkeeping for an event that the machine takes: the state after it. Pure, and the machine's only action. What is
 * emitted follows from the event and the two states: see `emittedEvents`.
 *
 * @param next the state of the machine that the event leads to
 */
export function reduce(state: WatchState, event: WatchEvent, next: OperationStateValue): WatchState {
  const draft = copyOf(state);
  const {at} = event;
  switch (event.type) {
    case 'report':
      countAnswer(draft, event);
      applyReport(draft, event, next);
      break;
    case 'unknownWord':
      countAnswer(draft, event);
      draft.notBefore = allowedFrom(draft, at, event.retryAfter);
      draft.unknownWords = withWord(draft, event.rawStatus);
      draft.observed = increment(draft, 'unknownStatus');
      break;
    case 'retry':
      countFailure(draft, event.error);
      draft.dueAt = at + event.delay;
      break;
    case 'trouble':
      countFailure(draft, event.error);
      applyTrouble(draft, event);
      break;
    case 'wait':
      draft.dueAt = at + event.delay;
      draft.notBefore = event.notBefore;
      break;
    case 'relocate':
      if (event.followed) {
        draft.location = event.location;
        draft.redactedLocation = event.redactedLocation;
      } else draft.observed = increment(draft, 'notFollowed');
      break;
    case 'stall':
      draft.stalled = true;
      break;
    case 'abandon':
      draft.abandoned = event.reason;
      draft.endedAt = at;
      draft.answer = event.answer ?? draft.answer;
  }
  return draft;
}

function countAnswer(draft: Draft, {answer = draft.answer}: ReportEvent | UnknownWordEvent): void {
  draft.answer = answer;
  draft.attempt += 1;
  draft.failures = 0;
  draft.deferredAttempts = 0;
  draft.missingSince = undefined;
}

function applyReport(draft: Draft, {operation, unknownWord, at}: ReportEvent, next: OperationStateValue): void {
  const {operation: before, highestStatus} = draft;
  const {status} = operation;
  const isNews =
    before === undefined ||
    before.status !== status ||
    before.percentComplete !== operation.percentComplete ||
    before.statusDetail !== operation.statusDetail ||
    before.lastActionDateTime?.getTime() !== operation.lastActionDateTime?.getTime();
  draft.operation = operation;
  draft.observed = increment(draft, status);
  if (unknownWord !== undefined) draft.unknownWords = withWord(draft, unknownWord);
  if (highestStatus === undefined || statusRank[status] > statusRank[highestStatus]) draft.highestStatus = status;
  if (isNews) {
    draft.changedAt = at;
    draft.stalled = false;
  }
  if (next === 'notStarted' || next === 'running') draft.lastSeenAt = at;
  else draft.endedAt = at;
}

function countFailure(draft: Draft, error: PollError): void {
  draft.answer = error.answer ?? draft.answer;
  draft.observed = increment(draft, failureKind(error));
}

function applyTrouble(draft: Draft, {error, counts, at}: TroubleEvent): void {
  draft.attempt += 1;
  draft.notBefore = allowedFrom(draft, at, error.retryAfter);
  if (counts === 'failure') {
    draft.failures += 1;
    draft.deferredAttempts = 0;
  } else if (counts === 'deferral') draft.deferredAttempts += 1;
  else if (counts === 'missing') draft.missingSince ??= at;
}

/** The unknown words and another one, cut as in its event; unchanged if it is among them, or if they are many already. */
function withWord({unknownWords}: WatchState, rawStatus: string): readonly string[] {
  const word = rawStatus.slice(0, maxUnknownWordLength);
  return unknownWords.includes(word) || unknownWords.length >= maxUnknownWords ? unknownWords : [...unknownWords, word];
}

/** What a request failed with: an HTTP status or a kind of error. */
export function failureKind(error: PollError): string {
  return error.kind === 'http' && error.httpStatus !== undefined ? String(error.httpStatus) : error.kind;
}

function increment({observed}: WatchState, kind: string): WatchState['observed'] {
  const counts = {...observed};
  counts[kind] = (observed[kind] ?? 0) + 1;
  return counts;
}
