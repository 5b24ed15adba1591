import {type Check, type Checks, checkMilliseconds, checkObjectWith, ownProperties} from '../shared/check-options.ts';
import {checkCount} from './engine-options.ts';

/** How long outcomes stay in Redis and how many, whichever limit is reached first; and how many events. */
export interface RetentionOptions {
  /** How long outcomes are kept after the end, in milliseconds. Default a day. */
  readonly age?: number | undefined;
  /** How many of the latest outcomes are kept. Default 10,000. */
  readonly count?: number | undefined;
  /**
   * About how many of the latest entries of the event stream are kept. A poll makes three or four of them, BullMQ's own
   * included, so that 4000 are a thousand polls: a listener that is further behind misses events. Default 4000.
   */
  readonly events?: number | undefined;
}

const retentionChecks = {
  age: checkMilliseconds(1000),
  count: checkCount,
  events: checkCount,
} satisfies Checks<RetentionOptions>;

export const checkRetention: Check = checkObjectWith(retentionChecks, {takes: '{age, count, events}'});

/** {@link RetentionOptions}, as BullMQ takes them. */
export type Retention = ReturnType<typeof readRetention>;

export function readRetention(options: RetentionOptions = {}) {
  const {age = 24 * 3_600_000, count = 10_000, events = 4000} = ownProperties(options);
  return {removeOnComplete: {age: Math.ceil(age / 1000), count}, streams: {events: {maxLen: events}}};
}
