import {execFile} from 'node:child_process';
import {join} from 'node:path';
import {promisify} from 'node:util';
import {environment, fetchPackages} from '../../support/packages.ts';

const run = promisify(execFile);
const version = '1.7.12';
const timeout = 150_000;

/** What it takes to run a service on Restate. */
export interface Tools {
  /** The server's binary. */
  readonly server: string;
  /** A Node that the SDK runs on, and that runs TypeScript as it stands. */
  readonly node: string;
}

/** Fetches what is not there yet, by npm; the server is kept in the system's temporary folder for the next time. */
export async function fetchTools(): Promise<Tools> {
  const [server, node] = await Promise.all([fetchServer(), fetchNode()]);
  return {server, node};
}

async function fetchServer(): Promise<string> {
  // The package with the binary alone: the one that chooses among the platforms brings a reporter of installations.
  const name = `@restatedev/restate-server-${process.platform}-${process.arch}`;
  const folder = await fetchPackages(`restate-${version}`, [`${name}@${version}`], timeout);
  return join(folder, 'node_modules', name, 'bin/restate-server');
}

async function fetchNode(): Promise<string> {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > 22 || (major === 22 && minor >= 18)) return process.execPath;
  const script = 'node -p process.execPath';
  const {stdout} = await run('npm', ['exec', '--yes', '--package=node@24', '--call', script], {
    env: environment,
    timeout,
  });
  return stdout.trim();
}
