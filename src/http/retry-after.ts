import {decimal} from '../protocol/wait-place.ts';
import {longestTimer} from '../shared/timers.ts';

/** The shortest wait that counts, in milliseconds: a service that asks for less does not really ask for a wait. */
const shortestWait = 100;

// In the order in which Azure's own clients read them; the first two are milliseconds.
const millisecondHeaders = ['retry-after-ms', 'x-ms-retry-after-ms'];

// The three forms of RFC 9110, section 5.6.7.
const imfFixdate = /^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/;
const rfc850 = /^[A-Z][a-z]{5,8}, (\d\d)-([A-Z][a-z]{2})-(\d\d) (\d\d:\d\d:\d\d) GMT$/;
const asctime = /^[A-Z][a-z]{2} ([A-Z][a-z]{2}) ([ \d]\d) (\d\d:\d\d:\d\d) (\d{4})$/;

/**
 * Reads how long a response asks its client to wait: `Retry-After`, as whole seconds or an HTTP-date ([RFC 9110, section
 * 10.2.3](https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3)) or as decimal seconds, which some services send; or Azure's
 * `retry-after-ms` and `x-ms-retry-after-ms`. A date is measured against the response's own `Date` and `Age`, so that it does
 * not matter whose clock is wrong. If a header was sent more than once, the longest wait counts; `2,2`, without a blank, is 2 twice,
 * and `1,5` is nothing: its comma may be a decimal one.
 *
 * @param headers the response's headers
 * @param now the current time, in milliseconds since 1970, for a response without a readable `Date`
 * @returns how long to wait, in milliseconds; `undefined` if no header asks for a wait or none can be read, if the wait is under
 *   100 ms, which asks for nothing, or if it is longer than a timer can run (24.8 days), which must be a mistake
 *
 * @example
 * ```ts
 * const initialDelay = readRetryAfter(response.headers);
 * ```
 */
export function readRetryAfter(headers: {get(name: string): string | null}, now?: number): number | undefined {
  for (const name of millisecondHeaders) {
    const wait = asWait(longestOf(headers.get(name)));
    if (wait !== undefined) return wait;
  }
  const header = headers.get('retry-after');
  if (header === null) return undefined;
  const text = header.trim();
  const seconds = longestOf(text);
  if (seconds !== undefined) return asWait(seconds * 1000);
  const ownTime = now ?? Date.now();
  return asWait(latestDate(text, ownTime) - serverTime(headers, ownTime));
}

// Of two at a time: in a batch, a header can have more values than a function takes arguments.
const greater = (one: number, other: number): number => Math.max(one, other);

/** A wait within the limits of {@link readRetryAfter}. */
export function asWait(delay: number | undefined): number | undefined {
  return delay !== undefined && delay >= shortestWait && delay <= longestTimer ? Math.ceil(delay) : undefined;
}

/** The longest of a list of decimal numbers; `undefined` where a text is anything else. */
function longestOf(text: string | null): number | undefined {
  if (text === null) return undefined;
  const values = text.split(',').map((value) => value.trim());
  // Without a blank, the comma may be a decimal one: `1,5` is no list, but a proxy that joins the same value twice writes `2,2`.
  const isList = values.length === text.split(', ').length || values.every((value) => value === values[0]);
  return isList && values.every((value) => decimal.test(value)) ? values.map(Number).reduce(greater) : undefined;
}

/** The server's time when the response arrived: its `Date`, and for how long a cache has held it. */
function serverTime(headers: {get(name: string): string | null}, now: number): number {
  const date = latestDate(headers.get('date')?.trim() ?? '', now);
  const age = longestOf(headers.get('age')) ?? 0;
  return Number.isNaN(date) ? now : date + age * 1000;
}

/** The latest of a list of dates; `NaN` where a text is anything else. */
function latestDate(text: string, now: number): number {
  // Each begins with the day of the week, and a comma within one is followed by a number.
  return text
    .split(/, (?=[A-Z])/)
    .map((date) => readHttpDate(date, now))
    .reduce(greater);
}

function readHttpDate(text: string, now: number): number {
  if (imfFixdate.test(text)) return Date.parse(text);
  const [, month, day, time, year] = asctime.exec(text) ?? [];
  if (year !== undefined) return Date.parse(`${day} ${month} ${year} ${time} GMT`);
  const old = rfc850.exec(text);
  if (old === null) return Number.NaN;
  const inCentury = (century: number): number =>
    Date.parse(`${old[1]} ${old[2]} ${century + Number(old[3])} ${old[4]} GMT`);
  // "More than 50 years in the future" means the past century (RFC 9110, section 5.6.7).
  const century = Math.floor(new Date(now).getUTCFullYear() / 100) * 100;
  const fiftyYears = 50 * 365.25 * 24 * 3_600_000;
  const date = inCentury(century);
  return date - now > fiftyYears ? inCentury(century - 100) : date;
}
