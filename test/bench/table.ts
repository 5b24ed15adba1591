// Tables as they stand in docs/performance-figures.md.

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
  readonly measured: number;
  readonly unit: string;
  readonly atMost: number;
}

/** The targets, and whether they were met. */
export function targetTable(targets: readonly Target[]): string {
  const rows = targets.map(({name, measured, unit, atMost}) => [
    name,
    figure(measured, unit),
    `at most ${atMost} ${unit}`.trim(),
    measured <= atMost ? 'met' : 'missed',
  ]);
  return table(['what', 'measured', 'target', ''], rows);
}
