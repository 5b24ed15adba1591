import {now, type TurnClock, turnClock} from '../shared/clock.ts';

/**
 * The clock of work that an engine records: the wall clock of this machine where the work begins, and no earlier than the time that the
 * watch has come to. What is recorded then never goes back, whatever is done to the clocks of the machines.
 *
 * @param since the time that the watch has come to, in milliseconds since 1970
 */
export function clockSince(since: number): TurnClock {
  const begunAt = now();
  return turnClock(Math.max(Date.now(), since), begunAt);
}
