import {randomUUID} from 'node:crypto';
import {access, constants, open, rename, rm} from 'node:fs/promises';
import {dirname} from 'node:path';
import {escapeControls} from '../shared/printable.ts';
import {CliError} from './cli-error.ts';

/** @throws CliError when no file can be written beside this one: now, not when there is something to lose */
export async function checkFolder(option: string, path: string): Promise<void> {
  await access(dirname(path), constants.W_OK).catch(() => {
    throw new CliError(
      `${option}: cannot write to the folder ${escapeControls(dirname(path))}`,
      'Choose a file in another folder.',
    );
  });
}

/** Writes JSON, whole or not at all, for this user alone: knowing a location in it may be enough for access. */
export async function writeJsonFile(path: string, json: object): Promise<void> {
  const draft = `${path}.${randomUUID()}`;
  try {
    const file = await open(draft, 'wx', 0o600);
    try {
      await file.writeFile(`${JSON.stringify(json)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
  } catch (error) {
    await rm(draft, {force: true});
    throw error;
  }
}
