import type {OperationEvent} from '../operation/events.ts';
import type {PollError} from '../operation/poll-error.ts';
import {escapeControls} from '../shared/printable.ts';
import {ceilToSeconds, floorToSeconds, formatDuration} from './duration.ts';
import {type EstimatedEnd, estimateEnd, estimateSegments} from './estimated-end.ts';
import type {LineSegment} from './live-line.ts';
import {jsonLine, type Style} from './terminal.ts';

/** What the live line shows: the state of the operation and of its watch, from the events. Times in milliseconds since 1970. */
export interface Progress {
  readonly since: number;
  readonly status: string;
  readonly percent: number | undefined;
  /** The last response, whatever it was. */
  readonly answer: {readonly httpStatus: number; readonly at: number} | undefined;
  readonly nextAt: number | undefined;
  readonly end: EstimatedEnd | undefined;
  /** What delays the operation's next report: throttling, or a failed request. */
  readonly problem: string | undefined;
  /** How long after a first 404 the watch keeps polling. */
  readonly notFoundGrace: number;
  /** The first 404 since the last good response; the service has not known the operation since then. */
  readonly notFoundSince: number | undefined;
}

/** Shown as the status before there is one. */
const noStatus = 'watching';

export function initialProgress(since: number, notFoundGrace: number): Progress {
  const unknown = {percent: undefined, answer: undefined, nextAt: undefined, end: undefined, problem: undefined};
  return {since, status: noStatus, ...unknown, notFoundGrace, notFoundSince: undefined};
}

export function updateProgress(progress: Progress, event: OperationEvent): Progress {
  const {operation, at} = event;
  const answer = event.type === 'retrying' ? event.error.answer : event.answer;
  const remaining = 'remaining' in event ? event.remaining : undefined;
  const updated: Progress = {
    ...progress,
    end: remaining === undefined ? progress.end : estimateEnd(remaining, at, progress.end, progress.since),
    status: operation?.status ?? progress.status,
    percent: operation?.percentComplete ?? progress.percent,
    answer: answer === undefined ? progress.answer : {httpStatus: answer.httpStatus, at},
  };
  switch (event.type) {
    case 'polled':
      return {...updated, problem: undefined, notFoundSince: undefined, nextAt: undefined};
    case 'retrying':
      return {
        ...updated,
        problem: describePollError(event.error),
        notFoundSince: event.error.httpStatus === 404 ? (progress.notFoundSince ?? at) : progress.notFoundSince,
        nextAt: at + event.delay,
      };
    case 'waiting':
      return {
        ...updated,
        nextAt: at + event.delay,
        problem: updated.problem ?? (event.because === 'retryAfter' ? retryAfterNotice(event.delay) : undefined),
      };
    default:
      return updated;
  }
}

export function liveSegments(progress: Progress, now: number): readonly LineSegment[] {
  const {since, status, percent, answer, nextAt, end, problem} = progress;
  const segments: LineSegment[] = [];
  const add = (rank: number, style: Style, text: string): void => void segments.push({rank, style, text});
  add(0, 'active', percent === undefined ? status : withPercent(status, percent));
  add(5, 'plain', formatDuration(floorToSeconds(now - since)));
  if (end !== undefined) segments.push(...estimateSegments(end, now));
  const [notFound, givingUp] = notFoundNotice(progress, now) ?? [];
  if (notFound !== undefined) add(1, 'warning', notFound);
  if (givingUp !== undefined) add(4, 'warning', givingUp);
  if (answer !== undefined) add(9, 'faint', `HTTP ${answer.httpStatus} at ${clock(answer.at)}`);
  const left = nextAt === undefined ? 0 : nextAt - now;
  // Half a second is shown as one: a countdown at 0 looks stuck.
  add(8, 'faint', left > 0 ? `next poll in ${Math.ceil(left / 1000)}s` : 'polling');
  // The HTTP status is already shown with the time of the response.
  const shown = answer === undefined ? problem : problem?.replace(/HTTP \d+ ?/, '');
  if (shown !== undefined && shown !== '') add(2, 'warning', shown);
  return segments;
}

/**
 * An event as a line for a log; `undefined` where there is nothing new to say.
 *
 * @param previous the type of the event before it
 * @param progress the progress after the event
 */
export function logLine(
  event: OperationEvent,
  previous: OperationEvent['type'] | undefined,
  progress: Progress,
): string | undefined {
  switch (event.type) {
    case 'notStarted':
    case 'running':
      return event.type;
    case 'progress':
      return withPercent(event.operation?.status ?? '', event.percentComplete);
    case 'retrying': {
      const notFound = notFoundNotice(progress, event.at) ?? [];
      return [describePollError(event.error), nextPoll(event.delay), ...notFound].join(', ');
    }
    case 'waiting':
      // After a failed poll, the line about the retry has named this wait already.
      if (previous === 'retrying') return undefined;
      if (event.because === 'retryAfter') return retryAfterNotice(event.delay);
      return event.because === 'initialDelay' || event.because === 'resume' ? nextPoll(event.delay) : undefined;
    case 'unknownStatus':
      return `unknown status ${jsonLine(event.rawStatus)}, still watching`;
    case 'relocated':
      return event.followed
        ? `moved to ${escapeControls(event.to)}`
        : `not followed to ${escapeControls(event.to)}: a foreign origin`;
    case 'stalled':
      return `no change for ${formatDuration(event.at - event.since)}`;
    default:
      return undefined;
  }
}

function withPercent(status: string, percent: number): string {
  return `${status} ${Math.floor(percent)}%`;
}

function nextPoll(delay: number): string {
  return `next poll in ${formatDuration(delay)}`;
}

function retryAfterNotice(delay: number): string {
  return `asked to wait ${formatDuration(delay)}`;
}

/** That the service does not know the operation, and how long the watch keeps polling anyway. */
function notFoundNotice(
  {status, notFoundSince, notFoundGrace}: Progress,
  now: number,
): readonly [what: string, givingUp: string] | undefined {
  if (notFoundSince === undefined) return undefined;
  const left = ceilToSeconds(notFoundSince + notFoundGrace - now);
  return [
    status === noStatus ? 'not known to the service yet' : 'no longer known to the service',
    left > 0 ? `giving up in ${formatDuration(left)}` : 'giving up at the next 404',
  ];
}

/** A failed request in a few words, in ASCII, since the live line counts columns. */
function describePollError({kind, throttled, httpStatus, code}: PollError): string {
  if (kind === 'token') return 'no access token';
  if (kind === 'timeout') return 'request timed out';
  const words = [httpStatus, code].filter((word) => word !== undefined).join(' ');
  const shown = words.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 60);
  if (throttled) return `throttled: HTTP ${shown}`;
  if (kind === 'http') return `HTTP ${shown}`;
  return kind === 'protocol' ? 'unreadable response' : `no connection${shown === '' ? '' : `: ${shown}`}`;
}

function clock(at: number): string {
  return new Date(at).toTimeString().slice(0, 8);
}
