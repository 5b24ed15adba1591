import {randomUUID} from 'node:crypto';
import {access, constants, open, readFile, rename, rm} from 'node:fs/promises';
import {dirname} from 'node:path';
import {InvalidResumeTokenError} from '../operation/errors.ts';
import {type ResumeToken, readResumeToken} from '../operation/resume-token.ts';
import type {WatchState} from '../operation/state.ts';
import {Complaint} from './cli-error.ts';
import {codeOf} from './error-code.ts';
import {visible} from './terminal.ts';

/** What a resume file holds. */
export interface Kept {
  /** The resume token. */
  readonly text: string;
  /** What it says. */
  readonly state: WatchState;
}

/**
 * Reads a resume file.
 *
 * @param location the location that the user gave, if any: it must be the file's, but for the query, which services renew
 * @returns `undefined` when there is no such file
 * @throws Complaint when the file cannot be read or written, is none, or is that of another operation
 */
export async function readResumeFile(path: string, location: string | undefined): Promise<Kept | undefined> {
  await access(dirname(path), constants.W_OK).catch(() => {
    // Now, not when there is something to lose.
    throw new Complaint(
      `--resume: ${visible(dirname(path))} is no folder that can be written to`,
      'Give a file in another one.',
    );
  });
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw new Complaint(`--resume: ${visible(path)} cannot be read (${codeOf(error)})`, 'Give another file.');
  });
  if (text === undefined) return undefined;
  const state = read(text, path);
  if (location !== undefined && placeOf(location) !== placeOf(state.location)) {
    throw new Complaint(
      `--resume: ${visible(path)} is of another operation, ${visible(state.redactedLocation)}`,
      'Leave the location out to go on with that one, or give another file.',
    );
  }
  return {text, state};
}

function read(text: string, path: string): WatchState {
  try {
    return readResumeToken(text);
  } catch (error) {
    if (!(error instanceof InvalidResumeTokenError)) throw error;
    const hint = 'Remove it and give the location to begin anew.';
    throw new Complaint(`--resume: ${visible(path)}: ${error.message}`, hint);
  }
}

function placeOf(location: string): string {
  return location.split('?', 1)[0] ?? location;
}

/** Writes a resume token, whole or not at all, for this user alone: the location in it may be all it takes. */
export async function writeResumeFile(path: string, token: ResumeToken): Promise<void> {
  const draft = `${path}.${randomUUID()}`;
  try {
    const file = await open(draft, 'wx', 0o600);
    try {
      await file.writeFile(`${JSON.stringify(token)}\n`);
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

/** Removes a resume file, if there is one: the operation has ended. */
export async function removeResumeFile(path: string): Promise<void> {
  await rm(path, {force: true});
}
