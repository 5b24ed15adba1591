import type {PollError} from '../operation/errors.ts';
import type {OperationEvent, WaitCause} from '../operation/events.ts';

interface Stretch {
  /** When it began and ended, in milliseconds since 1970. */
  readonly from: number;
  readonly to: number;
}

/** A request that was made, or that was cut off when watching ended. */
export interface PollPiece extends Stretch {
  readonly is: 'poll';
  readonly attempt: number;
  readonly location: string;
  readonly httpStatus: number | undefined;
  /** What went wrong: an HTTP status or a kind of trouble. */
  readonly error: string | undefined;
  readonly cutOff: boolean;
}

/** A wait, as long as it lasted. */
export interface WaitPiece extends Stretch {
  readonly is: 'wait';
  readonly because: WaitCause | 'retry';
  /** Whether the service had refused a request for being one too many. */
  readonly throttled: boolean;
}

/** A stretch of a watch: a request or a wait. */
export type Piece = PollPiece | WaitPiece;

/** What is known between two events. */
export interface Timeline {
  /** When the last event was, or the watch began. */
  readonly now: number;
  /** Polls that are over. */
  readonly polled: number;
  /** The wait that goes on, and when it is over; afterwards a request is on its way. */
  readonly wait: (Omit<WaitPiece, 'is' | 'to'> & {readonly dueAt: number}) | undefined;
}

/** A watch that begins. */
export function beginTimeline(at: number, polled: number): Timeline {
  return {now: at, polled, wait: undefined};
}

/** What the events tell of the time between them. The pieces follow each other, whatever the clock does. */
export function follow(timeline: Timeline, event: OperationEvent): {timeline: Timeline; pieces: readonly Piece[]} {
  const at = Math.max(timeline.now, event.at);
  switch (event.type) {
    case 'waiting':
      return {timeline: waits(timeline, at, event), pieces: []};
    case 'retrying': {
      const {error, delay} = event;
      const pieces = asked(timeline, at, event, {httpStatus: error.httpStatus, error: errorType(error)});
      const wait = {from: at, dueAt: at + delay, because: 'retry' as const, throttled: isThrottle(error)};
      return {timeline: {...timeline, now: at, wait}, pieces};
    }
    case 'polled': {
      const pieces = asked(timeline, at, event, {httpStatus: event.answer?.httpStatus});
      return {timeline: {now: at, polled: event.attempt, wait: undefined}, pieces};
    }
    case 'abandoned':
      return {timeline: {...timeline, now: at, wait: undefined}, pieces: given(timeline, at, event)};
    default:
      return {timeline: {...timeline, now: at}, pieces: []};
  }
}

type Waiting = Extract<OperationEvent, {readonly type: 'waiting'}>;
type Abandoned = Extract<OperationEvent, {readonly type: 'abandoned'}>;

// A failed poll tells of `retrying` and then, at the same time, of the wait that it led to: that is one wait.
function waits(timeline: Timeline, at: number, {delay, because, attempt}: Waiting): Timeline {
  const throttled = timeline.wait?.from === at && timeline.wait.throttled;
  return {now: at, polled: attempt, wait: {from: at, dueAt: at + delay, because, throttled}};
}

/** How a watch ended that was given up: with a request that failed, in a wait, or with a request on its way. */
function given(timeline: Timeline, at: number, event: Abandoned): readonly Piece[] {
  const {reason, attempt, answer, error} = event;
  if (attempt > timeline.polled) {
    const httpStatus = answer?.httpStatus;
    // A status that is fine says nothing of what was wrong: an unknown word, a body that cannot be read.
    const failed = httpStatus !== undefined && httpStatus >= 400 ? String(httpStatus) : error.name;
    return asked(timeline, at, event, {httpStatus, error: failed});
  }
  const isStopped = reason === 'stopped' || reason === 'aborted';
  if (isStopped && at > (timeline.wait?.dueAt ?? timeline.now)) {
    return asked(timeline, at, event, {error: error.name, cutOff: true});
  }
  return waited(timeline, at);
}

function waited({wait}: Timeline, at: number): readonly WaitPiece[] {
  if (wait === undefined) return [];
  const {from, dueAt, because, throttled} = wait;
  return [{is: 'wait', from, to: Math.min(at, dueAt), because, throttled}];
}

function asked(
  timeline: Timeline,
  at: number,
  {attempt, location}: OperationEvent,
  {httpStatus, error, cutOff = false}: Partial<Pick<PollPiece, 'httpStatus' | 'error' | 'cutOff'>>,
): readonly Piece[] {
  const from = Math.min(at, timeline.wait?.dueAt ?? timeline.now);
  return [...waited(timeline, at), {is: 'poll', from, to: at, attempt, location, httpStatus, error, cutOff}];
}

/** What a failed request is called: its HTTP status, or the kind of trouble. Never a word of the service's. */
export function errorType({kind, httpStatus}: PollError): string {
  return kind === 'http' && httpStatus !== undefined ? String(httpStatus) : kind;
}

function isThrottle({httpStatus, retryAfter}: PollError): boolean {
  return httpStatus === 429 || (httpStatus === 503 && retryAfter !== undefined);
}
