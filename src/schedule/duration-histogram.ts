import {describeValue} from '../shared/check-options.ts';
import {isRecord} from '../shared/json.ts';

/** The durations that `schedules.adaptive` has learned, as JSON. */
export interface DurationHistogramJson {
  readonly kind: 'operation-poller durations';
  readonly version: 1;
  /** How many operations ended in each of 184 bins, older ones weighing less. */
  readonly counts: readonly number[];
}

const kind = 'operation-poller durations';
const version = 1;

/** The first bin ends at 100 ms; of the others, eight make an octave, up to nine days. */
export const binCount = 184;
const firstBinEnd = 100;
const binsPerOctave = 8;

/** The effective sample size: each new duration takes this fraction of the weight of all earlier ones. */
const sampleSize = 200;

/** Fewer than ten durations say too little; by the tenth, the first weighs slightly less than 1. */
const minimumTotal = 9.5;

/** The pseudo-count of each bin, two in all: where little was observed, a different duration remains possible. */
export const prior = 2 / binCount;

/**
 * The weight, in operations, that counts as spread evenly between two polls when the end between them is distributed: ends that no
 * poll has separated stay spread out.
 */
const evenWeight = 0.2;

/** The longest durations are forgotten once they weigh less than this in all, in operations; a tail of this weight replaces them. */
export const tailWeight = 0.5;

/** How many durations locate a peak by themselves. A smaller number is smoothed, by up to an octave to each side. */
const smoothingCount = 20;

/** Where a bin begins, in milliseconds. */
export function binStart(bin: number): number {
  return bin === 0 ? 0 : firstBinEnd * 2 ** ((bin - 1) / binsPerOctave);
}

/** The bin of a duration in milliseconds. */
export function binOf(duration: number): number {
  return duration < firstBinEnd
    ? 0
    : Math.min(binCount - 1, 1 + Math.floor(Math.log2(duration / firstBinEnd) * binsPerOctave));
}

/** An element of a typed array, 0 outside its bounds. */
export function at(values: Float64Array, index: number): number {
  return values[index] ?? 0;
}

/** A histogram of how long operations of one kind take, in which old durations fade. */
export class DurationHistogram {
  readonly counts = new Float64Array(binCount);
  /** The sum of the counts. */
  total = 0;
  /** How many durations were added, without those restored from JSON. */
  changes = 0;

  /** @param counts how many operations ended in each bin, from {@link readDurationHistogram} */
  constructor(counts?: readonly number[]) {
    if (counts === undefined) return;
    this.counts.set(counts);
    for (const count of counts) this.total += count;
  }

  /** Whether there are too few durations to rely on. */
  get isInsufficient(): boolean {
    return this.total < minimumTotal;
  }

  /** The number of bins up to the longest durations that are not forgotten. */
  get usedBins(): number {
    let bins = binCount;
    for (let weight = at(this.counts, bins - 1); weight < tailWeight && bins > 0; weight += at(this.counts, bins - 1))
      bins--;
    return bins;
  }

  /**
   * Adds a duration that is known to lie between `after` and `until`, in milliseconds. Its weight is distributed over the bins
   * in between in proportion to their counts so far, to which a little is added evenly.
   */
  add(after: number, until: number): void {
    // Clocks jump; and what lies beyond the last bin is left to the fallback schedule.
    if (!(until >= 0 && until < binStart(binCount))) return;
    const from = after <= until ? Math.max(0, after) : 0;
    const first = binOf(from);
    const last = binOf(until);
    // 0 or NaN where the time in between is too short to overlap a bin: then the last one takes all.
    let sum = 0;
    for (let bin = first; bin <= last; bin++) sum += this.#weight(bin, from, until);
    for (const [bin, count] of this.counts.entries()) {
      const share = sum > 0 ? this.#weight(bin, from, until) / sum : bin === last ? 1 : 0;
      this.counts[bin] = count * (1 - 1 / sampleSize) + share;
    }
    this.total = this.total * (1 - 1 / sampleSize) + 1;
    this.changes++;
  }

  #weight(bin: number, from: number, until: number): number {
    const [start, end] = [binStart(bin), binStart(bin + 1)];
    const overlap = Math.max(0, Math.min(until, end) - Math.max(from, start));
    return at(this.counts, bin) * (overlap / (end - start)) + evenWeight * (overlap / (until - from));
  }

  /**
   * The counts, with those of sparse bins distributed over as many bins around them as contain {@link smoothingCount}
   * durations: otherwise a rare tail would be a row of peaks with nothing in between.
   */
  smoothed(): Float64Array {
    const smoothed = new Float64Array(binCount);
    for (const [bin, count] of this.counts.entries()) {
      let radius = 0;
      for (let neighbors = count; neighbors < smoothingCount && radius < binsPerOctave; ) {
        radius++;
        neighbors += at(this.counts, bin - radius) + at(this.counts, bin + radius);
      }
      const [first, last] = [Math.max(0, bin - radius), Math.min(binCount - 1, bin + radius)];
      const share = count / (last - first + 1);
      for (let other = first; other <= last; other++) smoothed[other] = at(smoothed, other) + share;
    }
    return smoothed;
  }

  toJSON(): DurationHistogramJson {
    return {kind, version, counts: Array.from(this.counts, (count) => Math.round(count * 1000) / 1000)};
  }
}

/**
 * Reads what {@link DurationHistogram} wrote; it may come from a database or a user's file.
 *
 * @param where the start of each message
 * @throws TypeError or RangeError that says what is wrong
 */
export function readDurationHistogram(fields: unknown, where: string): readonly number[] {
  if (!isRecord(fields)) {
    throw new TypeError(`${where}: expected what toJSON() returned, got ${describeValue(fields)}`);
  }
  if (fields['kind'] !== kind) throw new TypeError(`${where}: expected the kind '${kind}', got another`);
  if (fields['version'] !== version) throw new RangeError(`${where}: expected version ${version}, got another`);
  const unknown = Object.keys(fields).find((name) => name !== 'kind' && name !== 'version' && name !== 'counts');
  if (unknown !== undefined) throw new TypeError(`${where}: unknown field ${unknown.slice(0, 40)}`);
  const {counts} = fields;
  if (!Array.isArray(counts)) throw new TypeError(`${where}: counts: expected a list, got ${describeValue(counts)}`);
  if (counts.length !== binCount)
    throw new RangeError(`${where}: counts: expected ${binCount} numbers, got ${counts.length}`);
  let sum = 0;
  for (let bin = 0; bin < binCount; bin++) {
    const count: unknown = counts[bin];
    if (typeof count !== 'number')
      throw new TypeError(`${where}: count ${bin}: expected a number, got ${describeValue(count)}`);
    if (!(count >= 0)) throw new RangeError(`${where}: count ${bin}: expected a number from 0 on, got ${count}`);
    sum += count;
  }
  // toJSON() rounds, so the counts may add up to slightly more than the sample.
  if (!(sum <= sampleSize + 1))
    throw new RangeError(`${where}: counts: expected no more than ${sampleSize} in all, got ${sum}`);
  return counts;
}
