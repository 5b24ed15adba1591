import {setTimeout as pause} from 'node:timers/promises';
import {afterAll, afterEach, beforeAll, beforeEach, describe, expect, test} from '@jest/globals';
import {checkRunner, formatReport, type GraphEmulator, startGraphEmulator} from 'operation-poller/testing';
import {fetchOrSkip} from '../support/packages.ts';
import {type JournalEntry, Restate} from './restate/restate.ts';
import {openRestate} from './restate/restate-runner.ts';
import {fetchTools} from './restate/tools.ts';

// Before the tests are defined, so that they can be skipped.
const tools = await fetchOrSkip('the tests on a real Restate server', fetchTools);

let restate: Restate;
let emulator: GraphEmulator;

beforeAll(async () => {
  if (tools === undefined) return;
  restate = await Restate.start(tools);
  await restate.startService();
  await restate.register();
}, 60_000);

afterAll(() => restate?.stop());

beforeEach(async () => {
  emulator = await startGraphEmulator({token: 'test-token'});
});

afterEach(() => emulator.stop());

/** A test that needs the server, with a key for its workflow. */
function testOnServer(name: string, body: (restate: Restate, key: string) => Promise<void>, timeout?: number): void {
  (tools === undefined ? test.skip : test)(name, () => body(restate, crypto.randomUUID()), timeout);
}

/** The polls that the server has recorded, in order. */
function pollsIn(journal: readonly JournalEntry[]): readonly string[] {
  const steps = journal.filter(({entry_type: type}) => type.endsWith(': Run'));
  // Each step has been run and recorded, once.
  expect(steps.filter(({entry_type: type}) => type.startsWith('Notification'))).toHaveLength(steps.length / 2);
  return steps.flatMap(({name = ''}) => (name.startsWith('poll') ? [name] : []));
}

const polls = ['poll 1', 'poll 2', 'poll 3'];
/** The second wait is so long that a busy machine does not miss it. */
const waiting = ['notStarted', {status: 'running', retryAfter: 3}, 'succeeded'];

/** Resolves when the second wait has begun. */
async function inTheWait(restate: Restate, key: string): Promise<void> {
  while (!(await restate.journal('operation', key)).some(({name}) => name === 'wait 2')) await pause(20);
}

/** Resolves when the second poll is under way. */
async function inThePoll(): Promise<void> {
  while (emulator.received < 2) await pause(5);
}

/** The second poll is under way until it is cut off. */
const slowly = ['running', {status: 'running', delay: 60_000}, 'running', 'succeeded'];

describe('a workflow on a Restate server', () => {
  testOnServer('waits for an operation', async (restate, key) => {
    const {location} = emulator.addOperation({script: ['notStarted', 'running', 'succeeded']});
    await restate.send('operation', key, {location});
    expect(await restate.result('operation', key)).toEqual({status: 'succeeded', attempts: 3});
    expect(emulator.received).toBe(3);
    expect(pollsIn(await restate.journal('operation', key))).toEqual(polls);
  });

  testOnServer('returns that the operation failed, after transient failures on the way', async (restate, key) => {
    const {location} = emulator.addOperation({script: ['running', {http: 503}, {fault: 'reset'}, 'failed']});
    await restate.send('operation', key, {location});
    expect(await restate.result('operation', key)).toEqual({status: 'failed', attempts: 2});
    expect(emulator.received).toBe(4);
    expect(pollsIn(await restate.journal('operation', key))).toEqual(['poll 1', 'poll 2']);
  });

  testOnServer('watches a long operation part by part', async (restate, key) => {
    const {location} = emulator.addOperation({script: [{status: 'running', times: 4}, 'succeeded']});
    await restate.send('long', key, {location});
    expect(await restate.result('long', key)).toEqual({status: 'succeeded', attempts: 3});
    expect(emulator.received).toBe(5);
    expect(pollsIn(await restate.journal('part'))).toEqual([...polls, 'poll 4', 'poll 5']);
    expect(pollsIn(await restate.journal('long', key))).toEqual([]);
  });

  testOnServer('records no secret', async (restate, key) => {
    const {location} = emulator.addOperation({
      script: [{status: 'running', fields: {echo: 'test-token'}}, 'succeeded'],
    });
    await restate.send('operation', key, {location});
    await restate.result('operation', key);
    expect(await restate.recorded(`target_service_key = '${key}'`)).toContain('[token]');
    expect(await restate.recorded(`target_service_key = '${key}'`)).not.toContain('test-token');
  });
});

describe('cancelling the workflow', () => {
  testOnServer('ends the watch in the middle of a wait', async (restate, key) => {
    const {location} = emulator.addOperation({script: ['running', {status: 'running', retryAfter: 600}]});
    await restate.send('operation', key, {location});
    await inTheWait(restate, key);
    await restate.cancel(key);
    await expect(restate.result('operation', key)).rejects.toThrow(/[Cc]ancel/);
    expect(pollsIn(await restate.journal('operation', key))).toEqual(['poll 1', 'poll 2']);
    expect(emulator.received).toBe(2);
  });
});

describe('kill -9', () => {
  testOnServer('of the service in the middle of a wait loses nothing', async (restate, key) => {
    const {location} = emulator.addOperation({script: waiting});
    await restate.send('operation', key, {location});
    await inTheWait(restate, key);
    await restate.killService();
    await restate.startService();
    expect(await restate.result('operation', key)).toEqual({status: 'succeeded', attempts: 3});
    expect(emulator.received).toBe(3);
    expect(pollsIn(await restate.journal('operation', key))).toEqual(polls);
  });

  testOnServer('of the service in the middle of a poll repeats it, and records it once', async (restate, key) => {
    const {location} = emulator.addOperation({script: slowly});
    await restate.send('operation', key, {location});
    await inThePoll();
    await restate.killService();
    expect(emulator.received).toBe(2);
    await restate.startService();
    expect(await restate.result('operation', key)).toEqual({status: 'succeeded', attempts: 3});
    // The one that was cut off, and those that were recorded.
    expect(emulator.received).toBe(4);
    expect(pollsIn(await restate.journal('operation', key))).toEqual(polls);
  });

  testOnServer('of the server in the middle of a wait loses nothing', async (restate, key) => {
    const {location} = emulator.addOperation({script: waiting});
    await restate.send('operation', key, {location});
    await inTheWait(restate, key);
    await restate.killServer();
    await restate.startServer();
    expect(await restate.result('operation', key)).toEqual({status: 'succeeded', attempts: 3});
    expect(emulator.received).toBe(3);
    expect(pollsIn(await restate.journal('operation', key))).toEqual(polls);
  });

  testOnServer('of the server in the middle of a poll records it once', async (restate, key) => {
    const {location} = emulator.addOperation({script: slowly});
    await restate.send('operation', key, {location});
    await inThePoll();
    await restate.killServer();
    await restate.startServer();
    expect(await restate.result('operation', key)).toEqual({status: 'succeeded', attempts: 3});
    expect(emulator.received).toBe(4);
    expect(emulator.requests[1]?.aborted).toBe(true);
    expect(pollsIn(await restate.journal('operation', key))).toEqual(polls);
  });

  testOnServer('of both at once loses nothing', async (restate, key) => {
    const {location} = emulator.addOperation({script: slowly});
    await restate.send('operation', key, {location});
    await inThePoll();
    await Promise.all([restate.killServer(), restate.killService()]);
    await Promise.all([restate.startServer(), restate.startService()]);
    expect(await restate.result('operation', key)).toEqual({status: 'succeeded', attempts: 3});
    expect(emulator.received).toBe(4);
    expect(pollsIn(await restate.journal('operation', key))).toEqual(polls);
  });
});

testOnServer(
  'workflows on a Restate server keep all rules of runners',
  async (restate) => {
    const report = await checkRunner('Restate', () => openRestate(restate), {concurrency: 3});
    expect(formatReport([report])).not.toMatch(/✗|–/);
    expect([...report.cannot.keys()]).toEqual(['severalInstances', 'clockAhead']);
  },
  400_000,
);
