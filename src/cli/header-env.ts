import {escapeControls} from '../shared/printable.ts';
import {CliError} from './cli-error.ts';
import type {Shell} from './shell.ts';

const hint = 'Expected NAME=VARIABLE, the name of a header and that of an environment variable with its value.';

/**
 * The headers that `--header-env` names, with their values from the environment.
 *
 * @param given `NAME=VARIABLE` each
 * @throws CliError that shows none of what may be a key by mistake
 */
export function headersFrom(given: readonly string[], {env}: Pick<Shell, 'env'>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    given.map((text) => {
      const [, name, variable] = /^([^=]+)=(.+)$/.exec(text) ?? [];
      if (name === undefined || variable === undefined) throw new CliError('--header-env: there is no variable', hint);
      const value = env[variable];
      if (value !== undefined && value !== '') return [name, value];
      throw new CliError(`--header-env: the variable of ${escapeControls(name)} is not set`, hint);
    }),
  );
}
