import {execFile} from 'node:child_process';
import {statSync} from 'node:fs';
import {mkdtemp, rename, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {promisify} from 'node:util';

const run = promisify(execFile);

// What npm passes to its scripts about this project must not get to the npm that works elsewhere.
export const environment = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^npm_(config_local_prefix|lifecycle|package)/.test(name)),
);

/**
 * Fetches packages by npm that are too large for every `npm ci`, without running their scripts, and keeps them in the
 * system's temporary folder for the next time.
 *
 * @param name - Of the folder there; it has to change with the packages.
 * @param packages - Each with its exact version.
 * @returns The folder that has them in its `node_modules`.
 */
export async function fetchPackages(name: string, packages: readonly string[], timeout = 300_000): Promise<string> {
  const cache = join(tmpdir(), `operation-poller-${name}`);
  if (isOurs(cache)) return cache;
  process.stderr.write(`npm installs ${packages.join(', ')} in ${cache}\n`);
  const fetched = await mkdtemp(`${cache}-`);
  try {
    const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock'];
    await run('npm', ['install', '--prefix', fetched, ...quiet, ...packages], {env: environment, timeout});
    // Atomically: a concurrent run sees all of it or nothing.
    await rename(fetched, cache).catch((error: unknown) => {
      if (!isOurs(cache)) throw error;
    });
  } finally {
    await rm(fetched, {recursive: true, force: true});
  }
  return cache;
}

// What somebody else has put into the system's temporary folder is not used.
function isOurs(folder: string): boolean {
  return statSync(join(folder, 'node_modules'), {throwIfNoEntry: false})?.uid === process.getuid?.();
}

/** What tests need of npm. Where it fails, says that they are skipped, and gives `undefined`; with `CI=true` that is an error. */
export async function fetchOrSkip<Fetched>(
  subject: string,
  fetch: () => Promise<Fetched>,
): Promise<Fetched | undefined> {
  return fetch().catch((error: unknown) => {
    if (process.env['CI'] === 'true') throw error;
    // Jest shows nothing of the console of a file whose tests are all skipped.
    process.stderr.write(`\n*** SKIPPED: ${subject}. npm could not fetch its packages: ${String(error)}\n\n`);
    return undefined;
  });
}
