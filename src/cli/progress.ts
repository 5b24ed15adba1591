import type {OperationEvent, RemainingTime} from '../operation/events.ts';
import type {PollError} from '../operation/poll-error.ts';
import {escapeControls} from '../shared/printable.ts';
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

/** When an operation is likely to end, where that is known. */
interface EstimatedEnd {
  /** When it was estimated. */
  readonly at: number;
  /** How much of the bar was full then, 0 to 1: a later estimate changes how fast it fills, and never takes any of it back. */
  readonly full: number;
  readonly likelyAt: number;
  /** By when 9 of 10 have ended. */
  readonly mostAt: number;
}

/** Shown as the status before there is one. */
const noStatus = 'watching';

/** A part of the live line. */
export interface LineSegment {
  readonly style: Style;
  readonly text: string;
  /** Where there is no room for all, those with the highest rank are left out. */
  readonly rank: number;
}

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
    end: remaining === undefined ? progress.end : estimateEnd(progress, at, remaining),
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
  add(5, 'plain', formatDuration(wholeSeconds(now - since)));
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

// With the bar, a line of 80 columns has room for the next poll.
const barLength = 10;

/** How long the operation is likely to go on, as a bar and in words. */
function estimateSegments(end: EstimatedEnd, now: number): readonly LineSegment[] {
  const {likelyAt, mostAt} = end;
  // It is full when the operation has ended, and not before.
  const full = Math.min(barLength - 1, Math.floor(barLength * fullAt(end, now)));
  const bar = `[${'#'.repeat(full)}${'-'.repeat(barLength - full)}]`;
  const likely = now < likelyAt ? `about ${formatDuration(roundUp(likelyAt - now))} left` : undefined;
  const most = now < mostAt ? `at most ${formatDuration(roundUp(mostAt - now))}` : 'longer than usual';
  return [
    {rank: 7, style: 'plain', text: bar},
    ...(likely === undefined ? [] : [{rank: 3, style: 'plain', text: likely} as const]),
    {rank: likely === undefined ? 3 : 6, style: 'plain', text: most},
  ];
}

/** The end that is estimated at a moment. */
function estimateEnd({since, end}: Progress, at: number, {p50, p90}: RemainingTime): EstimatedEnd {
  const elapsed = Math.max(0, at - since);
  const full = end === undefined ? elapsed / (elapsed + Math.max(p50, 1)) : fullAt(end, at);
  return {at, full, likelyAt: at + p50, mostAt: at + p90};
}

/** How much of the bar is full at a moment, 0 to 1: all of it when the operation is likely to end. */
function fullAt({at, full, likelyAt}: EstimatedEnd, now: number): number {
  const passed = Math.min(1, Math.max(0, (now - at) / Math.max(likelyAt - at, 1)));
  return full + (1 - full) * passed;
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
  const left = roundUp(notFoundSince + notFoundGrace - now);
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

/** Formats milliseconds as whole seconds, minutes and hours: `7s`, `2m 05s`, `1h 02m 05s`; less than a second as `400ms`. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds >= 1 && milliseconds < 1000) return `${Math.round(milliseconds)}ms`;
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const shown = parts.slice(parts.findIndex((part, index) => part > 0 || index === 2));
  const names = ['h', 'm', 's'].slice(-shown.length);
  return shown.map((part, index) => `${index === 0 ? part : String(part).padStart(2, '0')}${names[index]}`).join(' ');
}

/** Rounds an elapsed time down to whole seconds, so that what is shown changes once a second. */
export function wholeSeconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1000) * 1000;
}

function roundUp(milliseconds: number): number {
  return Math.ceil(milliseconds / 1000) * 1000;
}

function clock(at: number): string {
  return new Date(at).toTimeString().slice(0, 8);
}
