import {describe, expect, test} from '@jest/globals';
import fc from 'fast-check';
import {binCount, binStart, DurationHistogram} from '../../src/schedule/duration-histogram.ts';
import {RemainingTimes} from '../../src/schedule/remaining-time.ts';

type Counts = Readonly<Record<number, number>>;

function histogramOf(counts: Counts): DurationHistogram {
  return new DurationHistogram(Array.from({length: binCount}, (_, bin) => counts[bin] ?? 0));
}

const remaining = (counts: Counts, elapsed: number) => new RemainingTimes(histogramOf(counts)).after(elapsed);

/** How many operations ended between two times. Within a bin, they are distributed evenly. */
function endedBetween(counts: Counts, from: number, until: number): number {
  return Object.entries(counts).reduce((sum, [name, count]) => {
    const [start, end] = [binStart(Number(name)), binStart(Number(name) + 1)];
    return sum + count * (Math.max(0, Math.min(end, until) - Math.max(start, from)) / (end - start));
  }, 0);
}

/** A hundred operations that took from 25.6 to 27.9 seconds, evenly. */
const bin = 65;
const [start, end] = [binStart(bin), binStart(bin + 1)];
const within = (fraction: number): number => start + (end - start) * fraction;
const hundred = {[bin]: 99.5};

describe('the remaining time', () => {
  test('is not known before ten operations have ended', () => {
    expect(remaining({}, 0)).toBeUndefined();
    expect(remaining({[bin]: 9}, 0)).toBeUndefined();
    expect(remaining({[bin]: 10}, 0)).toBeDefined();
  });

  test.each<[string, number, number, number, number]>([
    // A tail of half an operation besides 99.5: ranks 10, 50 and 90 of 100.
    ['from the start', 0, within(10 / 99.5), within(50 / 99.5), within(90 / 99.5)],
    ['shortly before the first end', start - 1, within(10 / 99.5), within(50 / 99.5), within(90 / 99.5)],
    // 49.75 are left, and the half: ranks 5.025, 25.125 and 45.225.
    ['half-way', within(0.5), within(0.5 + 5.025 / 99.5), within(0.5 + 25.125 / 99.5), within(0.5 + 45.225 / 99.5)],
  ])('%s: of those that take longer', (_, elapsed, p10, p50, p90) => {
    expect(remaining(hundred, elapsed)).toEqual({
      p10: expect.closeTo(p10 - elapsed, 6),
      p50: expect.closeTo(p50 - elapsed, 6),
      p90: expect.closeTo(p90 - elapsed, 6),
    });
  });

  test('87: of an operation older than all others is a part of its age', () => {
    const elapsed = 2 * end;
    expect(remaining(hundred, elapsed)).toEqual({
      p10: expect.closeTo(elapsed * (2 ** 0.1 - 1), 6),
      p50: expect.closeTo(elapsed * (2 ** 0.5 - 1), 6),
      p90: expect.closeTo(elapsed * (2 ** 0.9 - 1), 6),
    });
  });

  test('does not leave what was observed when sums are rounded', () => {
    const times = new RemainingTimes(histogramOf({[bin]: 100}));
    // 4.5 operations are left, and with the half, the rank of p90 is 4.5 too.
    const elapsed = Array.from({length: 1000}, (_, step) => within(0.955) + (step - 500) * Number.EPSILON * start);
    const latest = elapsed.map((time) => time + (times.after(time)?.p90 ?? 0));
    expect(Math.max(...latest)).toBeCloseTo(end, 6);
  });

  test('may be less than a millisecond', () => {
    expect(remaining({0: 100}, 99.9)?.p10).toBeCloseTo(0.06, 6);
  });

  test('of an operation that is older than any the histogram can count is a part of its age too', () => {
    const elapsed = 2 * binStart(binCount);
    expect(remaining({[binCount - 1]: 100}, elapsed)?.p50).toBeCloseTo(elapsed * (2 ** 0.5 - 1), 3);
  });

  test('takes the longest duration into account even once it weighs little', () => {
    expect(remaining({[bin]: 100, 100: 0.5}, end)?.p50).toBeCloseTo(binStart(101) - end, 6);
  });

  test('is not that of a rare duration once that weighs less than the tail', () => {
    for (const elapsed of [end, binStart(101)]) {
      expect(remaining({[bin]: 100, 100: 0.4}, elapsed)?.p50).toBeCloseTo(elapsed * (2 ** 0.5 - 1), 6);
    }
  });

  test('is a number however little the longest durations weigh', () => {
    const times = new RemainingTimes(histogramOf({[bin]: 100, 100: 1e-18}));
    // Where the rank of p90, p50 or p10 is what is left but for a rounding error.
    for (const left of [4.5, 0.5, 0.5 / 9]) {
      for (let step = -500; step < 500; step++) {
        const estimate = times.after(within(1 - left / 100) + step * Number.EPSILON * start);
        expect(Object.values(estimate ?? {}).every(Number.isFinite)).toBe(true);
      }
    }
  });

  test('of two likely times is the later one once the first has passed', () => {
    const bimodal = {[bin]: 100, 100: 100};
    expect(remaining(bimodal, 0)?.p10).toBeLessThan(end);
    const late = remaining(bimodal, end);
    expect(end + (late?.p10 ?? 0)).toBeGreaterThan(binStart(100));
    expect(end + (late?.p90 ?? 0)).toBeLessThan(binStart(101));
  });

  test('is what comes after a gap, where exactly so many end before it', () => {
    // A tail of half an operation besides 19.5: the rank of p10 is 2.
    expect(remaining({10: 2, 50: 17.5}, 0)?.p10).toBeCloseTo(binStart(50), 6);
  });

  test('is the time in which that part of those left ends, whatever was learned', () => {
    const bins = fc.oneof(fc.integer({min: 0, max: binCount - 1}), fc.constantFrom(0, 1, binCount - 1));
    const entries = fc.array(fc.tuple(bins, fc.double({min: 0.5, max: 30, noNaN: true})), {minLength: 1, maxLength: 8});
    fc.assert(
      fc.property(entries, fc.double({min: 0, max: 1.5, noNaN: true}), (given, where) => {
        const counts: Counts = {20: 9.5, ...Object.fromEntries(given)};
        fc.pre(!histogramOf(counts).isInsufficient);
        const longest = binStart(Math.max(...Object.keys(counts).map(Number)) + 1);
        // Durations are counted on a scale that is nearly logarithmic: so are these times.
        for (const elapsed of [where * longest, (longest + 1) ** where - 1]) {
          const left = endedBetween(counts, elapsed, longest);
          const {p10, p50, p90} = remaining(counts, elapsed) ?? {p10: 0, p50: 0, p90: 0};
          for (const [part, time] of [
            [0.1, p10],
            [0.5, p50],
            [0.9, p90],
          ] as const) {
            const until = elapsed + time;
            // Half an operation takes up to twice as long as any other, or as it has taken already.
            const inTail = 0.5 * Math.max(0, Math.log2(until / Math.max(longest, elapsed)));
            expect(endedBetween(counts, elapsed, until) + inTail).toBeCloseTo(part * (left + 0.5), 6);
          }
        }
      }),
    );
  });

  test('follows what the histogram learns', () => {
    const histogram = histogramOf({[bin]: 100});
    const times = new RemainingTimes(histogram);
    const before = times.after(0);
    for (let index = 0; index < 300; index++) histogram.add(999, 1000);
    expect(times.after(0)?.p50).toBeLessThan(1100);
    expect(before?.p50).toBeGreaterThan(start);
  });

  test.each([-1, Number.NaN, Number.POSITIVE_INFINITY])('is not known after %p ms', (elapsed) => {
    expect(remaining(hundred, elapsed)).toBeUndefined();
  });

  test('is never negative, and its quantiles are in order, whatever was learned', () => {
    const ends = fc.array(
      fc.tuple(fc.double({min: 0, max: 1e9, noNaN: true}), fc.double({min: 0, max: 1e9, noNaN: true})),
      {
        minLength: 10,
        maxLength: 60,
      },
    );
    fc.assert(
      fc.property(ends, fc.double({min: 0, max: 1e12, noNaN: true}), (pairs, elapsed) => {
        const histogram = new DurationHistogram();
        for (const [one, other] of pairs) histogram.add(Math.min(one, other), Math.max(one, other));
        const times = new RemainingTimes(histogram).after(elapsed);
        if (times === undefined) return expect(histogram.isInsufficient).toBe(true);
        expect(times.p10).toBeGreaterThanOrEqual(0);
        expect(times.p50).toBeGreaterThanOrEqual(times.p10);
        expect(times.p90).toBeGreaterThanOrEqual(times.p50);
        expect(times.p90).toBeLessThan(Number.POSITIVE_INFINITY);
      }),
    );
  });
});
