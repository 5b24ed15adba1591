import {describe, expect, jest, test} from '@jest/globals';
import fc from 'fast-check';
import {type AdaptiveOptions, type Schedule, type ScheduleContext, schedules} from '../../src/index.ts';
import {begin, skipWaits, startEmulator, watch} from '../support/behaviours.ts';
import {operationOf, thrownBy} from '../support/core.ts';

function at(elapsed: number, random = 0.5, attempt = 1): ScheduleContext {
  return {attempt, random, elapsed, status: 'running', operation: undefined, failures: 0};
}

const operation = operationOf('succeeded');

/** Teaches a schedule durations, each known to within 100 ms. */
function teach(schedule: Schedule, durations: readonly number[]): void {
  for (const duration of durations)
    schedule.ended?.({after: Math.max(0, duration - 100), elapsed: duration, operation});
}

const repeated = (duration: number, count: number): number[] => Array.from({length: count}, () => duration);

const random = fc.double({min: 0, max: 1, maxExcluded: true, noNaN: true});
const anyTime = fc.oneof(fc.double({min: 0, max: 1e7, noNaN: true}), fc.double({min: 0, noNaN: true}));

describe('schedules.adaptive', () => {
  test('is the exponential schedule until it has learned enough', () => {
    const options = {initial: 500, factor: 2, max: 20_000, jitter: 'equal'} as const;
    const [adaptive, exponential] = [schedules.adaptive(options), schedules.exponential(options)];
    teach(adaptive, repeated(30_000, 9));
    fc.assert(
      fc.property(anyTime, random, fc.integer({min: 1, max: 1e6}), (elapsed, chance, attempt) => {
        const context = at(elapsed, chance, attempt);
        expect(adaptive(context)).toBe(exponential(context));
      }),
    );
  });

  test('returns a wait whatever it has learned', () => {
    const end = fc.record({after: fc.double(), elapsed: fc.oneof(anyTime, fc.double())});
    const cost = fc.double({min: 1e-3, max: 1e6, noNaN: true});
    fc.assert(
      fc.property(fc.array(end, {maxLength: 60}), cost, anyTime, random, (ends, requestCost, elapsed, chance) => {
        const schedule = schedules.adaptive({requestCost});
        for (const each of ends) schedule.ended({...each, operation});
        const wait = schedule(at(elapsed, chance));
        expect(wait).toBeGreaterThanOrEqual(0);
        expect(wait).toBeLessThan(Number.POSITIVE_INFINITY);
        const {counts} = schedule.toJSON();
        expect(counts.every((count) => count >= 0 && count < 201)).toBe(true);
      }),
    );
  });

  test('requests cost a second each by default', () => {
    const durations = Array.from({length: 200}, (_, index) => 1000 + 500 * index);
    const [byDefault, given] = [schedules.adaptive(), schedules.adaptive({requestCost: 1000})];
    for (const schedule of [byDefault, given]) teach(schedule, durations);
    for (let elapsed = 0; elapsed < 100_000; elapsed += 50) expect(byDefault(at(elapsed))).toBe(given(at(elapsed)));
  });

  test.each([
    ['however short the first one is', {initial: 1, factor: 2}, 30_000],
    ['which are all the same', {initial: 500, factor: 1}, 500],
    ['of which there are none', {initial: 0, factor: 2}, 0],
  ])('goes on with the exponential waits after all that it has learned, %s', (_, options, expected) => {
    const schedule = schedules.adaptive({...options, jitter: 'none'});
    teach(schedule, repeated(30_000, 20));
    expect(schedule(at(1_000_000))).toBe(expected);
  });

  test('polls when operations are likely to have ended, not before', () => {
    const schedule = schedules.adaptive({requestCost: 5000});
    teach(schedule, repeated(30_000, 100));
    expect(schedule(at(0))).toBeGreaterThan(27_000);
    expect(schedule(at(0))).toBeLessThan(36_000);
    // The same from any starting point: after a Retry-After, say.
    expect(8000 + schedule(at(8000))).toBeCloseTo(schedule(at(0)), -3);
  });

  test('polls at both of two likely times', () => {
    const schedule = schedules.adaptive({requestCost: 2000});
    teach(
      schedule,
      Array.from({length: 200}, (_, index) => (index % 2 === 0 ? 5000 : 60_000)),
    );
    const first = schedule(at(0));
    expect(first).toBeGreaterThan(4500);
    expect(first).toBeLessThan(7000);
    const second = first + schedule(at(first, 0.5, 2));
    expect(second).toBeGreaterThan(54_000);
    expect(second).toBeLessThan(70_000);
  });

  test('polls less often the more a request costs', () => {
    const durations = Array.from({length: 300}, (_, index) => 10_000 + ((index * 37) % 300) * 100);
    const polls = [100, 1000, 10_000].map((requestCost) => {
      const schedule = schedules.adaptive({requestCost});
      teach(schedule, durations);
      let count = 0;
      for (let elapsed = 0; elapsed < 40_000; count++) elapsed += schedule(at(elapsed));
      return count;
    });
    expect(polls).toEqual([...polls].sort((a, b) => b - a));
    expect(polls[0]).toBeGreaterThan(2 * (polls[2] ?? 0));
  });

  test('has the defaults of the exponential schedule beyond what it has learned, too', () => {
    const own = {max: 1e9, jitter: 'none'} as const;
    const waits = [own, {...own, initial: 1000, factor: 1.5}].map((options) => {
      const schedule = schedules.adaptive(options);
      teach(schedule, repeated(5000, 20));
      return schedule(at(100_000, 0.5, 2));
    });
    expect(waits[0]).toBe(waits[1]);
    expect(waits[0]).toBeGreaterThan(30_000);
  });

  test('beyond the observed durations it continues as the exponential schedule would by then', () => {
    const schedule = schedules.adaptive({initial: 1000, factor: 1.5, max: 30_000, jitter: 'none'});
    teach(schedule, repeated(5000, 50));
    expect(schedule(at(20_000, 0.5, 2))).toBeCloseTo(1000 + 20_000 / 2);
    expect(schedule(at(600_000, 0.5, 3))).toBe(30_000);
    // More polls than that are no reason to poll sooner.
    expect(schedule(at(20_000, 0.5, 8))).toBeCloseTo(1000 * 1.5 ** 7);
  });

  test('spreads pollers that started together over the times that are nearly as good', () => {
    const schedule = schedules.adaptive();
    teach(
      schedule,
      Array.from({length: 300}, (_, index) => 10_000 + index * 100),
    );
    const waits = Array.from({length: 100}, (_, index) => schedule(at(15_000, index / 100)));
    expect(new Set(waits.map((wait) => Math.round(wait))).size).toBeGreaterThan(50);
    expect(Math.max(...waits) - Math.min(...waits)).toBeGreaterThan(1000);
  });

  test('treats a few scattered durations as a tail, not as separate peaks', () => {
    const schedule = schedules.adaptive({requestCost: 1000});
    teach(schedule, [...repeated(10_000, 250), 31_000, 39_000, 48_000, 59_000]);
    const polls: number[] = [];
    for (let elapsed = 25_000; elapsed < 50_000; ) {
      elapsed += schedule(at(elapsed));
      polls.push(elapsed);
    }
    // Between the first and the last of them it does not wait for the next: it polls as evenly as ends are likely.
    const waits = polls.slice(1).map((time, index) => time - (polls[index] ?? 0));
    expect(Math.max(...waits)).toBeLessThan(1.5 * Math.min(...waits));
    expect(waits.length).toBeGreaterThan(1);
  });

  test('adapts when durations change', () => {
    const schedule = schedules.adaptive({requestCost: 5000});
    teach(schedule, repeated(20_000, 1000));
    expect(schedule(at(0))).toBeLessThan(25_000);
    teach(schedule, repeated(90_000, 1000));
    expect(schedule(at(0))).toBeGreaterThan(80_000);
    teach(schedule, repeated(5000, 1000));
    expect(schedule(at(0))).toBeLessThan(7000);
  });

  test('distributes a wide interval in proportion to what it knows', () => {
    const schedule = schedules.adaptive({requestCost: 5000});
    teach(schedule, repeated(30_000, 100));
    for (let index = 0; index < 100; index++) schedule.ended({after: 10_000, elapsed: 120_000, operation});
    expect(schedule(at(0))).toBeLessThan(36_000);
  });

  test('continues from its JSON', () => {
    const durations = fc.array(fc.integer({min: 1, max: 1e6}), {minLength: 20, maxLength: 400});
    fc.assert(
      fc.property(durations, (seen) => {
        const schedule = schedules.adaptive();
        teach(schedule, seen);
        const json = schedule.toJSON();
        const learned: unknown = JSON.parse(JSON.stringify(schedule));
        expect(learned).toEqual(json);
        const restored = schedules.adaptive({learned: learned as AdaptiveOptions['learned']});
        expect(restored.toJSON()).toEqual(json);
        const again = schedules.adaptive({learned: json});
        expect([0, 500, 10_000].map((elapsed) => restored(at(elapsed)))).toEqual(
          [0, 500, 10_000].map((elapsed) => again(at(elapsed))),
        );
      }),
      {numRuns: 30},
    );
  });

  const counts = repeated(1, 184);
  const json = {kind: 'operation-poller durations', version: 1, counts};
  const where = 'schedules.adaptive: learned:';
  test.each<[object, ErrorConstructor, string]>([
    [{requestCost: '1s'}, TypeError, 'schedules.adaptive: requestCost: expected milliseconds, got "1s"'],
    [{requestCost: 0}, RangeError, 'schedules.adaptive: requestCost: expected milliseconds over 0, got 0'],
    [
      {requestCost: Number.NaN},
      RangeError,
      'schedules.adaptive: requestCost: expected milliseconds from 0 on, got NaN',
    ],
    [{factor: 0.5}, RangeError, 'schedules.adaptive: factor: expected a number from 1 on, got 0.5'],
    [{requestcost: 5}, TypeError, 'Did you mean requestCost?'],
    [{learned: null}, TypeError, `${where} expected what toJSON() returned, got null`],
    [{learned: 'text'}, TypeError, `${where} expected what toJSON() returned, got "text"`],
    [{learned: counts}, TypeError, `${where} expected what toJSON() returned, got a list`],
    [
      {learned: {...json, kind: 'x'}},
      TypeError,
      `${where} expected the kind 'operation-poller durations', got another`,
    ],
    [{learned: {...json, version: 2}}, RangeError, `${where} expected version 1, got another`],
    [{learned: {...json, more: 1}}, TypeError, `${where} unknown field more`],
    [{learned: JSON.parse('{"__proto__": {"counts": []}}')}, TypeError, `${where} expected the kind`],
    [{learned: {...json, counts: 'x'}}, TypeError, `${where} counts: expected a list, got "x"`],
    [{learned: {...json, counts: [1]}}, RangeError, `${where} counts: expected 184 numbers, got 1`],
    [
      {learned: {...json, counts: counts.with(3, Number.NaN)}},
      RangeError,
      `${where} count 3: expected a number from 0 on`,
    ],
    [
      {learned: {...json, counts: counts.with(0, -1)}},
      RangeError,
      `${where} count 0: expected a number from 0 on, got -1`,
    ],
    [{learned: {...json, counts: new Array(184)}}, TypeError, `${where} count 0: expected a number, got undefined`],
    [
      {learned: {...json, counts: counts.with(9, 1e300)}},
      RangeError,
      `${where} counts: expected no more than 200 in all`,
    ],
  ])('refuses invalid options: case %#', (options, type, message) => {
    const error = thrownBy(() => schedules.adaptive(options as AdaptiveOptions));
    expect(error).toBeInstanceOf(type);
    expect(String(error)).toContain(message);
  });
});

describe('a schedule with `ended`', () => {
  test('is called with the polls between which the operation ended', async () => {
    const ended = jest.fn<NonNullable<Schedule['ended']>>();
    const schedule: Schedule = Object.assign(() => 5, {ended});
    const {poller, events} = await watch(['notStarted', 'running', 'failed'], {schedule});
    await poller.result().catch(() => undefined);
    expect(ended).toHaveBeenCalledTimes(1);
    const [end] = ended.mock.calls[0] ?? [];
    const [, before, found] = events.filter(({type}) => type === 'polled').map((event) => event.at);
    expect(end?.operation).toBe(poller.operation);
    expect((end?.elapsed ?? 0) - (end?.after ?? 0)).toBe((found ?? 0) - (before ?? 0));
    expect(end?.after).toBeGreaterThan(0);
  });

  test('is not called when watching ends but the operation does not', async () => {
    const ended = jest.fn();
    const schedule: Schedule = Object.assign(() => 1, {ended});
    const {poller} = await watch(['running'], {schedule, totalTimeout: 50});
    await expect(poller.result()).rejects.toThrow();
    expect(ended).not.toHaveBeenCalled();
  });

  test('does no harm when it throws: the error is reported to the host', async () => {
    const reported = jest.fn();
    const before = Reflect.get(globalThis, 'reportError');
    Reflect.set(globalThis, 'reportError', reported);
    try {
      const mistake = new Error('a mistake');
      const ended = (): never => {
        throw mistake;
      };
      const {poller} = await watch(['running', 'succeeded'], {schedule: Object.assign(() => 1, {ended})});
      await expect(poller.result()).resolves.toMatchObject({status: 'succeeded'});
      expect(reported.mock.calls).toEqual([[mistake]]);
    } finally {
      Reflect.set(globalThis, 'reportError', before);
    }
  });
});

test('pollers that share an adaptive schedule poll less often once some have ended', async () => {
  jest.useFakeTimers();
  const emulator = await startEmulator();
  const schedule = schedules.adaptive({initial: 500, factor: 1.2, jitter: 'none'});
  const requests: number[] = [];
  for (let index = 0; index < 15; index++) {
    const operation = emulator.addOperation({script: [{status: 'running', until: 20_000}, 'succeeded']});
    const watched = begin(operation.location, {schedule});
    skipWaits(watched);
    await watched.poller.result();
    requests.push(operation.requests.length);
  }
  const most = (counts: readonly number[]): number => Math.max(...counts);
  const least = (counts: readonly number[]): number => Math.min(...counts);
  expect(least(requests.slice(0, 10))).toBeGreaterThan(8);
  expect(most(requests.slice(10))).toBeLessThan(7);
});
