import {type IntervalHistogram, monitorEventLoopDelay} from 'node:perf_hooks';

/** How often a process is checked for stalls, in milliseconds: what is measured includes it. */
export const stallResolution = 20;

/** Starts to measure for how long this process does not get around to its events, as on a busy machine. */
export function monitorStalls(): IntervalHistogram {
  const stalls = monitorEventLoopDelay({resolution: stallResolution});
  stalls.enable();
  return stalls;
}

/** The longest stall so far, in milliseconds. */
export function longestOf({max}: IntervalHistogram): number {
  return max / 1e6;
}
