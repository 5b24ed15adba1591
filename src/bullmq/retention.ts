import type {KeepJobs} from 'bullmq';
import {checkIsObject, checkNumber} from '../shared/check-options.ts';

/** For how long outcomes stay in Redis, whatever comes first, and how much of what was told. */
export interface KeepOptions {
  /** Outcomes, in milliseconds after the end. Default a day. */
  readonly age?: number | undefined;
  /** How many outcomes, the latest. Default 10,000. */
  readonly count?: number | undefined;
  /**
   * About how many entries of the stream of events, the latest. A poll makes three or four of them, BullMQ's own included,
   * so that 4000 are a thousand polls: a listener that is further behind misses events. Default 4000.
   */
  readonly events?: number | undefined;
}

/** {@link KeepOptions}, as BullMQ takes them. */
export interface Keep {
  readonly removeOnComplete: KeepJobs;
  readonly streams: {readonly events: {readonly maxLen: number}};
}

/** @throws TypeError or RangeError */
export function readKeep(keep: KeepOptions = {}): Keep {
  checkIsObject('keep', keep, '{age, count, events}');
  const {age = 24 * 3_600_000, count = 10_000, events = 4000} = keep;
  checkNumber('keep.age', age, {takes: 'milliseconds', least: 1000, most: Number.MAX_SAFE_INTEGER});
  checkNumber('keep.count', count, {least: 1, most: Number.MAX_SAFE_INTEGER});
  checkNumber('keep.events', events, {least: 1, most: Number.MAX_SAFE_INTEGER});
  return {
    removeOnComplete: {age: Math.ceil(age / 1000), count},
    streams: {events: {maxLen: Math.ceil(events)}},
  };
}
