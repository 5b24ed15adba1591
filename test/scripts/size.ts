// Prints what the core adds to a bundle: minified, and gzipped after that, without its dependencies. For everything that the
// package exports, and for what is left of it when a program imports a single name. `npm run size` puts esbuild on the path.
import {execFileSync} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {join, relative, resolve} from 'node:path';
import {gzipSync} from 'node:zlib';

/** What the gzipped core is meant to stay within, in bytes. */
const target = 8 * 1024;
const shown = 12;
const programs = {
  everything: '*',
  '{pollOperation}': '{pollOperation}',
  '{fetchOperation}': '{fetchOperation}',
  '{operationMachine}': '{operationMachine}',
};

interface Metafile {
  readonly outputs: Readonly<Record<string, {readonly inputs: Readonly<Record<string, {bytesInOutput: number}>>}>>;
}

interface Bundle {
  readonly name: string;
  readonly minified: number;
  readonly gzipped: number;
  /** The bytes of each file of the package in the minified bundle. */
  readonly shares: readonly (readonly [file: string, bytes: number])[];
}

/** Bundles a program that exports these names of the built package on. */
function bundle(folder: string, name: string, names: string): Bundle {
  const entry = join(folder, 'entry.js');
  const output = join(folder, 'bundle.js');
  const metafile = join(folder, 'metafile.json');
  writeFileSync(entry, `export ${names} from ${JSON.stringify(resolve('dist/index.js'))};\n`);
  const form = ['--bundle', '--minify', '--format=esm', '--platform=neutral', '--target=es2022', '--packages=external'];
  const files = [entry, `--outfile=${output}`, `--metafile=${metafile}`];
  execFileSync('esbuild', [...form, '--log-level=warning', ...files], {stdio: 'inherit'});
  const code = readFileSync(output);
  const {outputs} = JSON.parse(readFileSync(metafile, 'utf8')) as Metafile;
  const inputs = Object.values(outputs).flatMap((written) => Object.entries(written.inputs));
  const shares = inputs
    .map(([file, {bytesInOutput}]) => [relative('dist', file), bytesInOutput] as const)
    .sort(([, one], [, other]) => other - one);
  return {name, minified: code.length, gzipped: gzipSync(code, {level: 9}).length, shares};
}

const kilobytes = (bytes: number): string => `${(bytes / 1024).toFixed(1)} KB`;
const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

const folder = mkdtempSync(resolve('build/size-'));
try {
  const bundles = Object.entries(programs).map(([name, names]) => bundle(folder, name, names));
  console.log(row(['imported', 'minified', 'gzipped', `of the target of ${kilobytes(target)}`]));
  console.log(row(['---', '---', '---', '---']));
  for (const {name, minified, gzipped} of bundles) {
    console.log(row([name, kilobytes(minified), kilobytes(gzipped), `${Math.round((100 * gzipped) / target)} %`]));
  }
  for (const {name, minified, shares} of bundles.slice(0, 2)) {
    console.log(`\nThe largest of the ${shares.length} files in ${name}, minified:`);
    for (const [file, bytes] of shares.slice(0, shown)) {
      console.log(`  ${file.padEnd(36)} ${kilobytes(bytes).padStart(7)} ${Math.round((100 * bytes) / minified)} %`);
    }
  }
} finally {
  rmSync(folder, {recursive: true, force: true});
}
