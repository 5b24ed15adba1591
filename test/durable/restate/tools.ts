import {execFile} from 'node:child_process';
import {statSync} from 'node:fs';
import {mkdtemp, rename, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {promisify} from 'node:util';

const run = promisify(execFile);
const version = '1.7.12';
const timeout = 150_000;

// What npm tells its scripts about this project must not reach the npm that works elsewhere.
const environment = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^npm_(config_local_prefix|lifecycle|package)/.test(name)),
);

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
  const cache = join(tmpdir(), `operation-poller-restate-${version}`);
  const binary = (folder: string) => join(folder, 'node_modules', name, 'bin/restate-server');
  if (isOurs(binary(cache))) return binary(cache);
  const fetched = await mkdtemp(`${cache}-`);
  try {
    const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock'];
    await run('npm', ['install', '--prefix', fetched, ...quiet, `${name}@${version}`], {env: environment, timeout});
    // In one go: a run at the same time sees all of it or nothing.
    await rename(fetched, cache).catch((error: unknown) => {
      if (!isOurs(binary(cache))) throw error;
    });
  } finally {
    await rm(fetched, {recursive: true, force: true});
  }
  return binary(cache);
}

// What somebody else has put into the system's temporary folder is not run.
function isOurs(file: string): boolean {
  return statSync(file, {throwIfNoEntry: false})?.uid === process.getuid?.();
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
