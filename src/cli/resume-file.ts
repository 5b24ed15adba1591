import {rm} from 'node:fs/promises';
import {InvalidResumeTokenError} from '../operation/errors.ts';
import {readResumeToken} from '../operation/read-resume-token.ts';
import type {WatchState} from '../operation/state.ts';
import type {OperationPoller} from '../poller.ts';
import {escapeControls} from '../shared/printable.ts';
import {CliError, toCliError} from './cli-error.ts';
import {readSavedFile, writeJsonFile} from './json-file.ts';

/** A resume token as its file has it, and the state in it. */
export interface SavedToken {
  readonly text: string;
  readonly state: WatchState;
}

/**
 * Reads a resume file.
 *
 * @param location the location that the user gave, if any: it must match the file's, except for the query, which services renew
 * @returns `undefined` when there is no such file
 * @throws CliError when the file cannot be read or written, is not a resume file, or belongs to another operation
 */
export async function readResumeFile(path: string, location: string | undefined): Promise<SavedToken | undefined> {
  const text = await readSavedFile('--resume', path);
  if (text === undefined) return undefined;
  const file = `--resume: ${escapeControls(path)}`;
  const state = parse(text, file);
  if (location !== undefined && withoutQuery(location) !== withoutQuery(state.location)) {
    const message = `${file} belongs to another operation, ${escapeControls(state.redactedLocation)}`;
    throw new CliError(message, 'Omit the location to resume that one, or choose another file.');
  }
  return {text, state};
}

function parse(text: string, file: string): WatchState {
  try {
    return readResumeToken(text);
  } catch (error) {
    if (!(error instanceof InvalidResumeTokenError)) throw error;
    throw new CliError(`${file}: ${error.message}`, toCliError(error).hint);
  }
}

function withoutQuery(location: string): string {
  return location.split('?', 1)[0] ?? location;
}

/**
 * Keeps a resume file up to date while an operation is watched, so that a run that is killed loses nothing. What cannot be
 * written is reported at the end, by the last write.
 *
 * @returns waits until no write is going on, after which nothing is written any more
 */
export function updateResumeFile(path: string, poller: OperationPoller): () => Promise<void> {
  let writing: Promise<void> | undefined;
  let isOutdated = false;
  const write = async (): Promise<void> => {
    while (isOutdated) {
      isOutdated = false;
      await writeJsonFile(path, poller.toJSON()).catch(() => undefined);
    }
    writing = undefined;
  };
  const listener = poller.on('waiting', ({operation}) => {
    // Until the service knows the operation, there is nothing to lose.
    isOutdated = operation !== undefined;
    if (isOutdated) writing ??= write();
  });
  return async () => {
    listener.unsubscribe();
    isOutdated = false;
    await writing;
  };
}

/**
 * Removes a resume file, if there is one, once the operation has ended. A failure is ignored: a run that resumes from it finds the same
 * end, and the outcome counts more.
 */
export async function removeResumeFile(path: string): Promise<void> {
  await rm(path, {force: true}).catch(() => {});
}
