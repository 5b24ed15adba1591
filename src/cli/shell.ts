import type {Readable, Writable} from 'node:stream';

/** Where the command writes: a terminal, a file or a pipe. */
export type Output = Writable & {
  readonly isTTY?: boolean;
  readonly columns?: number;
  hasColors?(environment?: object): boolean;
};

/** All that the command has to do with the process it runs in, so that tests can give something else. */
export interface Shell {
  readonly stdin: Readable & {readonly isTTY?: boolean};
  /** For the outcome. */
  readonly stdout: Output;
  /** For progress and complaints. */
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborts when the command is to end, with an {@link Interruption} as its reason. */
  readonly signal: AbortSignal;
}

/** What a command says that was interrupted. */
export function interruptedBy(what: string): string {
  return `interrupted by ${what}`;
}

/** Why the command is to end before its work is done. */
export class Interruption {
  /** Empty: nobody would read it. */
  readonly message: string;
  readonly hint: string = '';
  readonly exitCode: number;

  /**
   * @param by the signal; `undefined`: nobody reads the output any more, so there is nothing to say
   * @param exitCode what a shell says of a command that ended so: 128 and the number of the signal
   */
  constructor(by: string | undefined, exitCode: number) {
    this.message = by === undefined ? '' : interruptedBy(by);
    this.exitCode = exitCode;
  }
}

/** The interruption that a signal was aborted with; `undefined` while it was not. */
export function interruptionOf({signal}: Pick<Shell, 'signal'>): Interruption | undefined {
  return signal.reason instanceof Interruption ? signal.reason : undefined;
}
