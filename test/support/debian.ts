import {execFileSync} from 'node:child_process';
import {accessSync, constants} from 'node:fs';
import {delimiter, join} from 'node:path';

/** The path of a program, or `undefined` if it is not on the PATH. */
export function onPath(name: string): string | undefined {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const program = join(folder, name);
    try {
      accessSync(program, constants.X_OK);
      return program;
    } catch {
      // Not there.
    }
  }
  return undefined;
}

/** Installs a program by apt-get, on Debian as root, from the package of the same name; its path, or `undefined` elsewhere. */
export function installByApt(name: string): string | undefined {
  if (process.getuid?.() !== 0 || onPath('apt-get') === undefined) return undefined;
  process.stderr.write(`No ${name} on the PATH: installing it by apt-get\n`);
  // A package may start a server of its own: a policy that refuses prevents that.
  const environment = {...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1'};
  // Another test file may be installing something at the same time.
  const patience = ['-o', 'DPkg::Lock::Timeout=300'];
  try {
    for (const command of [
      ['update', '-qq'],
      ['install', '-y', '-qq', '--no-install-recommends', name],
    ]) {
      execFileSync('apt-get', [...patience, ...command], {env: environment, stdio: ['ignore', 'ignore', 'inherit']});
    }
  } catch {
    return undefined;
  }
  return onPath(name);
}
