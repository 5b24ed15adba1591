import type {OperationEvent, WaitCause} from '../operation/events.ts';
import type {PollError} from '../operation/poll-error.ts';
import {failureKind} from '../operation/reducer.ts';

interface Interval {
  /** When it started and ended, in milliseconds since 1970. */
  readonly from: number;
  readonly to: number;
}

/** A request that was made, or that was aborted when watching ended. */
interface PollSegment extends Interval {
  readonly is: 'poll';
  readonly attempt: number;
  readonly location: string;
  readonly httpStatus: number | undefined;
  /** What went wrong: an HTTP status or a kind of error. */
  readonly error: string | undefined;
  readonly aborted: boolean;
}

/** A wait, as long as it lasted. */
interface WaitSegment extends Interval {
  readonly is: 'wait';
  readonly cause: WaitCause | 'retry';
  /** Whether the service had throttled a request. */
  readonly throttled: boolean;
}

export type Segment = PollSegment | WaitSegment;

/** What is known between two events. */
export interface Timeline {
  /** When the last event was, or when the watch began. */
  readonly now: number;
  /** How many polls have completed. */
  readonly polled: number;
  /** The current wait, and when it is over; after that a request is in flight. */
  readonly wait: (Omit<WaitSegment, 'is' | 'to'> & {readonly dueAt: number}) | undefined;
}

export function startTimeline(at: number, polled: number): Timeline {
  return {now: at, polled, wait: undefined};
}

/**
 * Reduces an event to the segments between it and the one before. Segments follow one another without overlap, even if the
 * clock jumps.
 */
export function reduceTimeline(
  timeline: Timeline,
  event: OperationEvent,
): {timeline: Timeline; segments: readonly Segment[]} {
  const at = Math.max(timeline.now, event.at);
  switch (event.type) {
    case 'waiting': {
      // A failed poll emits `retrying` and, at the same time, `waiting` for the wait that follows: that is one wait.
      const throttled = timeline.wait?.from === at && timeline.wait.throttled;
      const wait = {from: at, dueAt: at + event.delay, cause: event.because, throttled};
      return {timeline: {now: at, polled: event.attempt, wait}, segments: []};
    }
    case 'retrying': {
      const {error, delay} = event;
      const segments = pollSegments(timeline, at, event, {httpStatus: error.httpStatus, error: failureKind(error)});
      const wait = {from: at, dueAt: at + delay, cause: 'retry' as const, throttled: isThrottled(error)};
      return {timeline: {...timeline, now: at, wait}, segments};
    }
    case 'polled': {
      const segments = pollSegments(timeline, at, event, {httpStatus: event.answer?.httpStatus});
      return {timeline: {now: at, polled: event.attempt, wait: undefined}, segments};
    }
    case 'abandoned':
      return {timeline: {...timeline, now: at, wait: undefined}, segments: finalSegments(timeline, at, event)};
    default:
      return {timeline: {...timeline, now: at}, segments: []};
  }
}

/** The last segments of an abandoned watch: it ends with a failed request, in a wait, or with a request in flight. */
function finalSegments(
  timeline: Timeline,
  at: number,
  event: Extract<OperationEvent, {readonly type: 'abandoned'}>,
): readonly Segment[] {
  const {reason, attempt, answer, error} = event;
  if (attempt > timeline.polled) {
    const httpStatus = answer?.httpStatus;
    // A successful HTTP status does not say what went wrong: an unknown word, an unreadable body.
    const type = httpStatus !== undefined && httpStatus >= 400 ? String(httpStatus) : error.name;
    return pollSegments(timeline, at, event, {httpStatus, error: type});
  }
  const isStopped = reason === 'stopped' || reason === 'aborted';
  if (isStopped && at > (timeline.wait?.dueAt ?? timeline.now)) {
    return pollSegments(timeline, at, event, {error: error.name, aborted: true});
  }
  return waitSegments(timeline, at);
}

function waitSegments({wait}: Timeline, at: number): readonly WaitSegment[] {
  if (wait === undefined) return [];
  const {dueAt, ...rest} = wait;
  return [{is: 'wait', ...rest, to: Math.min(at, dueAt)}];
}

/** A request, after the wait that preceded it, if any. */
function pollSegments(
  timeline: Timeline,
  at: number,
  {attempt, location}: OperationEvent,
  {httpStatus, error, aborted = false}: Partial<Pick<PollSegment, 'httpStatus' | 'error' | 'aborted'>>,
): readonly Segment[] {
  const from = Math.min(at, timeline.wait?.dueAt ?? timeline.now);
  return [...waitSegments(timeline, at), {is: 'poll', from, to: at, attempt, location, httpStatus, error, aborted}];
}

function isThrottled({throttled, httpStatus, retryAfter}: PollError): boolean {
  return throttled || (httpStatus === 503 && retryAfter !== undefined);
}
