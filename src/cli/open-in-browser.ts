import {spawn} from 'node:child_process';
import process from 'node:process';
import type {Shell} from './shell.ts';

/** The program that opens a URL on each system, with its arguments. */
const openers: Readonly<Record<string, readonly [program: string, ...args: readonly string[]]>> = {
  darwin: ['open'],
  // `start` takes a first argument in quotes for a title.
  win32: ['cmd', '/c', 'start', '""'],
};

/** Opens a URL in the browser. That there is none is said, but is no error. */
export function openInBrowser(url: string, {env, stderr}: Pick<Shell, 'env' | 'stderr'>): void {
  const [program, ...args] = openers[process.platform] ?? ['xdg-open'];
  const child = spawn(program, [...args, url], {env, stdio: 'ignore', detached: true, windowsHide: true});
  child.once('error', () => void stderr.write(`No browser could be opened (${program}). Open ${url} yourself.\n`));
  child.unref();
}
