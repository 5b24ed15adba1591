import {longestTimer} from '../shared/timers.ts';

const decimalSeconds = /^\d{1,10}(?:\.\d{1,10})?$/;

// The three forms of RFC 9110, section 5.6.7: IMF-fixdate, RFC 850, asctime.
const fixdate = /^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/;
const rfc850 = /^[A-Z][a-z]{5,8}, (\d\d)-([A-Z][a-z]{2})-(\d\d) (\d\d:\d\d:\d\d) GMT$/;
const asctime = /^[A-Z][a-z]{2} ([A-Z][a-z]{2}) ([ \d]\d) (\d\d:\d\d:\d\d) (\d{4})$/;

/**
 * Reads a `Retry-After` header: whole seconds or an HTTP-date ([RFC 9110, section
 * 10.2.3](https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3)), and decimal seconds, which some services send.
 *
 * @param value the header's value, e.g. `response.headers.get('retry-after')`
 * @param now the current time, in milliseconds since 1970
 * @returns how long to wait, in milliseconds: 0 for a date in the past; `undefined` where there is no header, where it has
 *   none of these forms, or where it asks for more than a timer can hold (24.8 days), which is nonsense
 *
 * @example
 * ```ts
 * const initialDelay = readRetryAfter(response.headers.get('retry-after'));
 * ```
 */
export function readRetryAfter(value: string | null | undefined, now: number = Date.now()): number | undefined {
  if (value === null || value === undefined) return undefined;
  const text = value.trim();
  const delay = decimalSeconds.test(text) ? Math.ceil(Number(text) * 1000) : readHttpDate(text, now) - now;
  if (Number.isNaN(delay) || delay > longestTimer) return undefined;
  return Math.max(0, delay);
}

function readHttpDate(text: string, now: number): number {
  if (fixdate.test(text)) return Date.parse(text);
  const asc = asctime.exec(text);
  if (asc !== null) return Date.parse(`${asc[2]} ${asc[1]} ${asc[4]} ${asc[3]} GMT`);
  const old = rfc850.exec(text);
  if (old === null) return Number.NaN;
  // "More than 50 years in the future" means the past century (RFC 9110, section 5.6.7).
  const century = Math.floor(new Date(now).getUTCFullYear() / 100) * 100;
  const date = Date.parse(`${old[1]} ${old[2]} ${century + Number(old[3])} ${old[4]} GMT`);
  const fiftyYears = 50 * 365.25 * 24 * 3_600_000;
  return date - now > fiftyYears
    ? Date.parse(`${old[1]} ${old[2]} ${century - 100 + Number(old[3])} ${old[4]} GMT`)
    : date;
}
