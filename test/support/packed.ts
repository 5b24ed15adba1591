import {execFile} from 'node:child_process';
import {mkdir, mkdtemp, readdir, rename, rm, symlink} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';
import {environment} from './packages.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Builds and packs this package, and installs it next to packages that were fetched.
 *
 * @param fetched - What `fetchPackages` returned.
 * @returns The folder that has all of them in its `node_modules`; `remove` deletes it.
 */
export async function installPacked(fetched: string): Promise<{folder: string; remove(): Promise<void>}> {
  const folder = await mkdtemp(join(tmpdir(), 'operation-poller-packed-'));
  await run('npm', ['run', 'build', '--silent'], {cwd: root, env: environment});
  await run('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], {cwd: root, env: environment});
  const archive = (await readdir(folder)).filter((name) => name.endsWith('.tgz'));
  await run('tar', ['-xzf', ...archive], {cwd: folder});
  const modules = join(folder, 'node_modules');
  await mkdir(modules);
  for (const name of await readdir(join(fetched, 'node_modules'))) {
    await symlink(join(fetched, 'node_modules', name), join(modules, name));
  }
  await rename(join(folder, 'package'), join(modules, 'operation-poller'));
  return {folder, remove: () => rm(folder, {recursive: true, force: true})};
}
