import {describe, expect, test} from '@jest/globals';
import fc from 'fast-check';
import {formatDuration, parseDuration} from '../../src/cli/duration.ts';

describe('a duration', () => {
  test.each([
    ['500ms', 500],
    ['5s', 5000],
    ['1.5s', 1500],
    ['10m', 600_000],
    ['2h', 7_200_000],
    ['0.5ms', 1],
  ])('%s is %d ms', (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds);
  });

  test.each([
    '',
    '5',
    's',
    '5 s',
    '-5s',
    '+5s',
    '5S',
    '5d',
    '1e3s',
    '0s',
    '0.1ms',
    '.5s',
    '5.s',
    '5s ',
    '9999999999s',
    'Infinitys',
  ])('%j is not one', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });

  test('is its number times its unit', () => {
    const units = {ms: 1, s: 1000, m: 60_000, h: 3_600_000};
    fc.assert(
      fc.property(fc.integer({min: 1, max: 999_999_999}), fc.constantFrom('ms', 's', 'm', 'h'), (number, unit) => {
        expect(parseDuration(`${number}${unit}`)).toBe(number * units[unit]);
      }),
    );
  });

  test('is at least a millisecond, and never read from a text that does not start with a number', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const parsed = parseDuration(text);
        expect(parsed === undefined || (Number.isSafeInteger(parsed) && parsed >= 1 && /^\d/.test(text))).toBe(true);
      }),
    );
  });

  test.each([
    [-3, '0s'],
    [0, '0s'],
    [1, '1ms'],
    [999, '999ms'],
    [1000, '1s'],
    [59_400, '59s'],
    [60_000, '1m 00s'],
    [125_000, '2m 05s'],
    [3_725_000, '1h 02m 05s'],
    [360_000_000, '100h 00m 00s'],
  ])('%d ms is formatted as %s', (milliseconds, text) => {
    expect(formatDuration(milliseconds)).toBe(text);
  });
});
