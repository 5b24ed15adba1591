import {afterEach, beforeEach, expect, jest, test} from '@jest/globals';
import {Job} from 'bullmq';
import {Redis} from 'ioredis';
import {protocols} from 'operation-poller';
import {asError} from '../../src/bullmq/as-error.ts';
import {foldLockErrors} from '../../src/bullmq/fold-lock-errors.ts';
import {JobSkippedError} from '../../src/bullmq/job-skipped-error.ts';
import {Skips} from '../../src/bullmq/skips.ts';
import {hostileValues} from '../support/hostile.ts';
import {
  Bench,
  describeWithRedis,
  dueOf,
  holdingService,
  jobIdOf,
  longerThanStalls,
  rejection,
  takeAway,
  until,
} from './setup.ts';

const renders = protocols.define({
  name: 'renders',
  status: '/status',
  words: {running: 'running', succeeded: 'succeeded'},
});

describeWithRedis('a job that a worker cannot poll', () => {
  const bench = new Bench();
  beforeEach(() => void bench.fresh());

  test('goes to one that can at once, however long it has been due', async () => {
    const emulator = await bench.emulator({script: [{status: 'running', times: 4}, 'succeeded']});
    const queue = bench.queue();
    const queued = await queue.addMany(
      [1, 2, 3].map(() => ({location: emulator.addOperation().location, protocol: renders})),
    );
    // Nobody has polled them for ten minutes.
    for (const operation of queued) {
      const job = await Job.fromId(bench.raw(), jobIdOf(operation));
      await job?.updateData({...job.data, token: {...job.data.token, dueAt: job.data.token.dueAt - 600_000}});
    }
    const started = Date.now();
    // Each has its own skips: what one of them learns does not help the other.
    bench.worker();
    bench.worker();
    await until(() => bench.errors.length >= 3);
    for (const operation of queued) {
      let restsUntil = 0;
      await until(async () => {
        restsUntil = await dueOf(bench, operation);
        return restsUntil > 0;
      });
      // A quarter of the time for which it has been skipped, and not of the ten minutes.
      expect(restsUntil - Date.now()).toBeLessThan(Date.now() - started);
    }
    bench.worker({protocols: [renders]});
    await Promise.all(queued.map((operation) => operation.result()));
  });

  test('may go to another worker without a delay', async () => {
    const emulator = await bench.emulator({script: ['succeeded']});
    const queue = bench.queue();
    bench.worker();
    bench.worker({protocols: [renders]});
    // A worker that took back what it skipped would have skipped it three times before each delay.
    const wasHandedOn = async (): Promise<boolean> => {
      const queued = await queue.add(emulator.addOperation().location, {protocol: renders});
      await queued.result();
      const {attemptsStarted = 0} = (await Job.fromId(bench.raw(), jobIdOf(queued))) ?? {};
      return (attemptsStarted - 1) % 3 !== 0;
    };
    await until(wasHandedOn);
  });

  test('is delayed for longer and longer while nobody can', async () => {
    const queued = await bench.queue().add('https://service.example/1', {protocol: renders});
    bench.worker();
    const begun = performance.now();
    // The first delays are 10 ms.
    await until(async () => (await dueOf(bench, queued)) - Date.now() > 200);
    const {attemptsStarted = 0} = (await Job.fromId(bench.raw(), jobIdOf(queued))) ?? {};
    expect(attemptsStarted).toBeGreaterThan(3);
    expect(attemptsStarted).toBeLessThan(70);
    // It is reported again with each delay of a second or longer, which it has after four seconds.
    const seconds = (performance.now() - begun) / 1000;
    expect(bench.errors.length).toBeLessThanOrEqual(Math.max(1, seconds - 2));
    expect(new Set(bench.errors.map(({name}) => name))).toEqual(new Set(['JobSkippedError']));
  });
});

test('delays grow to a minute with the time, however many skips it takes, and begin again when another worker has polled the job', () => {
  const skips = new Skips();
  const delaysAt = (id: string, now: number): number[] => [1, 2, 3].map(() => skips.add(id, 1, now).delay);
  expect(delaysAt('a', 0)).toEqual([0, 0, 10]);
  for (const _ of [1, 2, 3, 4, 5]) expect(delaysAt('a', 400)).toEqual([0, 0, 100]);
  expect(delaysAt('a', 40_000)).toEqual([0, 0, 10_000]);
  expect(delaysAt('a', 9_000_000)).toEqual([0, 0, 60_000]);
  expect(skips.add('b', 1, 0)).toEqual({delay: 0, isWorthReporting: true});
  expect(skips.add('b', 1, 4000)).toEqual({delay: 0, isWorthReporting: false});
  expect(skips.add('b', 1, 4000)).toEqual({delay: 1000, isWorthReporting: true});
  expect(skips.add('a', 2, 9_000_000)).toEqual({delay: 0, isWorthReporting: true});
  for (let id = 0; id < 10_000; id += 1) skips.add(String(id), 1, 9_000_000);
  // With so many skipped, it may be one that was skipped before and is forgotten.
  expect(skips.add('a', 2, 9_000_000)).toEqual({delay: 10, isWorthReporting: true});
});

describeWithRedis('a worker that woke from a stall', () => {
  const bench = new Bench();
  beforeEach(() => void bench.fresh());

  test('does not poll a job whose lock is gone', async () => {
    const emulator = await bench.emulator({script: ['running', 'succeeded']});
    const queue = bench.queue();
    const connection = new Redis({...bench.connection, maxRetriesPerRequest: null});
    bench.opened(connection, async () => connection.disconnect());
    let stalls = 1;
    const moves = (args: readonly unknown[]): boolean =>
      args.some((arg) => String(arg).endsWith(`${bench.name}:active`));
    const send = connection.sendCommand.bind(connection);
    connection.sendCommand = (command, ...others) => {
      const sent = send(command, ...others);
      // Redis has answered, and its answer is not read for longer than the lock lasts.
      if (stalls > 0 && bench.name !== '' && added && command.name.startsWith('eval') && moves(command.args)) {
        stalls -= 1;
        setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, longerThanStalls + 500));
      }
      return sent;
    };
    let added = false;
    const queued = await queue.add(emulator.addOperation().location);
    added = true;
    bench.worker({connection, recoverAfter: longerThanStalls});
    await queued.result();
    expect(stalls).toBe(0);
    expect(emulator.received).toBe(2);
    expect((await Job.fromId(bench.raw(), jobIdOf(queued)))?.attemptsStarted).toBeGreaterThan(2);
  });
});

test('the many errors of one stall are one', async () => {
  const reported: Error[] = [];
  const {report, flush} = foldLockErrors((error) => reported.push(error));
  for (let id = 1; id <= 50; id += 1) {
    report(new Error(`could not renew lock for job op-${id}`));
    report(new Error(`Missing lock for job op-${id}. moveToDelayed`));
    report(new Error(`Missing lock for job op-${id}. failed`));
  }
  report(new Error('read ECONNRESET'));
  expect(reported.map(({message}) => message)).toEqual(['read ECONNRESET']);
  await until(() => reported.length === 2);
  expect(reported[1]).toMatchObject({
    message: 'Missing lock for 50 jobs, which others have taken over',
    cause: {message: 'could not renew lock for job op-1'},
  });
  report(new Error('Missing lock for job op-1. moveToDelayed'));
  report(new Error('Missing lock for job op-1. failed'));
  flush();
  expect(reported.slice(2).map(({message}) => message)).toEqual(['Missing lock for job op-1. moveToDelayed']);
});

test('an error that speaks of a lock in the words of others is none of a lost lock', () => {
  const reported: Error[] = [];
  const {report} = foldLockErrors((error) => reported.push(error));
  const why = 'BullMQ cannot read it: Unexpected token \'l\', "lock" is not valid JSON';
  const skipped = new JobSkippedError(why, 'op-1', 'invalidToken');
  report(skipped);
  expect(reported).toEqual([skipped]);
});

test.each(hostileValues)('%s that an onEnd rejects with is reported as an error', (_, thrown) => {
  const reported: unknown[] = [];
  const error = asError(thrown);
  foldLockErrors((given) => reported.push(given)).report(error);
  // Compared by identity: `toEqual` reads the message of an error.
  expect(reported.map((given) => given === error)).toEqual([true]);
  expect(error).toBeInstanceOf(Error);
});

describeWithRedis('a worker that lost the locks of many jobs', () => {
  const bench = new Bench();
  beforeEach(() => void bench.fresh());
  afterEach(() => void jest.restoreAllMocks());

  test('reports it once', async () => {
    // The window in which errors are collected ends when they have all come, however long this process stands still meanwhile.
    const windows: (() => void)[] = [];
    const {setTimeout: setRealTimeout} = globalThis;
    jest.spyOn(globalThis, 'setTimeout').mockImplementation(((callback: () => void, delay?: number, ...given: []) => {
      if (delay !== 1000) return setRealTimeout(callback, delay, ...given);
      windows.push(callback);
      return setRealTimeout(() => undefined, 0);
    }) as typeof setTimeout);
    const service = holdingService('succeeded');
    const queue = bench.queue();
    const queued = await queue.addMany(
      Array.from({length: 20}, (_, key) => ({location: service.location, key: String(key)})),
    );
    bench.worker({recoverAfter: 60_000, http: service.http});
    await until(() => service.requests() === 20);
    await takeAway(bench, queued);
    await until(() => service.requests() === 40);
    service.release();
    await Promise.all(queued.map((operation) => operation.result()));
    expect(bench.errors).toEqual([]);
    expect(windows).toHaveLength(1);
    windows[0]?.();
    expect(bench.errors).toHaveLength(1);
    expect(bench.errors[0]?.message).toMatch(/^Missing lock for \d+ jobs/);
  });
});

describeWithRedis('a Redis that is read-only', () => {
  const bench = new Bench(true);
  beforeEach(() => void bench.fresh());

  test('makes no busy loop, and work goes on when it takes writes again', async () => {
    const emulator = await bench.emulator({script: [{status: 'running', times: 3}, 'succeeded']});
    const queued = await bench.queue().add(emulator.addOperation().location);
    bench.worker({schedule: () => 100, recoverAfter: 1000});
    await until(() => emulator.received > 0);
    await bench.redisClient().replicaof('127.0.0.1', 1);
    await until(() => bench.errors.length > 0);
    const before = Number(/total_commands_processed:(\d+)/.exec(await bench.redisClient().info('stats'))?.[1]);
    bench.errors.length = 0;
    await new Promise((resolve) => setTimeout(resolve, 3000));
    const after = Number(/total_commands_processed:(\d+)/.exec(await bench.redisClient().info('stats'))?.[1]);
    expect(bench.errors.length).toBeLessThan(20);
    expect(after - before).toBeLessThan(150);
    await bench.redisClient().replicaof('NO', 'ONE');
    expect((await queued.result()).status).toBe('succeeded');
  });
});

describeWithRedis('a job that was edited by hand', () => {
  const bench = new Bench();
  beforeEach(() => void bench.fresh());

  test.each([
    ['no JSON', {data: '{"token":'}, 'InvalidResumeTokenError'],
    ['null', {data: 'null'}, 'removed'],
    ['a number', {data: '5'}, 'removed'],
    ['a token of another kind', {data: '{"token":{"location":5}}'}, 'removed'],
    ['no options', {opts: '{'}, 'InvalidResumeTokenError'],
    ['a result without a token', {finishedOn: '5', returnvalue: '{"token":null}'}, 'over'],
    ['a result that is a number', {finishedOn: '5', returnvalue: '5'}, 'over'],
  ])('rejects with a typed error, and can be removed where it can be read: %s', async (_, fields, removal) => {
    const queue = bench.queue();
    const queued = await queue.add('https://service.example/1', {initialDelay: 60_000});
    await bench.redisClient().hset(`bull:${bench.name}:${jobIdOf(queued)}`, fields);
    expect(await rejection(queued.result())).toMatchObject({name: 'InvalidResumeTokenError'});
    expect(await rejection(queue.get(queued.id))).toMatchObject({name: 'InvalidResumeTokenError'});
    expect(await rejection(queued.status())).toMatchObject({name: 'InvalidResumeTokenError'});
    const remove = () =>
      queue.remove(queued.id).then(
        (wasRemoved) => (wasRemoved ? 'removed' : 'over'),
        (error: Error) => error.name,
      );
    expect(await remove()).toBe(removal);
    expect(await queue.counts()).toMatchObject({waiting: removal === 'removed' ? 0 : 1});
  });

  test.each([['cause', {cause: null}]])(
    'rejects with a typed error where the %s of the end is none',
    async (_, edit) => {
      const emulator = await bench.emulator({script: [{http: 503}]});
      const queue = bench.queue();
      bench.worker({consecutiveFailures: 1});
      const queued = await queue.add(emulator.addOperation().location);
      await rejection(queued.result());
      const key = `bull:${bench.name}:${jobIdOf(queued)}`;
      const result = JSON.parse((await bench.redisClient().hget(key, 'returnvalue')) ?? '{}');
      await bench.redisClient().hset(key, {returnvalue: JSON.stringify({...result, ...edit})});
      const again = await queue.get(queued.id);
      expect(await rejection(again?.result() ?? Promise.resolve())).toHaveProperty('name', 'InvalidResumeTokenError');
    },
  );
});
