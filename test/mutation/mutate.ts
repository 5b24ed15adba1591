// Makes small changes to the source, one at a time, and shows which of them no test notices: `npm run mutate`. README.md in
// test/mutation has its options.
import {spawnSync} from 'node:child_process';
import {createHash, randomInt} from 'node:crypto';
import {cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {dirname, join, relative, resolve} from 'node:path';
import {parseArgs} from 'node:util';
import {findMutants, type Mutant} from './mutants.ts';
import {type Reach, readReach} from './reach.ts';
import {runTests, type TestRun} from './test-run.ts';

const scope = ['src/operation', 'src/http', 'src/polling', 'src/machine', 'src/schedule', 'src/client', 'src/graph'];

/** The share of mutants that must be noticed. */
const target = 0.96;

/** What a copy of the repository does without. */
const notCopied: ReadonlySet<string> = new Set(['.git', 'build', 'coverage', 'dist', 'node_modules']);

/** A mutant that changes nothing that a test could notice; `equivalent.json` lists them by file. */
interface Equivalent {
  readonly text: string;
  readonly mutation: string;
  readonly reason: string;
}

interface Result {
  readonly mutant: Mutant;
  /** How the mutant was noticed; `undefined`: it was not. */
  readonly noticed: string | undefined;
  /** How many test files ran. */
  readonly tests: number;
}

interface Tests {
  readonly reach: Reach;
  /** How long each test file takes without a mutant, in milliseconds. */
  readonly durations: ReadonlyMap<string, number>;
}

async function main(): Promise<boolean> {
  const {values} = parseArgs({
    options: {
      sample: {type: 'string', default: '100'},
      seed: {type: 'string', default: String(randomInt(1_000_000))},
      folder: {type: 'string', multiple: true},
      file: {type: 'string', multiple: true},
      list: {type: 'boolean', default: false},
    },
  });
  const folders = values.folder ?? (values.file === undefined ? scope : []);
  const files = [...folders.flatMap(sourceFiles), ...(values.file ?? [])];
  const found = files.flatMap((file) => findMutants(file, readFileSync(file, 'utf8')));
  const {mutants, equivalent, stale} = withoutEquivalent(found, files);
  const sample = takeSample(mutants, values.sample === 'all' ? mutants.length : Number(values.sample), values.seed);
  console.log(`${found.length} mutants in ${files.length} files, of which ${equivalent} are listed as equivalent.`);
  for (const entry of stale) console.log(`equivalent.json: there is no ${entry}`);
  if (values.list) {
    const listed = new Set(sample);
    for (const mutant of mutants.filter((mutant) => listed.has(mutant))) console.log(describe(mutant));
    return stale.length === 0;
  }
  console.log(`A sample of ${sample.length} by --seed ${values.seed}.`);

  const copy = copyRepository();
  const results: Result[] = [];
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      report(results);
      process.exit(130);
    });
  }
  const tests = await runUnchanged(copy);
  for (const mutant of sample) {
    const result = await tryMutant(copy, mutant, tests);
    results.push(result);
    const outcome = result.noticed === undefined ? `NOT NOTICED by ${result.tests} test files` : result.noticed;
    console.log(`${results.length}/${sample.length} ${describe(mutant)}\n    ${outcome}`);
  }
  report(results);
  const share = shareNoticed(results);
  return share >= target && stale.length === 0;
}

function sourceFiles(folder: string): string[] {
  return readdirSync(folder, {recursive: true, encoding: 'utf8'})
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name))
    .sort();
}

/** The mutants without those that `equivalent.json` lists, and its entries that fit no mutant any more. */
function withoutEquivalent(found: readonly Mutant[], files: readonly string[]) {
  const listed = JSON.parse(readFileSync('test/mutation/equivalent.json', 'utf8')) as Record<string, Equivalent[]>;
  const fits = (entry: Equivalent, {text, mutation}: Mutant): boolean => {
    return entry.text === text && entry.mutation === mutation;
  };
  const mutants = found.filter((mutant) => !listed[mutant.file]?.some((entry) => fits(entry, mutant)));
  const stale = Object.entries(listed).flatMap(([file, entries]) => {
    if (!existsSync(file)) return [file];
    if (!files.includes(file)) return [];
    const ofFile = found.filter((mutant) => mutant.file === file);
    const gone = entries.filter((entry) => !ofFile.some((mutant) => fits(entry, mutant)));
    return gone.map(({text, mutation}) => `${mutation} in ${file}: ${text}`);
  });
  return {mutants, equivalent: found.length - mutants.length, stale};
}

/**
 * By the hash of each, so that a change of the source changes little of the sample of a seed. The order is the hash's too: what a
 * run has tried when it is stopped is a fair sample.
 */
function takeSample(mutants: readonly Mutant[], size: number, seed: string): readonly Mutant[] {
  if (!(Number.isInteger(size) && size > 0)) throw new RangeError(`--sample: expected a number or 'all', got ${size}`);
  return mutants
    .map((mutant) => ({mutant, hash: hashOf([seed, mutant.file, mutant.text, mutant.mutation, `${mutant.column}`])}))
    .sort((one, other) => (one.hash < other.hash ? -1 : 1))
    .slice(0, size)
    .map(({mutant}) => mutant);
}

/** The copy in which the tests run: neither a mutant harms the work at hand, nor does the work disturb the tests. */
function copyRepository(): string {
  const copy = resolve('build', 'mutation');
  mkdirSync(join(copy, 'build'), {recursive: true});
  // What is kept in its folder for builds saves time: compiled files, and what the tests did without a mutant.
  for (const name of readdirSync(copy)) if (name !== 'build') rmSync(join(copy, name), {recursive: true});
  for (const name of readdirSync('.')) if (!notCopied.has(name)) cpSync(name, join(copy, name), {recursive: true});
  symlinkSync(resolve('node_modules'), join(copy, 'node_modules'));
  return copy;
}

/** Runs all tests without a mutant, unless they have been run since the last change. */
async function runUnchanged(copy: string): Promise<Tests> {
  const [coverage, record] = [join(copy, 'build', 'coverage.json'), join(copy, 'build', 'unchanged.json')];
  const files = ['src', 'test'].flatMap(sourceFiles).filter((file) => !file.startsWith(join('test', 'mutation')));
  const hash = hashOf(files.map((file) => `${file}\n${readFileSync(file, 'utf8')}`));
  let unchanged = readUnchanged(record);
  if (unchanged?.hash !== hash) {
    const limitOf = (): number => 300_000;
    const {finished, overdue} = await runTests(copy, {limitOf, coverage, covered: ['src']});
    if (overdue !== undefined) throw new Error(`Without a mutant, ${overdue} does not end`);
    const broken = new Map<string, string>();
    for (const {test} of finished.filter(({failed}) => failed !== undefined)) {
      const failure = failureOf(await runTests(copy, {tests: [test], limitOf}), copy);
      if (failure !== undefined) broken.set(test, failure.what);
    }
    for (const what of broken.values()) console.log(`It fails without a mutant, and is left out: ${what}`);
    const durations = finished
      .map(({test, duration}) => [test, duration] as const)
      .filter(([test]) => !broken.has(test));
    unchanged = {hash, durations};
    writeFileSync(record, JSON.stringify(unchanged));
  }
  const total = unchanged.durations.reduce((sum, [, duration]) => sum + duration, 0);
  console.log(`Without a mutant, ${unchanged.durations.length} test files pass in ${Math.round(total / 1000)} s.`);
  return {reach: readReach(coverage, copy), durations: new Map(unchanged.durations)};
}

interface Unchanged {
  readonly hash: string;
  readonly durations: readonly (readonly [test: string, duration: number])[];
}

function readUnchanged(file: string): Unchanged | undefined {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Unchanged) : undefined;
}

function hashOf(texts: readonly string[]): string {
  const hash = createHash('sha256');
  for (const text of texts) hash.update(text).update('\0');
  return hash.digest('hex');
}

async function tryMutant(copy: string, mutant: Mutant, {reach, durations}: Tests): Promise<Result> {
  const durationOf = (test: string): number => durations.get(test) ?? 0;
  // The folder's own tests first, then those that take the least time.
  const own = join(copy, dirname(mutant.file).replace(/^src/, 'test'));
  const ranked = (test: string): number => durationOf(test) - (test.startsWith(own) ? 1e6 : 0);
  const tests = reach(mutant)
    .filter((test) => durations.has(test))
    .sort((one, other) => ranked(one) - ranked(other));
  if (tests.length === 0) return {mutant, noticed: undefined, tests: 0};
  const path = join(copy, mutant.file);
  const original = readFileSync(path);
  writeFileSync(path, mutant.apply());
  try {
    const noticed = (await firstFailure(copy, tests, durationOf)) ?? compilerError(copy);
    return {mutant, noticed, tests: tests.length};
  } finally {
    writeFileSync(path, original);
  }
}

/**
 * Runs test files until one fails. Of the long ones, which wait for real time, only a failure that repeats itself counts; so does
 * a test file that takes too long, which may be for want of processor time.
 */
async function firstFailure(
  copy: string,
  tests: readonly string[],
  durationOf: (test: string) => number,
): Promise<string | undefined> {
  const limitOf = (test: string): number => 20_000 + 5 * durationOf(test);
  let rest = tests;
  while (rest.length > 0) {
    const failure = failureOf(await runTests(copy, {tests: rest, limitOf}), copy);
    if (failure === undefined) return undefined;
    const {test, what, isOverdue} = failure;
    if (durationOf(test) < 1000 && !isOverdue) return what;
    if (failureOf(await runTests(copy, {tests: [test], limitOf}), copy) !== undefined) return what;
    rest = rest.slice(rest.indexOf(test) + 1);
  }
  return undefined;
}

/** The test file that failed in a run, and what failed. */
function failureOf(
  {finished, overdue}: TestRun,
  copy: string,
): {readonly test: string; readonly what: string; readonly isOverdue: boolean} | undefined {
  if (overdue !== undefined) {
    return {test: overdue, what: `${relative(copy, overdue)}: took too long`, isOverdue: true};
  }
  const file = finished.find(({failed}) => failed !== undefined);
  return file && {test: file.test, what: `${relative(copy, file.test)}: ${file.failed}`, isOverdue: false};
}

/** What the compiler says against a mutant that the tests let pass. */
function compilerError(copy: string): string | undefined {
  const tsc = resolve('node_modules', '.bin', 'tsc');
  const {status, stdout} = spawnSync(tsc, ['--noEmit', '--pretty', 'false'], {cwd: copy, encoding: 'utf8'});
  return status === 0 ? undefined : `the compiler: ${stdout.split('\n')[0]}`;
}

function describe({file, line, text, mutation}: Mutant): string {
  return `${file}:${line}: ${mutation}${mutation.startsWith(text) ? '' : `  in  ${text}`}`;
}

function shareNoticed(results: readonly Result[]): number {
  return results.length === 0 ? 1 : results.filter(({noticed}) => noticed !== undefined).length / results.length;
}

function report(results: readonly Result[]): void {
  const survivors = results.filter(({noticed}) => noticed === undefined);
  console.log(survivors.length === 0 ? '\nAll were noticed.' : '\nNot noticed:');
  for (const {mutant, tests} of survivors) {
    console.log(`  ${describe(mutant)}${tests === 0 ? '  (no test runs it)' : ''}`);
  }
  const row = (name: string, of: readonly Result[]): void => {
    const noticed = of.filter((result) => result.noticed !== undefined).length;
    console.log(`| ${name} | ${of.length} | ${noticed} | ${(100 * shareNoticed(of)).toFixed(1)} % |`);
  };
  console.log('\n| folder | mutants | noticed | share |\n| --- | --- | --- | --- |');
  for (const [folder, of] of byFolder(results)) row(folder, of);
  row('all', results);
}

function byFolder(results: readonly Result[]): ReadonlyMap<string, readonly Result[]> {
  const folders = new Map<string, Result[]>();
  for (const result of results) {
    const folder = dirname(result.mutant.file);
    folders.set(folder, [...(folders.get(folder) ?? []), result]);
  }
  return folders;
}

try {
  if (!(await main())) process.exitCode = 1;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}
