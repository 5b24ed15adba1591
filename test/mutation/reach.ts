import {readFileSync} from 'node:fs';
import {SourceMap, type SourceMapPayload} from 'node:module';
import {relative} from 'node:path';
import type {Mutant} from './mutants.ts';

/** The test files that can notice a mutant, from the coverage of each. */
export type Reach = (mutant: Mutant) => readonly string[];

interface Position {
  /** From 1. */
  readonly line: number;
  /** From 0. */
  readonly column: number;
}

interface Range {
  readonly start: Position;
  readonly end: Position;
}

/** Istanbul's coverage of one file. The ranges are those of the compiled file. */
interface FileCoverage {
  readonly statementMap: Readonly<Record<string, Range>>;
  readonly s: Readonly<Record<string, number>>;
  readonly inputSourceMap?: SourceMapPayload;
}

type Coverage = Readonly<Record<string, FileCoverage>>;

interface Statement extends Range {
  readonly tests: Set<string>;
}

/**
 * Reads the coverage that `recorder.cjs` wrote: a mutant is reached by the test files that run the innermost statement around
 * it; one outside of all statements by those that load its file.
 */
export function readReach(coverageFile: string, root: string): Reach {
  const byTest = JSON.parse(readFileSync(coverageFile, 'utf8')) as Readonly<Record<string, Coverage>>;
  const loads = new Map<string, Set<string>>();
  const statements = new Map<string, Map<string, Statement>>();
  for (const [test, coverage] of Object.entries(byTest)) {
    for (const [path, {statementMap, s: counts, inputSourceMap}] of Object.entries(coverage)) {
      const file = relative(root, path);
      loads.set(file, (loads.get(file) ?? new Set()).add(test));
      let known = statements.get(file);
      if (known === undefined) {
        const toSource = sourcePositions(inputSourceMap);
        known = new Map(
          Object.entries(statementMap).map(([id, {start, end}]) => {
            return [id, {start: toSource(start), end: toSource(end), tests: new Set()}];
          }),
        );
        statements.set(file, known);
      }
      for (const [id, count] of Object.entries(counts)) if (count > 0) known.get(id)?.tests.add(test);
    }
  }
  return (mutant) => {
    let innermost: Statement | undefined;
    for (const statement of statements.get(mutant.file)?.values() ?? []) {
      if (!isWithin(mutant, statement)) continue;
      if (innermost === undefined || (isWithin(statement.start, innermost) && isWithin(statement.end, innermost))) {
        innermost = statement;
      }
    }
    return [...(innermost?.tests ?? loads.get(mutant.file) ?? [])];
  };
}

function sourcePositions(map: SourceMapPayload | undefined): (position: Position) => Position {
  if (map === undefined) return (position) => position;
  const sourceMap = new SourceMap(map);
  return ({line, column}) => {
    const entry = sourceMap.findEntry(line - 1, column);
    return 'originalLine' in entry ? {line: entry.originalLine + 1, column: entry.originalColumn} : {line, column};
  };
}

function isWithin({line, column}: Position, {start, end}: Range): boolean {
  if (line < start.line || line > end.line) return false;
  return !(line === start.line && column < start.column) && !(line === end.line && column > end.column);
}
