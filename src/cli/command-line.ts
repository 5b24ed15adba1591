import process from 'node:process';
import type {Shell} from './shell.ts';

/** An option as it was given: its flag, and its value if it takes one. */
export type GivenOption = readonly [flag: string, value?: string];

/** Options of `reset-password` that `watch` does not have. */
const resetOptions: ReadonlySet<string> = new Set(['--generate', '--password-stdin', '--show']);

/** What a shell makes of `<(…)`: a pipe that ends with the command. */
const shellPipe = /^\/(?:dev|proc\/self)\/fd\/\d+$/;

/** What the next run takes instead, and what to do before it, where this one has read a pipe that is gone. */
const insteadOfPipes: Readonly<Record<string, {readonly option: GivenOption; readonly before: string}>> = {
  '--token-file': {
    option: ['--token-env', 'ACCESS_TOKEN'],
    before: 'Put an access token into the variable ACCESS_TOKEN.',
  },
  '--protocol-file': {
    option: ['--protocol-file', 'protocol.json'],
    before: 'Write the protocol to the file protocol.json.',
  },
};

/**
 * How to watch again: ends with the command, to paste as it stands.
 *
 * @param location `undefined` where the resume file has it
 * @param given the options of this run, which the next one needs as well
 */
export function watchAgain(
  shell: Pick<Shell, 'env'>,
  lead: 'Keep watching' | 'Resume',
  location: string | undefined,
  given: readonly GivenOption[],
): string {
  const insteadOf = ([flag, value = '']: GivenOption) => (shellPipe.test(value) ? insteadOfPipes[flag] : undefined);
  const options = given
    .filter(([flag]) => !resetOptions.has(flag))
    .map((option): GivenOption => insteadOf(option)?.option ?? option);
  const words = [...(location === undefined ? [] : [location]), ...options.flat()];
  const command = [invocationName(shell), 'watch', ...words.map((word) => quote(word ?? ''))].join(' ');
  const before = given.flatMap((option) => insteadOf(option)?.before ?? []);
  return [...before, `${lead} with: ${command}`].join(' ');
}

/** The name to call the command by in a line to paste: run with `npx`, it need not be on the path. */
export function invocationName({env}: Pick<Shell, 'env'>): string {
  return env['npm_command'] === 'exec' ? 'npx operation-poller' : 'operation-poller';
}

/**
 * Quotes a string as one word to paste into a POSIX shell, or into PowerShell on Windows. Nothing in what is double-quoted on
 * Windows is special to `cmd` either.
 */
export function quote(text: string, platform: string = process.platform): string {
  if (/^[\w@%+=:,./-]+$/.test(text)) return text;
  if (platform !== 'win32') return `'${text.replaceAll("'", "'\\''")}'`;
  // PowerShell reads curly quotes as straight ones.
  return /["$`\u201c-\u201e]|\\$|^$/.test(text) ? `'${text.replaceAll(/['\u2018-\u201b]/g, '$&$&')}'` : `"${text}"`;
}

/** The command that sets an environment variable, in the shell that {@link quote} quotes for. */
export function assignment(name: string, value: string, platform: string = process.platform): string {
  if (platform !== 'win32') return `export ${name}=${quote(value, platform)}`;
  return `$env:${name} = '${value.replaceAll("'", "''")}'`;
}
