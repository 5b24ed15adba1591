import type {KeepJobs} from 'bullmq';
import {checkNumber} from './engine-options.ts';

/** For how long outcomes stay in Redis: whatever comes first. */
export interface KeepOptions {
  /** In milliseconds after the end. Default a day. */
  readonly age?: number | undefined;
  /** How many, the latest. Default 10,000. */
  readonly count?: number | undefined;
}

/** Reads them as BullMQ takes them. @throws TypeError or RangeError */
export function readKeep(keep: KeepOptions = {}): KeepJobs {
  if (typeof keep !== 'object' || keep === null) throw new TypeError(`keep: expected {age, count}, got ${typeof keep}`);
  const {age = 24 * 3_600_000, count = 10_000} = keep;
  checkNumber('keep.age', age, 1000, 'milliseconds');
  checkNumber('keep.count', count, 1, 'a number');
  return {age: Math.ceil(age / 1000), count};
}
