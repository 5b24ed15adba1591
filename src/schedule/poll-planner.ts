import {at, binCount, binStart, type DurationHistogram, prior} from './duration-histogram.ts';

// Polls are planned on a finer grid than durations are counted on: a bin is 9 % of its time, a wait may be less.
const stepsPerBin = 4;
const lastStep = binCount * stepsPerBin;

/** How much worse than the best time a chosen one may be, in requests: a wide range where it matters little, else a narrow one. */
const tolerance = 0.1;

/**
 * Plans when to poll operations whose durations follow a histogram. The plan is kept until enough durations were added, and
 * using it allocates nothing.
 */
export class PollPlanner {
  readonly #histogram: DurationHistogram;
  readonly #requestCost: number;
  /** When each step begins, in milliseconds. */
  readonly #times = Float64Array.from({length: lastStep + 1}, (_, step) => {
    const bin = Math.floor(step / stepsPerBin);
    return binStart(bin) + (binStart(bin + 1) - binStart(bin)) * ((step % stepsPerBin) / stepsPerBin);
  });
  /** At each step: the fraction that has ended, the step of the next poll, and the cost from there on. */
  readonly #ended = new Float64Array(lastStep + 1);
  readonly #best = new Float64Array(lastStep + 1);
  readonly #cost = new Float64Array(lastStep + 1);
  /** The end of what was observed, in milliseconds. */
  #horizon = 0;
  /** The histogram's number of changes when the plan was made. */
  #plannedAt = Number.NEGATIVE_INFINITY;

  /** @param requestCost how many milliseconds of delay one request is worth */
  constructor(histogram: DurationHistogram, requestCost: number) {
    this.#histogram = histogram;
    this.#requestCost = requestCost;
  }

  /**
   * When to poll next an operation that has not ended after `elapsed` milliseconds, on the same clock; `undefined` where the
   * histogram does not say.
   *
   * @param random from 0 to 1, exclusive: which of the times that are nearly as good as the best
   */
  next(elapsed: number, random: number): number | undefined {
    const {isInsufficient, changes, total} = this.#histogram;
    if (isInsufficient) return undefined;
    // A few more durations change little: plan again when a twentieth of the sample is new.
    if (changes - this.#plannedAt >= total / 20) this.#plan();
    if (!(elapsed < this.#horizon)) return undefined;
    // The last step that is not after this time.
    let step = 0;
    while (at(this.#times, step + 1) <= elapsed) step++;
    // Within a step, ends are distributed evenly.
    const start = at(this.#times, step);
    const fraction = (elapsed - start) / (at(this.#times, step + 1) - start);
    const ended = at(this.#ended, step) + (at(this.#ended, step + 1) - at(this.#ended, step)) * fraction;
    const best = this.#bestStep(at(this.#best, step), at(this.#best, step + 1), ended);
    const limit = this.#costOf(best, ended) + tolerance * this.#requestCost * (1 - ended);
    let earliest = best;
    while (earliest - 1 > step && this.#costOf(earliest - 1, ended) <= limit) earliest--;
    let latest = best;
    while (latest < lastStep && this.#costOf(latest + 1, ended) <= limit) latest++;
    return at(this.#times, earliest) + (at(this.#times, latest) - at(this.#times, earliest)) * random;
  }

  /**
   * Dynamic programming from the end: the cost, in milliseconds, of going on from each step. It counts the mean time at which
   * ends are detected, not the delay after them: the two differ by the mean duration, which is the same for all plans.
   */
  #plan(): void {
    const {total, changes} = this.#histogram;
    const weight = total + prior * binCount;
    const smoothed = this.#histogram.smoothed();
    this.#horizon = binStart(this.#histogram.usedBins);
    for (let step = 0; step < lastStep; step++) {
      const fraction = (at(smoothed, Math.floor(step / stepsPerBin)) + prior) / stepsPerBin / weight;
      this.#ended[step + 1] = at(this.#ended, step) + fraction;
    }
    // Nothing comes after the last step: what it costs stays 0.
    for (let step = lastStep - 1; step >= 0; step--) {
      const ended = at(this.#ended, step);
      const best = this.#bestStep(step + 1, at(this.#best, step + 1), ended);
      this.#best[step] = best;
      this.#cost[step] = this.#costOf(best, ended) + this.#requestCost * (1 - ended);
    }
    this.#plannedAt = changes;
  }

  /** The best step for the next poll. It never comes earlier the more have ended: so it lies between those of two steps. */
  #bestStep(first: number, last: number, ended: number): number {
    let best = first;
    for (let step = first + 1; step <= last; step++) {
      if (this.#costOf(step, ended) < this.#costOf(best, ended)) best = step;
    }
    return best;
  }

  /**
   * The cost of a poll at `step` and of going on from there. The poll adds its time to the mean time of detection for those
   * that end between now and then.
   */
  #costOf(step: number, ended: number): number {
    return at(this.#times, step) * (at(this.#ended, step) - ended) + at(this.#cost, step);
  }
}
