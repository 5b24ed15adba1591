// The best that can be done when the distribution of durations is known: dynamic programming.

/** What a schedule costs, per operation. Delays are in milliseconds. */
export interface Point {
  readonly requests: number;
  readonly delay: number;
  readonly p95: number;
}

/**
 * The optimal times to ask for operations whose durations are these, at a price of a request in milliseconds of delay.
 * It may ask at the durations themselves: to ask at any other time is no better for them. Known are these very durations, not
 * only what they were drawn from, so that it is a little better than anything that could be done.
 */
export function optimalTimes(durations: readonly number[], requestCost: number): number[] {
  const sorted = [...durations].sort((a, b) => a - b);
  const count = sorted.length;
  const sums = new Float64Array(count + 1);
  for (let index = 0; index < count; index++) sums[index + 1] = sums[index]! + sorted[index]!;
  const cost = new Float64Array(count + 1);
  const next = new Int32Array(count + 1);
  for (let from = count - 1; from >= 0; from--) {
    let least = Number.POSITIVE_INFINITY;
    for (let to = from + 1; to <= count; to++) {
      const delay = sorted[to - 1]! * (to - from) - (sums[to]! - sums[from]!);
      if (delay >= least) break;
      if (delay + cost[to]! < least) {
        least = delay + cost[to]!;
        next[from] = to;
      }
    }
    cost[from] = least + requestCost * (count - from);
  }
  const times: number[] = [];
  for (let from = 0; from < count; from = next[from]!) times.push(sorted[next[from]! - 1]!);
  return times;
}

/** What it comes to, per operation. */
export function summary(requests: number, delays: Float64Array): Point {
  const sorted = delays.slice().sort();
  const sum = sorted.reduce((total, delay) => total + delay, 0);
  return {
    requests: requests / delays.length,
    delay: sum / delays.length,
    p95: sorted[Math.floor(sorted.length * 0.95)] ?? Number.NaN,
  };
}

/** What several runs come to. */
export function mean(points: readonly Point[]): Point {
  const of = (key: keyof Point): number => points.reduce((sum, point) => sum + point[key], 0) / points.length;
  return {requests: of('requests'), delay: of('delay'), p95: of('p95')};
}

/** How many requests a curve takes at a delay: between two of its points, a mixture of both. Points off the lower hull do not count. */
export function requestsAt(points: readonly Point[], delay: number): number {
  let least = Number.POSITIVE_INFINITY;
  for (const sooner of points) {
    if (sooner.delay > delay) continue;
    least = Math.min(least, sooner.requests);
    for (const later of points) {
      if (later.delay <= delay) continue;
      const share = (delay - sooner.delay) / (later.delay - sooner.delay);
      least = Math.min(least, sooner.requests + (later.requests - sooner.requests) * share);
    }
  }
  return least;
}
