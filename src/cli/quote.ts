import process from 'node:process';
import type {Shell} from './shell.ts';

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
