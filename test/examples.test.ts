import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {inspect} from 'node:util';
import {afterEach, expect, jest, test} from '@jest/globals';
import {pollOperation, schedules} from 'operation-poller';
import {pino} from 'pino';
import {openLearned} from '../docs/examples/learned.ts';
import {logEvents} from '../docs/examples/log-events.ts';
import {playFetchByFakeTimers} from './support/fake-time.ts';
import {startEmulator} from './testing/emulators.ts';

/** Runs an example, which is a program, and gives what it printed, line by line. */
async function printedBy(example: string): Promise<string[]> {
  const printed = jest.spyOn(console, 'log').mockImplementation(() => undefined);
  await import(`../docs/examples/${example}.ts`);
  return printed.mock.calls
    .map((values) => values.map((value) => (typeof value === 'string' ? value : inspect(value))).join(' '))
    .flatMap((text) => text.split('\n'));
}

afterEach(() => {
  jest.useRealTimers();
  jest.restoreAllMocks();
});

test('quickstart', async () => {
  const exitCode = process.exitCode;
  const lines = (await printedBy('quickstart')).map((line) => line.replace(/^ *\d+ ms +/, ''));
  expect(lines.filter((line) => /^(notStarted|running|succeeded|throttled)/.test(line))).toEqual([
    'notStarted at poll 1',
    'running    at poll 2',
    'throttled: 429, it is still running',
    'succeeded  at poll 5',
  ]);
  expect(lines).toContain('wait 1000 ms (retryAfter)');
  expect(lines.join('\n')).toMatch(/id: '[-\w]+',\n {2}status: 'succeeded'/);
  expect(lines.at(-1)).toBe('a mail to adele@contoso.com: your password reset has succeeded');
  expect(process.exitCode).toBe(exitCode);
});

test('learned', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'operation-poller-learned-'));
  try {
    const file = join(folder, 'learned.json');
    const first = await openLearned(file);
    expect(first.schedule.estimate(0)).toBeUndefined();
    for (let end = 0; end < 12; end++) first.schedule.ended({after: 900, elapsed: 1000});
    await first.keep();
    const second = await openLearned(file);
    expect(second.schedule.estimate(0)?.p50).toBeCloseTo(first.schedule.estimate(0)?.p50 ?? 0, 1);
    await writeFile(file, JSON.stringify(second.schedule).slice(0, 20));
    expect((await openLearned(file)).schedule.estimate(0)).toBeUndefined();
  } finally {
    await rm(folder, {recursive: true});
  }
});

test('events', async () => {
  expect(await printedBy('events')).toEqual([
    'poll 1: retrying: in 10 ms, after network',
    'poll 1: polled: running',
    'poll 1: running: running',
    'poll 1: waiting: 10 ms, because of the schedule',
    'poll 2: retrying: in 200 ms, after 429',
    'poll 2: waiting: 200 ms, because of the retryAfter',
    'poll 3: polled: running',
    'poll 3: unknownStatus: waitingForApproval',
    'poll 3: waiting: 10 ms, because of the schedule',
    'poll 4: polled: succeeded',
    'poll 4: succeeded: succeeded',
    'the result: succeeded',
  ]);
});

test('iterate', async () => {
  expect(await printedBy('iterate')).toEqual([
    'it has begun: running',
    'running',
    'failed: PolicyViolation',
    'OperationFailedError after 5 polls',
  ]);
});

test('stop-and-resume', async () => {
  // By the real clock, the wait that is left could be over before the second watch begins.
  expect(await playFetchByFakeTimers(() => printedBy('stop-and-resume'))).toEqual([
    'first:  polled',
    'first:  notStarted',
    'first:  waiting',
    'first:  polled',
    'first:  running',
    'first:  waiting',
    'first:  abandoned',
    'stopped by SIGTERM after 2 polls',
    'second: waiting',
    'second: polled',
    'second: waiting',
    'second: polled',
    'second: succeeded',
    'succeeded after 4 polls in all',
  ]);
});

test('own-protocol', async () => {
  expect(await printedBy('own-protocol')).toEqual([
    'wait 20 ms',
    'running 40 %',
    'wait 20 ms',
    'running 80 %',
    'wait 20 ms',
    'succeeded 100 %',
    'r-7 done { width: 640, height: 480 }',
  ]);
});

test('run-own-queue', async () => {
  expect(await printedBy('run-own-queue')).toEqual([
    'mail to diego@contoso.com: the reset of diego succeeded',
    'mail to adele@contoso.com: the reset of adele failed',
  ]);
});

test('run-reset-workflow', async () => {
  expect(await printedBy('run-reset-workflow')).toEqual([
    'resetting',
    'waiting',
    'mail to adele@contoso.com: your password was reset',
    'notifying',
    'notified',
  ]);
});

test('azure-identity', async () => {
  expect(await printedBy('azure-identity')).toEqual([
    'admin token 1 for {root}/.default',
    'app token 1 for {root}/.default',
    'app token 2 for {root}/.default, with {"access_token":{"nbf":{"essential":true,"value":"1700000000"}}}',
    'running, as poll 2 found',
    'ResetSuccess: a password of 19 characters to hand over',
  ]);
});

test('client', async () => {
  expect(await printedBy('client')).toEqual([
    'answered with 202',
    'running, as poll 1 found',
    "succeeded { id: '7', rows: 1200 }",
    '4 of 4 requests with the key',
  ]);
});

test('drive-copy', async () => {
  expect(await printedBy('drive-copy')).toEqual([
    '40 %, at /monitor/4A3407B5',
    'succeeded, the copy is at /v1.0/drives/d/items/copy',
    'to Graph: 1 request, 1 with a token',
    'to the other host: 2 requests, 0 with a token',
  ]);
});

test('log-events', async () => {
  const emulator = await startEmulator();
  const {location} = emulator.addOperation({
    script: [{http: 503}, 'running', {status: 'failed', detail: 'marker-detail'}],
  });
  const options = {token: 'marker-token', schedule: schedules.fixed(1), retry: {retries: 1, minTimeout: 1}};
  const lines: string[] = [];
  const destination = {write: (line: string) => void lines.push(line)};
  const log = pino({level: 'trace', base: null, timestamp: false}, destination);
  const failing = pollOperation(location, options);
  logEvents(failing, log);
  await failing.result().catch(() => undefined);
  const stopped = pollOperation(location, options);
  logEvents(stopped, log);
  stopped.stop('marker-reason');
  await stopped.result().catch(() => undefined);
  expect(lines.map((line) => JSON.parse(line)).map(({level, event}) => `${level} ${event}`)).toEqual([
    '40 retrying',
    '10 polled',
    '30 running',
    '20 waiting',
    '10 polled',
    '50 failed',
    '50 abandoned',
  ]);
  expect(lines.join('')).not.toContain('marker-');
});
