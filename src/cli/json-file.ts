import {randomUUID} from 'node:crypto';
import {access, constants, readFile, rename, rm, stat, writeFile} from 'node:fs/promises';
import {dirname} from 'node:path';
import {escapeControls} from '../shared/printable.ts';
import {CliError, errorCode} from './cli-error.ts';

/**
 * Checks where a file is to be: now, not when there is something to lose.
 *
 * @throws CliError when its folder cannot be written to, or when something other than a file is there: a read of a named pipe may
 *   never end, and not even an interruption would end it
 */
async function checkPlace(option: string, path: string): Promise<void> {
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

/**
 * Reads a file that will be written as well.
 *
 * @param option the option that names it
 * @returns `undefined` when there is no such file
 * @throws CliError when it cannot be read, or where {@link checkPlace} refuses its place
 */
export async function readSavedFile(option: string, path: string): Promise<string | undefined> {
  await checkPlace(option, path);
  return await readFile(path, 'utf8').catch((error: unknown) => {
    const code = errorCode(error);
    if (code === 'ENOENT') return undefined;
    throw new CliError(`${option}: ${escapeControls(path)} cannot be read (${code})`, 'Choose another file.');
  });
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
