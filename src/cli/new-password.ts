import {addAbortSignal} from 'node:stream';
import {Complaint} from './cli-error.ts';
import {interruptedBy, type Shell} from './shell.ts';

/** Where the new password comes from; neither: it is asked for. */
export interface NewPasswordOptions {
  readonly generate?: boolean;
  readonly passwordStdin?: boolean;
}

/**
 * The new password.
 *
 * @returns `undefined` when the service is to make one
 * @throws Complaint when there is none to be had
 */
export async function readNewPassword(options: NewPasswordOptions, shell: Shell): Promise<string | undefined> {
  if (options.generate === true) return undefined;
  if (options.passwordStdin === true) return fromStdin(shell);
  const {stdin, stderr} = shell;
  if (stdin.isTTY !== true || stderr.isTTY !== true) {
    throw new Complaint(
      'there is no terminal to ask for the password on',
      'Give --password-stdin, or --generate with --show.',
    );
  }
  return asked(shell);
}

const longest = 4096;

async function fromStdin({stdin, signal}: Shell): Promise<string> {
  if (stdin.isTTY === true) {
    throw new Complaint(
      '--password-stdin: stdin is a terminal, which would show it',
      'Leave the option out to be asked, or pipe the password in.',
    );
  }
  let text = '';
  addAbortSignal(signal, stdin.setEncoding('utf8'));
  for await (const chunk of stdin) {
    text += chunk;
    if (text.length > longest) break;
  }
  const password = text.replace(/\r?\n$/, '');
  if (password === '' || password.length > longest || /[\r\n]/.test(password)) {
    const got = password === '' ? 'nothing' : 'more than one line';
    throw new Complaint(
      `--password-stdin: expected one line, got ${got}`,
      'Pipe the password in, e.g.: printf \'%s\' "$PASSWORD" | operation-poller …',
    );
  }
  return password;
}

/** Asks twice, since nothing of it is seen. */
async function asked({stdin, stderr, signal}: Shell): Promise<string> {
  const {isCancel, password} = await import('@clack/prompts');
  const ask = async (message: string, validate: (text: string | undefined) => string | undefined): Promise<string> => {
    const text = await password({
      message,
      mask: '',
      validate,
      clearOnError: true,
      input: stdin,
      output: stderr,
      signal,
      withGuide: false,
    });
    // In the prompt Ctrl-C is a key, and no signal.
    if (isCancel(text)) throw new Complaint(interruptedBy('Ctrl-C'), 'Nothing was started.', 130);
    return text;
  };
  const first = await ask('New password (it is not shown)', (text) => (text ? undefined : 'It cannot be empty.'));
  await ask('The same again', (text) =>
    text === first ? undefined : 'That differs from the first. Try again, or Ctrl-C to begin anew.',
  );
  return first;
}
