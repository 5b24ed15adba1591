import type {RemainingTime} from '../operation/events.ts';
import {isOver, type WatchState} from '../operation/state.ts';
import type {Schedule} from '../schedule/schedule.ts';
import {orReported} from '../shared/report-error.ts';

/**
 * How long an operation is likely to go on, by what its schedule has learned; `undefined` where that is nothing, and once
 * watching is over.
 *
 * @param at milliseconds since 1970
 */
export function estimateRemaining(
  state: WatchState,
  schedule: Schedule | undefined,
  at: number,
): RemainingTime | undefined {
  if (schedule?.estimate === undefined || isOver(state)) return undefined;
  return orReported(() => {
    const given = schedule.estimate?.(Math.max(0, at - state.startedAt));
    if (given === undefined) return undefined;
    const {p10, p50, p90} = given;
    if (!([p10, p50, p90].every(Number.isFinite) && p10 >= 0 && p50 >= p10 && p90 >= p50)) {
      throw new RangeError('schedule.estimate: expected milliseconds p10, p50 and p90 in ascending order');
    }
    return Object.freeze({p10, p50, p90});
  });
}
