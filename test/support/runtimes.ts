import {join} from 'node:path';
import {fetchOrSkip, fetchPackages} from './packages.ts';

/** A program that runs JavaScript. */
export interface Runtime {
  readonly name: string;
  /** Its executable. */
  readonly file: string;
  /** What comes before the program's own arguments. */
  readonly before: readonly string[];
}

/** One that is not here: the package of npm with its executable for this machine, and where that is in the package. */
interface Fetched {
  readonly name: string;
  readonly package: string;
  readonly version: string;
  readonly executable: string;
  readonly before?: readonly string[];
}

// docs/platforms.md names the same versions. Bun's baseline runs on processors without AVX2 as well.
const x64 = process.arch === 'x64';
const node = `node-linux-${process.arch}`;
const elsewhere: readonly Fetched[] = [
  {name: 'Node 22.23.3', package: node, version: '22.23.3', executable: 'bin/node'},
  {name: 'Node 24.21.0', package: node, version: '24.21.0', executable: 'bin/node'},
  {
    name: 'Bun 1.4.5',
    package: x64 ? '@oven/bun-linux-x64-baseline' : '@oven/bun-linux-aarch64',
    version: '1.4.5',
    executable: 'bin/bun',
  },
  {
    name: 'Deno 2.9.6',
    package: `@deno/linux-${process.arch}-glibc`,
    version: '2.9.6',
    executable: 'deno',
    // Nothing is allowed but the service; what the library would read of the machine besides would end it.
    before: ['run', '--quiet', '--no-prompt', '--cached-only', '--node-modules-dir=manual', '--allow-net=127.0.0.1'],
  },
];

/** The runtimes that were found, and the names of those that were not. */
export interface Runtimes {
  readonly runtimes: readonly Runtime[];
  readonly missing: readonly string[];
}

/**
 * This Node and the other runtimes, which npm fetches. One that it cannot fetch is missing; with `CI=true` that is an error.
 *
 * @param subject - What is skipped on a runtime that is missing.
 * @param names - The first words of the names of those that are wanted besides this Node.
 */
export async function findRuntimes(subject: string, names: readonly string[]): Promise<Runtimes> {
  const runtimes: Runtime[] = [{name: `this Node, ${process.version}`, file: process.execPath, before: []}];
  const missing: string[] = [];
  // One after the other: each is a large file.
  for (const {name, package: source, version, executable, before = []} of elsewhere) {
    if (!names.some((first) => name.startsWith(first))) continue;
    const cache = await fetchOrSkip(`${subject} on ${name}`, () =>
      fetchPackages(`runtime-${name.toLowerCase().replace(' ', '-')}`, [`${source}@${version}`]),
    );
    if (cache === undefined) missing.push(name);
    else runtimes.push({name, file: join(cache, 'node_modules', source, executable), before});
  }
  return {runtimes, missing};
}
