import {randomUUID} from 'node:crypto';
import {access, constants, rename, rm, stat, writeFile} from 'node:fs/promises';
import {dirname} from 'node:path';
import {escapeControls} from '../shared/printable.ts';
import {CliError} from './cli-error.ts';

/**
 * Checks where a file is to be: now, not when there is something to lose.
 *
 * @throws CliError when its folder cannot be written to, or when something other than a file is there: a read of a named pipe may
 *   never end, and not even an interruption would end it
 */
export async function checkPlace(option: string, path: string): Promise<void> {
  const folder = dirname(path);
  await access(folder, constants.W_OK).catch(() => {
    const message = `${option}: cannot write to the folder ${escapeControls(folder)}`;
    throw new CliError(message, 'Choose a file in another folder.');
  });
  const found = await stat(path).catch(() => undefined);
  if (found !== undefined && !found.isFile()) {
    throw new CliError(`${option}: ${escapeControls(path)} is not a file`, 'Choose another file.');
  }
}

/** Writes JSON, whole or not at all, for this user alone: knowing a location in it may be enough for access. */
export async function writeJsonFile(path: string, json: object): Promise<void> {
  const draft = `${path}.${randomUUID()}`;
  try {
    await writeFile(draft, `${JSON.stringify(json)}\n`, {flag: 'wx', mode: 0o600, flush: true});
    await rename(draft, path);
  } catch (error) {
    await rm(draft, {force: true});
    throw error;
  }
}
