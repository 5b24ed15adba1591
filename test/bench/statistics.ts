/** The middle one of the values. */
export function median(values: readonly number[]): number {
  return percentile(values, 50);
}

/** The value below which so many of a hundred are. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] ?? Number.NaN;
}

/** The median of each field. */
export function medians<Fields extends Readonly<Record<string, number>>>(runs: readonly Fields[]): Fields {
  const [first] = runs;
  if (first === undefined) throw new Error('no runs');
  const names = Object.keys(first);
  return Object.fromEntries(names.map((name) => [name, median(runs.map((run) => run[name] ?? Number.NaN))])) as Fields;
}

/** The middle half of what was measured, and the value in its middle. */
export interface Spread {
  readonly low: number;
  readonly median: number;
  readonly high: number;
}

/** The median of some values, and where a quarter and three quarters of them are. */
export function spreadOf(values: readonly number[]): Spread {
  return {low: percentile(values, 25), median: median(values), high: percentile(values, 75)};
}

/** How many times the others' figures ours are, turn by turn: the machine is faster in some minutes than in others. */
export function ratioOf(ours: readonly number[] = [], others: readonly number[] = []): Spread {
  return spreadOf(ours.map((value, turn) => value / (others[turn] ?? Number.NaN)));
}
