import type {RemainingTime} from '../operation/events.ts';
import {ceilToSeconds, formatDuration} from './duration.ts';
import type {LineSegment} from './live-line.ts';

/** When an operation is likely to end, where that is known. */
export interface EstimatedEnd {
  /** When it was estimated. */
  readonly at: number;
  /** How much of the bar was full then, 0 to 1: a later estimate changes how fast it fills, and never takes any of it back. */
  readonly full: number;
  readonly likelyAt: number;
  /** By when 9 of 10 have ended. */
  readonly mostAt: number;
}

/**
 * The end that is estimated at a moment.
 *
 * @param before the estimate before this one
 * @param since when the watch began
 */
export function estimateEnd(
  {p50, p90}: RemainingTime,
  at: number,
  before: EstimatedEnd | undefined,
  since: number,
): EstimatedEnd {
  const elapsed = Math.max(0, at - since);
  const full = before === undefined ? elapsed / (elapsed + Math.max(p50, 1)) : fullAt(before, at);
  return {at, full, likelyAt: at + p50, mostAt: at + p90};
}

/** How much of the bar is full at a moment, 0 to 1: all of it when the operation is likely to end. */
function fullAt({at, full, likelyAt}: EstimatedEnd, now: number): number {
  const passed = Math.min(1, Math.max(0, (now - at) / Math.max(likelyAt - at, 1)));
  return full + (1 - full) * passed;
}

// With the bar, a line of 80 columns has room for the next poll.
const barLength = 10;

/** How long the operation is likely to go on, as a bar and in words. */
export function estimateSegments(end: EstimatedEnd, now: number): readonly LineSegment[] {
  const {likelyAt, mostAt} = end;
  // It is full when the operation has ended, and not before.
  const full = Math.min(barLength - 1, Math.floor(barLength * fullAt(end, now)));
  const bar = `[${'#'.repeat(full)}${'-'.repeat(barLength - full)}]`;
  const likely = now < likelyAt ? `about ${formatDuration(ceilToSeconds(likelyAt - now))} left` : undefined;
  const most = now < mostAt ? `at most ${formatDuration(ceilToSeconds(mostAt - now))}` : 'longer than usual';
  return [
    {rank: 7, style: 'plain', text: bar},
    ...(likely === undefined ? [] : [{rank: 3, style: 'plain', text: likely} as const]),
    {rank: likely === undefined ? 3 : 6, style: 'plain', text: most},
  ];
}
