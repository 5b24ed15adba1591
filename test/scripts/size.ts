// Prints what the core adds to a bundle: minified, and gzipped after that, without its dependencies. For everything that the
// package exports, and for what is left of it with the names that a program imports. `npm run size` puts esbuild on the path.
import {execFileSync} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {join, relative, resolve} from 'node:path';
import {gzipSync} from 'node:zlib';

/** What the gzipped core is meant to stay within, in bytes. */
const target = 8 * 1024;
const shown = 12;
const everything = 'everything';
/** The clients are subpaths of their own. */
const subpaths: ReadonlyMap<string, string> = new Map([
  ['{createOperationClient}', 'client'],
  ['{createGraphClient}', 'graph'],
]);
/** What programs import: the first of a list is what most of them need. */
const programs = [
  '{pollOperation}',
  '{pollOperation, schedules}',
  '{pollOperation, protocols}',
  '{pollOperation, resumeOperation}',
  '{fetchOperation}',
  '{operationMachine, watchOperation}',
  ...subpaths.keys(),
  everything,
];

interface Metafile {
  readonly outputs: Readonly<Record<string, {readonly inputs: Readonly<Record<string, {bytesInOutput: number}>>}>>;
}

interface Bundle {
  readonly names: string;
  readonly minified: number;
  readonly gzipped: number;
  /** The bytes of each file of the package in the minified bundle. */
  readonly shares: readonly (readonly [file: string, bytes: number])[];
}

/** Bundles a program that re-exports these names of the built package. */
function bundle(folder: string, names: string): Bundle {
  const entry = join(folder, 'entry.js');
  const output = join(folder, 'bundle.js');
  const metafile = join(folder, 'metafile.json');
  const exported = names === everything ? '*' : names;
  writeFileSync(
    entry,
    `export ${exported} from ${JSON.stringify(resolve('dist', subpaths.get(names) ?? '', 'index.js'))};\n`,
  );
  const form = ['--bundle', '--minify', '--format=esm', '--platform=neutral', '--target=es2022', '--packages=external'];
  const files = [entry, `--outfile=${output}`, `--metafile=${metafile}`];
  execFileSync('esbuild', [...form, '--log-level=warning', ...files], {stdio: 'inherit'});
  const code = readFileSync(output);
  const {outputs} = JSON.parse(readFileSync(metafile, 'utf8')) as Metafile;
  const inputs = Object.values(outputs).flatMap((written) => Object.entries(written.inputs));
  const shares = inputs
    .map(([file, {bytesInOutput}]) => [relative('dist', file), bytesInOutput] as const)
    .sort(([, one], [, other]) => other - one);
  return {names, minified: code.length, gzipped: gzipSync(code, {level: 9}).length, shares};
}

const kilobytes = (bytes: number): string => `${(bytes / 1024).toFixed(1)} KB`;
const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

const folder = mkdtempSync(resolve('build/size-'));
try {
  const bundles = programs.map((names) => bundle(folder, names));
  console.log(row(['imported', 'minified', 'gzipped', `of the target of ${kilobytes(target)}`]));
  console.log(row(['---', '---', '---', '---']));
  for (const {names, minified, gzipped} of bundles) {
    console.log(row([names, kilobytes(minified), kilobytes(gzipped), `${Math.round((100 * gzipped) / target)} %`]));
  }
  for (const {names, minified, shares} of bundles.slice(0, 1)) {
    console.log(`\nThe largest of the ${shares.length} files in ${names}, minified:`);
    for (const [file, bytes] of shares.slice(0, shown)) {
      console.log(`  ${file.padEnd(36)} ${kilobytes(bytes).padStart(7)} ${Math.round((100 * bytes) / minified)} %`);
    }
  }
} finally {
  rmSync(folder, {recursive: true, force: true});
}
