import {lstat, open, rm} from 'node:fs/promises';
import {setTimeout as sleep} from 'node:timers/promises';
import {errorCode} from './cli-error.ts';

/** How old a lock is whose process has died, in milliseconds: the work takes a few. */
const longestWork = 5000;
/** How long to wait before another attempt, in milliseconds, at most. */
const longestPause = 40;

/**
 * Does work on a file while no other process does, which a file beside it tells them: `PATH.lock`.
 *
 * @throws an error of the file system, and what the work rejects with
 */
export async function withFileLock(path: string, work: () => Promise<void>): Promise<void> {
  const lock = `${path}.lock`;
  while (!(await create(lock))) {
    const found = await lstat(lock).catch(() => undefined);
    // One of the future is as old: the clock was set back.
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
