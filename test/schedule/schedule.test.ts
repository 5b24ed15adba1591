import {describe, expect, test} from '@jest/globals';
import fc from 'fast-check';
import type {ExponentialOptions, Schedule, ScheduleContext} from '../../src/schedule/schedule.ts';
import * as schedules from '../../src/schedule/schedules.ts';
import {thrownBy} from '../support/core.ts';

function at(attempt: number, random = 0.5): ScheduleContext {
  return {attempt, random, status: 'running', operation: undefined, elapsed: 0, failures: 0};
}

const waits = (schedule: Schedule, attempts: readonly number[], random?: number): number[] =>
  attempts.map((attempt) => schedule(at(attempt, random)));

describe('schedules.fixed', () => {
  test.each([0, 1, 2500, 0.5])('%p: the same wait each time', (delay) => {
    expect(waits(schedules.fixed(delay), [1, 2, 3, 1000])).toEqual([delay, delay, delay, delay]);
  });
});

describe('schedules.exponential', () => {
  const first = [1, 2, 3, 4, 5];
  const doubling = {initial: 100, factor: 2, max: 1000} as const;
  test.each<[string, ExponentialOptions, number, number[]]>([
    ['without jitter', {...doubling, jitter: 'none'}, 0.5, [100, 200, 400, 800, 1000]],
    ['full jitter, lowest', {...doubling, jitter: 'full'}, 0, [0, 0, 0, 0, 0]],
    ['full jitter, middle', {...doubling, jitter: 'full'}, 0.5, [50, 100, 200, 400, 500]],
    ['full jitter, nearly highest', {...doubling, jitter: 'full'}, 0.99, [99, 198, 396, 792, 990]],
    ['equal jitter, lowest', {...doubling, jitter: 'equal'}, 0, [50, 100, 200, 400, 500]],
    ['equal jitter, middle', {...doubling, jitter: 'equal'}, 0.5, [75, 150, 300, 600, 750]],
    ['full jitter is the default', doubling, 0.5, [50, 100, 200, 400, 500]],
    ['all defaults', {}, 0.5, [500, 750, 1125, 1687.5, 2531.25]],
    ['a factor of 1 does not grow', {...doubling, factor: 1, jitter: 'none'}, 0.5, [100, 100, 100, 100, 100]],
    ['an initial wait of 0 stays 0', {...doubling, initial: 0, jitter: 'none'}, 0.5, [0, 0, 0, 0, 0]],
    ['a maximum wait of 0', {...doubling, max: 0, jitter: 'none'}, 0.5, [0, 0, 0, 0, 0]],
    ['a maximum wait below the initial one', {...doubling, max: 70, jitter: 'none'}, 0.5, [70, 70, 70, 70, 70]],
    ['an infinite factor', {...doubling, factor: Infinity, jitter: 'none'}, 0.5, [100, 1000, 1000, 1000, 1000]],
  ])('%s', (_, options, random, expected) => {
    expect(waits(schedules.exponential(options), first, random)).toEqual(expected);
  });

  test('undefined options are absent', () => {
    const absent = {initial: undefined, factor: undefined, max: undefined, jitter: undefined};
    expect(waits(schedules.exponential(absent), first)).toEqual(waits(schedules.exponential(), first));
  });

  test.each([100, 10_000, 1e9, Number.MAX_SAFE_INTEGER])('attempt %p is at the cap, still with jitter', (attempt) => {
    expect(schedules.exponential({jitter: 'none'})(at(attempt))).toBe(30_000);
    expect(schedules.exponential({jitter: 'full'})(at(attempt, 0))).toBe(0);
    expect(schedules.exponential({jitter: 'full'})(at(attempt, 0.25))).toBe(7500);
    expect(schedules.exponential({jitter: 'equal'})(at(attempt, 0))).toBe(15_000);
    expect(schedules.exponential({initial: 0, jitter: 'none'})(at(attempt))).toBe(0);
  });

  test('every wait is within its bounds', () => {
    const options = fc.record({
      initial: fc.nat(1e9),
      factor: fc.double({min: 1, max: 1e6, noNaN: true}),
      max: fc.nat(1e9),
    });
    const random = fc.double({min: 0, max: 1, maxExcluded: true, noNaN: true});
    fc.assert(
      fc.property(options, fc.integer({min: 1, max: 1e9}), random, (given, attempt, chance) => {
        const [none, full, equal] = (['none', 'full', 'equal'] as const).map((jitter) =>
          schedules.exponential({...given, jitter})(at(attempt, chance)),
        ) as [number, number, number];
        expect(none).toBeGreaterThanOrEqual(Math.min(given.initial, given.max));
        expect(none).toBeLessThanOrEqual(given.max);
        expect(full).toBeGreaterThanOrEqual(0);
        expect(full).toBeLessThanOrEqual(none);
        expect(equal).toBeGreaterThanOrEqual(none / 2);
        expect(equal).toBeLessThanOrEqual(none);
      }),
    );
  });

  test('a wait without jitter is never shorter than the one before', () => {
    fc.assert(
      fc.property(fc.integer({min: 1, max: 5000}), fc.double({min: 1, max: 10, noNaN: true}), (attempt, factor) => {
        const schedule = schedules.exponential({factor, jitter: 'none'});
        expect(schedule(at(attempt + 1))).toBeGreaterThanOrEqual(schedule(at(attempt)));
      }),
    );
  });

  test.each([1, 5, 1000])('full jitter spreads over the whole range at attempt %p', (attempt) => {
    const most = schedules.exponential({jitter: 'none'})(at(attempt));
    const full = schedules.exponential();
    const tenths = new Set<number>();
    for (let step = 0; step < 1000; step++) tenths.add(Math.floor((full(at(attempt, step / 1000)) / most) * 10));
    expect([...tenths]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test('all randomness comes from the context', () => {
    const schedule = schedules.exponential();
    expect(new Set(Array.from({length: 20}, () => schedule(at(7, 0.3)))).size).toBe(1);
  });
});

describe('schedules.sequence', () => {
  test.each([
    ['in turn, the last repeats', [100, 500, 200], [100, 500, 200, 200, 200]],
    ['a single wait', [7], [7, 7, 7, 7, 7]],
    ['zero waits', [0, 0, 5], [0, 0, 5, 5, 5]],
  ])('%s', (_, delays, expected) => {
    expect(waits(schedules.sequence(delays), [1, 2, 3, 4, 5])).toEqual(expected);
  });

  test('is not affected by later changes to the list', () => {
    const delays = [1, 2];
    const schedule = schedules.sequence(delays);
    delays[0] = 99;
    delays.push(98);
    expect(waits(schedule, [1, 2, 3])).toEqual([1, 2, 2]);
  });

  test('returns only listed waits', () => {
    const lists = fc.array(fc.double({min: 0, max: 1e12, noNaN: true}), {minLength: 1, maxLength: 20});
    fc.assert(
      fc.property(lists, fc.integer({min: 1, max: 1e9}), (delays, attempt) => {
        expect(schedules.sequence(delays)(at(attempt))).toBe(delays[Math.min(attempt, delays.length) - 1]);
      }),
    );
  });
});

describe('an invalid schedule is refused with its option, its value and what is expected', () => {
  const make = (name: string, value: unknown): unknown => Reflect.get(schedules, name).call(undefined, value);
  const from0 = 'expected milliseconds from 0 on';
  test.each<[string, unknown, ErrorConstructor, string]>([
    ['fixed', '5', TypeError, 'schedules.fixed: expected milliseconds, got "5"'],
    ['fixed', undefined, TypeError, 'schedules.fixed: expected milliseconds, got undefined'],
    ['fixed', null, TypeError, 'schedules.fixed: expected milliseconds, got null'],
    ['fixed', -1, RangeError, `schedules.fixed: ${from0}, got -1`],
    ['fixed', Number.NaN, RangeError, `schedules.fixed: ${from0}, got NaN`],
    ['fixed', Infinity, RangeError, `schedules.fixed: ${from0}, got Infinity`],
    ['exponential', {initial: '1s'}, TypeError, 'schedules.exponential: initial: expected milliseconds, got "1s"'],
    ['exponential', {initial: -5}, RangeError, `schedules.exponential: initial: ${from0}, got -5`],
    ['exponential', {initial: Number.NaN}, RangeError, `schedules.exponential: initial: ${from0}, got NaN`],
    ['exponential', {max: null}, TypeError, 'schedules.exponential: max: expected milliseconds, got null'],
    ['exponential', {max: Infinity}, RangeError, `schedules.exponential: max: ${from0}, got Infinity`],
    ['exponential', {factor: '2'}, TypeError, 'schedules.exponential: factor: expected a number, got "2"'],
    ['exponential', {factor: 0.5}, RangeError, 'schedules.exponential: factor: expected a number from 1 on, got 0.5'],
    ['exponential', {factor: NaN}, RangeError, 'schedules.exponential: factor: expected a number from 1 on, got NaN'],
    [
      'exponential',
      {jitter: true},
      TypeError,
      "schedules.exponential: jitter: expected 'none', 'full' or 'equal', got true",
    ],
    [
      'exponential',
      {jitter: 'Full'},
      TypeError,
      "schedules.exponential: jitter: expected 'none', 'full' or 'equal', got \"Full\"",
    ],
    [
      'exponential',
      {inital: 5},
      TypeError,
      'schedules.exponential: inital: there is no such option; there are initial, factor, max, jitter. Did you mean initial?',
    ],
    ['exponential', null, TypeError, 'schedules.exponential: expected an object, got null'],
    ['sequence', 5, TypeError, 'schedules.sequence: expected a list of milliseconds, got 5'],
    ['sequence', Object.create(null), TypeError, 'schedules.sequence: expected a list of milliseconds, got an object'],
    ['sequence', undefined, TypeError, 'schedules.sequence: expected a list of milliseconds, got undefined'],
    ['sequence', [], RangeError, 'schedules.sequence: expected at least one delay, got none'],
    ['sequence', [1, '2'], TypeError, 'schedules.sequence: delay 1: expected milliseconds, got "2"'],
    ['sequence', [1, 2, -3], RangeError, `schedules.sequence: delay 2: ${from0}, got -3`],
  ])('%s(%p)', (name, value, type, message) => {
    const error = thrownBy(() => make(name, value));
    expect(error).toBeInstanceOf(type);
    expect(error).toHaveProperty('message', message);
  });
});
