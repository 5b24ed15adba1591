/** What is learned of how long operations take, as JSON has it: `schedules.adaptive` writes and takes it. */
export interface DurationHistogramJson {
  readonly kind: 'operation-poller durations';
  readonly version: 1;
  /** How many operations ended in each of 128 spans, the older ones counting less. */
  readonly counts: readonly number[];
}

const kind = 'operation-poller durations';
const version = 1;

// The first span ends at 100 ms, and eight of the others are an octave: up to 1.7 hours.
const spans = 128;
const shortest = 100;
const perOctave = 8;

// Polls are placed on a finer grid than durations are counted on: a span is 9 % of its time, a wait may be less.
const perSpan = 4;
const last = spans * perSpan;

/** How many ends the memory is made of: each new one takes this part from all that were before. */
const memory = 300;

/** Fewer ends than ten are no knowledge; the first of ten count a little less by then. */
const enough = 9.5;

/** An operation or two that could have taken any time: where little was seen, they say that it may be otherwise. */
const doubt = 2 / spans;

/** So many ends tell by themselves where they are. Fewer are taken for an accident of where, within an octave to each side. */
const telling = 20;

/** How much worse than the best a time may be to be chosen, in requests: wide where it matters little, narrow where it does. */
const spread = 0.1;

const times = Float64Array.from({length: last + 1}, (_, index) => {
  const span = Math.floor(index / perSpan);
  return edge(span) + (edge(span + 1) - edge(span)) * ((index % perSpan) / perSpan);
});

/** Where a span begins, in milliseconds. */
function edge(span: number): number {
  return span === 0 ? 0 : shortest * 2 ** ((span - 1) / perOctave);
}

/**
 * How long operations of one kind take, and when it pays to ask for one of them. Between two ends it changes nothing, and
 * asking it allocates nothing.
 */
export class DurationHistogram {
  readonly #requestCost: number;
  readonly #counts = new Float64Array(spans);
  #total = 0;
  #news = 0;
  /** At each time: which part has ended, the sum of its durations by parts, and the cost from there on. */
  readonly #ended = new Float64Array(last + 1);
  readonly #moment = new Float64Array(last + 1);
  readonly #cost = new Float64Array(last + 1);
  /** Up to where enough was seen, in milliseconds. */
  #horizon = 0;

  /**
   * @param requestCost how many milliseconds of delay one request is worth
   * @param counts how many operations ended in each span, from {@link readDurationHistogram}
   */
  constructor(requestCost: number, counts?: readonly number[]) {
    this.#requestCost = requestCost;
    if (counts === undefined) return;
    this.#counts.set(counts);
    for (const count of counts) this.#total += count;
    this.#news = this.#total;
  }

  /**
   * An operation has ended: not before `after` and not later than `until`, in milliseconds. It is shared out over the spans
   * between the two, as what is known so far has it.
   */
  learn(after: number, until: number): void {
    // Clocks jump, and what takes longer than is counted is the fallback's.
    if (!(until >= 0 && until < edge(spans))) return;
    const from = after > 0 && after < until ? after : 0;
    const first = spanOf(from);
    const final = spanOf(until);
    let sum = 0;
    for (let span = first; span <= final; span++) sum += this.#share(span, from, until);
    for (let span = 0; span < spans; span++) {
      const share = sum > 0 ? this.#share(span, from, until) / sum : span === final ? 1 : 0;
      const kept = at(this.#counts, span) * (1 - 1 / memory);
      this.#counts[span] = kept + (span >= first && span <= final ? share : 0);
    }
    this.#total = this.#total * (1 - 1 / memory) + 1;
    this.#news++;
  }

  #share(span: number, from: number, until: number): number {
    const [begins, ends] = [edge(span), edge(span + 1)];
    const overlap = Math.min(until, ends) - Math.max(from, begins);
    return (at(this.#counts, span) + doubt) * (Math.max(0, overlap) / (ends - begins));
  }

  /**
   * When to ask next for an operation that has not ended after `elapsed` milliseconds, counted as they are; `undefined`:
   * nothing is known of that.
   *
   * @param random from 0 to 1, without 1: which of the times that are nearly as good as the best
   */
  next(elapsed: number, random: number): number | undefined {
    if (this.isEmpty) return undefined;
    // A few ends more change little: the plan is made anew when a twentieth of what is known is new.
    if (this.#news >= this.#total / 20) this.#plan();
    if (!(elapsed < this.#horizon)) return undefined;
    const here = gridOf(elapsed);
    // Within a step of the grid ends are spread evenly.
    const begins = at(times, here);
    const share = (elapsed - begins) / (at(times, here + 1) - begins);
    const passed = (at(this.#ended, here + 1) - at(this.#ended, here)) * share;
    const ended = at(this.#ended, here) + passed;
    const moment = at(this.#moment, here) + (passed * (begins + elapsed)) / 2;
    const best = this.#best(here + 1, ended, moment);
    const most = this.#costOf(best, ended, moment) + spread * this.#requestCost * (1 - ended);
    let early = best;
    while (early - 1 > here && this.#costOf(early - 1, ended, moment) <= most) early--;
    let late = best;
    while (late < last && this.#costOf(late + 1, ended, moment) <= most) late++;
    return at(times, early) + (at(times, late) - at(times, early)) * random;
  }

  /** Whether too little is known to go by. */
  get isEmpty(): boolean {
    return this.#total < enough;
  }

  toJSON(): DurationHistogramJson {
    return {kind, version, counts: Array.from(this.#counts, (count) => Math.round(count * 1000) / 1000)};
  }

  /** Dynamic programming from the end: what it costs, in milliseconds of delay, to go on from each time. */
  #plan(): void {
    const all = this.#total + doubt * spans;
    const counts = spreadOut(this.#counts);
    let seen = 0;
    this.#horizon = 0;
    for (let span = spans - 1; span >= 0 && this.#horizon === 0; span--) {
      seen += at(this.#counts, span);
      if (seen >= 0.5) this.#horizon = edge(span + 1);
    }
    for (let index = 0; index < last; index++) {
      const part = (at(counts, Math.floor(index / perSpan)) + doubt) / perSpan / all;
      this.#ended[index + 1] = at(this.#ended, index) + part;
      this.#moment[index + 1] = at(this.#moment, index) + (part * (at(times, index) + at(times, index + 1))) / 2;
    }
    this.#cost[last] = 0;
    for (let index = last - 1; index >= 0; index--) {
      const ended = at(this.#ended, index);
      const moment = at(this.#moment, index);
      const onward = this.#costOf(this.#best(index + 1, ended, moment), ended, moment);
      this.#cost[index] = onward + this.#requestCost * (1 - ended);
    }
    this.#news = 0;
  }

  /** The best time to ask next, from `first` on. */
  #best(first: number, ended: number, moment: number): number {
    let best = first;
    let least = Number.POSITIVE_INFINITY;
    for (let to = first; to <= last; to++) {
      const delay = this.#delay(to, ended, moment);
      // It only grows from here on.
      if (delay >= least) break;
      const cost = delay + at(this.#cost, to);
      if (cost < least) {
        least = cost;
        best = to;
      }
    }
    return best;
  }

  #costOf(to: number, ended: number, moment: number): number {
    return this.#delay(to, ended, moment) + at(this.#cost, to);
  }

  /** How late those are found, on the whole, that end between now and `to`. */
  #delay(to: number, ended: number, moment: number): number {
    return at(times, to) * (at(this.#ended, to) - ended) - (at(this.#moment, to) - moment);
  }
}

/**
 * Reads what {@link DurationHistogram} wrote; it may come from a database or a user's file.
 *
 * @param where stands first in the messages
 * @throws TypeError or RangeError that says what is wrong
 */
export function readDurationHistogram(value: unknown, where: string): readonly number[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new TypeError(`${where}: expected what toJSON() gave, got ${Array.isArray(value) ? 'a list' : typeof value}`);
  }
  const fields = value as Readonly<Record<string, unknown>>;
  if (fields['kind'] !== kind) throw new TypeError(`${where}: expected the kind '${kind}', got another`);
  if (fields['version'] !== version) throw new RangeError(`${where}: expected version ${version}, got another`);
  const foreign = Object.keys(fields).find((name) => name !== 'kind' && name !== 'version' && name !== 'counts');
  if (foreign !== undefined) throw new TypeError(`${where}: there is a foreign key, ${foreign.slice(0, 40)}`);
  const {counts} = fields;
  if (!Array.isArray(counts)) throw new TypeError(`${where}: counts: expected a list, got ${typeof counts}`);
  if (counts.length !== spans)
    throw new RangeError(`${where}: counts: expected ${spans} numbers, got ${counts.length}`);
  let sum = 0;
  for (let span = 0; span < spans; span++) {
    const count: unknown = counts[span];
    if (typeof count !== 'number')
      throw new TypeError(`${where}: count ${span}: expected a number, got ${typeof count}`);
    if (!(count >= 0)) throw new RangeError(`${where}: count ${span}: expected a number from 0 on, got ${count}`);
    sum += count;
  }
  // What toJSON() rounds may come to a little more than the memory holds.
  if (!(sum <= memory + 1))
    throw new RangeError(`${where}: counts: expected no more than ${memory} in all, got ${sum}`);
  return counts;
}

/**
 * The counts, with the ends that are few in their span shared out over as many spans around it as hold {@link telling} of
 * them: else a rare tail would be a row of peaks with nothing between them.
 */
function spreadOut(counts: Float64Array): Float64Array {
  const shared = new Float64Array(spans);
  for (const [span, count] of counts.entries()) {
    if (count === 0) continue;
    let reach = 0;
    for (let near = count; near < telling && reach < perOctave; ) {
      reach++;
      near += at(counts, span - reach) + at(counts, span + reach);
    }
    const [first, final] = [Math.max(0, span - reach), Math.min(spans - 1, span + reach)];
    const share = count / (final - first + 1);
    for (let other = first; other <= final; other++) shared[other] = at(shared, other) + share;
  }
  return shared;
}

function at(values: Float64Array, index: number): number {
  return values[index] ?? 0;
}

function spanOf(time: number): number {
  return time < shortest ? 0 : Math.min(spans - 1, 1 + Math.floor(Math.log2(time / shortest) * perOctave));
}

/** The last time of the grid that is not after this one. */
function gridOf(time: number): number {
  const span = spanOf(time);
  const within = Math.floor(((time - edge(span)) / (edge(span + 1) - edge(span))) * perSpan);
  return span * perSpan + Math.min(perSpan - 1, Math.max(0, within));
}
