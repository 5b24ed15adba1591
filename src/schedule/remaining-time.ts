import type {RemainingTime} from '../operation/events.ts';
import {at, binCount, binOf, binStart, type DurationHistogram, tailWeight} from './duration-histogram.ts';

/**
 * Estimates how long operations go on whose durations follow a histogram. The durations that are forgotten are replaced by a tail,
 * spread over the octave after the longest of the others, or after the time that has passed already: an operation older than all
 * others is expected to go on for a fraction of its age.
 */
export class RemainingTimes {
  readonly #histogram: DurationHistogram;
  /** How many operations ended before each bin. */
  readonly #ended = new Float64Array(binCount + 1);
  #usedBins = 0;
  /** The histogram's number of changes when the sums were made. */
  #summedAt: number | undefined;

  constructor(histogram: DurationHistogram) {
    this.#histogram = histogram;
  }

  /**
   * @param elapsed how long the operation has gone on, in milliseconds
   * @returns milliseconds from then on, never negative; `undefined` where the histogram knows too little
   */
  after(elapsed: number): RemainingTime | undefined {
    const {isInsufficient, changes} = this.#histogram;
    if (isInsufficient || !(elapsed >= 0 && elapsed < Number.POSITIVE_INFINITY)) return undefined;
    if (this.#summedAt !== changes) this.#sum(changes);
    const passed = this.#endedBefore(elapsed);
    const left = Math.max(0, at(this.#ended, this.#usedBins) - passed);
    const quantile = (part: number) => this.#timeOf(passed, left, part, elapsed) - elapsed;
    return {p10: quantile(0.1), p50: quantile(0.5), p90: quantile(0.9)};
  }

  #sum(changes: number): void {
    const {counts, usedBins} = this.#histogram;
    for (let bin = 0; bin < binCount; bin++) this.#ended[bin + 1] = at(this.#ended, bin) + at(counts, bin);
    this.#usedBins = usedBins;
    this.#summedAt = changes;
  }

  /** How many had ended after a time: within a bin, ends are distributed evenly. Beyond the last bin, more than there are. */
  #endedBefore(time: number): number {
    const bin = binOf(time);
    const [start, end] = [binStart(bin), binStart(bin + 1)];
    const fraction = (time - start) / (end - start);
    return at(this.#ended, bin) + (at(this.#ended, bin + 1) - at(this.#ended, bin)) * fraction;
  }

  /** By when a part of those that are left has ended. */
  #timeOf(passed: number, left: number, part: number, elapsed: number): number {
    const rank = part * (left + tailWeight);
    if (rank >= left) return Math.max(binStart(this.#usedBins), elapsed) * 2 ** ((rank - left) / tailWeight);
    const sum = passed + rank;
    let [low, high] = [0, this.#usedBins];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (at(this.#ended, middle) <= sum) low = middle;
      else high = middle;
    }
    const [before, after] = [at(this.#ended, low), at(this.#ended, high)];
    return binStart(low) + (binStart(high) - binStart(low)) * ((sum - before) / (after - before));
  }
}
