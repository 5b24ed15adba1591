import type {RemainingTime} from '../operation/events.ts';
import {type Checks, checkedWhereRead, checkNumber, checkOptions, largestNumber} from '../shared/check-options.ts';
import {DurationHistogram, type DurationHistogramJson, readDurationHistogram} from './duration-histogram.ts';
import {PollPlanner} from './poll-planner.ts';
import {RemainingTimes} from './remaining-time.ts';
import {
  type ExponentialOptions,
  exponential,
  exponentialChecks,
  type Schedule,
  type ScheduleContext,
  type ScheduleEnd,
} from './schedule.ts';

/** The options of {@link schedules}.adaptive. Those of the exponential schedule apply where nothing is known yet. */
export interface AdaptiveOptions extends ExponentialOptions {
  /**
   * How many milliseconds of detection delay one request is worth: the higher, the fewer requests and the later an end is
   * detected. More than 0, default 1000.
   */
  readonly requestCost?: number | undefined;
  /** What such a schedule learned before: the parsed output of its `toJSON()`. Default: nothing. */
  readonly learned?: DurationHistogramJson | undefined;
}

/** A schedule that learns how long operations take. Share one among all pollers of the same kind of operation. */
export interface AdaptiveSchedule extends Schedule {
  /** Learns from an end. Pollers call it; so may you, with ends detected elsewhere. */
  readonly ended: (end: Omit<ScheduleEnd, 'operation'> & Partial<ScheduleEnd>) => void;
  /**
   * How long an operation that has been watched for `elapsed` milliseconds is likely to go on; `undefined` until ten
   * operations have ended.
   */
  readonly estimate: (elapsed: number) => RemainingTime | undefined;
  /** What was learned, as plain JSON: durations, and nothing about any single operation. */
  readonly toJSON: () => DurationHistogramJson;
}

// Not by spreading, which bundlers keep.
const adaptiveChecks: Checks<AdaptiveOptions> = /* @__PURE__ */ Object.assign({}, exponentialChecks, {
  requestCost: (name, value) => {
    checkNumber(name, value, {takes: 'milliseconds', most: largestNumber});
    if (value === 0) throw new RangeError(`${name}: expected milliseconds over 0, got 0`);
  },
  learned: checkedWhereRead,
} satisfies Checks<Omit<AdaptiveOptions, keyof ExponentialOptions>>);

/**
 * Learns how long operations of one kind take from the ends that its pollers detect, and polls when the next end is likely;
 * exponential until ten operations have ended, and beyond the durations observed so far. It adapts when durations change: it
 * remembers about the last 200 operations. Share one schedule among all pollers of a kind; not for `watchDurably`.
 *
 * ```ts
 * const schedule = schedules.adaptive({requestCost: 2000});
 * for (const location of locations) pollOperation(location, {schedule});
 * ```
 *
 * @throws TypeError or RangeError that names the option, its value and what is expected
 */
export function adaptive(options: AdaptiveOptions = {}): AdaptiveSchedule {
  const form = {name: 'schedules.adaptive', prefix: 'schedules.adaptive: '};
  const {requestCost = 1000, learned, ...others} = checkOptions(options, adaptiveChecks, form);
  const fallback = exponential(others);
  const {initial = 1000, factor = 1.5} = others;
  const durations = new DurationHistogram(
    learned === undefined ? undefined : readDurationHistogram(learned, 'schedules.adaptive: learned'),
  );
  const planner = new PollPlanner(durations, requestCost);
  const remaining = new RemainingTimes(durations);
  const schedule = (context: ScheduleContext): number => {
    const {attempt, elapsed, random} = context;
    const next = planner.next(elapsed, random);
    if (next !== undefined) return Math.max(0, next - elapsed);
    // After few polls, the exponential schedule would start over: it continues as if it had made all polls so far.
    const equivalent =
      initial > 0 && factor > 1 ? 1 + Math.log1p((elapsed * (factor - 1)) / initial) / Math.log(factor) : 1;
    return fallback(durations.isInsufficient || !(equivalent > attempt) ? context : {...context, attempt: equivalent});
  };
  return Object.assign(schedule, {
    ended: ({elapsed, after}: Omit<ScheduleEnd, 'operation'>) => durations.add(after, elapsed),
    estimate: (elapsed: number) => remaining.after(elapsed),
    toJSON: () => durations.toJSON(),
  });
}
