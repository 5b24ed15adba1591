import {type ChildProcessByStdio, spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdir, mkdtemp, readFile, rm, stat} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import type {Readable} from 'node:stream';
import {fileURLToPath} from 'node:url';
import {afterEach, beforeEach, describe, expect, test} from '@jest/globals';
import {type GraphEmulator, startGraphEmulator} from 'operation-poller/testing';
import {startServer} from '../support/behaviours.ts';

const loader = fileURLToPath(new URL('../support/load-typescript.mjs', import.meta.url));
const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

let emulator: GraphEmulator;
let children: Array<ChildProcessByStdio<null, Readable, Readable>>;

beforeEach(async () => {
  children = [];
  emulator = await startGraphEmulator({token: 'emulated'});
});

afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  await emulator.stop();
});

/** The command as a process of its own. */
function start(...args: readonly string[]) {
  return startWith([], ...args);
}

/** As {@link start}, with options of Node.js. */
function startWith(options: readonly string[], ...args: readonly string[]) {
  const env = {...process.env, GRAPH_TOKEN: 'emulated'};
  const program = ['--import', loader, ...options, main, ...args];
  const child = spawn(process.execPath, program, {env, stdio: ['ignore', 'pipe', 'pipe']});
  children.push(child);
  const written = {stdout: '', stderr: ''};
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    written.stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    written.stderr += text;
  });
  const ended = new Promise<{exitCode: number | null; stdout: string; stderr: string}>((resolve) => {
    child.once('close', (exitCode) => resolve({exitCode, ...written}));
  });
  return {child, ended, written};
}

const endless = (): string => emulator.addOperation({script: [{status: 'running', retryAfter: 60}]}).location;

test('ends with the exit code of the operation, and leaves nothing running', async () => {
  const {location} = emulator.addOperation({script: [{status: 'failed', detail: 'PolicyViolation'}]});
  const {exitCode, stdout, stderr} = await start('watch', location, '--token-env', 'GRAPH_TOKEN').ended;
  expect({exitCode, stdout}).toEqual({exitCode: 1, stdout: 'failed\n'});
  expect(stderr).toMatch(
    /^operation-poller: Operation \S+ failed: PolicyViolation\n {2}The service reports that it failed\. .*\n$/,
  );
});

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)('%s: %d, with the resume token saved', async (signal, exitCode) => {
  const path = join(tmpdir(), `operation-poller-${process.pid}-${signal}.resume`);
  const {child, ended} = start('watch', endless(), '--token-env', 'GRAPH_TOKEN', '--resume', path);
  await emulator.nextRequest();
  child.kill(signal);
  expect(await ended).toMatchObject({
    exitCode,
    stdout: '',
    stderr: expect.stringContaining(`interrupted by ${signal}`),
  });
  expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({kind: 'operation-poller', abandoned: 'aborted'});
  await rm(path);
});

test('takes a token from the pipe that a shell makes for <(…)', async () => {
  const {location} = emulator.addOperation({script: ['running', 'succeeded']});
  const script = '"$0" "$@" --token-file <(echo emulated)';
  const args = [process.execPath, '--import', loader, main, 'watch', location, '--interval', '10ms'];
  const child = spawn('bash', ['-c', script, ...args], {stdio: ['ignore', 'pipe', 'pipe']});
  children.push(child);
  const [output, [exitCode]] = await Promise.all([child.stdout.toArray(), once(child, 'close')]);
  expect([String(output.join('')), exitCode]).toEqual(['succeeded\n', 0]);
});

test('a signal that arrives twice, as npm forwards it, counts once', async () => {
  const path = join(tmpdir(), `operation-poller-${process.pid}-twice.resume`);
  // The child sends itself the second as it gets the first, and its clock stands still: from here, on a busy machine, it might come
  // during the child's exit, when Node.js handles none any more, or so late that it is another one.
  const twice = `const at = Date.now();
    Date.now = () => at;
    process.once('SIGINT', () => process.kill(process.pid, 'SIGINT'));`;
  const options = ['--import', `data:text/javascript,${encodeURIComponent(twice)}`];
  const {child, ended} = startWith(options, 'watch', endless(), '--token-env', 'GRAPH_TOKEN', '--resume', path);
  await emulator.nextRequest();
  child.kill('SIGINT');
  expect(await ended).toMatchObject({exitCode: 130, stderr: expect.stringContaining('Resume with')});
  await rm(path);
});

test('ends quietly when nobody reads its output any more', async () => {
  const {location} = emulator.addOperation({script: ['running']});
  const {child, ended} = start('watch', location, '--token-env', 'GRAPH_TOKEN', '--json', '--interval', '10ms');
  await new Promise((resolve) => child.stdout.once('data', resolve));
  child.stdout.destroy();
  expect(await ended).toMatchObject({exitCode: 141, stderr: ''});
});

describe('on a full disk', () => {
  /** Runs the command with an output on a disk that is full. */
  async function runFull(redirection: string, ...args: readonly string[]) {
    const env = {...process.env, GRAPH_TOKEN: 'emulated'};
    const script = ['-c', `"$0" "$@" ${redirection}`, process.execPath, '--import', loader, main, ...args];
    const child = spawn('bash', script, {env, stdio: ['ignore', 'pipe', 'pipe']});
    children.push(child);
    const [output, errors, [exitCode]] = await Promise.all([
      child.stdout.toArray(),
      child.stderr.toArray(),
      once(child, 'close'),
    ]);
    return {exitCode, stdout: output.join(''), stderr: errors.join('')};
  }
  const message = 'operation-poller: cannot write to stdout (ENOSPC)\n';

  test('an outcome that cannot be written is none: the exit code is not that of the operation', async () => {
    const {location} = emulator.addOperation({script: ['succeeded']});
    const ended = await runFull('> /dev/full', 'watch', location, '--token-env', 'GRAPH_TOKEN', '--quiet');
    expect(ended).toEqual({exitCode: 74, stdout: '', stderr: message});
  });

  test('a watch whose events cannot be written ends, and saves its resume token', async () => {
    const path = join(tmpdir(), `operation-poller-${process.pid}-full.resume`);
    const args = ['watch', endless(), '--token-env', 'GRAPH_TOKEN', '--json', '--resume', path];
    const {exitCode, stderr} = await runFull('> /dev/full', ...args);
    expect({exitCode, stderr}).toEqual({exitCode: 74, stderr: expect.stringMatching(/Resume with/)});
    expect(stderr.startsWith(message)).toBe(true);
    expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({abandoned: 'aborted'});
    await rm(path);
  });

  test('a list that cannot be written, and an error that cannot: only the exit code is left', async () => {
    expect(await runFull('> /dev/full', 'protocols')).toEqual({exitCode: 74, stdout: '', stderr: message});
    expect(await runFull('2> /dev/full', 'watch', 'nowhere')).toEqual({exitCode: 74, stdout: '', stderr: ''});
  });
});

test('emulate --tls prints how another process trusts it, and leaves no certificate behind', async () => {
  const {child, ended, written} = start('emulate', '--tls');
  while (!written.stdout.includes('reset-password')) await once(child.stdout, 'data');
  const certificate = /^ {2}export NODE_EXTRA_CA_CERTS=(\S+)$/m.exec(written.stdout)?.[1] ?? '';
  const [watch = ''] = /^ {2}operation-poller watch https:.*weak-password.*$/m.exec(written.stdout) ?? [];

  // As it is pasted, with every export or with the token's alone.
  const runPasted = async (exports: RegExp, until?: string) => {
    const alias = 'operation-poller() { exec "$NODE" --import "$LOADER" "$MAIN" "$@" --interval 10ms; }';
    const script = [alias, ...(written.stdout.match(exports) ?? []), watch].join('\n');
    const env = {PATH: process.env['PATH'], NODE: process.execPath, LOADER: loader, MAIN: main};
    const pasted = spawn('bash', ['-c', script], {env, stdio: ['ignore', 'pipe', 'pipe']});
    children.push(pasted);
    let stderr = '';
    pasted.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
      // Once: a signal during its exit, when Node.js handles none any more, would decide how it ended.
      if (until !== undefined && !pasted.killed && stderr.includes(until)) pasted.kill('SIGINT');
    });
    const [output, [exitCode]] = await Promise.all([pasted.stdout.toArray(), once(pasted, 'close')]);
    return {exitCode, stdout: output.join('')};
  };
  // It would ask again and again: what it says is all that is waited for.
  const tokenAlone = await runPasted(/^ {2}export GRAPH_TOKEN=.*$/gm, 'DEPTH_ZERO_SELF_SIGNED_CERT');
  expect(tokenAlone).toEqual({exitCode: 130, stdout: ''});
  expect(await runPasted(/^ {2}export .*$/gm)).toEqual({exitCode: 1, stdout: 'failed\n'});

  expect((await stat(certificate)).isFile()).toBe(true);
  child.kill('SIGINT');
  expect(await ended).toMatchObject({exitCode: 0, stderr: ''});
  await expect(stat(certificate)).rejects.toThrow('ENOENT');
  // Three processes, one after another, each of which compiles the source.
}, 120_000);

test('an outcome is told also where the resume file cannot be removed', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'operation-poller-resume-'));
  const path = join(folder, 'saved');
  let answer = (): void => undefined;
  const {root} = await startServer((_, response, count) => {
    answer = () => void response.end(JSON.stringify({id: 'a', status: count === 1 ? 'running' : 'failed'}));
    if (count === 1) answer();
    else asked = true;
  });
  let asked = false;
  const args = ['--token-env', 'GRAPH_TOKEN', '--interval', '10ms', '--resume', path];
  const {ended} = start('watch', `${root}/operations/a`, ...args);
  // From then on nothing is written before the answer is let go.
  while (!asked || (await stat(path).catch(() => undefined)) === undefined)
    await new Promise((resolve) => setTimeout(resolve, 5));
  // A folder that is not empty cannot be written over, either.
  await rm(path, {force: true});
  await mkdir(join(path, 'inner'), {recursive: true});
  answer();
  const {exitCode, stdout} = await ended;
  expect({exitCode, stdout}).toEqual({exitCode: 1, stdout: 'failed\n'});
  await rm(folder, {recursive: true});
});

test('emulate --tls says where it cannot save its certificate', async () => {
  const env = {...process.env, TMPDIR: '/none'};
  const child = spawn(process.execPath, ['--import', loader, main, 'emulate', '--tls'], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  const [[exitCode], stderr] = await Promise.all([once(child, 'close'), child.stderr.toArray()]);
  expect(exitCode).toBe(2);
  expect(stderr.join('')).toMatch(/^operation-poller: --tls: cannot write the certificate into \/none \(ENOENT\)\n/);
});
