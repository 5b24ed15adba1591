import {lstat, open, rm} from 'node:fs/promises';
import {setTimeout as sleep} from 'node:timers/promises';
import {errorCode} from './cli-error.ts';

/** From what age on a lock counts as left by a process that died, in milliseconds: the work takes a few. */
const longestWork = 5000;
/** The longest wait before another attempt, in milliseconds. */
const longestPause = 40;

/**
 * Does work on a file while no other process does: a file beside it, `PATH.lock`, keeps the others away.
 *
 * @throws an error of the file system, and what the work rejects with
 */
export async function withFileLock(path: string, work: () => Promise<void>): Promise<void> {
  const lock = `${path}.lock`;
  while (!(await create(lock))) {
    const found = await lstat(lock).catch(() => undefined);
    // One from the future is stale as well: the clock was set back.
    if (found !== undefined && Math.abs(Date.now() - found.mtimeMs) > longestWork) await rm(lock, {force: true});
    else await sleep(Math.random() * longestPause);
  }
  try {
    await work();
  } finally {
    await rm(lock, {force: true});
  }
}

/** @returns whether there was none */
async function create(lock: string): Promise<boolean> {
  try {
    await (await open(lock, 'wx', 0o600)).close();
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}
