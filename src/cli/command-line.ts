import {invocationName, quote} from './quote.ts';
import type {Shell} from './shell.ts';

/** An option as it was given: its flag, and its value if it takes one. */
export type GivenOption = readonly [flag: string, value?: string];

/** What `watch` does not take of the options of `reset-password`. */
const resetOptions: ReadonlySet<string> = new Set(['--generate', '--password-stdin', '--show']);

/**
 * The command that watches again, to paste as it stands.
 *
 * @param location `undefined` where the resume file has it
 * @param given the options of this run, which the next one needs as well
 */
export function watchAgain(shell: Shell, location: string | undefined, given: readonly GivenOption[]): string {
  const options = given.filter(([flag]) => !resetOptions.has(flag)).flat();
  const words = [...(location === undefined ? [] : [location]), ...options];
  return [invocationName(shell), 'watch', ...words.map((word) => quoteWord(word ?? ''))].join(' ');
}

/** A word to paste; the pipe of a `<(…)` has ended with the command. */
function quoteWord(word: string): string {
  return /^\/(?:dev|proc\/self)\/fd\/\d+$/.test(word) ? '<(…)' : quote(word);
}
