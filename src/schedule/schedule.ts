import type {RemainingTime} from '../operation/events.ts';
import type {Operation, OperationStatus} from '../operation/operation.ts';
import {
  type Checks,
  checkNumber,
  checkOneOf,
  checkOptions,
  checkRange,
  describeValue,
  expected,
  largestNumber,
} from '../shared/check-options.ts';

/** What a schedule may base a wait on. All times are in milliseconds. */
export interface ScheduleContext {
  /** The number of polls made so far, from 1. */
  readonly attempt: number;
  /** The last known status. */
  readonly status: OperationStatus;
  /** The last known operation. */
  readonly operation: Operation | undefined;
  /** How long the operation has been watched. */
  readonly elapsed: number;
  /** How many polls have failed in a row. */
  readonly failures: number;
  /** A random number from 0 to 1, exclusive: the only randomness a schedule needs, so that it can be a pure function. */
  readonly random: number;
}

/** When a watched operation ended, for a schedule that learns. All times are in milliseconds since watching began. */
export interface ScheduleEnd {
  /** When a poll detected that the operation had ended. */
  readonly elapsed: number;
  /** When a poll last found that it had not ended; 0 if none did. The operation ended in between. */
  readonly after: number;
  /** The operation. */
  readonly operation: Operation;
}

/**
 * When to poll again, unless the service says so itself: a function from what is known to milliseconds. Write your own where
 * those in {@link schedules} do not fit; if it throws or returns anything but a wait, that is reported to the host
 * (`reportError`), and the default schedule is used for that wait.
 */
export interface Schedule {
  (context: ScheduleContext): number;
  /**
   * Called when a poll finds that an operation has ended. A schedule with this method learns, so it cannot be used in workflows,
   * which are replayed.
   */
  readonly ended?: ((end: ScheduleEnd) => void) | undefined;
  /**
   * How long an operation that has been watched for `elapsed` milliseconds is likely to go on; `undefined` where too little
   * is known. Events carry it as `remaining`, and `poller.estimate()` returns it.
   */
  readonly estimate?: ((elapsed: number) => RemainingTime | undefined) | undefined;
}

/** The options of {@link schedules}.exponential; `undefined` means absent. */
export interface ExponentialOptions {
  /** The first wait, in milliseconds. Default 1000. */
  readonly initial?: number | undefined;
  /** The factor from each wait to the next. At least 1, default 1.5. */
  readonly factor?: number | undefined;
  /** The longest wait, in milliseconds. Default 30,000. */
  readonly max?: number | undefined;
  /**
   * How much of a wait is random, so that pollers that start together drift apart: `'full'` (anything from 0 to the wait),
   * `'equal'` (from half of it to all of it) or `'none'`. Default `'full'`. See
   * [Exponential Backoff And Jitter](https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
   */
  readonly jitter?: 'none' | 'full' | 'equal' | undefined;
}

const milliseconds = {takes: 'milliseconds', most: largestNumber};

/** A check for each option of `exponential`. */
export const exponentialChecks = {
  initial: checkRange(milliseconds),
  factor: checkRange({least: 1}),
  max: checkRange(milliseconds),
  jitter: checkOneOf('none', 'full', 'equal'),
} satisfies Checks<ExponentialOptions>;

/** The same wait each time, in milliseconds. Pollers that start together stay in step, which may overload the service. */
export function fixed(delay: number): Schedule {
  checkWait('schedules.fixed', delay);
  return () => delay;
}

/** Waits that grow exponentially up to a limit, with jitter. */
export function exponential(options: ExponentialOptions = {}): Schedule {
  return exponentialFrom(0, options);
}

/** The schedule used by default and in place of one that fails: `exponential()`, but never less than 100 ms. */
export const defaultSchedule: Schedule = exponentialFrom(100, {});

/** @param least what full jitter leaves of a wait, in milliseconds */
/* @__NO_SIDE_EFFECTS__ */ function exponentialFrom(least: number, options: ExponentialOptions): Schedule {
  const form = {name: 'schedules.exponential', prefix: 'schedules.exponential: '};
  const {initial = 1000, factor = 1.5, max = 30_000, jitter = 'full'} = checkOptions(options, exponentialChecks, form);
  return ({attempt, random}) => {
    // 0 times infinity would be NaN.
    const delay = initial === 0 ? 0 : Math.min(initial * factor ** (attempt - 1), max);
    if (jitter === 'none') return delay;
    const kept = jitter === 'full' ? least : delay / 2;
    return kept + (delay - kept) * random;
  };
}

/** The given waits in turn, in milliseconds; the last one repeats. */
export function sequence(delays: readonly number[]): Schedule {
  if (!Array.isArray(delays)) throw expected('schedules.sequence', 'a list of milliseconds', describeValue(delays));
  for (const [index, delay] of delays.entries()) checkWait(`schedules.sequence: delay ${index}`, delay);
  const last = delays.at(-1);
  if (last === undefined) throw new RangeError('schedules.sequence: expected at least one delay, got none');
  const copy = [...delays];
  return ({attempt}) => copy[attempt - 1] ?? last;
}

/** Checks a wait. @throws TypeError or RangeError that names it, its value and what is expected */
function checkWait(name: string, value: unknown): void {
  checkNumber(name, value, milliseconds);
}
