import {describe, expect, test} from '@jest/globals';
import {binCount, DurationHistogram} from '../../src/schedule/duration-histogram.ts';

/** The smoothed counts that are not zero, by bin, where these bins have these counts. */
function smoothed(counts: Readonly<Record<number, number>>): Readonly<Record<number, number>> {
  const histogram = new DurationHistogram(Array.from({length: binCount}, (_, bin) => counts[bin] ?? 0));
  return Object.fromEntries([...histogram.smoothed().entries()].filter(([, count]) => count !== 0));
}

describe('a smoothed histogram', () => {
  test('leaves a bin in which exactly 20 operations ended as it is', () => {
    expect(smoothed({50: 20})).toEqual({50: 20});
  });

  test('distributes a smaller number over an octave to each side', () => {
    const around = Array.from({length: 17}, (_, index) => [42 + index, expect.closeTo(19.9 / 17)] as const);
    expect(smoothed({50: 19.9})).toEqual(Object.fromEntries(around));
  });

  test('distributes it no farther than to the bins that contain exactly 20 together', () => {
    const counts = smoothed({49: 5, 50: 10, 51: 5});
    // Bin 50 needs its two neighbors for 20, each of these needs the one beyond it too.
    expect(Object.keys(counts)).toEqual(['47', '48', '49', '50', '51', '52', '53']);
    expect([counts[47], counts[50]]).toEqual([expect.closeTo(1), expect.closeTo(10 / 3 + 1 + 1)]);
  });
});
