import {describe, expect, test} from '@jest/globals';
import fc from 'fast-check';
import {binCount, binStart, DurationHistogram, prior} from '../../src/schedule/duration-histogram.ts';
import {PollPlanner} from '../../src/schedule/poll-planner.ts';

/** A histogram that has these counts, by bin. */
function histogramOf(counts: Readonly<Record<number, number>>): DurationHistogram {
  return new DurationHistogram(Array.from({length: binCount}, (_, bin) => counts[bin] ?? 0));
}

/** Ends that are distributed evenly over a time. */
interface Segment {
  readonly start: number;
  readonly end: number;
  readonly share: number;
}

/** The times at which a poll may be planned cut each bin into four. */
function segmentsOf(histogram: DurationHistogram): readonly Segment[] {
  const smoothed = histogram.smoothed();
  return Array.from({length: 4 * binCount}, (_, index) => {
    const bin = Math.trunc(index / 4);
    const [start, width] = [binStart(bin), (binStart(bin + 1) - binStart(bin)) / 4];
    const share = ((smoothed[bin] ?? 0) + prior) / (histogram.total + 2) / 4;
    return {start: start + (index % 4) * width, end: start + ((index % 4) + 1) * width, share};
  });
}

/** What all polls after the first `begun` segments cost, tried from the last one back: each plan is compared with each. */
function costsOf(segments: readonly Segment[], requestCost: number): readonly number[] {
  const costs = new Array<number>(segments.length + 1).fill(0);
  let remaining = 0;
  for (let begun = segments.length - 1; begun >= 0; begun--) {
    remaining += segments[begun]?.share ?? 0;
    costs[begun] = requestCost * remaining + Math.min(...costsOfNext(segments, begun, costs));
  }
  return costs;
}

/** What it costs to poll next at the end of each segment from `begun` on. */
function costsOfNext(segments: readonly Segment[], begun: number, costs: readonly number[]): readonly number[] {
  // One after the other, since each sum is the one before and what passes in one segment more.
  let [passed, delay, before] = [0, 0, segments[begun]?.start ?? 0];
  return segments.slice(begun).map(({start, end, share}, index) => {
    delay += passed * (end - before) + (share * (end - start)) / 2;
    passed += share;
    before = end;
    return delay + (costs[begun + index + 1] ?? 0);
  });
}

/** When to poll next by comparing all plans: from the earliest to the latest of the times that are nearly as good. */
function bruteForce(histogram: DurationHistogram, requestCost: number): (elapsed: number) => readonly [number, number] {
  const all = segmentsOf(histogram);
  const costs = costsOf(all, requestCost);
  return (elapsed) => {
    const current = all.findIndex(({end}) => elapsed < end);
    const segments = all.map((segment, index) => {
      if (index !== current) return segment;
      const share = (segment.share * (segment.end - Math.max(0, elapsed))) / (segment.end - segment.start);
      return {...segment, start: Math.max(0, elapsed), share};
    });
    const next = costsOfNext(segments, current, costs);
    const remaining = segments.slice(current).reduce((sum, {share}) => sum + share, 0);
    const limit = Math.min(...next) + 0.1 * requestCost * remaining;
    let [earliest, latest] = [next.indexOf(Math.min(...next)), next.indexOf(Math.min(...next))];
    while ((next[earliest - 1] ?? Infinity) <= limit) earliest--;
    while ((next[latest + 1] ?? Infinity) <= limit) latest++;
    return [segments[current + earliest]?.end ?? 0, segments[current + latest]?.end ?? 0];
  };
}

describe('the next poll', () => {
  const bins = fc.oneof(fc.integer({min: 0, max: binCount - 1}), fc.constantFrom(0, 1, binCount - 2, binCount - 1));
  const counts = fc
    .array(fc.tuple(bins, fc.double({min: 1, max: 30, noNaN: true})), {minLength: 1, maxLength: 8})
    .map((entries) => Object.fromEntries(entries));
  const requestCosts = fc.constantFrom(1, 50, 1000, 20_000, 1e6);

  test('is that of the best of all plans, or nearly as good', () => {
    fc.assert(
      fc.property(counts, requestCosts, fc.double({min: 0, max: 1, noNaN: true}), (given, requestCost, where) => {
        const histogram = histogramOf({20: 9.5, ...given});
        fc.pre(histogram.total >= 9.5);
        const horizon = binStart(Math.max(20, ...Object.keys(given).map(Number)) + 1);
        const planner = new PollPlanner(histogram, requestCost);
        const bestOf = bruteForce(histogram, requestCost);
        // Durations are counted on a scale that is nearly logarithmic: so are these times.
        for (const elapsed of [where * horizon, (horizon + 1) ** where - 1]) {
          if (elapsed >= horizon) continue;
          const [earliest, latest] = bestOf(elapsed);
          expect(planner.next(elapsed, 0)).toBeCloseTo(earliest, 3);
          expect(planner.next(elapsed, 0.25)).toBeCloseTo(earliest + (latest - earliest) / 4, 3);
        }
      }),
      {numRuns: 60},
    );
  });

  test.each([
    ['at the very start', 0, 20],
    ['at the very start, where requests cost little', 0, 1],
    ['soon after the start', 10, 1],
    ['before the start, by a clock that was wrong', -5, 20],
  ])('is planned in the same way %s', (_, elapsed, requestCost) => {
    const histogram = histogramOf({0: 30, 4: 5});
    const [earliest, latest] = bruteForce(histogram, requestCost)(Math.max(0, elapsed));
    const planner = new PollPlanner(histogram, requestCost);
    expect(planner.next(elapsed, 0)).toBeCloseTo(earliest);
    expect(planner.next(elapsed, 0.5)).toBeCloseTo((earliest + latest) / 2);
  });

  test('may be at the first time that can be planned, where a later one is hardly better', () => {
    const histogram = histogramOf({30: 30});
    const elapsed = binStart(30);
    const first = elapsed + (binStart(31) - elapsed) / 4;
    const costs = Array.from({length: 40}, (_, index) => 1.2 ** index);
    const ranges = costs.map((cost) => bruteForce(histogram, cost)(elapsed));
    expect(costs.map((cost) => new PollPlanner(histogram, cost).next(elapsed, 0))).toEqual(
      ranges.map(([earliest]) => expect.closeTo(earliest, 3)),
    );
    expect(ranges.some(([earliest, latest]) => Math.abs(earliest - first) < 0.001 && latest > earliest)).toBe(true);
  });

  test('depends on how much of the present bin has passed', () => {
    const histogram = histogramOf({30: 30});
    const [start, width] = [binStart(30), (binStart(31) - binStart(30)) / 4];
    for (let cost = 1; cost < 2100; cost *= 1.3) {
      const [planner, bestOf] = [new PollPlanner(histogram, cost), bruteForce(histogram, cost)];
      for (const part of [0.3, 0.6, 0.9, 1.1, 2.5, 3.9]) {
        const elapsed = start + part * width;
        expect(planner.next(elapsed, 0)).toBeCloseTo(bestOf(elapsed)[0], 3);
      }
    }
  });

  test('is that of the best plan up to the last time that can be planned', () => {
    const histogram = histogramOf({30: 199, [binCount - 1]: 0.5});
    const [start, end] = [binStart(binCount - 1), binStart(binCount)];
    const times = Array.from({length: 999}, (_, index) => start + ((index + 0.5) / 999) * (end - start));
    for (const requestCost of [0.01, 0.1, 1].map((part) => part * (end - start))) {
      const [planner, bestOf] = [new PollPlanner(histogram, requestCost), bruteForce(histogram, requestCost)];
      const wrong = times.filter((time) => Math.abs((planner.next(time, 0) ?? 0) - bestOf(time)[0]) > 0.001);
      expect(wrong).toEqual([]);
    }
  });

  test('is later than now even if requests cost next to nothing', () => {
    const planner = new PollPlanner(histogramOf({40: 30}), 1e-300);
    for (const elapsed of [0, binStart(1), binStart(40)]) expect(planner.next(elapsed, 0)).toBeGreaterThan(elapsed);
  });
});

describe('there is no plan', () => {
  const next = (counts: Readonly<Record<number, number>>, elapsed: number): number | undefined =>
    new PollPlanner(histogramOf(counts), 1000).next(elapsed, 0.5);

  test.each<[number, boolean]>([
    [9.4, false],
    [9.5, true],
  ])('for fewer than ten durations: %p', (total, isPlanned) => {
    expect(next({30: total}, 0) !== undefined).toBe(isPlanned);
  });

  test.each<[string, Readonly<Record<number, number>>, number]>([
    ['the last duration', {30: 20}, 31],
    ['the last duration, in the last bin', {30: 20, [binCount - 1]: 1}, binCount],
    ['the last half duration', {30: 20, 60: 0.5}, 61],
    ['the last durations, which add up to half a one', {30: 20, 60: 0.25, 61: 0.25}, 61],
    ['the last duration, as faded ones do not count', {30: 20, 60: 0.24, 61: 0.25}, 31],
  ])('from the end of the bin of %s', (_, counts, bin) => {
    expect(next(counts, binStart(bin) - 0.001)).toBeGreaterThan(binStart(bin) - 0.001);
    expect(next(counts, binStart(bin))).toBeUndefined();
  });
});

test.each([
  [300, 15],
  [200, 10],
])('a plan for %i durations is made anew whenever a twentieth of the sample is new: %i', (total, added) => {
  const histogram = histogramOf({30: total});
  const planner = new PollPlanner(histogram, 1000);
  planner.next(0, 0.5);
  for (const [known, longer] of [
    [30, 60],
    [60, 90],
  ] as const) {
    const afterOneMore = (): number | undefined => {
      histogram.add(binStart(longer), binStart(longer + 0.5));
      // Beyond all that is known to the plan, there is nothing until it is replaced.
      return planner.next(binStart(known + 1), 0.5);
    };
    expect(Array.from({length: added - 1}, afterOneMore)).toEqual(new Array(added - 1).fill(undefined));
    expect(afterOneMore()).toBeGreaterThan(binStart(known + 1));
  }
});
