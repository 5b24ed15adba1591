import {type Entry, type EntryAnswer, limits, type NextAnswer, type OperationView} from '../wire.ts';
import type {WatchEntry} from './watch.ts';

export interface Line {
  readonly time: string;
  readonly text: string;
  /** How it is highlighted; `''` if it is not. */
  readonly kind: '' | 'strong' | 'throttled' | 'trouble';
}

/** An entry of the service's log, as text. */
export function lineOf(entry: Entry, since: number): Line {
  const time = elapsed(entry.at - since);
  if (entry.answer === undefined) return {time, text: changeText(entry), kind: 'strong'};
  return {
    time,
    text: answerText(entry.answer, entry.status),
    kind: problemOf(entry.answer) ?? (entry.changed ? 'strong' : ''),
  };
}

/** An entry of the watch's log, as text. */
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

/** What is wrong with an answer, if anything. */
export function problemOf({http, fault}: EntryAnswer): 'throttled' | 'trouble' | undefined {
  if (fault !== undefined) return 'trouble';
  if (http === 429) return 'throttled';
  return http >= 400 ? 'trouble' : undefined;
}

/** The answer to the next poll, as text. */
export function nextText({status, http, fault}: NextAnswer): string {
  if (fault !== undefined) return `Next poll: faulty answer (${fault})`;
  return http < 400 ? `Next poll: ${status}` : `Next poll: HTTP ${http}`;
}

/** How long an operation is likely to go on, as text and as a part of the whole; `undefined` where nothing is known. */
export function estimateOf(
  entries: readonly WatchEntry[],
  since: number,
  now: number,
): {readonly text: string; readonly part: number} | undefined {
  const latest = entries.findLast(({remaining}) => remaining !== undefined);
  if (latest?.remaining === undefined) return undefined;
  const left = (milliseconds: number): number => Math.max(0, latest.at + milliseconds - now);
  const [likely, most] = [left(latest.remaining.p50), left(latest.remaining.p90)];
  if (most === 0) return {text: 'It takes longer than usual.', part: 1};
  const text = `About ${Math.ceil(likely / 1000)} s left, at most ${Math.ceil(most / 1000)} s in 9 of 10 cases.`;
  return {text, part: partAt(entries, since, now)};
}

/** How much of a bar is full: all of it when the end is likely. A later estimate changes how fast it fills, and takes nothing back. */
function partAt(entries: readonly WatchEntry[], since: number, now: number): number {
  let from = {at: since, part: 0, likelyAt: Number.POSITIVE_INFINITY};
  const fill = (time: number): number => {
    const passed = Math.max(0, time - from.at) / Math.max(1, from.likelyAt - from.at);
    return from.part + (1 - from.part) * Math.min(1, passed);
  };
  for (const {at, remaining} of entries) {
    if (remaining === undefined) continue;
    const likelyAt = at + remaining.p50;
    from = from.likelyAt === Number.POSITIVE_INFINITY ? {...from, likelyAt} : {at, part: fill(at), likelyAt};
  }
  return fill(now);
}

/** The command that watches an operation, to paste into a POSIX shell. */
export function commandFor({location, bearer}: Pick<OperationView, 'location' | 'bearer'>): string {
  const word = `'${location.replaceAll("'", "'\\''")}'`;
  return `npx operation-poller watch ${word}${bearer ? ' --token-env GRAPH_TOKEN' : ''}`;
}

/**
 * How many operations the list shows, where that is not all.
 *
 * @param matching how many the filter leaves
 * @param listed how many there would be without it
 * @param total how many there have been
 */
export function countText(matching: number, listed: number, total: number): string {
  if (matching < listed) return `${matching} of ${listed} match`;
  return total > limits.operations ? `The latest ${limits.operations} of ${total}` : '';
}

/** `3.2 s`, `1:05`, `1:00:05`. */
export function elapsed(milliseconds: number): string {
  const whole = Math.floor(Math.max(0, milliseconds) / 1000);
  if (whole < 60) return seconds(Math.max(0, milliseconds));
  const twoDigits = (part: number): string => String(part).padStart(2, '0');
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours === 0
    ? `${minutes}:${twoDigits(whole % 60)}`
    : `${hours}:${twoDigits(minutes)}:${twoDigits(whole % 60)}`;
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
  const outcome = fault === undefined ? `${http}${http < 300 ? ` ${status}` : ''}` : fault;
  const after = retryAfter === undefined ? '' : `, Retry-After ${retryAfter}`;
  return `${method} → ${outcome}${after}${here ? ' (this page)' : ''}`;
}
