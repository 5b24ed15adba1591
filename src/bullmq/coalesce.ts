/** For how long jobs are gathered, in milliseconds: the shortest time that a timer can wait. */
const gathering = 1;

/**
 * Makes a function whose callers within a millisecond go on in the same turn. Jobs that are due together are then polled one
 * after another rather than each between two answers of Redis, and what they send to Redis leaves together: that takes
 * a third less time, and costs each poll a millisecond.
 */
export function gather(): () => Promise<void> {
  let gathered: Promise<void> | undefined;
  return () => {
    gathered ??= new Promise((resolve) => {
      setTimeout(() => {
        gathered = undefined;
        resolve();
      }, gathering);
    });
    return gathered;
  };
}
