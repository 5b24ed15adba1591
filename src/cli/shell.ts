import type {Readable, Writable} from 'node:stream';
import {CliError} from './cli-error.ts';

/** Where the command writes: a terminal, a file or a pipe. */
export type Output = Writable & {
  readonly isTTY?: boolean;
  readonly columns?: number;
  hasColors?(environment?: object): boolean;
};

/** Everything the command uses of its process, so that tests can replace it. */
export interface Shell {
  readonly stdin: Readable & {readonly isTTY?: boolean};
  /** For the outcome. */
  readonly stdout: Output;
  /** For progress and errors. */
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborts when the command should end, with an {@link Interruption} as its reason. */
  readonly signal: AbortSignal;
}

/** Why the command should end before its work is done. */
export class Interruption extends CliError {
  /**
   * @param message empty: nobody reads the output any more, so there is nothing to say
   * @param exitCode what a shell reports for a command that ended so: for a signal, 128 plus its number
   * @param hint what to do about it; default: nothing
   */
  constructor(message: string, exitCode: number, hint = '') {
    super(message, hint, exitCode);
  }
}

/** The interruption that aborted the shell's signal; `undefined` while there was none. */
export function interruptionOf({signal}: Pick<Shell, 'signal'>): Interruption | undefined {
  return signal.reason instanceof Interruption ? signal.reason : undefined;
}
