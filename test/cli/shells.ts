import {PassThrough, Writable} from 'node:stream';
import {stripVTControlCharacters} from 'node:util';
import {runCommand} from '../../src/cli/command.ts';
import {Interruption, type Output, type Shell} from '../../src/cli/shell.ts';

/** What the command is given instead of a process. */
export interface Given {
  readonly env?: Shell['env'];
  /** Whether all of it is a terminal. */
  readonly terminal?: boolean;
  readonly columns?: number;
  readonly colors?: boolean;
}

/** A shell in memory. */
export interface FakeShell extends Shell {
  readonly stdin: PassThrough & {isTTY?: boolean};
  /** All that was written so far. */
  said(): {stdout: string; stderr: string};
  /** Ctrl-C. */
  interrupt(): void;
}

class Screen extends Writable {
  readonly isTTY: boolean;
  readonly columns: number;
  readonly #colors: boolean;
  #text = '';

  constructor({terminal = false, columns = 100, colors = false}: Given) {
    super({decodeStrings: false});
    this.isTTY = terminal;
    this.columns = columns;
    this.#colors = colors;
  }

  hasColors(environment: Readonly<Record<string, string | undefined>> = {}): boolean {
    return this.#colors && environment['NO_COLOR'] === undefined;
  }

  override _write(chunk: string, _encoding: string, done: () => void): void {
    this.#text += chunk;
    done();
  }

  get text(): string {
    return this.#text;
  }
}

export function fakeShell(given: Given = {}): FakeShell {
  const controller = new AbortController();
  const stdout = new Screen(given);
  const stderr = new Screen(given);
  const stdin = Object.assign(new PassThrough(), {isTTY: given.terminal ?? false, setRawMode: () => undefined});
  return {
    stdin,
    stdout: stdout satisfies Output,
    stderr: stderr satisfies Output,
    env: given.env ?? {},
    signal: controller.signal,
    said: () => ({stdout: stdout.text, stderr: stderr.text}),
    interrupt: () => controller.abort(new Interruption('SIGINT', 130)),
  };
}

/** Runs the command to its end. */
export async function run(
  args: readonly string[],
  given?: Given,
): Promise<{exitCode: number; stdout: string; stderr: string}> {
  const shell = fakeShell(given);
  shell.stdin.end();
  return {exitCode: await runCommand(args, shell), ...shell.said()};
}

/** What a terminal shows of what was written: the last state of each line, without colours. */
export function shown(text: string): string {
  const lines = text.split('\n').map((line) => line.split('\u001b[1G').at(-1) ?? '');
  return stripVTControlCharacters(lines.join('\n'));
}
