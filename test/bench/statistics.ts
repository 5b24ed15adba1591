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
