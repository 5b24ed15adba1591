import {Durations, type DurationsJson, readDurations} from './durations.ts';
import type {Operation, OperationStatus} from './operation.ts';

/** What a schedule may go by. All times are in milliseconds. */
export interface ScheduleContext {
  /** How many polls were made, from 1. */
  readonly attempt: number;
  /** The last known status. */
  readonly status: OperationStatus;
  /** The operation as last known. */
  readonly operation: Operation | undefined;
  /** How long the operation has been watched. */
  readonly elapsed: number;
  /** How many polls have failed in a row. */
  readonly failures: number;
  /** A random number from 0 to 1, without 1: the only source of chance a schedule needs, so that it stays a pure function. */
  readonly random: number;
}

/** How a watched operation ended, for a schedule that learns. All times are in milliseconds since watching began. */
export interface ScheduleEnd {
  /** When a poll found that the operation had ended. */
  readonly elapsed: number;
  /** When a poll last found that it had not; 0 when none did. The operation ended in between. */
  readonly after: number;
  /** The operation. */
  readonly operation: Operation;
}

/**
 * When to ask again, unless the service says: a function from what is known to milliseconds. Write your own where the
 * ones in {@link schedules} do not fit; one that throws, or that gives something that is no wait, is reported to the host
 * (`reportError`) and the default schedule takes its place for that wait.
 */
export interface Schedule {
  (context: ScheduleContext): number;
  /** Hears of each operation that a poll found ended. One that has it learns, and is not for a workflow that is replayed. */
  readonly ended?: ((end: ScheduleEnd) => void) | undefined;
}

/** The options of {@link schedules}.learned. Those of the exponential schedule are for what is not known yet. */
export interface LearnedOptions extends ExponentialOptions {
  /**
   * How many milliseconds of later detection one request is worth: the more, the fewer requests and the later an end is
   * found. Over 0, default 1000.
   */
  readonly requestCost?: number;
  /** What such a schedule has learned before, as its `toJSON()` gave it, parsed. Default: nothing. */
  readonly learned?: DurationsJson | undefined;
}

/** A schedule that learns how long operations take. Give the same one to all pollers of one kind of operation. */
export interface LearnedSchedule extends Schedule {
  readonly ended: (end: ScheduleEnd) => void;
  /** What was learned, as plain JSON: durations and nothing of any one operation. */
  readonly toJSON: () => DurationsJson;
}

/** The options of {@link schedules}.exponential. */
export interface ExponentialOptions {
  /** The first wait, in milliseconds. Default 1000. */
  readonly initial?: number;
  /** By how much each wait is longer than the one before. At least 1, default 1.5. */
  readonly factor?: number;
  /** The longest wait, in milliseconds. Default 30,000. */
  readonly max?: number;
  /**
   * How much of a wait is left to chance, so that pollers that started together do not stay together: `'full'`
   * (anything from 0 to the wait), `'equal'` (from half of it to all of it) or `'none'`. Default `'full'`. See
   * [Exponential Backoff And Jitter](https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
   */
  readonly jitter?: 'none' | 'full' | 'equal';
}

function fixed(delay: number): Schedule {
  checkMilliseconds('schedules.fixed', delay);
  return () => delay;
}

function exponential(options: ExponentialOptions = {}): Schedule {
  const {initial = 1000, factor = 1.5, max = 30_000, jitter = 'full'} = options;
  checkMilliseconds('schedules.exponential: initial', initial);
  checkMilliseconds('schedules.exponential: max', max);
  if (typeof factor !== 'number')
    throw new TypeError(`schedules.exponential: factor: expected a number, got ${String(factor)}`);
  if (!(factor >= 1)) throw new RangeError(`schedules.exponential: factor: expected a number from 1 on, got ${factor}`);
  if (jitter !== 'none' && jitter !== 'full' && jitter !== 'equal') {
    throw new TypeError(`schedules.exponential: jitter: expected 'none', 'full' or 'equal', got ${String(jitter)}`);
  }
  return ({attempt, random}) => {
    const grown = initial * factor ** (attempt - 1);
    // 0 times infinity is not a number; a wait of 0 does not grow.
    const delay = initial === 0 ? 0 : Math.min(grown, max);
    if (jitter === 'none') return delay;
    return jitter === 'full' ? delay * random : delay / 2 + (delay / 2) * random;
  };
}

function sequence(delays: readonly number[]): Schedule {
  if (!Array.isArray(delays))
    throw new TypeError(`schedules.sequence: expected a list of milliseconds, got ${String(delays)}`);
  for (const [index, delay] of delays.entries()) checkMilliseconds(`schedules.sequence: delay ${index}`, delay);
  const last = delays.at(-1);
  if (last === undefined) throw new RangeError('schedules.sequence: expected at least one delay, got none');
  const copy = [...delays];
  return ({attempt}) => copy[attempt - 1] ?? last;
}

function learned(options: LearnedOptions = {}): LearnedSchedule {
  const {requestCost = 1000, learned: known, ...others} = options;
  checkMilliseconds('schedules.learned: requestCost', requestCost);
  if (requestCost === 0) throw new RangeError('schedules.learned: requestCost: expected milliseconds over 0, got 0');
  const fallback = exponential(others);
  const {initial = 1000, factor = 1.5} = others;
  const durations = new Durations(
    requestCost,
    known === undefined ? undefined : readDurations(known, 'schedules.learned: learned'),
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

function checkMilliseconds(what: string, value: unknown): void {
  if (typeof value !== 'number') throw new TypeError(`${what}: expected milliseconds, got ${String(value)}`);
  if (!(value >= 0 && value < Number.POSITIVE_INFINITY)) {
    throw new RangeError(`${what}: expected milliseconds from 0 on, got ${value}`);
  }
}

/** The schedules that come with the library. */
export const schedules: {
  /** The same wait each time, in milliseconds. Pollers that start together stay together: mind the service. */
  readonly fixed: (delay: number) => Schedule;
  /** Waits that grow up to a limit, with jitter. The default schedule is `exponential()`. */
  readonly exponential: (options?: ExponentialOptions) => Schedule;
  /** The given waits one after another, in milliseconds; the last one repeats. */
  readonly sequence: (delays: readonly number[]) => Schedule;
  /**
   * Learns how long operations of one kind take, from the ends that its pollers find, and asks when that is likely to find
   * the next one; exponential until ten have ended, and beyond what it has seen. It follows when durations change: what it
   * knows is the last 300 operations or so. One value for each kind, given to all its pollers; not for `watchDurably`.
   *
   * ```ts
   * const schedule = schedules.learned({requestCost: 2000});
   * for (const location of locations) pollOperation(location, {schedule});
   * ```
   *
   * @throws TypeError or RangeError that names the option, what it got and what it takes
   */
  readonly learned: (options?: LearnedOptions) => LearnedSchedule;
} = {fixed, exponential, sequence, learned};
