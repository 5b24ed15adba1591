// Prints what a program of this package adds to a bundle, minified and gzipped: ours, and with all dependencies. Fails where that
// is more than its budget. The bundler is the one that builds the package.
import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {join, relative, resolve} from 'node:path';
import {gzipSync} from 'node:zlib';
import {type OutputChunk, rolldown} from 'rolldown';

interface Program {
  /** The names it imports. Default everything. */
  readonly imports?: string;
  /** The file of the package that it imports. */
  readonly from: string;
  /** What it makes use of. Default all that it imports. */
  readonly uses?: string;
  /** How large it may be, in KB. */
  readonly budget: {readonly own: number; readonly all: number};
}

/** The budgets: what is reached, rounded up to the next half KB, as compressors differ a little. */
const programs: readonly Program[] = [
  {imports: 'pollOperation', from: 'index', budget: {own: 23.5, all: 46.5}},
  {
    imports: 'pollOperation, schedules',
    from: 'index',
    uses: 'pollOperation, schedules.fixed',
    budget: {own: 23.5, all: 46.5},
  },
  {
    imports: 'pollOperation, protocols',
    from: 'index',
    uses: 'pollOperation, protocols.define',
    budget: {own: 27, all: 50},
  },
  {imports: 'pollOperation, resumeOperation', from: 'index', budget: {own: 28, all: 51}},
  {imports: 'fetchOperation', from: 'index', budget: {own: 20.5, all: 43.5}},
  {imports: 'operationMachine, watchOperation', from: 'index', budget: {own: 22.5, all: 45.5}},
  {imports: 'OperationFailedError', from: 'index', budget: {own: 0.6, all: 0.6}},
  {from: 'index', budget: {own: 34.5, all: 57.5}},
  {imports: 'createOperationClient', from: 'client/index', budget: {own: 35.5, all: 58.5}},
  {imports: 'createGraphClient', from: 'graph/index', budget: {own: 37.5, all: 61}},
];

mkdirSync('build', {recursive: true});
const folder = mkdtempSync(resolve('build/size-'));

/** Bundles a program. @param of the folder with the package's files: built, or its sources */
async function bundle(program: Program, of: string, isOwn: boolean): Promise<OutputChunk> {
  const {imports, from, uses = imports ?? 'everything'} = program;
  const entry = join(folder, 'entry.js');
  const file = resolve(of, `${from}.${of === 'src' ? 'ts' : 'js'}`);
  const names = imports === undefined ? '* as everything' : `{${imports}}`;
  writeFileSync(entry, `import ${names} from ${JSON.stringify(file)};\nexport const used = [${uses}];\n`);
  const built = await rolldown({
    input: entry,
    external: isOwn ? (id) => /^[a-z]/.test(id) : [],
    platform: 'neutral',
    resolve: {mainFields: ['module', 'main']},
  });
  const {output} = await built.generate({minify: true});
  await built.close();
  return output[0];
}

const gzipped = ({code}: OutputChunk): number => gzipSync(code, {level: 9}).length;
const kilobytes = (bytes: number): number => Math.ceil(bytes / 102.4) / 10;
const row = (cells: readonly unknown[]): string => `| ${cells.join(' | ')} |`;

try {
  const exceeded: string[] = [];
  console.log(row(['imported', 'minified', 'gzipped', 'budget', 'gzipped with dependencies', 'budget']));
  console.log(row(['---', '---', '---', '---', '---', '---']));
  for (const program of programs) {
    const {imports = 'everything', uses = imports, budget} = program;
    const own = await bundle(program, 'dist', true);
    const sizes = {own: kilobytes(gzipped(own)), all: kilobytes(gzipped(await bundle(program, 'dist', false)))};
    console.log(row([uses, kilobytes(own.code.length), sizes.own, budget.own, sizes.all, budget.all]));
    if (sizes.own > budget.own || sizes.all > budget.all) exceeded.push(uses);
  }
  const [first] = programs;
  if (process.argv.includes('--modules') && first !== undefined) {
    const {modules} = await bundle(first, 'src', true);
    const shares = Object.entries(modules).map(
      ([file, {renderedLength}]) => [relative('src', file), renderedLength] as const,
    );
    console.log(`\nThe files in ${first.imports}, in bytes before they are minified:`);
    for (const [file, bytes] of shares.sort(([, one], [, other]) => other - one)) console.log(bytes, file);
  }
  if (exceeded.length > 0) throw new Error(`Larger than its budget: ${exceeded.join('; ')}`);
} finally {
  rmSync(folder, {recursive: true, force: true});
}
