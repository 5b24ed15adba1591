import {describe, expect, test} from '@jest/globals';
import fc from 'fast-check';
import {readDateTime} from '../../src/shared/date-time.ts';

describe('a date and time', () => {
  test.each([
    ['as documented by Graph, with hyphens in the time', '2020-03-19T12-01-03.45Z', '2020-03-19T12:01:03.450Z'],
    ['as sent by Graph', '2020-05-14T00:23:40Z', '2020-05-14T00:23:40.000Z'],
    ['without a zone, taken as UTC', '2023-03-09T08:12:53', '2023-03-09T08:12:53.000Z'],
    ['without a zone, with hyphens', '2023-03-09T08-12-53', '2023-03-09T08:12:53.000Z'],
    ['with one digit of fraction', '2020-05-14T00:23:40.5Z', '2020-05-14T00:23:40.500Z'],
    ['with three digits of fraction', '2020-05-14T00:23:40.123Z', '2020-05-14T00:23:40.123Z'],
    ['with seven digits, truncated after the third', '2020-05-14T00:23:40.1239999Z', '2020-05-14T00:23:40.123Z'],
    ['with nine digits', '2020-05-14T00:23:40.123456789Z', '2020-05-14T00:23:40.123Z'],
    ['with a fraction after a comma', '2020-05-14T00:23:40,25Z', '2020-05-14T00:23:40.250Z'],
    ['with seven digits and no zone', '2020-05-14T00:23:40.1230000', '2020-05-14T00:23:40.123Z'],
    ['east of Greenwich', '2020-05-14T00:23:40+02:00', '2020-05-13T22:23:40.000Z'],
    ['west of Greenwich', '2020-05-14T00:23:40-09:30', '2020-05-14T09:53:40.000Z'],
    ['with an offset without a colon', '2020-05-14T00:23:40+0200', '2020-05-13T22:23:40.000Z'],
    ['with a negative offset after a time with hyphens', '2020-05-14T00-23-40-02:00', '2020-05-14T02:23:40.000Z'],
    ['with a space instead of the T', '2020-05-14 00:23:40Z', '2020-05-14T00:23:40.000Z'],
    ['with a space before the zone', '2020-05-14T00:23:40 +02:00', '2020-05-13T22:23:40.000Z'],
    ['in lower case', '2020-05-14t00:23:40z', '2020-05-14T00:23:40.000Z'],
    ['on a leap day', '2020-02-29T00:00:00Z', '2020-02-29T00:00:00.000Z'],
    ['in the year 2', '0002-01-01T00:00:00Z', '0002-01-01T00:00:00.000Z'],
    ['in seconds since 1970', 1_584_619_263, '2020-03-19T12:01:03.000Z'],
    ['in seconds with a fraction', 1_584_619_263.45, '2020-03-19T12:01:03.450Z'],
    ['in milliseconds since 1970', 1_584_619_263_450, '2020-03-19T12:01:03.450Z'],
    ['in seconds as text', '1584619263', '2020-03-19T12:01:03.000Z'],
    ['in seconds with a fraction as text', '1584619263.45', '2020-03-19T12:01:03.450Z'],
    ['in milliseconds as text', '1584619263450', '2020-03-19T12:01:03.450Z'],
  ])('%s', (_, text, expected) => {
    expect(readDateTime(text)?.toISOString()).toBe(expected);
  });

  test.each([
    ['the year 1, which means none', '0001-01-01T00:00:00Z'],
    ['the year 1 without a zone', '0001-01-01T00:00:00'],
    ['the year 0', '0000-01-01T00:00:00Z'],
    ['30 February', '2020-02-30T00:00:00Z'],
    ['29 February in a year without one', '2019-02-29T00:00:00Z'],
    ['31 April', '2021-04-31T12:00:00+02:00'],
    ['month 13', '2020-13-01T00:00:00Z'],
    ['month 0', '2020-00-10T00:00:00Z'],
    ['day 0', '2020-01-00T00:00:00Z'],
    ['25 hours', '2020-01-01T25:00:00Z'],
    ['61 minutes', '2020-01-01T00:61:00Z'],
    ['a leap second, which a Date cannot hold', '2016-12-31T23:59:60Z'],
    ['an invalid offset', '2020-01-01T00:00:00+99:99'],
    ['a date alone', '2020-01-01'],
    ['a time without seconds', '2020-01-01T00:00Z'],
    ['an empty fraction', '2020-01-01T00:00:00.Z'],
    ['a fraction of ten digits', '2020-01-01T00:00:00.1234567890Z'],
    ['a named zone', '2020-01-01T00:00:00 CET'],
    ['text before it', ' 2020-01-01T00:00:00Z'],
    ['text after it', '2020-01-01T00:00:00Z\n'],
    ['a date in prose', 'Thu, 19 Mar 2020 12:01:03 GMT'],
    ['a word', 'soon'],
    ['an empty string', ''],
    ['0, which means none', 0],
    ['a negative number', -1],
    ['microseconds', 1_584_619_263_450_000],
    ['NaN', Number.NaN],
    ['eight digits, which may be a date', '20200514'],
    ['a Date', new Date(0)],
    ['null', null],
    ['undefined', undefined],
    ['an object', {}],
  ])('is not %s', (_, value) => {
    expect(readDateTime(value)).toBeUndefined();
  });

  test('any string gives a valid date or undefined and never throws', () => {
    const nearly = fc.stringMatching(/^\d{4}-\d\d-\d\d[T ]\d\d[:-]\d\d[:-]\d\d([.]\d{1,9})?(Z|[+-]\d\d:?\d\d)?$/);
    fc.assert(
      fc.property(fc.oneof(fc.string(), nearly), (text) => {
        const date = readDateTime(text);
        expect(date === undefined || !Number.isNaN(date.getTime())).toBe(true);
      }),
    );
  });

  test('every ISO 8601 date is parsed exactly', () => {
    const dates = fc.date({
      min: new Date('0002-01-01T00:00:00.000Z'),
      max: new Date('9999-12-31T23:59:59.999Z'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(dates, (date) => {
        expect(readDateTime(date.toISOString())?.getTime()).toBe(date.getTime());
      }),
    );
  });

  test('every offset is applied', () => {
    const offset = fc.record({
      sign: fc.constantFrom(1, -1),
      hours: fc.nat(14),
      minutes: fc.nat(59),
      colon: fc.boolean(),
    });
    fc.assert(
      fc.property(offset, ({sign, hours, minutes, colon}) => {
        const [h, m] = [hours, minutes].map((part) => String(part).padStart(2, '0'));
        const text = `2020-05-14T12:00:00${sign === 1 ? '+' : '-'}${h}${colon ? ':' : ''}${m}`;
        expect(readDateTime(text)?.getTime()).toBe(Date.UTC(2020, 4, 14, 12) - sign * (hours * 60 + minutes) * 60_000);
      }),
    );
  });

  // A resume token stores a date as toISOString() writes it.
  test.each([
    ['2020-03-19T24:00:00Z'],
    ['2020-01-01T00:00:00+14:00'],
    ['0002-01-01T00:00:00+05:00'],
    ['9999-12-31T23:59:59-12:00'],
  ])('%s is rejected, or survives a round trip through toISOString()', (text) => {
    const date = readDateTime(text);
    expect(readDateTime(date?.toISOString())).toEqual(date);
  });
});

describe('a parsed date', () => {
  const setters = Object.getOwnPropertyNames(Date.prototype).filter((name) => name.startsWith('set'));

  test.each(setters)('rejects %s', (setter) => {
    const date = readDateTime('2020-05-14T00:23:40Z');
    expect(() => Reflect.get(Object(date), setter).call(date, 0)).toThrow(
      new TypeError(`An operation's date cannot be changed (${setter}): copy it with new Date(date) first`),
    );
    expect(date?.toISOString()).toBe('2020-05-14T00:23:40.000Z');
  });

  test('can be copied, compared, printed and serialized', () => {
    const text = '2020-05-14T00:23:40.000Z';
    const date = readDateTime(text) ?? new Date(0);
    const copy = new Date(date);
    copy.setUTCFullYear(2021);
    expect(copy.toISOString()).toBe('2021-05-14T00:23:40.000Z');
    expect(date).toBeInstanceOf(Date);
    expect([date.toISOString(), JSON.stringify({date}), date.constructor.name]).toEqual([
      text,
      `{"date":"${text}"}`,
      'Date',
    ]);
    expect(date < copy).toBe(true);
  });

  test('does not affect other dates', () => {
    const date = new Date(0);
    date.setTime(5);
    expect(date.getTime()).toBe(5);
  });
});
