import {describe, expect, test} from '@jest/globals';
import fc from 'fast-check';
import {
  binCount,
  binOf,
  binStart,
  DurationHistogram,
  readDurationHistogram,
} from '../../src/schedule/duration-histogram.ts';
import {thrownBy} from '../support/core.ts';

type Counts = Readonly<Record<number, number>>;
type Expected = Readonly<Record<number, unknown>>;

const listOf = (counts: Counts): readonly number[] => Array.from({length: binCount}, (_, bin) => counts[bin] ?? 0);

/** The counts that are not zero, by bin. */
const countsOf = (list: Iterable<number>): Counts =>
  Object.fromEntries([...list].map((count, bin) => [bin, count] as const).filter(([, count]) => count !== 0));

/** The same number in each of these bins, as far as fractions can be exact. */
const evenly = (first: number, last: number, count: number): Expected =>
  Object.fromEntries(Array.from({length: last - first + 1}, (_, index) => [first + index, expect.closeTo(count, 9)]));

describe('a bin', () => {
  test.each([
    [0, 0],
    [99.9, 0],
    [100, 1],
    [109, 1],
    [109.1, 2],
    [199, 8],
    [200, 9],
    [400, 17],
    [6_008_000, 127],
    [763_000_000, 183],
    [1e9, 183],
  ])('of %p ms is number %p', (duration, bin) => {
    expect(binOf(duration)).toBe(bin);
  });

  test('begins where the one before ends, and has what lies between', () => {
    expect([0, 1, 9, 17, 121].map(binStart)).toEqual([0, 100, 200, 400, 3_276_800]);
    const within = fc.double({min: 0.001, max: 0.999, noNaN: true});
    fc.assert(
      fc.property(fc.nat(binCount - 1), within, (bin, part) => {
        expect(binOf(binStart(bin) + part * (binStart(bin + 1) - binStart(bin)))).toBe(bin);
      }),
    );
  });
});

describe('a histogram', () => {
  const end = binStart(binCount);

  test.each<[string, Counts, number, number, Expected]>([
    ['a duration within one bin', {}, 105, 107, {1: 1}],
    [
      'each bin of an octave by its length, where nothing is known',
      {},
      100,
      200 - 1e-9,
      Object.fromEntries(
        Array.from({length: 8}, (_, bin) => [
          bin + 1,
          expect.closeTo((binStart(bin + 2) - binStart(bin + 1)) / 100, 9),
        ]),
      ),
    ],
    [
      'half a bin by half its length',
      {},
      50,
      binStart(2) - 1e-9,
      {0: expect.closeTo(0.84673, 4), 1: expect.closeTo(0.15327, 4)},
    ],
    [
      'less than a millisecond of a bin as that',
      {},
      99.5,
      105,
      {0: expect.closeTo(0.5 / 5.5, 9), 1: expect.closeTo(5 / 5.5, 9)},
    ],
    [
      'the whole first bin since the start',
      {},
      0,
      105,
      {0: expect.closeTo(100 / 105, 9), 1: expect.closeTo(5 / 105, 9)},
    ],
    [
      'all but less than a millisecond of a bin as that',
      {},
      0.5,
      105,
      {0: expect.closeTo(99.5 / 104.5, 9), 1: expect.closeTo(5 / 104.5, 9)},
    ],
    ['half of a later bin', {}, 100, binStart(2.5), {1: expect.closeTo(0.65213, 4), 2: expect.closeTo(0.34787, 4)}],
    [
      'more where more is known, a fifth of an operation evenly',
      {1: 3},
      100,
      binStart(3) - 1e-9,
      {1: expect.closeTo((3 * 199) / 200 + 0.9674, 4), 2: expect.closeTo(0.0326, 4)},
    ],
    ['a duration since the start, if nothing was found before', {}, 0, 50, {0: 1}],
    ['a duration of nothing', {}, 0, 0, {0: 1}],
    ['a duration in the last bin', {}, binStart(183), end - 1, {183: 1}],
    ['one so short that rounding leaves it outside of its bin', {}, 1744.8123722644118, 1744.812372264412, {34: 1}],
    ['all of a duration that is known exactly', {}, 110, 110, {2: 1}],
    ['since the start, where the time before is later', {}, 120, 110, countsOf(since(110))],
    ['since the start, where the time before is before it', {}, -5, 110, countsOf(since(110))],
    ['since the start, where that is by a fraction', {1: 3}, -0.9, 110, countsOf(since(110, {1: 3}))],
  ])('counts %s', (_, before, after, until, expected) => {
    const histogram = new DurationHistogram(listOf(before));
    histogram.add(after, until);
    expect(countsOf(histogram.counts)).toEqual(expected);
    expect(histogram.changes).toBe(1);
  });

  /** What a duration since the start counts. */
  function since(until: number, before: Counts = {}): Iterable<number> {
    const histogram = new DurationHistogram(listOf(before));
    histogram.add(0, until);
    return histogram.counts;
  }

  test.each([-1, Number.NaN, end, end + 1, Infinity])('leaves out a duration of %p ms', (until) => {
    const histogram = new DurationHistogram();
    histogram.add(0, until);
    expect([histogram.total, histogram.changes, countsOf(histogram.counts)]).toEqual([0, 0, {}]);
  });

  test('lets older durations fade, each by a 200th', () => {
    const histogram = new DurationHistogram();
    for (const duration of [50, 105, 105]) histogram.add(duration - 1, duration);
    const kept = 199 / 200;
    expect(countsOf(histogram.counts)).toEqual({0: expect.closeTo(kept ** 2, 9), 1: expect.closeTo(kept + 1, 9)});
    expect(histogram.total).toBeCloseTo(kept ** 2 + kept + 1, 9);
    expect([histogram.changes, histogram.isInsufficient]).toEqual([3, true]);
  });

  test('contains as much as its bins, and enough from ten durations on', () => {
    const histogram = new DurationHistogram(listOf({3: 4, 100: 4}));
    expect([histogram.total, histogram.changes, histogram.isInsufficient]).toEqual([8, 0, true]);
    histogram.add(50, 5000);
    expect([...histogram.counts].reduce((sum, count) => sum + count)).toBeCloseTo(histogram.total, 9);
    expect(histogram.isInsufficient).toBe(true);
    histogram.add(50, 5000);
    expect(histogram.isInsufficient).toBe(false);
  });

  test('is written with three decimals', () => {
    const histogram = new DurationHistogram(listOf({3: 1.23456, 4: 0.0004}));
    expect(histogram.toJSON()).toEqual({kind: 'operation-poller durations', version: 1, counts: listOf({3: 1.235})});
  });
});

describe('a smoothed histogram', () => {
  /** The smoothed counts that are not zero, by bin, where these bins have these counts. */
  const smoothed = (counts: Counts): Counts => countsOf(new DurationHistogram(listOf(counts)).smoothed());

  test.each<[string, Counts, Expected]>([
    ['leaves a bin in which exactly 20 operations ended as it is', {50: 20}, {50: 20}],
    ['distributes a smaller number over an octave to each side', {50: 19.9}, evenly(42, 58, 19.9 / 17)],
    ['distributes it from the first bin on, not before', {0: 18}, evenly(0, 8, 2)],
    ['finds nothing before the first bin', {0: 18, 1: 2}, {...evenly(0, 1, 9 + 2 / 3), 2: expect.closeTo(2 / 3, 9)}],
    ['distributes it over what there is before the bin', {3: 12}, evenly(0, 11, 1)],
    ['distributes it up to the last bin, not beyond', {183: 9}, evenly(175, 183, 1)],
    ['distributes it over what there is beyond the bin', {180: 12}, evenly(172, 183, 1)],
    // Bin 50 needs its two neighbors for 20; each of these needs the one beyond it too.
    [
      'distributes it no farther than to the bins that contain exactly 20 together',
      {49: 5, 50: 10, 51: 5},
      {...evenly(47, 48, 1), ...evenly(49, 51, 10 / 3 + 2), ...evenly(52, 53, 1)},
    ],
    ['leaves it within the bins up to a large one before', {47: 300, 50: 7}, {...evenly(48, 53, 1), 47: 301}],
    ['leaves it within the bins up to a large one beyond', {53: 300, 50: 7}, {...evenly(47, 52, 1), 53: 301}],
  ])('%s', (_, counts, expected) => {
    expect(smoothed(counts)).toEqual(expected);
  });
});

describe('a histogram as JSON', () => {
  const json = (counts: Counts, more: object = {}): unknown => ({
    kind: 'operation-poller durations',
    version: 1,
    counts: listOf(counts),
    ...more,
  });

  test.each<[string, Counts]>([
    ['zeros', {}],
    ['201 in all, since each count was rounded', {0: 200, 183: 1}],
  ])('may contain %s', (_, counts) => {
    expect(readDurationHistogram(json(counts), 'learned')).toEqual(listOf(counts));
  });

  test('does not contain more than 200 in all', () => {
    expect(thrownBy(() => readDurationHistogram(json({0: 201, 1: 0.5}), 'learned'))).toEqual(
      new RangeError('learned: counts: expected no more than 200 in all, got 201.5'),
    );
  });

  test.each([
    [null, 'null'],
    [undefined, 'undefined'],
    ['a text', '"a text"'],
    [[], 'a list'],
  ])('is not %j', (value, got) => {
    expect(thrownBy(() => readDurationHistogram(value, 'learned'))).toEqual(
      new TypeError(`learned: expected what toJSON() returned, got ${got}`),
    );
  });

  test('has no other field, of which 40 characters are shown', () => {
    const name = `${'x'.repeat(40)}y`;
    expect(thrownBy(() => readDurationHistogram(json({}, {[name]: 1}), 'learned'))).toEqual(
      new TypeError(`learned: unknown field ${'x'.repeat(40)}`),
    );
  });
});
