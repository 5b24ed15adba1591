import {DurationHistogram, type DurationHistogramJson, readDurationHistogram} from './duration-histogram.ts';
import {
  checkMilliseconds,
  type ExponentialOptions,
  exponential,
  type Schedule,
  type ScheduleContext,
  type ScheduleEnd,
} from './schedule.ts';

/** The options of {@link schedules}.learned. Those of the exponential schedule are for what is not known yet. */
export interface AdaptiveOptions extends ExponentialOptions {
  /**
   * How many milliseconds of later detection one request is worth: the more, the fewer requests and the later an end is
   * found. Over 0, default 1000.
   */
  readonly requestCost?: number;
  /** What such a schedule has learned before, as its `toJSON()` gave it, parsed. Default: nothing. */
  readonly learned?: DurationHistogramJson | undefined;
}

/** A schedule that learns how long operations take. Give the same one to all pollers of one kind of operation. */
export interface AdaptiveSchedule extends Schedule {
  readonly ended: (end: ScheduleEnd) => void;
  /** What was learned, as plain JSON: durations and nothing of any one operation. */
  readonly toJSON: () => DurationHistogramJson;
}

/**
 * Learns how long operations of one kind take, from the ends that its pollers find, and asks when that is likely to find
 * the next one; exponential until ten have ended, and beyond what it has seen. It follows when durations change: what it
 * knows is the last 300 operations or so. One value for each kind, given to all its pollers; not for `watchDurably`.
 *
 * ```ts
 * const schedule = schedules.adaptive({requestCost: 2000});
 * for (const location of locations) pollOperation(location, {schedule});
 * ```
 *
 * @throws TypeError or RangeError that names the option, what it got and what it takes
 */
export function adaptive(options: AdaptiveOptions = {}): AdaptiveSchedule {
  const {requestCost = 1000, learned: known, ...others} = options;
  checkMilliseconds('schedules.adaptive: requestCost', requestCost);
  if (requestCost === 0) throw new RangeError('schedules.adaptive: requestCost: expected milliseconds over 0, got 0');
  const fallback = exponential(others);
  const {initial = 1000, factor = 1.5} = others;
  const durations = new DurationHistogram(
    requestCost,
    known === undefined ? undefined : readDurationHistogram(known, 'schedules.adaptive: learned'),
  );
  const schedule = (context: ScheduleContext): number => {
    const {attempt, elapsed, random} = context;
    const next = durations.next(elapsed, random);
    if (next !== undefined) return Math.max(0, next - elapsed);
    // With few polls so far the exponential schedule would begin anew: it goes on as if it had made those until now.
    const grown = initial > 0 && factor > 1 ? 1 + Math.log1p((elapsed * (factor - 1)) / initial) / Math.log(factor) : 1;
    return fallback(durations.isEmpty || !(grown > attempt) ? context : {...context, attempt: grown});
  };
  return Object.assign(schedule, {
    ended: ({elapsed, after}: ScheduleEnd) => durations.learn(after, elapsed),
    toJSON: () => durations.toJSON(),
  });
}
