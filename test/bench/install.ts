// What an install brings: how many packages, and the files of ours.
import {execFileSync} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {fileURLToPath} from 'node:url';
import {spreadOf} from './statistics.ts';
import type {Report} from './table.ts';

// From build/test/bench, where this is compiled to.
const root = fileURLToPath(new URL('../../../', import.meta.url));

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, {readonly optional?: boolean}>>;
}

/** Packs the package without writing it, and counts. */
export async function measureInstall(): Promise<Report> {
  const packed = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {cwd: root, stdio: 'pipe'});
  const [{entryCount, unpackedSize}] = JSON.parse(String(packed)) as [{entryCount: number; unpackedSize: number}];
  const packages = installed('.').size;
  const megabytes = unpackedSize / 1e6;
  const target = (name: string, count: number, unit: string, atMost: number) => ({
    name: `an install, ${name}`,
    measured: spreadOf([count]),
    unit,
    atMost,
  });
  return {
    text: `An install brings ${packages} packages; ours has ${entryCount} files of ${megabytes.toFixed(2)} MB.`,
    targets: [
      target('packages', packages, '', 5),
      target('files of ours', entryCount, '', 400),
      target('ours', megabytes, 'MB', 1.6),
    ],
  };
}

/** The folders of a package and of all that npm installs with it. */
function installed(folder: string, folders = new Set<string>()): ReadonlySet<string> {
  if (folders.has(folder)) return folders;
  folders.add(folder);
  const {
    dependencies = {},
    peerDependencies = {},
    peerDependenciesMeta = {},
  } = JSON.parse(readFileSync(`${root}${folder}/package.json`, 'utf8')) as Manifest;
  const peers = Object.keys(peerDependencies).filter((name) => peerDependenciesMeta[name]?.optional !== true);
  for (const name of [...Object.keys(dependencies), ...peers]) installed(`node_modules/${name}`, folders);
  return folders;
}
