// Freezing a Date does not stop setTime(), and all listeners share the one object.
const FrozenDate = /* @__PURE__ */ defineFrozenDate();

function defineFrozenDate(): new (value: string | number) => Date {
  class FrozenDate extends Date {}
  for (const name of Object.getOwnPropertyNames(Date.prototype).filter((method) => method.startsWith('set'))) {
    const value = (): never => {
      throw new TypeError(`An operation's date cannot be changed (${name}): copy it with new Date(date) first`);
    };
    Object.defineProperty(FrozenDate.prototype, name, {value});
  }
  return Object.defineProperty(FrozenDate, 'name', {value: 'Date'});
}

// Graph documents hyphens in the time of day but sends colons; fractions have up to seven digits; the zone may be missing.
const dateTime = /^(\d{4}-\d\d-\d\d)[Tt ](\d\d)[:-](\d\d)[:-](\d\d)(?:[.,](\d{1,9}))?\s?([Zz]|[+-]\d\d:?\d\d)?$/;

/** A date and time as nearly all services send it, and as `toISOString()` writes it. */
export const commonDateTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3})?Z$/;

/** Seconds since 1970 stay below this number until the year 5138, milliseconds have been above it since 1973. */
export const leastMilliseconds = 1e11;
const unixTime = /^\d{10}(?:\.\d{1,9}|\d{3})?$/;

// toISOString() writes years in this range with four digits, so a date in a resume token can be parsed again.
const earliest = -62_104_060_800_000; // 0002-01-01T00:00:00Z
const latest = 253_402_300_799_999; // 9999-12-31T23:59:59.999Z

/**
 * Parses a date and time as loosely as services write it: ISO 8601, also with hyphens between hours, minutes and seconds,
 * without a zone (taken as UTC), and with a fraction of one to nine digits (truncated to milliseconds); or seconds or
 * milliseconds since 1970, as a number or as a string of 10 or 13 digits.
 *
 * @returns an immutable date, or `undefined` for anything else, and for the year 1 and the number 0, which mean "none"
 */
export function readDateTime(value: unknown): Date | undefined {
  if (typeof value === 'number') return readUnixTime(value);
  if (typeof value !== 'string') return undefined;
  if (commonDateTime.test(value)) {
    const date = new FrozenDate(value);
    // Anything unusual takes the slow path below, which gives the same result for everything else.
    if (date.getTime() >= earliest && date.getUTCDate() === Number(value.slice(8, 10))) return date;
  }
  const parts = dateTime.exec(value);
  if (parts === null) return unixTime.test(value) ? readUnixTime(Number(value)) : undefined;
  const [, day = '', hours, minutes, seconds, fraction = '', zone = 'Z'] = parts;
  const milliseconds = fraction.padEnd(3, '0').slice(0, 3);
  const offset = zone.toUpperCase().replace(/^(...)(..)$/, '$1:$2');
  const date = new FrozenDate(`${day}T${hours}:${minutes}:${seconds}.${milliseconds}${offset}`);
  const isInRange = day >= '0002' && date.getTime() >= earliest && date.getTime() <= latest;
  // The engine rolls 30 February over into March; reject dates that do not exist.
  return isInRange && new Date(day).getUTCDate() === Number(day.slice(8)) ? date : undefined;
}

function readUnixTime(time: number): Date | undefined {
  const milliseconds = time < leastMilliseconds ? Math.round(time * 1000) : Math.trunc(time);
  return milliseconds > 0 && milliseconds <= latest ? new FrozenDate(milliseconds) : undefined;
}
