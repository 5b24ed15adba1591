import {describe, expect, test} from '@jest/globals';
import fc from 'fast-check';
import {readRetryAfter} from '../../src/http/retry-after.ts';
import {longestTimer} from '../../src/shared/timers.ts';

const now = Date.UTC(2020, 2, 19, 12, 0, 0);

const read = (value: string | null | undefined, time?: number): number | undefined =>
  readRetryAfter({get: (name) => (name === 'retry-after' ? (value ?? null) : null)}, time);

describe('Retry-After', () => {
  test.each([
    ['whole seconds', '3', 3000],
    ['none at all', '0', undefined],
    ['one minute', '60', 60_000],
    ['leading zeros', '007', 7000],
    ['decimal seconds', '1.5', 1500],
    ['decimal seconds with three digits', '2.128', 2128],
    ['a fraction of a millisecond, rounded up', '0.1000001', 101],
    ['spaces around it', ' 3 ', 3000],
    ['under 100 ms, which is no wish to be asked', '0.099', undefined],
    ['100 ms', '0.1', 100],
    ['the same twice, as two headers give', '2, 2', 2000],
    ['the same twice without a blank', '2,2', 2000],
    ['the same three times, as they come', '1.5,1.5 , 1.5', 1500],
    ['two that differ: the longer', '3, 5', 5000],
    ['two dates: the later', 'Thu, 19 Mar 2020 12:00:03 GMT, Thu, 19 Mar 2020 12:00:07 GMT', 7000],
    ['the longest that a timer holds', '2147483.647', 2_147_483_647],
    ['a date in the future', 'Thu, 19 Mar 2020 12:00:03 GMT', 3000],
    ['a date in the future, as of RFC 850', 'Thursday, 19-Mar-20 12:00:04 GMT', 4000],
    ['a date in the future, as of asctime', 'Thu Mar 19 12:00:05 2020', 5000],
    ['an asctime date with one digit of day', 'Thu Apr  2 12:00:00 2020', 14 * 24 * 3_600_000],
    ['a date of this very second', 'Thu, 19 Mar 2020 12:00:00 GMT', undefined],
    ['a date in the past', 'Thu, 19 Mar 2020 11:59:59 GMT', undefined],
    ['a date long ago', 'Sun, 06 Nov 1994 08:49:37 GMT', undefined],
    ['a date long ago, as of RFC 850', 'Sunday, 06-Nov-94 08:49:37 GMT', undefined],
    ['a date long ago, as of asctime', 'Sun Nov  6 08:49:37 1994', undefined],
  ])('%s: %s', (_, value, expected) => {
    expect(read(value, now)).toBe(expected);
  });

  test('of more values than a function takes arguments, as a batch can have them', () => {
    expect(read(`${'2, '.repeat(200_000)}5`, now)).toBe(5000);
    const date = 'Thu, 19 Mar 2020 12:00:03 GMT';
    expect(read(`${`${date}, `.repeat(200_000)}${date}`, now)).toBe(3000);
  });

  test.each([
    ['a negative number', '-1'],
    ['a word', 'soon'],
    ['nothing', ''],
    ['a space', ' '],
    ['400 nines', '9'.repeat(400)],
    ['more than a timer holds', '2147483.648'],
    ['ten digits', '9999999999'],
    ['a date beyond what a timer holds', 'Thu, 19 Mar 2021 12:00:00 GMT'],
    ['an exponent', '1e3'],
    ['a hexadecimal number', '0x10'],
    ['a number with a sign', '+3'],
    ['a number with a unit', '3s'],
    ['a dot before it', '.5'],
    ['a dot after it', '5.'],
    ['a comma in it', '1,5'],
    ['commas of both kinds', '1, 2,3'],
    ['a comma with nothing after it', '2,'],
    ['a date that is none', 'Thu, 99 Foo 2020 12:00:00 GMT'],
    ['a date in ISO 8601', '2020-03-19T12:00:03Z'],
    ['a date with words behind it', 'Thu, 19 Mar 2020 12:00:03 GMT or so'],
    ['a date with words before it', 'at Thu, 19 Mar 2020 12:00:03 GMT'],
    ['dates without a comma', 'Thu, 19 Mar 2020 12:00:03 GMT Thu, 19 Mar 2020 12:00:07 GMT'],
    ['a date in another zone', 'Thu, 19 Mar 2020 12:00:03 CET'],
    ['Infinity', 'Infinity'],
    ['NaN', 'NaN'],
    ['null', null],
    ['undefined', undefined],
  ])('is ignored when it is %s', (_, value) => {
    expect(read(value, now)).toBeUndefined();
  });

  test.each([
    ['up to 50 years ahead is ahead', 'Thursday, 19-Mar-70 12:00:00 GMT', undefined],
    ['more than 50 years ahead is the past century', 'Friday, 20-Mar-71 12:00:00 GMT', undefined],
  ])('a year of two digits %s', (_, value, expected) => {
    expect(read(value, now)).toBe(expected);
  });

  test.each([
    ['ten minutes ahead', 2020, 'Thursday, 19-Mar-20 12:10:00 GMT', 'Thu, 19 Mar 2020 12:00:00 GMT', 600_000],
    ['almost 50 years ahead', 2020, 'Tuesday, 01-Oct-69 12:00:03 GMT', 'Tue, 01 Oct 2069 12:00:00 GMT', 3000],
    ['just over 50 years ahead', 2020, 'Friday, 19-Jun-70 12:00:03 GMT', 'Fri, 19 Jun 1970 12:00:00 GMT', 3000],
    ['50 years ahead', 2020, 'Thursday, 20-Mar-70 00:00:00 GMT', 'Wed, 19 Mar 2070 23:59:57 GMT', 3000],
    ['50 years and a second ahead', 2020, 'Friday, 20-Mar-70 00:00:01 GMT', 'Thu, 19 Mar 1970 23:59:58 GMT', 3000],
    [
      'more than 50 years ahead of 2110',
      2110,
      'Wednesday, 19-Mar-70 12:00:03 GMT',
      'Wed, 19 Mar 2070 12:00:00 GMT',
      3000,
    ],
    ['early in a century', 2010, 'Friday, 19-Mar-10 12:00:03 GMT', 'Fri, 19 Mar 2010 12:00:00 GMT', 3000],
  ])('a year of two digits, %s, is of the same century as the Date of its answer', (_, year, value, date, expected) => {
    const headers: Readonly<Record<string, string>> = {'retry-after': value, date};
    expect(readRetryAfter({get: (name) => headers[name] ?? null}, Date.UTC(year, 2, 19, 12))).toBe(expected);
  });

  test('goes by the clock when no time is given', () => {
    expect(read(new Date(Date.now() - 60_000).toUTCString())).toBeUndefined();
    expect(read(new Date(Date.now() + 60_000).toUTCString())).toBeGreaterThan(50_000);
  });

  test('of any text is nothing or a whole number that a timer holds', () => {
    const numbers = fc.stringMatching(/^[-+]?\d{0,12}(\.\d{0,12})?(e\d)?$/);
    const dates = fc.date({noInvalidDate: true}).map((date) => date.toUTCString());
    fc.assert(
      fc.property(fc.oneof(fc.string(), numbers, dates), (text) => {
        const delay = read(text, now);
        if (delay === undefined) return;
        expect(Number.isInteger(delay)).toBe(true);
        expect(delay).toBeGreaterThanOrEqual(100);
        expect(delay).toBeLessThanOrEqual(2 ** 31 - 1);
      }),
    );
  });

  test('of a date is the time until then', () => {
    fc.assert(
      fc.property(fc.integer({min: 1, max: Math.floor(longestTimer / 1000)}), (seconds) => {
        expect(read(new Date(now + seconds * 1000).toUTCString(), now)).toBe(seconds * 1000);
        expect(read(String(seconds), now)).toBe(seconds * 1000);
      }),
    );
  });

  test.each<[string, Readonly<Record<string, string>>, number | undefined]>([
    ['behind ours', {'retry-after': 'Thu, 19 Mar 2020 11:59:10 GMT', date: 'Thu, 19 Mar 2020 11:59:00 GMT'}, 10_000],
    ['ahead of ours', {'retry-after': 'Thu, 19 Mar 2020 12:10:03 GMT', date: 'Thu, 19 Mar 2020 12:10:00 GMT'}, 3000],
    [
      'kept by a cache for a while',
      {'retry-after': 'Thu, 19 Mar 2020 12:00:09 GMT', date: 'Thu, 19 Mar 2020 12:00:00 GMT', age: '4'},
      5000,
    ],
    ['that says nothing readable', {'retry-after': 'Thu, 19 Mar 2020 12:00:09 GMT', date: 'today', age: '4'}, 9000],
  ])('58: a date is measured by a server clock %s', (_, headers, expected) => {
    expect(readRetryAfter({get: (name) => headers[name] ?? null}, now)).toBe(expected);
  });

  test.each<[string, Readonly<Record<string, string>>, number | undefined]>([
    ['retry-after-ms', {'retry-after-ms': '250', 'retry-after': '9'}, 250],
    ['x-ms-retry-after-ms', {'x-ms-retry-after-ms': '1500.5', 'retry-after': '9'}, 1501],
    ['retry-after where the milliseconds are nonsense', {'retry-after-ms': 'soon', 'retry-after': '9'}, 9000],
    ['retry-after where the milliseconds are under 100', {'retry-after-ms': '0', 'retry-after': '9'}, 9000],
  ])('59: %s counts', (_, headers, expected) => {
    expect(readRetryAfter({get: (name) => headers[name] ?? null}, now)).toBe(expected);
  });
});
