import {addAbortSignal} from 'node:stream';
import {CliError} from './cli-error.ts';
import {Interruption, type Shell} from './shell.ts';

/** Where the new password comes from; by default, a prompt. */
export interface NewPasswordOptions {
  readonly generate?: boolean;
  readonly passwordStdin?: boolean;
}

/**
 * Reads the new password.
 *
 * @returns `undefined` when the service is to generate one
 * @throws CliError when there is no way to read one
 */
export async function readNewPassword(options: NewPasswordOptions, shell: Shell): Promise<string | undefined> {
  if (options.generate === true) return undefined;
  if (options.passwordStdin === true) return fromStdin(shell);
  const {stdin, stderr} = shell;
  if (stdin.isTTY !== true || stderr.isTTY !== true) {
    const message = 'there is no terminal to prompt for the password';
    throw new CliError(message, 'Use --password-stdin, or --generate with --show.');
  }
  return fromPrompt(shell);
}

const maxLength = 4096;

async function fromStdin({stdin, signal}: Shell): Promise<string> {
  if (stdin.isTTY === true) {
    const message = '--password-stdin: stdin is a terminal, which would show it';
    throw new CliError(message, 'Omit the option to be prompted, or pipe the password in.');
  }
  let text = '';
  addAbortSignal(signal, stdin.setEncoding('utf8'));
  for await (const chunk of stdin) {
    text += chunk;
    if (text.length > maxLength) break;
  }
  const password = text.replace(/\r?\n$/, '');
  if (password === '' || password.length > maxLength || /[\r\n]/.test(password)) {
    const got = password === '' ? 'nothing' : 'more than one line';
    const hint = 'Pipe the password in, e.g.: printf \'%s\' "$PASSWORD" | operation-poller …';
    throw new CliError(`--password-stdin: expected one line, got ${got}`, hint);
  }
  return password;
}

/** Prompts twice, since the input is not shown. */
async function fromPrompt({stdin, stderr, signal}: Shell): Promise<string> {
  const {isCancel, password} = await import('@clack/prompts');
  const common = {mask: '', clearOnError: true, input: stdin, output: stderr, signal, withGuide: false};
  const ask = async (message: string, validate: (text: string | undefined) => string | undefined): Promise<string> => {
    const text = await password({message, validate, ...common});
    // In the prompt Ctrl-C is a key, not a signal.
    if (isCancel(text)) throw new Interruption('interrupted by Ctrl-C', 130, 'Nothing was started.');
    return text;
  };
  const first = await ask('New password (not shown)', (text) => (text ? undefined : 'It cannot be empty.'));
  await ask('Repeat the password', (text) =>
    text === first ? undefined : 'The passwords do not match. Try again, or press Ctrl-C to start over.',
  );
  return first;
}
