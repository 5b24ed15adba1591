import type {Entry, EntryAnswer, NextAnswer} from '../wire.ts';
import type {WatchEntry} from './watch-entry.ts';

/** One line of a log. */
export interface Line {
  readonly time: string;
  readonly text: string;
  /** How it is set off, if it is. */
  readonly kind: '' | 'strong' | 'throttled' | 'trouble';
}

/** What happened at the service, in words. */
export function lineOf(entry: Entry, since: number): Line {
  const time = elapsed(entry.at - since);
  if (entry.answer === undefined) return {time, text: changeText(entry), kind: 'strong'};
  return {
    time,
    text: answerText(entry.answer, entry.status),
    kind: kindOf(entry.answer) ?? (entry.changed ? 'strong' : ''),
  };
}

/** An event of the watch, in words. */
export function watchLineOf(entry: WatchEntry, since: number): Line {
  const {type, delay = 0, because, text = ''} = entry;
  const time = elapsed(entry.at - since);
  switch (type) {
    case 'polled':
      return {time, text: `polled ${entry.attempt}: ${entry.status}`, kind: ''};
    case 'waiting':
      return {time, text: `waiting ${seconds(delay)} (${because})`, kind: because === 'retryAfter' ? 'throttled' : ''};
    case 'retrying':
      return {time, text: `retrying in ${seconds(delay)}: ${text}`, kind: 'trouble'};
    case 'abandoned':
      return {time, text: `abandoned: ${text}`, kind: 'trouble'};
    default:
      return {time, text: text === '' ? type : `${type} ${text}`, kind: 'strong'};
  }
}

/** Whether an answer was no good, and in which way. */
export function kindOf({http, fault}: EntryAnswer): 'throttled' | 'trouble' | undefined {
  if (fault !== undefined) return 'trouble';
  if (http === 429) return 'throttled';
  return http >= 400 ? 'trouble' : undefined;
}

/** What the next poll will be answered, in words. */
export function nextText({status, http, fault}: NextAnswer): string {
  if (fault !== undefined) return `Next poll: no good answer (${fault})`;
  return http < 400 ? `Next poll: ${status}` : `Next poll: HTTP ${http}`;
}

/** `3.2 s`, `1:05`, `1:00:05`. */
export function elapsed(milliseconds: number): string {
  const whole = Math.floor(Math.max(0, milliseconds) / 1000);
  if (whole < 60) return seconds(Math.max(0, milliseconds));
  const two = (part: number): string => String(part).padStart(2, '0');
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours === 0 ? `${minutes}:${two(whole % 60)}` : `${hours}:${two(minutes)}:${two(whole % 60)}`;
}

function seconds(milliseconds: number): string {
  return `${(Math.floor(milliseconds / 100) / 10).toFixed(1)} s`;
}

function changeText({kind, status, changed, next}: Entry): string {
  if (kind === 'added') return `added, ${status}`;
  if (kind === 'moved' && changed) return `moved to ${status}`;
  return `${kind}; ${nextText(next).replace(/^N/, 'n')}`;
}

function answerText({method, http, retryAfter, fault, here}: EntryAnswer, status: string): string {
  const what = fault === undefined ? `${http}${http < 300 ? ` ${status}` : ''}` : fault;
  const after = retryAfter === undefined ? '' : `, Retry-After ${retryAfter}`;
  return `${method} → ${what}${after}${here ? ' (this page)' : ''}`;
}
