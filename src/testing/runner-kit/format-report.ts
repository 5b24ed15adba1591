import {type Check, wrongType} from '../checks.ts';
import type {RunnerCheck, RunnerReport} from './check-runner.ts';
import type {RunnerAbility} from './tested-runner.ts';

const marks: Record<RunnerCheck['result'], string> = {ok: '✓', broken: '✗', skipped: '–'};

const abilities: Record<RunnerAbility, string> = {
  wake: 'take hints',
  fetchResult: 'fetch results',
  severalInstances: 'have several instances',
  clockAhead: 'be given another clock',
  stored: 'show what it stores',
};

const checkReports: Check = (name, value) => {
  if (!Array.isArray(value)) throw wrongType(name, 'a list of what checkRunner returns', value);
};

/**
 * Writes reports as Markdown: a table with a row for each rule and a column for each runner, and what broke rules, or could not
 * be checked, as lists below it.
 *
 * @throws TypeError where it is no list
 */
export function formatReport(reports: readonly RunnerReport[]): string {
  checkReports('reports', reports);
  const names = reports[0]?.checks.map(({name}) => name) ?? [];
  const columns = [
    ['Rule', ...names],
    ...reports.map(({runner, checks}) => [runner, ...checks.map(({result}) => marks[result])]),
  ];
  const table = tableOf(columns);
  const broken = reports.flatMap(({runner, checks}) =>
    checks.flatMap(({name, seen}) => seen.map((what) => `- ${runner}: ${name}. Seen: ${what}`)),
  );
  const left = reports.flatMap(({runner, cannot}) =>
    [...cannot].map(([ability, why]) => `- ${runner} cannot ${abilities[ability]}: ${why}.`),
  );
  const busy = reports.flatMap(({runner, disturbed}) =>
    [...disturbed].map(
      ([scenario, why]) => `- ${runner} was not judged by '${scenario}', the machine was too busy: ${why}.`,
    ),
  );
  return [table, broken, left, busy]
    .filter((part) => part.length > 0)
    .map((lines) => `${lines.join('\n')}\n`)
    .join('\n');
}

/** A table of columns of the same length, as wide as their longest cells. */
function tableOf(columns: readonly (readonly string[])[]): string[] {
  const padded = columns.map(([head = '', ...cells]) => {
    const width = Math.max(3, head.length, ...cells.map(({length}) => length));
    return [head.padEnd(width), '-'.repeat(width), ...cells.map((cell) => cell.padEnd(width))];
  });
  return (padded[0] ?? []).map((_, line) => `| ${padded.map((column) => column[line] ?? '').join(' | ')} |`);
}
