import {monitorEventLoopDelay} from 'node:perf_hooks';

const resolution = 1;

/** How late the event loop comes to its timers, in milliseconds. */
export interface LoopDelay {
  readonly p50: number;
  readonly p99: number;
}

/** Begins to measure; what it returns ends that. */
export function watchLoop(): () => LoopDelay {
  const histogram = monitorEventLoopDelay({resolution});
  histogram.enable();
  const at = (percent: number): number => Math.max(0, histogram.percentile(percent) / 1e6 - resolution);
  return () => {
    histogram.disable();
    return {p50: at(50), p99: at(99)};
  };
}
