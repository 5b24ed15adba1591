import {execFileSync} from 'node:child_process';
import {mkdtemp, readdir, readFile, rm, stat, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, jest, test} from '@jest/globals';
import {type GraphEmulator, type OperationStep, startGraphEmulator} from 'operation-poller/testing';
import {exitCodes} from '../../src/cli/cli-error.ts';
import {runCommand} from '../../src/cli/command.ts';
import {namedProtocols} from '../../src/cli/named-protocols.ts';
import {defineProtocol} from '../../src/protocol/define-protocol.ts';
import type {ProtocolDefinition} from '../../src/protocol/protocol.ts';
import * as schedules from '../../src/schedule/schedules.ts';
import {now} from '../../src/shared/clock.ts';
import {takeClosedPort} from '../support/closed-port.ts';
import {operationOf} from '../support/core.ts';
import {type FakeShellOptions, fakeShell, run, shown} from './shells.ts';

const secret = 'a-secret-token';
const env = {T: secret};
const quick = ['--token-env', 'T', '--interval', '5ms'];

let emulator: GraphEmulator;
let folder: string;

beforeEach(async () => {
  emulator = await startGraphEmulator({token: secret});
  folder = await mkdtemp(join(tmpdir(), 'operation-poller-command-'));
});

afterEach(async () => {
  jest.useRealTimers();
  await emulator.stop();
  await rm(folder, {recursive: true, force: true});
});

function operation(script: readonly OperationStep[]): string {
  return emulator.addOperation({script}).location;
}

function watch(script: readonly OperationStep[], args: readonly string[] = [], options: FakeShellOptions = {}) {
  return run(['watch', operation(script), ...quick, ...args], {env, ...options});
}

/** Stops the clock that is shown, and no timer. */
function stopClock(): void {
  const timers = ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] as const;
  jest.useFakeTimers({doNotFake: ['nextTick', 'setImmediate', 'clearImmediate', 'queueMicrotask', ...timers]});
}

/** Runs a command by fake timers: time passes only once it has written what is given, and then as much as is given with it. */
async function runByFakeTimers(
  args: readonly string[],
  pace: ReadonlyArray<readonly [string, number]>,
  options?: FakeShellOptions,
) {
  jest.useFakeTimers({doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask']});
  const shell = fakeShell({env, ...options});
  const running = runCommand(args, shell);
  for (const [text, milliseconds] of pace) {
    while (!shell.written().stderr.includes(text)) await new Promise(setImmediate);
    await jest.advanceTimersByTimeAsync(milliseconds);
  }
  const exitCode = await running;
  jest.useRealTimers();
  return {exitCode, ...shell.written()};
}

function lines(text: string): Array<Record<string, unknown>> {
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

test('what other code has added to Object.prototype is no option', async () => {
  // Others, such as `json` and `resume`, stop a request.
  for (const name of ['headerEnv', 'fetchResult', 'notFoundGrace']) {
    Object.defineProperty(Object.prototype, name, {value: ['evil'], configurable: true, writable: true});
  }
  try {
    const ended = await watch(['running', 'succeeded']);
    expect([ended.exitCode, ended.stdout]).toEqual([0, 'succeeded\n']);
    expect((await run(['watch', '--no-such-option'])).exitCode).toBe(exitCodes.usage);
  } finally {
    for (const name of ['headerEnv', 'fetchResult', 'notFoundGrace']) Reflect.deleteProperty(Object.prototype, name);
  }
});

describe('watch: how it ends', () => {
  test('succeeded: 0, with the status on stdout and each change on stderr', async () => {
    stopClock();
    const ended = await watch([
      'notStarted',
      'running',
      'running',
      {status: 'succeeded', detail: 'ResetSuccess\u001b[2J'},
    ]);
    expect(ended).toEqual({
      exitCode: 0,
      stdout: 'succeeded\n',
      stderr: expect.stringMatching(
        /^0s {2}notStarted\n0s {2}running\nsucceeded after 4 polls in \S+, ResetSuccess\\u001b\[2J\n$/,
      ),
    });
  });

  test.each([
    ['failed', {status: 'failed', detail: 'PolicyViolation'}, 1, 'failed\n', 'failed: PolicyViolation'],
    ['canceled', {fields: {status: 'skipped'}}, 3, 'canceled\n', 'was canceled'],
    ['forbidden', {http: 403}, 5, '', 'This caller may not read'],
    ['gone', {http: 410}, 6, '', 'There is no operation'],
    ['a response that is too long', {fault: 'huge'}, 7, '', 'does not respond as its protocol says'],
    ['unreadable, five times', {text: '<html>'}, 7, '', 'does not respond as its protocol says'],
    ['unreachable, twenty times', {http: 503, retryAfter: 0.1}, 7, '', 'could not be reached in 5 polls in a row'],
  ] satisfies ReadonlyArray<readonly [string, OperationStep, number, string, string]>)(
    '%s',
    async (_, step, exitCode, stdout, message) => {
      const ended = await watch(['running', step]);
      expect(ended).toMatchObject({exitCode, stdout});
      expect(ended.stderr).toMatch(new RegExp(`\\noperation-poller: .*${message}.*\\n {2}\\S.*\\.\\n$`));
      expect(ended.stderr).not.toContain('    at ');
    },
  );

  test('timeout: 4, with the last problem', async () => {
    const location = operation(['running', {http: 503, retryAfter: 60}]);
    const pace = [
      ['running', 5],
      ['HTTP 503', 295],
    ] as const;
    const ended = await runByFakeTimers(['watch', location, ...quick, '--timeout', '300ms'], pace);
    expect(ended).toMatchObject({exitCode: 4, stdout: ''});
    expect(ended.stderr).toContain('it is running; last: HTTP 503 serviceNotAvailable\n');
    expect(ended.stderr).toMatch(
      /\n {2}It may still be running\. Keep watching with: operation-poller watch 'http\S+' --token-env T --interval 5ms --timeout 300ms\n$/,
    );
  });

  test('unauthorized: 5', async () => {
    const without = await run(['watch', operation(['running'])], {env});
    expect(without).toMatchObject({
      exitCode: 5,
      stderr: expect.stringContaining('\n  No token was given. Use --token-'),
    });
    const refused = await run(['watch', operation(['running']), '--token-env', 'T'], {env: {T: 'another'}});
    expect(refused).toMatchObject({exitCode: 5, stdout: ''});
    expect(refused.stderr).toContain('Get a fresh token');
    expect(refused.stderr).not.toContain('another');
  });

  test('a token that disappears during the watch: 5, with the reason', async () => {
    const path = join(folder, 'token');
    await writeFile(path, secret);
    const shell = fakeShell();
    const watching = runCommand(['watch', operation(['running']), '--token-file', path, '--interval', '5ms'], shell);
    await emulator.nextRequest();
    await rm(path);
    expect(await watching).toBe(5);
    expect(shell.written().stderr).toContain(
      `operation-poller: the token file ${path} cannot be read (ENOENT)\n  --token-file takes a file that`,
    );
  });

  test('a claims challenge is passed to the token command, whose next token is used', async () => {
    const claims = {access_token: {acrs: {essential: true, value: 'c1'}}};
    const path = join(folder, 'claims');
    const command = `test -z "$OPERATION_POLLER_CLAIMS" || { printf %s "$OPERATION_POLLER_CLAIMS" > '${path}'; echo new-token; exit; }; echo ${secret}`;
    await emulator.stop();
    emulator = await startGraphEmulator({token: [secret, 'new-token']});
    const args = ['watch', operation(['running', {claims}, 'succeeded']), '--interval', '5ms'];
    const ended = await run([...args, '--token-command', command, '--json'], {env: process.env});
    expect(ended.exitCode).toBe(0);
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual(claims);
    expect(ended.stdout + ended.stderr).not.toContain('acrs');
  });

  test('not found: 6, at once without a grace; with one, the log says why nothing happens', async () => {
    const missing = `${emulator.root}/unknown`;
    const atOnce = await run(['watch', missing, ...quick, '--not-found-grace', '0s'], {env});
    expect(atOnce).toMatchObject({exitCode: 6, stdout: '', stderr: expect.stringContaining('There is no operation')});
    expect(emulator.received).toBe(1);
    // Longer than the grace, so that it is over at the second poll, however fast that is answered.
    const interval = ['--interval', '60ms'];
    const later = await runByFakeTimers(
      ['watch', missing, ...quick, ...interval, '--not-found-grace', '50ms'],
      [['HTTP 404', 60]],
    );
    expect(later.exitCode).toBe(6);
    expect(later.stderr).toMatch(
      /^0s {2}HTTP 404 \w+, next poll in 60ms, not known to the service yet, giving up in 1s\n/,
    );
    expect(emulator.received).toBe(3);
  });

  test('interrupted: 130, during a wait and during a request', async () => {
    for (const step of [{status: 'running', retryAfter: 60}, {fault: 'hang'}] as const) {
      const shell = fakeShell({env});
      const watching = runCommand(['watch', operation([step]), ...quick], shell);
      await emulator.nextRequest();
      shell.interrupt();
      expect(await watching).toBe(130);
      expect(shell.written().stdout).toBe('');
      expect(shell.written().stderr).toMatch(
        /operation-poller: interrupted by SIGINT\n {2}The operation continues\. Keep watching with: .* --interval 5ms\n$/,
      );
    }
  });

  test('interrupted while the token command runs: 130, and no request is sent', async () => {
    const shell = fakeShell({env: process.env});
    const watching = runCommand(['watch', operation(['running']), '--token-command', 'exec sleep 60'], shell);
    setImmediate(shell.interrupt);
    expect(await watching).toBe(130);
    expect(emulator.received).toBe(0);
  });
});

describe('watch: what it prints', () => {
  test('as JSON: each event, and the exit', async () => {
    const {exitCode, stdout, stderr} = await watch(['running', {http: 429, retryAfter: 0.1}, 'succeeded'], ['--json']);
    const printed = lines(stdout);
    expect(printed.map(({type}) => type)).toEqual([
      'polled',
      'running',
      'waiting',
      'retrying',
      'waiting',
      'polled',
      'succeeded',
      'exit',
    ]);
    expect(printed.at(-1)).toEqual({type: 'exit', exitCode: 0, status: 'succeeded'});
    expect(printed[3]).toMatchObject({error: {kind: 'http', httpStatus: 429}, operation: {status: 'running'}});
    expect(stdout + stderr).not.toContain(secret);
    expect({exitCode, stderr}).toEqual({exitCode: 0, stderr: ''});
  });

  test('as JSON: what went wrong', async () => {
    const failed = await watch([{status: 'failed', detail: 'x'}], ['--json']);
    expect(lines(failed.stdout).at(-1)).toEqual({
      type: 'exit',
      exitCode: 1,
      status: 'failed',
      error: {message: expect.stringContaining('failed: x'), hint: expect.any(String)},
    });
    const misused = await run(['watch', 'x', '--json', '--timeout', '10']);
    expect(misused.exitCode).toBe(2);
    expect(lines(misused.stdout)).toEqual([
      {type: 'exit', exitCode: 2, error: expect.objectContaining({message: expect.stringContaining('--timeout')})},
    ]);
  });

  test('quiet: only the outcome', async () => {
    expect(await watch(['running', 'succeeded'], ['--quiet'])).toEqual({
      exitCode: 0,
      stdout: 'succeeded\n',
      stderr: '',
    });
  });

  test('only the result, as JSON', async () => {
    const item = emulator.addResource({path: '/items/1', script: [{fields: {name: 'copy.txt'}}]});
    const fetched = await watch(
      [{status: 'succeeded', resourceLocation: item.location}],
      ['--fetch-result', '--quiet'],
    );
    expect(fetched.exitCode).toBe(0);
    expect(JSON.parse(fetched.stdout)).toMatchObject({name: 'copy.txt'});
    const asJson = await watch([{status: 'succeeded', resourceLocation: item.location}], ['--fetch-result', '--json']);
    expect(lines(asJson.stdout).at(-1)).toMatchObject({type: 'exit', result: {name: 'copy.txt'}});
    expect(await watch(['failed'], ['--fetch-result'])).toMatchObject({exitCode: 1, stdout: ''});
  });

  test('on a terminal: one live line that is gone at the end', async () => {
    const script = [{status: 'running', percentageComplete: 40}, {http: 429, retryAfter: 1}, 'succeeded'];
    const args = ['watch', operation(script), ...quick, '--protocol', 'graph.richLongRunning'];
    const pace = [
      ['running 40%', 5],
      ['HTTP 429', 1000],
    ] as const;
    const {exitCode, stdout, stderr} = await runByFakeTimers(args, pace, {terminal: true, colors: true});
    expect([exitCode, stdout]).toEqual([0, 'succeeded\n']);
    expect(shown(stderr)).toMatch(/^succeeded after 3 polls in \S+\n$/);
    const drawn = stderr.split('\u001b[1G').map(shown);
    expect(drawn[1]).toBe('watching  0s  polling');
    expect(drawn).toContainEqual(
      expect.stringMatching(/^running 40% {2}0s {2}HTTP 429 at \d\d:\d\d:\d\d {2}next poll in 1s {2}throttled: \w+$/),
    );
    expect(stderr).toContain('\u001b[36mrunning 40%\u001b[39m');
  });

  describe('--learned', () => {
    const learnedFile = (): string => join(folder, 'learned.json');
    const totalOf = async (): Promise<number> => {
      const {counts} = JSON.parse(await readFile(learnedFile(), 'utf8'));
      return counts.reduce((sum: number, count: number) => sum + count, 0);
    };

    test('keeps how long operations took, and estimates the end of the next one', async () => {
      const learned = ['--learned', learnedFile()];
      expect((await watch(['succeeded'], learned)).exitCode).toBe(0);
      expect((await watch(['failed'], learned)).exitCode).toBe(1);
      expect(await totalOf()).toBeCloseTo(2, 1);
      const schedule = schedules.adaptive();
      const end = {elapsed: 60_000, after: 55_000, operation: operationOf('succeeded')};
      for (let index = 0; index < 20; index++) schedule.ended(end);
      await writeFile(learnedFile(), JSON.stringify(schedule));
      stopClock();
      const {stderr} = await watch(['running', 'succeeded'], learned, {terminal: true});
      expect(stderr).toMatch(/\[-{10}\] {2}about 5\ds left {2}at most 1m 0\ds/);
      expect(await totalOf()).toBeCloseTo(20.4, 0);
      expect(await readdir(folder)).toEqual(['learned.json']);
    });

    test('adds to what other runs have written in the meantime', async () => {
      const location = operation([{status: 'running', times: 20}, 'succeeded']);
      const slow = run(['watch', location, ...quick, '--learned', learnedFile()], {env});
      expect((await watch(['succeeded'], ['--learned', learnedFile()])).exitCode).toBe(0);
      expect((await slow).exitCode).toBe(0);
      expect(await totalOf()).toBeCloseTo(2, 1);
    });

    test('adds nothing where the operation goes on', async () => {
      expect((await watch(['running'], ['--learned', learnedFile(), '--timeout', '50ms'])).exitCode).toBe(4);
      expect(await readdir(folder)).toEqual([]);
    });

    test.each(['{}', 'a-secret'])('refuses a file with %s', async (text) => {
      await writeFile(learnedFile(), text);
      const {exitCode, stderr} = await watch(['succeeded'], ['--learned', learnedFile()]);
      expect([exitCode, stderr.includes('cannot be read (it holds something else)')]).toEqual([2, true]);
      expect(stderr).not.toContain('a-secret');
    });

    test('refuses a folder that is not there', async () => {
      const {exitCode, stderr} = await watch(['succeeded'], ['--learned', join(folder, 'none', 'a.json')]);
      expect([exitCode, stderr.includes('--learned: cannot write to the folder')]).toEqual([2, true]);
    });
  });

  // To read it would never end.
  test.each(['--learned', '--resume'])('refuses a named pipe for %s', async (option) => {
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const {exitCode, stderr} = await watch(['succeeded'], [option, pipe]);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining(`${option}: ${pipe} is not a file`)]);
  });

  test('on a dumb terminal: plain lines', async () => {
    stopClock();
    const {stderr} = await watch(['running', 'succeeded'], [], {terminal: true, env: {...env, TERM: 'dumb'}});
    expect(stderr).toMatch(/^0s {2}running\nsucceeded after 2 polls in \S+\n$/);
  });
});

describe('watch: stopping and resuming', () => {
  const resumeFile = (): string => join(folder, 'a token.resume');

  test('saves the token for this user alone, resumes, and removes the file', async () => {
    const watched = emulator.addOperation({script: [{status: 'running', retryAfter: 60}]});
    const path = resumeFile();
    const args = ['watch', watched.location, ...quick, '--timeout', '200ms', '--resume', path];
    const stopped = await runByFakeTimers(args, [['running', 200]]);
    expect(stopped.exitCode).toBe(4);
    watched.rescript(['running', 'succeeded']);
    expect(stopped.stderr).toContain(
      `Resume with: operation-poller watch --token-env T --interval 5ms --timeout 200ms --resume '${path}'\n`,
    );
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual(['a token.resume']);
    expect(await readFile(path, 'utf8')).not.toContain(secret);

    const ended = await run(['watch', '--resume', path, ...quick], {env});
    expect(ended).toMatchObject({exitCode: 0, stdout: 'succeeded\n'});
    expect(ended.stderr).not.toContain('running');
    expect(await readdir(folder)).toEqual([]);
  });

  test('gives each run its own timeout', async () => {
    const location = operation([{status: 'running', retryAfter: 60}]);
    const path = resumeFile();
    const shell = fakeShell({env});
    const first = runCommand(['watch', location, ...quick, '--timeout', '1h', '--resume', path], shell);
    await emulator.nextRequest();
    shell.interrupt();
    expect(await first).toBe(130);
    // As if a day had passed since.
    const saved = JSON.parse(await readFile(path, 'utf8'));
    for (const name of ['startedAt', 'dueAt', 'deadlineAt', 'changedAt', 'endedAt']) saved[name] -= 86_400_000;
    await writeFile(path, JSON.stringify(saved));
    const startedAt = now();
    const second = await run(['watch', location, ...quick, '--timeout', '300ms', '--resume', path], {env});
    expect(second.exitCode).toBe(4);
    // The timeout begins by the wall clock and ends by the library's, by which alone no timer goes off early.
    const difference = Math.abs(Date.now() - now()) + 1;
    expect(now() - startedAt).toBeGreaterThanOrEqual(300 - difference);
  });

  test('removes the file when the operation has failed', async () => {
    const path = resumeFile();
    const failed = await run(['watch', operation(['failed']), ...quick, '--resume', path], {env});
    expect(failed.exitCode).toBe(1);
    expect(await readdir(folder)).toEqual([]);
  });

  test('rejects the file of another operation, one that is not a resume file, and a missing folder', async () => {
    const path = resumeFile();
    await run(['watch', operation(['running']), ...quick, '--timeout', '50ms', '--resume', path], {env});
    const other = await run(['watch', operation(['running']), ...quick, '--resume', path], {env});
    expect(other.exitCode).toBe(2);
    expect(other.stderr).toContain('belongs to another operation');
    await writeFile(path, '{"kind":');
    const truncated = await run(['watch', '--resume', path, ...quick], {env});
    expect(truncated).toMatchObject({exitCode: 2, stderr: expect.stringContaining('was it truncated?')});
    const folderItself = await run(['watch', '--resume', folder, ...quick], {env});
    expect(folderItself).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining(`--resume: ${folder} is not a file`),
    });
    const nowhere = await run(['watch', '--resume', join(folder, 'no', 'x'), ...quick], {env});
    expect(nowhere).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining(`cannot write to the folder ${join(folder, 'no')}`),
    });
  });

  test('the command that is printed goes on with the same protocol, token and root', async () => {
    const path = resumeFile();
    const location = operation([
      {status: 'running', times: 2},
      {status: 'succeeded', percentageComplete: 100},
    ]);
    const given = ['--protocol', 'graph.richLongRunning', '--root', emulator.root, '--timeout', '1h', '--json'];
    const shell = fakeShell({env});
    const watching = runCommand(['watch', location, ...given, '--token-env', 'T', '--resume', path], shell);
    await emulator.nextRequest();
    shell.interrupt();
    expect(await watching).toBe(130);
    const [, words = ''] = /Resume with: operation-poller (.*)\n/.exec(shell.written().stderr) ?? [];
    const again = words.match(/'[^']*'|\S+/g)?.map((word) => word.replaceAll("'", '')) ?? [];
    expect(again.slice(1)).toEqual([...given, '--token-env', 'T', '--resume', path]);
    expect(await run([...again, '--interval', '5ms'], {env})).toMatchObject({exitCode: 0});
  });

  test('a location that may be a capability is in no hint', async () => {
    const location = `${operation([{status: 'running', retryAfter: 60}])}?signature=s3cret`;
    const shell = fakeShell({env});
    const args = ['watch', location, ...quick, '--root', 'https://api.example.com'];
    expect(await runCommand(args, shell)).toBe(2);
    const shown = await run(['watch', location, ...quick, '--timeout', '100ms'], {env});
    expect(shown.stderr).toContain(`watch '${location}' --token-env T`);
  });

  test('writes the file as it goes, so that a run that is killed loses nothing', async () => {
    const path = resumeFile();
    const shell = fakeShell({env});
    const location = operation([
      {status: 'running', times: 3},
      {status: 'running', retryAfter: 60},
    ]);
    const watching = runCommand(['watch', location, ...quick, '--resume', path], shell);
    // As it is after kill -9: nothing is written at the end.
    const attempt = async (): Promise<unknown> => JSON.parse(await readFile(path, 'utf8').catch(() => '{}')).attempt;
    while ((await attempt()) !== 4) await new Promise(setImmediate);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const killed = await readFile(path, 'utf8');
    expect(JSON.parse(killed)).not.toHaveProperty('abandoned');
    shell.interrupt();
    expect(await watching).toBe(130);
    await writeFile(path, killed);
    const resumed = fakeShell({env});
    const goingOn = runCommand(['watch', ...quick, '--resume', path, '--json'], resumed);
    while (!resumed.written().stdout.includes('waiting')) await new Promise(setImmediate);
    resumed.interrupt();
    expect(await goingOn).toBe(130);
    expect(lines(resumed.written().stdout)[0]).toMatchObject({type: 'waiting', attempt: 4, because: 'resume'});
    expect(await readdir(folder)).toEqual(['a token.resume']);
  });

  test('says so when the token cannot be saved', async () => {
    const inner = join(folder, 'inner');
    const {mkdir} = await import('node:fs/promises');
    await mkdir(inner);
    const shell = fakeShell({env});
    const watching = runCommand(
      ['watch', operation([{status: 'running', retryAfter: 60}]), ...quick, '--resume', join(inner, 'x')],
      shell,
    );
    // Not while the first write is going on.
    while ((await readdir(inner)).join() !== 'x') await new Promise(setImmediate);
    await rm(inner, {recursive: true});
    shell.interrupt();
    expect(await watching).toBe(130);
    expect(shell.written().stderr).toContain('The resume token is lost:');
    expect(shell.written().stderr).toContain('(ENOENT)');
  });
});

describe('watch: where the token goes', () => {
  test('with --cloud, only to that cloud', async () => {
    const args = ['watch', operation(['running']), ...quick, '--cloud', 'usGovL4'];
    const ended = await run(args, {env});
    expect(ended.exitCode).toBe(2);
    expect(ended.stderr).toContain('expected one on https://graph.microsoft.us');
    expect(emulator.received).toBe(0);
  });

  test('with --cloud, only to that cloud on a resume as well', async () => {
    const path = join(folder, 'x');
    await run(['watch', operation(['running']), ...quick, '--timeout', '50ms', '--resume', path], {env});
    const ended = await run(['watch', ...quick, '--resume', path, '--cloud', 'china'], {env: {T: 'another-token'}});
    expect(ended).toMatchObject({exitCode: 2, stderr: expect.stringContaining('microsoftgraph.chinacloudapi.cn')});
    // The last poll of the first watch may arrive after its time-out.
    const tokens = emulator.requests.map(({headers}) => headers['authorization']);
    expect(new Set(tokens)).toEqual(new Set([`Bearer ${secret}`]));
  });

  test('with --root, only to the origin of that root', async () => {
    const elsewhere = await run(['watch', operation(['running']), ...quick, '--root', 'https://api.example.com/v2'], {
      env,
    });
    expect(elsewhere).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('expected one on https://api.example.com'),
    });
    expect(emulator.received).toBe(0);
    const location = operation(['succeeded']);
    const path = new URL(location).pathname.replace('/v1.0', '');
    const ended = await run(['watch', path, ...quick, '--root', `${emulator.root}/v1.0/`], {env});
    expect(ended).toMatchObject({exitCode: 0, stdout: 'succeeded\n'});
    expect(emulator.requests.map((request) => [request.path, request.headers['authorization']])).toEqual([
      [new URL(location).pathname, `Bearer ${secret}`],
    ]);
  });

  test('with --root, only to that origin on a resume as well', async () => {
    const file = join(folder, 'x');
    await run(['watch', operation(['running']), ...quick, '--timeout', '50ms', '--resume', file], {env});
    const before = emulator.received;
    const ended = await run(['watch', ...quick, '--resume', file, '--root', 'https://api.example.com'], {env});
    expect(ended).toMatchObject({exitCode: 2, stderr: expect.stringContaining('https://api.example.com')});
    expect(emulator.received).toBe(before);
    const shell = fakeShell({env});
    const arriving = emulator.nextRequest();
    const resuming = runCommand(['watch', ...quick, '--resume', file, '--root', emulator.root], shell);
    await arriving;
    shell.interrupt();
    expect(await resuming).toBe(130);
  });

  test('with --root, without a token', async () => {
    const open = await startGraphEmulator();
    try {
      const {location} = open.addOperation({bearer: false, script: ['succeeded']});
      const ended = await run(['watch', location, '--interval', '5ms', '--root', open.root]);
      expect(ended).toMatchObject({exitCode: 0, stdout: 'succeeded\n'});
    } finally {
      await open.stop();
    }
  });

  test('never over http to another machine', async () => {
    const ended = await run(['watch', 'http://graph.example/operations/1', ...quick], {env});
    expect(ended).toMatchObject({exitCode: 2, stderr: expect.stringContaining('expected https')});
  });

  test("a path is under Graph's root and version", async () => {
    const shell = fakeShell({env});
    shell.interrupt();
    const args = ["/teams('a')/operations('b')", '--cloud', 'usGovL5', '--json'];
    expect(await runCommand(['watch', ...args, ...quick], shell)).toBe(130);
    expect(shell.written().stdout).toContain("https://dod-graph.microsoft.us/v1.0/teams('a')/operations('b')");
  });
});

describe('a usage error', () => {
  test.each([
    [['wach'], "unknown command 'wach'", 'Did you mean watch?'],
    [['watch', 'x', '--tokn-env', 'T'], "unknown option '--tokn-env'", 'Did you mean --token-env?'],
    [['watch', 'x', `--token=${secret}`], "unknown option '--token'", 'can be seen by others'],
    [['watch', 'x', '--token', secret], "unknown option '--token'", 'can be seen by others'],
    [['watch', 'x', 'y'], 'too many arguments', 'watch --help'],
    [['watch'], 'there is no location', 'Location'],
    [['watch', 'x'], 'expected an absolute http or https URL', '--help'],
    [['watch', '//x'], 'expected an absolute http or https URL', '--help'],
    [['watch', 'https://x/', '--token-env', 'NONE'], 'the variable NONE is not set', 'export NONE='],
    [['watch', 'https://x/', '--token-env', 'T', '--token-command', 'x'], 'cannot be used with', '--help'],
    [['watch', 'https://x/', '--cloud', 'global'], 'but none is given', '--token-env'],
    [['watch', 'https://x/', '--cloud', 'moon'], 'Allowed choices are global', '--help'],
    [['watch', 'https://x/', '--root', 'x'], 'root: expected an https or http URL', '--help'],
    [['watch', '/1', '--root', 'http://api.example', '--token-env', 'T'], 'root: expected https', '--help'],
    [['watch', 'https://x/', '--root', 'https://x/', '--cloud', 'global'], 'cannot be used with', '--help'],
    [['watch', 'https://x/', '--interval', '5'], '500ms, 5s, 10m or 2h', '--help'],
    [['watch', 'https://x/', '--protocol', 'driveCopy'], 'Did you mean graph.driveCopy?', '--help'],
    [['watch', 'https://x/', '--protocol', 'graph.drivecopi'], 'Did you mean graph.driveCopy?', '--help'],
    [['watch', 'https://x/', '--protocol', 'openai'], 'Did you mean openai.batches?', '--help'],
    [['watch', 'https://x/', '--protocol', 'graph.drive'], 'Did you mean graph.driveCopy?', '--help'],
    [['watch', 'https://x/', '--protocol', 'DRIVE'], 'Did you mean graph.driveCopy?', '--help'],
    [['watch', 'https://x/', '--protocol', 'graph.con'], 'mean graph.connector or graph.configurationSnapshotJob?', ''],
    [['watch', 'https://x/', '--protocol', 'graph'], '"operation-poller protocols" lists them.', '--help'],
    [['watch', 'https://x/', '--protocol', 'other'], '"operation-poller protocols" lists them', '--help'],
    [['protocols', 'graph.teems'], 'Did you mean graph.teams?', 'protocols --help'],
    [['protocols', 'none'], "argument 'name' is invalid: 'none'", '--help'],
    [['emulate', '--script', '/none.json'], '--script: /none.json cannot be read (ENOENT)', 'a JSON list of steps'],
    [['reset-password'], "missing required argument 'user'", '--help'],
    [['reset-password', 'a'], 'a reset needs an access token', '--token-env'],
    [['reset-password', 'a', '--generate'], 'nobody would know', '--show'],
    [['reset-password', 'a', '--generate', '--password-stdin'], 'cannot be used with', '--help'],
    [['reset-password', 'a', '--token-env', 'T', '--root', 'http://graph.example'], 'expected https', '--help'],
    [['reset-password', 'a', '--token-env', 'T', '--root', 'x', '--cloud', 'global'], 'cannot be used with', '--help'],
    [['reset-password', 'a', '--token-env', 'T'], 'there is no terminal', '--password-stdin'],
    [['emulate', '--port', '65536'], '0 to 65535', 'emulate --help'],
  ])('%j', async (args, message, hint) => {
    const {exitCode, stdout, stderr} = await run(args, {env});
    expect({exitCode, stdout}).toEqual({exitCode: 2, stdout: ''});
    const [firstLine = '', secondLine = '', ...more] = stderr.split('\n');
    expect(firstLine).toMatch(/^operation-poller: /);
    expect(firstLine).toContain(message);
    expect(secondLine).toContain(hint);
    expect(more).toEqual(['']);
    expect(stderr).not.toContain(secret);
  });

  test('no arguments: the help on stderr', async () => {
    const {exitCode, stdout, stderr} = await run([]);
    expect({exitCode, stdout}).toEqual({exitCode: 2, stdout: ''});
    expect(stderr).toContain('Usage: operation-poller');
  });
});

describe('help', () => {
  test.each(['watch', 'reset-password', 'emulate', 'protocols'])('%s has examples', async (name) => {
    const {exitCode, stdout, stderr} = await run([name, '--help']);
    expect({exitCode, stderr}).toEqual({exitCode: 0, stderr: ''});
    expect(stdout).toContain(`$ operation-poller ${name}`);
  });

  test.each([40, 80, 120])('fits a terminal of %d columns', async (columns) => {
    for (const args of [[], ['watch'], ['reset-password'], ['emulate'], ['protocols']]) {
      const {stdout} = await run([...args, '--help'], {terminal: true, columns});
      for (const line of stdout.split('\n')) {
        // What cannot be broken: a usage, a single option, what is in quotes.
        const isWhole = line.startsWith('Usage: ') || !/\S (?=--|[|>])/.test(line.replaceAll(/'.*'/g, ''));
        if (!isWhole || !line.includes('operation-poller'))
          expect(line.replace(/'.*'/, '').length).toBeLessThanOrEqual(columns);
      }
    }
  });

  test('breaks examples so that a shell takes them as they are', async () => {
    const {stdout} = await run(['watch', '--help'], {columns: 40});
    expect(stdout).toContain(
      '  $ operation-poller watch "$LOCATION" \\\n    --token-env GRAPH_TOKEN --json \\\n    | jq -r .type\n',
    );
    const wide = await run(['watch', '--help'], {columns: 200});
    expect(wide.stdout).toContain(
      '  $ operation-poller watch "$LOCATION" --token-env GRAPH_TOKEN --json | jq -r .type\n',
    );
    expect(wide.stdout).not.toContain('\\\n');
  });

  test('is a command as well', async () => {
    expect(await run(['help', 'watch'])).toEqual(await run(['watch', '--help']));
    expect(await run(['help'])).toEqual(await run(['--help']));
  });

  test('the documents cover every option and exit code', async () => {
    const read = (page: string): Promise<string> => readFile(new URL(`../../docs/${page}`, import.meta.url), 'utf8');
    const pages = (await read('command.md')) + (await read('console.md'));
    const scripts = await read('command-scripts.md');
    for (const name of ['watch', 'reset-password', 'emulate', 'protocols']) {
      const {stdout} = await run([name, '--help']);
      for (const [, option = ''] of stdout.matchAll(/^ {2,}(?:-\w, )?(--[\w-]+)/gm)) {
        if (option !== '--version') expect(pages).toContain(option);
      }
    }
    for (const code of Object.values(exitCodes)) expect(scripts).toMatch(new RegExp(`^\\| ${code} +\\| `, 'm'));
  });

  test('and the version', async () => {
    expect((await run(['--help'])).stdout).toContain('130 interrupted');
    const {version} = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'));
    for (const flag of ['--version', '-v']) {
      expect(await run([flag])).toEqual({exitCode: 0, stdout: `${version}\n`, stderr: ''});
    }
  });
});

describe('protocols', () => {
  test('are a table', async () => {
    const {exitCode, stdout} = await run(['protocols']);
    expect(exitCode).toBe(0);
    const [head = '', ...rows] = stdout.trimEnd().split('\n');
    expect(head.split(/ {2,}/)).toEqual(['NAME', 'SUCCEEDED', 'TOKEN']);
    const cells = new Map(rows.map((row) => row.split(/ {2,}/)).map(([name = '', ...rest]) => [name, rest]));
    expect([...cells.keys()]).toEqual(namedProtocols.map(({name}) => name));
    expect(cells.get('graph.driveCopy')).toEqual(['completed, HTTP 303', 'no']);
    expect(cells.get('azure.location')).toEqual(['Succeeded, Completed, HT …', 'yes']);
    expect(cells.get('anthropic.batches')).toEqual(['read by a function', 'X-Api-Key']);
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThan(80);
    // As wide in a pipe as on a terminal, with its heading.
    expect((await run(['protocols'], {terminal: true, columns: 300})).stdout).toBe(stdout);
  });

  test('one of them in full', async () => {
    const {exitCode, stdout} = await run(['protocols', 'graph.driveCopy']);
    expect(exitCode).toBe(0);
    expect(stdout).toBe(
      [
        'graph.driveCopy',
        '  not started  notStarted, waiting',
        '  running      inProgress, updating, deletePending',
        '  succeeded    completed, HTTP 303',
        '  failed       failed, deleteFailed',
        '  progress     percentageComplete',
        '  result       resourceId, or at resourceLocation',
        '  token        no',
        '',
      ].join('\n'),
    );
    const {stdout: google} = await run(['protocols', 'google.longrunning']);
    expect(google).toBe(
      [
        'google.longrunning',
        '  running      false',
        '  succeeded    true',
        '  failed       with an error',
        '  progress     metadata.progressPercent',
        '  result       response',
        '  token        yes',
        '',
      ].join('\n'),
    );
    expect((await run(['protocols', 'azure.location'])).stdout).toContain('Succeeded, Completed, HTTP 200/201/204\n');
    const {stdout: anthropic} = await run(['protocols', 'anthropic.batches']);
    expect(anthropic).toBe(
      [
        'anthropic.batches',
        '  status       read by a function',
        '  result       results_url',
        '  token        X-Api-Key',
        '',
      ].join('\n'),
    );
  });

  test('are data', async () => {
    const all: ProtocolDefinition[] = JSON.parse((await run(['protocols', '--json'])).stdout);
    expect(all).toEqual(JSON.parse(JSON.stringify(namedProtocols)));
    // As `--protocol-file` takes it, unless a function reads it.
    for (const data of all.filter(({name}) => name !== 'anthropic.batches')) expect(defineProtocol(data)).toEqual(data);
  });
});

describe('reset-password', () => {
  const reset = (
    args: readonly string[],
    stdin = '',
    root = emulator.root,
  ): Promise<{exitCode: number; stdout: string; stderr: string}> => {
    const shell = fakeShell({env});
    shell.stdin.end(stdin);
    const all = ['reset-password', 'adele@contoso.com', '--root', root, ...quick, ...args];
    return runCommand(all, shell).then((exitCode) => ({exitCode, ...shell.written()}));
  };
  const resetPath =
    '/users/adele%40contoso.com/authentication/methods/28c10230-6103-485e-b985-444c60001490/resetPassword';
  const sent = (): unknown => JSON.parse(emulator.requests.find(({method}) => method === 'POST')?.body ?? '{}');

  test('with a password from stdin, which is not printed', async () => {
    const ended = await reset(['--password-stdin'], 'hunter two\r\n');
    expect(ended).toMatchObject({exitCode: 0, stdout: 'succeeded\n'});
    expect(sent()).toEqual({newPassword: 'hunter two'});
    expect(ended.stderr).not.toContain('hunter');
  });

  test('with one that the service generates, alone on stdout', async () => {
    expect(await reset(['--generate', '--show'])).toMatchObject({exitCode: 0, stdout: 'Emulated-0-Password\n'});
    expect(sent()).toEqual({});
    const asJson = await reset(['--generate', '--show', '--json']);
    expect(lines(asJson.stdout).at(-1)).toEqual({
      type: 'exit',
      exitCode: 0,
      status: 'succeeded',
      newPassword: 'Emulated-0-Password',
    });
    expect(asJson.stdout.split('Emulated-0-Password')).toHaveLength(2);
  });

  test.each([
    ['', 'nothing'],
    ['\n', 'nothing'],
    ['two\nlines\n', 'more than one line'],
    ['x'.repeat(5000), 'more than one line'],
  ])('takes one line from stdin', async (stdin, got) => {
    const ended = await reset(['--password-stdin'], stdin);
    expect(ended).toMatchObject({exitCode: 2, stderr: expect.stringContaining(`expected one line, got ${got}`)});
    expect(emulator.received).toBe(0);
  });

  test('that fails: 1, and no password', async () => {
    await emulator.stop();
    emulator = await startGraphEmulator({
      token: secret,
      script: ['running', {status: 'failed', detail: 'PolicyViolation'}],
    });
    const ended = await reset(['--generate', '--show']);
    expect(ended).toMatchObject({exitCode: 1, stdout: '', stderr: expect.stringContaining('PolicyViolation')});
  });

  test('that is accepted without a location to watch: 7', async () => {
    await emulator.stop();
    emulator = await startGraphEmulator({token: secret, location: 'none'});
    const ended = await reset(['--password-stdin'], 'x');
    expect(ended).toMatchObject({
      exitCode: 7,
      stdout: '',
      stderr: expect.stringContaining('does not say where to watch it'),
    });
  });

  test('without a response: 7, and nothing was started', async () => {
    using closed = await takeClosedPort();
    const ended = await reset(['--password-stdin'], 'x', closed.root);
    expect(ended).toMatchObject({exitCode: 7, stderr: expect.stringContaining('Nothing was started')});
  });

  test('that is not finished in time: 4, with how to keep watching', async () => {
    await emulator.stop();
    emulator = await startGraphEmulator({token: secret, script: ['running']});
    const own = await reset(['--password-stdin', '--timeout', '100ms'], 'x');
    expect(own.exitCode).toBe(4);
    expect(own.stderr).toContain(
      `Keep watching with: operation-poller watch '${emulator.operations[0]?.location}' --root ${emulator.root} --token-env T --interval 5ms --timeout 100ms\n`,
    );
    const made = await reset(['--generate', '--show', '--timeout', '100ms']);
    expect(made).toMatchObject({exitCode: 4, stderr: expect.stringContaining('is lost: reset it again')});
  });

  test('that succeeds without returning the password: 7', async () => {
    emulator.addStart({path: resetPath, answer: {http: 202, body: {}}, starts: {script: ['succeeded']}});
    const ended = await reset(['--generate', '--show']);
    expect(ended).toMatchObject({
      exitCode: 7,
      stdout: '',
      stderr: expect.stringContaining('nobody knows it: reset it again'),
    });
  });

  test('interrupted during the start: 130, with a warning that it may have started', async () => {
    emulator.addStart({path: resetPath, answer: {fault: 'hang'}});
    const shell = fakeShell({env});
    shell.stdin.end('x');
    const args = ['reset-password', 'adele@contoso.com', '--root', emulator.root, ...quick, '--password-stdin'];
    const resetting = runCommand(args, shell);
    await emulator.nextRequest();
    shell.interrupt();
    expect(await resetting).toBe(130);
    expect(shell.written().stderr).toContain('may have started');
  });

  test('without an access token: 5, before any request', async () => {
    const args = ['reset-password', 'adele', '--root', emulator.root, '--token-command', 'exit 3', '--password-stdin'];
    expect(await run(args, {env: process.env})).toMatchObject({
      exitCode: 5,
      stderr: expect.stringContaining('failed (3)'),
    });
    expect(emulator.received).toBe(0);
  });

  test('interrupted before the start: 130, and nothing was started', async () => {
    const shell = fakeShell({env});
    const resetting = runCommand(
      ['reset-password', 'adele', '--root', emulator.root, ...quick, '--password-stdin'],
      shell,
    );
    setImmediate(shell.interrupt);
    expect(await resetting).toBe(130);
    expect(emulator.received).toBe(0);
  });

  test('interrupted during the watch: 130, with how to keep watching', async () => {
    await emulator.stop();
    emulator = await startGraphEmulator({token: secret, script: [{status: 'running', retryAfter: 60}]});
    const shell = fakeShell({env});
    shell.stdin.end('x');
    const args = ['reset-password', 'adele', '--root', emulator.root, ...quick, '--password-stdin', '--json'];
    const resetting = runCommand(args, shell);
    await emulator.nextRequest();
    await emulator.nextRequest();
    shell.interrupt();
    expect(await resetting).toBe(130);
    expect(shell.written().stderr).toContain('The reset continues. Keep watching with: operation-poller watch ');
    expect(lines(shell.written().stdout).at(-1)).toMatchObject({type: 'exit', exitCode: 130});
  });

  describe('on a terminal', () => {
    /** Types each text once its question is shown. */
    async function typed(texts: ReadonlyArray<readonly [question: string, text: string]>) {
      const shell = fakeShell({env, terminal: true});
      const resetting = runCommand(['reset-password', 'adele', '--root', emulator.root, ...quick], shell);
      for (const [question, text] of texts) {
        while (!shell.written().stderr.includes(question)) await new Promise(setImmediate);
        shell.stdin.write(text);
      }
      return {exitCode: await resetting, ...shell.written()};
    }

    test('prompts twice, without an echo', async () => {
      const ended = await typed([
        ['New password', 'hunter2\r'],
        ['Repeat the password', 'hunter3\r'],
        ['do not match', 'hunter2\r'],
      ]);
      expect(ended).toMatchObject({exitCode: 0, stdout: 'succeeded\n'});
      expect(sent()).toEqual({newPassword: 'hunter2'});
      expect(ended.stderr).not.toContain('hunter');
    });

    test('Ctrl-C at the prompt: 130, and no request is sent', async () => {
      const ended = await typed([['New password', '\u0003']]);
      expect(ended).toMatchObject({exitCode: 130, stdout: '', stderr: expect.stringContaining('Nothing was started.')});
      expect(emulator.received).toBe(0);
    });

    test('does not read a password that would be visible', async () => {
      const ended = await run(['reset-password', 'a', ...quick, '--password-stdin'], {env, terminal: true});
      expect(ended).toMatchObject({exitCode: 2, stderr: expect.stringContaining('which would show it')});
    });
  });
});

describe('emulate', () => {
  test('can be watched with the printed commands, and ends when interrupted', async () => {
    const shell = fakeShell();
    const emulating = runCommand(['emulate'], shell);
    while (!shell.written().stdout.includes('reset-password')) await new Promise(setImmediate);
    const {stdout} = shell.written();
    const [, console = ''] = /in a browser: (\S+)$/m.exec(stdout) ?? [];
    expect((await fetch(console)).status).toBe(200);
    const [, token] = /export GRAPH_TOKEN=(\S+)/.exec(stdout) ?? [];
    const commands = [...stdout.matchAll(/^ {2}operation-poller (.*)$/gm)].map(([, command = '']) =>
      command.split(' ').map((word) => word.replaceAll("'", '')),
    );
    const [succeeds = [], throttled = [], fails = [], endless = [], reset = []] = commands;
    const options = {env: {GRAPH_TOKEN: token}};
    const interval = ['--interval', '5ms'];
    expect(await run([...succeeds, ...interval], options)).toMatchObject({exitCode: 0});
    expect(await run([...throttled, ...interval, '--timeout', '50ms'], options)).toMatchObject({exitCode: 4});
    expect(await run([...fails, ...interval], options)).toMatchObject({exitCode: 1});
    expect(await run([...endless, ...interval, '--timeout', '50ms'], options)).toMatchObject({exitCode: 4});
    expect(await run([...reset, ...interval, '--generate', '--show'], options)).toMatchObject({exitCode: 0});
    shell.interrupt();
    expect(await emulating).toBe(0);
  });

  test('plays a script of yours, takes a token of yours, and opens its console', async () => {
    const path = join(folder, 'script.json');
    await writeFile(path, '["running", {"status": "failed", "detail": "AsScripted"}]');
    // In place of the browser.
    const opened = join(folder, 'opened');
    for (const name of ['xdg-open', 'open']) {
      await writeFile(
        join(folder, name),
        `#!/bin/sh\nprintf %s "$1" > '${opened}.part' && mv '${opened}.part' '${opened}'\n`,
        {mode: 0o755},
      );
    }
    const shell = fakeShell({env: {PATH: `${folder}:${process.env['PATH']}`}});
    const emulating = runCommand(['emulate', '--token', 'my-token', '--script', path, '--open'], shell);
    while (!shell.written().stdout.includes('reset-password')) await new Promise(setImmediate);
    const {stdout} = shell.written();
    expect(stdout).toContain('export GRAPH_TOKEN=my-token\n');
    const [, location = ''] = /watch '?(\S*scripted)/.exec(stdout) ?? [];
    const args = ['watch', location, '--token-env', 'T', '--interval', '5ms'];
    const ended = await run(args, {env: {T: 'my-token'}});
    expect(ended).toMatchObject({exitCode: 1, stderr: expect.stringContaining('AsScripted')});
    expect(await run(args, {env: {T: 'emulated-token'}})).toMatchObject({exitCode: 5});
    while (!(await readdir(folder)).includes('opened')) await new Promise(setImmediate);
    expect(stdout).toContain(`in a browser: ${await readFile(opened, 'utf8')}\n`);
    shell.interrupt();
    expect(await emulating).toBe(0);
  });

  test.each(['there is nothing to open one with', 'what opens one fails'])('goes on where %s', async (reason) => {
    const programs = await mkdtemp(join(folder, 'programs-'));
    if (reason === 'what opens one fails') {
      for (const name of ['xdg-open', 'open'])
        await writeFile(join(programs, name), '#!/bin/sh\nexit 3\n', {mode: 0o755});
    }
    const shell = fakeShell({env: {PATH: programs}});
    const emulating = runCommand(['emulate', '--open'], shell);
    while (!shell.written().stderr.includes('\n')) await new Promise(setImmediate);
    expect(shell.written().stderr).toMatch(/^No browser could be opened \(\S+\)\. Open http:\S+ yourself\.\n$/);
    shell.interrupt();
    expect(await emulating).toBe(0);
  });

  test('does not start on a port in use, nor after an interruption', async () => {
    const inUse = await run(['emulate', '--port', new URL(emulator.root).port]);
    expect(inUse).toMatchObject({exitCode: 2, stderr: expect.stringContaining('EADDRINUSE')});
    const shell = fakeShell();
    shell.interrupt();
    expect(await runCommand(['emulate'], shell)).toBe(0);
  });
});
