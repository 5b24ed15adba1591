import type {PollError} from '../operation/errors.ts';
import type {OperationEvent} from '../operation/events.ts';
import {showDuration} from './duration.ts';
import type {Style} from './paint.ts';
import {jsonLine, visible} from './terminal.ts';

/** What the live line shows: how the operation and its watch stand, as the events told. Times in milliseconds since 1970. */
export interface Progress {
  readonly since: number;
  readonly status: string;
  readonly percent: number | undefined;
  /** The last answer, whatever it was. */
  readonly answer: {readonly httpStatus: number; readonly at: number} | undefined;
  readonly nextAt: number | undefined;
  /** What stands in the way: a throttle, or a failed request. */
  readonly trouble: string | undefined;
  /** For how long after a first 404 the watch goes on asking. */
  readonly notFoundGrace: number;
  /** The first 404 since the last good answer: since then the service does not know the operation. */
  readonly missingSince: number | undefined;
}

/** Stands for the status before there is one. */
const nothingSeen = 'watching';

/** A piece of the live line. */
export type Piece = readonly [style: Style, text: string];

/** What is known before anything is. */
export function beginProgress(since: number, notFoundGrace: number): Progress {
  const unknown = {percent: undefined, answer: undefined, nextAt: undefined, trouble: undefined};
  return {since, status: nothingSeen, ...unknown, notFoundGrace, missingSince: undefined};
}

/** What an event makes of it. */
export function withEvent(progress: Progress, event: OperationEvent): Progress {
  const {operation, at} = event;
  const answer = event.type === 'retrying' ? event.error.answer : event.answer;
  const known: Progress = {
    ...progress,
    status: operation?.status ?? progress.status,
    percent: operation?.percentComplete ?? progress.percent,
    answer: answer === undefined ? progress.answer : {httpStatus: answer.httpStatus, at},
  };
  switch (event.type) {
    case 'polled':
      return {...known, trouble: undefined, missingSince: undefined, nextAt: undefined};
    case 'retrying':
      return {
        ...known,
        trouble: troubleOf(event.error),
        missingSince: event.error.httpStatus === 404 ? (progress.missingSince ?? at) : progress.missingSince,
        nextAt: at + event.delay,
      };
    case 'waiting':
      return {
        ...known,
        nextAt: at + event.delay,
        trouble:
          known.trouble ?? (event.because === 'retryAfter' ? `told to wait ${showDuration(event.delay)}` : undefined),
      };
    default:
      return known;
  }
}

/** The live line at a moment. */
export function livePieces(progress: Progress, now: number): readonly Piece[] {
  const {since, status, percent, answer, nextAt, trouble} = progress;
  const pieces: Piece[] = [['active', status + (percent === undefined ? '' : ` ${Math.floor(percent)} %`)]];
  pieces.push(['plain', showDuration(wholeSeconds(now - since))]);
  const missing = missingText(progress, now);
  // Before the rest, which a narrow terminal cuts off: it tells why nothing happens.
  if (missing !== undefined) pieces.push(['warning', missing]);
  if (answer !== undefined) pieces.push(['faint', `HTTP ${answer.httpStatus} at ${clock(answer.at)}`]);
  const left = nextAt === undefined ? 0 : nextAt - now;
  // Half a second is shown as one: a countdown that says 0 looks stuck.
  pieces.push(['faint', left > 0 ? `next poll in ${Math.ceil(left / 1000)}s` : 'asking']);
  // The status stands beside the time of the answer already.
  const shown = answer === undefined ? trouble : trouble?.replace(/HTTP \d+ ?/, '');
  if (shown !== undefined && shown !== '') pieces.push(['warning', shown]);
  return pieces;
}

/** That the service does not know the operation, and for how long it is asked all the same. */
function missingText({status, missingSince, notFoundGrace}: Progress, now: number): string | undefined {
  if (missingSince === undefined) return undefined;
  const left = Math.ceil((missingSince + notFoundGrace - now) / 1000) * 1000;
  const until = left > 0 ? `giving up in ${showDuration(left)}` : 'giving up at the next 404';
  return `${status === nothingSeen ? 'not known to the service yet' : 'no longer known to the service'}, ${until}`;
}

/**
 * An event as a line of its own, for a log; `undefined` where there is nothing new to say.
 *
 * @param before the type of the event before it
 * @param progress what is known with the event
 */
export function plainLine(
  event: OperationEvent,
  before: OperationEvent['type'] | undefined,
  progress: Progress,
): string | undefined {
  const {operation} = event;
  switch (event.type) {
    case 'notStarted':
    case 'running':
      return event.type;
    case 'progress':
      return `${operation?.status ?? ''} ${Math.floor(event.percentComplete)} %`;
    case 'retrying':
      return [troubleOf(event.error), `next poll in ${showDuration(event.delay)}`, missingText(progress, event.at)]
        .filter((words) => words !== undefined)
        .join(', ');
    case 'waiting':
      // After a failed poll the same wait was told already.
      if (before === 'retrying') return undefined;
      if (event.because === 'retryAfter') return `told to wait ${showDuration(event.delay)}`;
      if (event.because === 'initialDelay' || event.because === 'resume')
        return `next poll in ${showDuration(event.delay)}`;
      return undefined;
    case 'unknownStatus':
      return `unknown status ${jsonLine(event.rawStatus)}, watching on`;
    case 'relocated':
      return `moved to ${visible(event.to)}`;
    case 'stalled':
      return `no change for ${showDuration(event.at - event.since)}`;
    default:
      return undefined;
  }
}

/** A failed request in a few words; the live line counts columns, so they are ASCII. */
function troubleOf({kind, httpStatus, code}: PollError): string {
  if (kind === 'token') return 'no token to be had';
  if (kind === 'timeout') return 'no answer in time';
  const words = [httpStatus, code].filter((word) => word !== undefined).join(' ');
  const shown = words.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 60);
  if (httpStatus === 429) return `throttled: HTTP ${shown}`;
  if (kind === 'http') return `HTTP ${shown}`;
  return kind === 'protocol' ? 'an answer that cannot be read' : `no connection${shown === '' ? '' : `: ${shown}`}`;
}

/** For a time that runs: whole seconds, so that it changes once a second. */
export function wholeSeconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1000) * 1000;
}

function clock(at: number): string {
  return new Date(at).toTimeString().slice(0, 8);
}
