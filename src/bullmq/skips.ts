const shortestRest = 10;
const longestRest = 60_000;
const growth = 1.5;
const mostJobs = 10_000;

/**
 * How long the jobs rest that this worker cannot poll: so briefly at first that another worker gets them at once, and longer
 * and longer while nobody else polls them.
 */
export class Skips {
  /** By the job's id; the latest last. */
  readonly #skips = new Map<string, {readonly version: unknown; readonly count: number}>();

  /**
   * Counts a skip.
   *
   * @param version what changes when another worker has polled the job
   * @returns how long the job rests, in milliseconds
   */
  add(id: string, version: unknown): number {
    const before = this.#skips.get(id);
    const count = before !== undefined && before.version === version ? before.count : 0;
    this.#skips.delete(id);
    this.#skips.set(id, {version, count: count + 1});
    for (const oldest of this.#skips.keys()) {
      if (this.#skips.size <= mostJobs) break;
      this.#skips.delete(oldest);
    }
    return Math.min(longestRest, Math.ceil(shortestRest * growth ** Math.min(count, 50)));
  }
}

/** Whether to report a skip after which a job rests for so long: the first one, and once it seems that nobody else polls it. */
export function isWorthReporting(rest: number): boolean {
  return rest === shortestRest || rest >= 1000;
}
