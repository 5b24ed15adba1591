// Tables as they stand in docs/performance-figures.md.
import type {Spread} from './statistics.ts';

/** A table in markdown, its columns aligned. */
export function table(head: readonly string[], rows: ReadonlyArray<readonly string[]>): string {
  const widths = head.map((cell, column) => Math.max(3, cell.length, ...rows.map((row) => (row[column] ?? '').length)));
  const line = (cells: readonly string[]): string =>
    `| ${widths.map((width, column) => (cells[column] ?? '').padEnd(width)).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [line(head), rule, ...rows.map(line)].join('\n');
}

/** A figure with as many digits as it deserves. */
export function figure(value: number, unit = ''): string {
  if (!Number.isFinite(value)) return 'not run';
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return `${value.toFixed(digits)}${unit && ` ${unit}`}`;
}

/** A figure and how many times the best peer's it is, unless that is next to nothing. */
export function compared(value: number, best: number): string {
  return Number.isFinite(value) && best >= 0.1 ? `${figure(value)} (${(value / best).toFixed(2)})` : figure(value);
}

/** A figure that has a target. */
export interface Target {
  readonly name: string;
  readonly measured: Spread;
  readonly unit: string;
  readonly atMost: number;
  /** What has been reached where the target has not: `--check` holds the figure to it. */
  readonly reached?: number;
}

/** The targets, and whether they were met. */
export function targetTable(targets: readonly Target[]): string {
  const rows = targets.map(({name, measured: {low, median, high}, unit, atMost, reached}) => [
    name,
    figure(median, unit),
    low < high ? `${figure(low)} to ${figure(high)}` : '',
    `at most ${figure(atMost, unit)}`,
    median <= atMost ? 'met' : reached === undefined ? 'missed' : `missed, held to ${figure(reached)}`,
  ]);
  return table(['what', 'measured', 'spread', 'target', ''], rows);
}

/** The figures that are worse than their target, or than what has been reached, by more than their spread. */
export function exceeded(targets: readonly Target[]): readonly Target[] {
  return targets.filter(({measured: {low}, atMost, reached = atMost}) => !(low <= reached));
}

/** What a benchmark found: a text with tables, and the figures that have a target. */
export interface Report {
  readonly text: string;
  readonly targets: readonly Target[];
}
