import type {Operation, OperationStatus} from '../operation/operation.ts';
import {checkNumber, expected} from '../shared/check-options.ts';

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

/** The same wait each time, in milliseconds. Pollers that start together stay together: mind the service. */
export function fixed(delay: number): Schedule {
  checkMilliseconds('schedules.fixed', delay);
  return () => delay;
}

/** Waits that grow up to a limit, with jitter. The default schedule is `exponential()`. */
export function exponential(options: ExponentialOptions = {}): Schedule {
  const {initial = 1000, factor = 1.5, max = 30_000, jitter = 'full'} = options;
  checkMilliseconds('schedules.exponential: initial', initial);
  checkMilliseconds('schedules.exponential: max', max);
  checkNumber('schedules.exponential: factor', factor, {least: 1});
  if (jitter !== 'none' && jitter !== 'full' && jitter !== 'equal') {
    throw expected('schedules.exponential: jitter', "'none', 'full' or 'equal'", String(jitter));
  }
  return ({attempt, random}) => {
    const grown = initial * factor ** (attempt - 1);
    // 0 times infinity is not a number; a wait of 0 does not grow.
    const delay = initial === 0 ? 0 : Math.min(grown, max);
    if (jitter === 'none') return delay;
    return jitter === 'full' ? delay * random : delay / 2 + (delay / 2) * random;
  };
}

/** The given waits one after another, in milliseconds; the last one repeats. */
export function sequence(delays: readonly number[]): Schedule {
  if (!Array.isArray(delays)) throw expected('schedules.sequence', 'a list of milliseconds', String(delays));
  for (const [index, delay] of delays.entries()) checkMilliseconds(`schedules.sequence: delay ${index}`, delay);
  const last = delays.at(-1);
  if (last === undefined) throw new RangeError('schedules.sequence: expected at least one delay, got none');
  const copy = [...delays];
  return ({attempt}) => copy[attempt - 1] ?? last;
}

/** Checks one of a schedule's options. @throws TypeError or RangeError that names it, what it got and what it takes */
export function checkMilliseconds(what: string, value: unknown): void {
  checkNumber(what, value, {takes: 'milliseconds', most: Number.MAX_VALUE});
}
