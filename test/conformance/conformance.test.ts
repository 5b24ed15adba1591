import {afterAll, beforeAll, describe, expect, test} from '@jest/globals';
import {fetchOrSkip} from '../support/packages.ts';
import {autorest} from './autorest.ts';
import {runCoreLro} from './core-lro.ts';
import {httpSpecs} from './http-specs.ts';
import {runOurs} from './ours.ts';
import {type Expected, isRight, type Runner, type Scenario} from './scenario.ts';
import {fetchSuites, type SuiteServer, startAutorest, startSpector} from './servers.ts';

// Before the tests are defined, so that they can be skipped.
const fetched = await fetchOrSkip('the suites of others', fetchSuites);

const suites = [
  {name: 'autorest test server', scenarios: autorest, start: startAutorest, size: 84, least: 83},
  {name: 'http-specs', scenarios: httpSpecs, start: startSpector, size: 10, least: 10},
] as const;

interface Wrong {
  readonly scenario: Scenario;
  readonly why: string;
}

const rows: string[] = [];

afterAll(() => {
  if (rows.length > 0) process.stdout.write(`\n${[row('suite', 'ours', 'core-lro'), ...rows].join('\n')}\n\n`);
});

describe.each(suites)('the long-running operations of $name', ({name, scenarios, start, size, least}) => {
  let server: SuiteServer | undefined;

  beforeAll(async () => {
    if (fetched !== undefined) server = await start(fetched);
  }, 60_000);

  afterAll(() => server?.stop());

  const run = fetched === undefined ? test.skip : test;
  run(
    `${least} of ${size} end as the suite wants`,
    async () => {
      const root = server?.root ?? '';
      // One after the other: the servers remember what was asked before.
      const ours = await runAll(runOurs, root, scenarios);
      const coreLro = await runAll(runCoreLro, root, scenarios);
      rows.push(row(name, `${size - ours.length}/${size}`, `${size - coreLro.length}/${size}`));
      for (const {scenario, why} of ours)
        rows.push(`  ours: ${scenario.name}: ${why}; ${scenario.deviation ?? 'a mistake'}`);
      for (const {scenario, why} of coreLro) rows.push(`  core-lro: ${scenario.name}: ${why}`);

      expect(scenarios).toHaveLength(size);
      expect(ours.filter(({scenario}) => scenario.deviation === undefined)).toEqual([]);
      expect(size - ours.length).toBeGreaterThanOrEqual(least);
    },
    120_000,
  );
});

/** The scenarios that do not end as their suite wants. */
async function runAll(runner: Runner, root: string, scenarios: readonly Scenario[]): Promise<readonly Wrong[]> {
  const wrong: Wrong[] = [];
  for (const scenario of scenarios) {
    const ending = await runner(root, scenario);
    if (isRight(scenario.expected, ending)) continue;
    const {status, result, reason} = ending;
    const got = [status, status === 'succeeded' ? JSON.stringify(result) : reason].join(' ').slice(0, 160);
    wrong.push({scenario, why: `expected ${describeExpected(scenario.expected)}, got ${got}`});
  }
  return wrong;
}

function describeExpected(expected: Expected): string {
  if (expected.status === 'error') return 'no success';
  if (expected.status !== 'succeeded' || expected.result === undefined) return expected.status;
  return `succeeded ${JSON.stringify(expected.result)}`;
}

function row(...cells: readonly string[]): string {
  return cells
    .map((cell) => cell.padEnd(24))
    .join('')
    .trimEnd();
}
