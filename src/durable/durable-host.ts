import {type Check, checkFunctions} from '../shared/check-options.ts';
import type {RecordedJson} from './recorded-json.ts';

/**
 * What {@link watchDurably} needs of a workflow engine. `restateHost` and `cloudflareHost` make one; for another
 * engine it is an object of three lines, see `docs/engine-recipes.md`.
 *
 * After a crash the engine runs the workflow's code again and gives it what was recorded: it must make the same calls in
 * the same order, and it does, because what was recorded alone decides which calls are made. What the engine throws, e.g. when
 * the workflow is canceled, is rethrown unchanged.
 */
export interface DurableHost {
  /**
   * Does some work and records what it returns; on a replay, returns what was recorded without doing the work. Work that was cut
   * off before it was recorded may be done again. It never fails because of the service: a failed poll is a result,
   * so the engine's own retries have nothing to do.
   *
   * @param name unique in one watch, and the same on each replay: `poll 1`, `poll 2`, `result 1`
   */
  run(name: string, work: () => Promise<RecordedJson>): PromiseLike<RecordedJson>;
  /**
   * Waits, by a timer that outlives the process.
   *
   * @param name unique in one watch, and the same on each replay: `wait 1` follows `poll 1`, `wait for result 2` follows `result 1`
   * @param milliseconds a whole number, more than 0
   */
  sleep(name: string, milliseconds: number): PromiseLike<unknown>;
  /**
   * Waits as `sleep` does, or until somebody sends a hint that the operation may have changed, a webhook for instance; for engines
   * whose waits can end early, and record that. Used between polls. The next poll is then made as soon as the service allows.
   *
   * @param name as for `sleep`
   * @param milliseconds as for `sleep`
   * @returns whether a hint came, the same on each replay
   */
  waitForWake?(name: string, milliseconds: number): PromiseLike<boolean>;
  /**
   * The time in milliseconds since 1970, the same on each replay. Called when watching begins, and after a hint; else each
   * recorded poll says when it was made.
   *
   * @param name for an engine that records the time by name: `begin`, `wake 1`
   */
  now(name: string): number | PromiseLike<number>;
  /** Aborts the request of a poll when the engine has given up this execution of the workflow; nothing else. */
  readonly signal?: AbortSignal | undefined;
}

/** A check of a host. */
export const checkHost: Check = checkFunctions(
  'an object with the functions run, sleep and now',
  'run',
  'sleep',
  'now',
);

/** A host whose steps all have names with a prefix: those of several watches in one workflow must differ. */
export function withPrefix(host: DurableHost, prefix: string): DurableHost {
  const {waitForWake} = host;
  return {
    run: (name, work) => host.run(prefix + name, work),
    sleep: (name, milliseconds) => host.sleep(prefix + name, milliseconds),
    ...(waitForWake && {waitForWake: (name, milliseconds) => waitForWake.call(host, prefix + name, milliseconds)}),
    now: (name) => host.now(prefix + name),
    get signal() {
      return host.signal;
    },
  };
}
