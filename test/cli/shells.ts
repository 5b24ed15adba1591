import {PassThrough, Writable} from 'node:stream';
import {stripVTControlCharacters} from 'node:util';
import {runCommand} from '../../src/cli/command.ts';
import {Interruption, type Output, type Shell} from '../../src/cli/shell.ts';

/** How to set up a fake shell. */
export interface FakeShellOptions {
  readonly env?: Shell['env'];
  /** Whether all its streams are a terminal. */
  readonly terminal?: boolean;
  readonly columns?: number;
  readonly colors?: boolean;
}

/** A shell in memory. */
export interface FakeShell extends Shell {
  readonly stdin: PassThrough & {isTTY?: boolean};
  /** Everything written so far. */
  written(): {stdout: string; stderr: string};
  /** Ctrl-C. */
  interrupt(): void;
}

class Screen extends Writable {
  readonly isTTY: boolean;
  readonly columns: number;
  readonly #colors: boolean;
  #text = '';

  constructor({terminal = false, columns = 100, colors = false}: FakeShellOptions) {
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

export function fakeShell(options: FakeShellOptions = {}): FakeShell {
  const controller = new AbortController();
  const stdout = new Screen(options);
  const stderr = new Screen(options);
  const stdin = Object.assign(new PassThrough(), {isTTY: options.terminal ?? false, setRawMode: () => undefined});
  return {
    stdin,
    stdout: stdout satisfies Output,
    stderr: stderr satisfies Output,
    env: options.env ?? {},
    signal: controller.signal,
    written: () => ({stdout: stdout.text, stderr: stderr.text}),
    interrupt: () => controller.abort(new Interruption('interrupted by SIGINT', 130)),
  };
}

/** Runs the command to its end. */
export async function run(
  args: readonly string[],
  options?: FakeShellOptions,
): Promise<{exitCode: number; stdout: string; stderr: string}> {
  const shell = fakeShell(options);
  shell.stdin.end();
  return {exitCode: await runCommand(args, shell), ...shell.written()};
}

/** What a terminal shows of the output: the last state of each line, without colors. */
export function shown(text: string): string {
  const lines = text.split('\n').map((line) => line.split('\u001b[1G').at(-1) ?? '');
  return stripVTControlCharacters(lines.join('\n'));
}
