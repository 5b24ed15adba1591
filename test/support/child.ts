import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {afterAll} from '@jest/globals';
import {transformSync} from '@swc/core';
import {realTimers, transportOfChild} from './behaviours.ts';

const project = process.cwd();
let compiled: string | undefined;

/** Compiles the library as it stands, for child processes; `dist` may be older. Returns the folder. */
function compile(): string {
  if (compiled !== undefined) return compiled;
  const folder = mkdtempSync(join(tmpdir(), 'operation-poller-'));
  writeFileSync(join(folder, 'package.json'), '{"type": "module"}');
  symlinkSync(join(project, 'node_modules'), join(folder, 'node_modules'));
  const source = join(project, 'src');
  for (const file of readdirSync(source, {recursive: true, encoding: 'utf8'})) {
    if (!file.endsWith('.ts')) continue;
    const {code} = transformSync(readFileSync(join(source, file), 'utf8'), {
      swcrc: false,
      jsc: {target: 'es2022', parser: {syntax: 'typescript'}},
    });
    const target = join(folder, file.replace(/\.ts$/, '.js'));
    mkdirSync(dirname(target), {recursive: true});
    writeFileSync(target, code.replaceAll(/(from\s+["']\.[^"']*)\.ts(["'])/g, '$1.js$2'));
  }
  compiled = folder;
  return folder;
}

afterAll(() => {
  if (compiled !== undefined) rmSync(compiled, {recursive: true, force: true});
});

/** How a child process ended. */
export interface ChildEnd {
  /** Its exit code; `null` if it had to be killed because it did not end by itself. */
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/**
 * Runs a module in a process of its own, with everything of the library, the emulator and XState's `createActor` at hand.
 *
 * @param body the module's code; what it reads as `given` is the second argument, by way of JSON
 * @param patience how many milliseconds after loading it may take
 */
export async function runInChild(body: string, given: unknown = null, patience = 20_000): Promise<ChildEnd> {
  const folder = compile();
  const program = `
    import {createActor} from 'xstate';
    import {writeSync} from 'node:fs';
    import {join} from 'node:path';
    import * as library from ${JSON.stringify(join(folder, 'index.js'))};
    import {startGraphEmulator} from ${JSON.stringify(join(folder, 'testing/index.js'))};
    Object.assign(globalThis, library);
    const given = ${JSON.stringify(given)};
    const folder = ${JSON.stringify(folder)};
    const http = ${transportOfChild};
    const quick = {http, token: 'test-token', schedule: schedules.fixed(1), retry: {retries: 3, minTimeout: 1, maxTimeout: 1}};
    writeSync(3, 'loaded');
    ${body}`;
  const child = spawn(process.execPath, ['--input-type=module', '-'], {
    cwd: project,
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    // Shorter than a test may take, and long enough to load everything on a busy machine.
    timeout: patience + 30_000,
    env: {...process.env, NODE_OPTIONS: ''},
  });
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    out += chunk;
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    err += chunk;
  });
  child.stdin.end(program);
  // Its own work takes next to no time: after this, something keeps the process alive that should not.
  let tooLong: ReturnType<typeof setTimeout> | undefined;
  child.stdio[3]?.once('data', () => {
    tooLong = realTimers.setTimeout(() => child.kill(), patience);
  });
  const [code] = (await once(child, 'close')) as [number | null];
  realTimers.clearTimeout(tooLong);
  return {code, out, err};
}
