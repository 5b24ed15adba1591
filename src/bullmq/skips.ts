import {dropOldest} from './drop-oldest.ts';

const shortestDelay = 10;
const longestDelay = 60_000;
/** A job is delayed for a quarter of the time for which it has been skipped. */
const share = 1 / 4;
/** How often a job is put back without a delay before each delay. */
const undelayed = 2;
const longDelay = 1000;
const maxJobs = 10_000;

/** What follows from a skip. */
export interface Skip {
  /** How long the job is delayed, in milliseconds; 0: it is put back at once. */
  readonly delay: number;
  /** Whether to report it: the first one, and those of a job that nobody else seems to poll. */
  readonly isWorthReporting: boolean;
}

/**
 * How long jobs are delayed that this worker cannot poll: longer and longer while nobody else polls them.
 *
 * Workers that wait for the end of the same delay race, and the same one may win again and again. Without a delay the job usually goes
 * to the worker that has been idle longest. So jobs are put back without one a few times before each, and delays grow with the time
 * that has passed rather than with each skip.
 */
export class Skips {
  /** By the job's id; the latest last. */
  readonly #skips = new Map<string, {readonly version: unknown; readonly since: number; readonly count: number}>();

  /**
   * Records a skip.
   *
   * @param version what changes when another worker has polled the job
   * @param now the time, in milliseconds
   */
  add(id: string, version: unknown, now: number): Skip {
    const before = this.#skips.get(id);
    const isFirst = before === undefined || before.version !== version;
    const {since, count} = isFirst ? {since: now, count: 1} : {since: before.since, count: before.count + 1};
    // With so many jobs, a first skip may be one that was forgotten.
    const isFull = isFirst && this.#skips.size >= maxJobs;
    this.#skips.delete(id);
    this.#skips.set(id, {version, since, count});
    dropOldest(this.#skips, maxJobs);
    if (isFull) return {delay: shortestDelay, isWorthReporting: true};
    if (count % (undelayed + 1) !== 0) return {delay: 0, isWorthReporting: isFirst};
    const delay = Math.min(longestDelay, Math.max(shortestDelay, Math.ceil((now - since) * share)));
    return {delay, isWorthReporting: delay >= longDelay};
  }
}
