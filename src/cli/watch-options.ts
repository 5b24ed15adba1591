import type {ClientPollOptions} from '../client/operation-settings.ts';
import type {GraphCloud} from '../graph/clouds.ts';
import {fixed} from '../schedule/schedule.ts';
import {escapeControls} from '../shared/printable.ts';
import type {AccessTokenOptions} from './access-token.ts';
import {CliError} from './cli-error.ts';
import type {GivenOption} from './command-line.ts';
import {type LearnedFile, openLearnedFile} from './learned-file.ts';
import type {ReporterOptions} from './reporter.ts';
import type {Shell} from './shell.ts';

/** The options that all watching commands share. Times in milliseconds. */
export interface WatchOptions extends AccessTokenOptions, ReporterOptions {
  readonly cloud?: GraphCloud;
  readonly timeout?: number;
  readonly interval?: number;
  /** The path of the file with how long such operations took. */
  readonly learned?: string;
  /** All options of this run, in their order. */
  readonly given: readonly GivenOption[];
}

/** The same as a poller's options, and how to keep what it has learned. @throws CliError where the file for that cannot be used */
export async function pollOptions(
  {timeout, interval, learned, notFoundGrace}: Omit<WatchOptions, 'given'>,
  {signal}: Pick<Shell, 'signal'>,
): Promise<{readonly polling: ClientPollOptions; readonly keep?: LearnedFile['keep']}> {
  const others = {totalTimeout: timeout, notFoundGrace, signal};
  if (learned === undefined) {
    return {polling: {...others, schedule: interval === undefined ? undefined : fixed(interval)}};
  }
  const {schedule, keep} = await openLearnedFile(learned, interval);
  return {polling: {...others, schedule}, keep};
}

const headerHint = 'Expected NAME=VARIABLE, the name of a header and that of an environment variable with its value.';

/**
 * The headers that `--header-env` names, with their values from the environment.
 *
 * @param given `NAME=VARIABLE` each
 * @throws CliError that shows none of what may be a key by mistake
 */
export function headersFrom(given: readonly string[], {env}: Pick<Shell, 'env'>): Readonly<Record<string, string>> {
  const headers = given.map((text) => {
    const [, name = '', variable] = /^([^=]+)=(.+)$/.exec(text) ?? [];
    if (variable === undefined) throw new CliError('--header-env: there is no variable', headerHint);
    const value = env[variable];
    if (value) return [name, value];
    const state = value === undefined ? 'not set' : 'empty';
    throw new CliError(`--header-env: the variable of ${escapeControls(name)} is ${state}`, headerHint);
  });
  return Object.fromEntries(headers);
}
