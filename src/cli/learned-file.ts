import {type AdaptiveSchedule, adaptive} from '../schedule/adaptive.ts';
import {fixed, type Schedule, type ScheduleEnd} from '../schedule/schedule.ts';
import {escapeControls} from '../shared/printable.ts';
import {CliError} from './cli-error.ts';
import {withFileLock} from './file-lock.ts';
import {readSavedFile, writeJsonFile} from './json-file.ts';

/** A schedule that knows what earlier runs have learned, and keeps what this one learns. */
export interface LearnedFile {
  /** Estimates how long the operation goes on. */
  readonly schedule: Schedule;
  /** Adds how long the operation took, if it has ended. A failure is ignored: it costs an estimate, and the outcome counts more. */
  keep(): Promise<void>;
}

/**
 * Opens a file with how long operations of one kind took.
 *
 * @param interval how often to poll, in milliseconds; `undefined`: when the next end is likely
 * @throws CliError when the file cannot be read or written, or holds something else
 */
export async function openLearnedFile(path: string, interval: number | undefined): Promise<LearnedFile> {
  const learning = await readLearned(path);
  const polls: Schedule = interval === undefined ? learning : fixed(interval);
  let end: ScheduleEnd | undefined;
  const ended = (given: ScheduleEnd): void => {
    end = given;
  };
  return {
    schedule: Object.assign((context: Parameters<Schedule>[0]) => polls(context), {estimate: learning.estimate, ended}),
    keep: async () => {
      const own = end;
      if (own === undefined) return;
      const add = async (): Promise<void> => {
        // Read anew: other runs may have added to it in the meantime.
        const latest = await readLearned(path);
        latest.ended(own);
        await writeJsonFile(path, latest);
      };
      await withFileLock(path, add).catch(() => {});
    },
  };
}

async function readLearned(path: string): Promise<AdaptiveSchedule> {
  const text = await readSavedFile('--learned', path);
  try {
    return adaptive({learned: text === undefined ? undefined : JSON.parse(text)});
  } catch {
    // Not the parser's message, which quotes what is there.
    const message = `--learned: ${escapeControls(path)} cannot be read (it holds something else)`;
    throw new CliError(message, 'Choose another file.');
  }
}
