import {once} from 'node:events';
import {beforeEach, expect, test} from '@jest/globals';
import {Job, Worker} from 'bullmq';
import ky from 'ky';
import {PollWorker} from '../../src/bullmq/poll-worker.ts';
import {
  Bench,
  describeWithRedis,
  holdingService,
  jobIdOf,
  longerThanStalls,
  rejection,
  startWorkerProcess,
  takeAway,
  until,
} from './setup.ts';

describeWithRedis('a worker that is killed', () => {
  const bench = new Bench();
  beforeEach(() => void bench.fresh());

  test('in the middle of a poll loses nothing: another one polls again', async () => {
    const emulator = await bench.emulator();
    const queue = bench.queue();
    const child = await startWorkerProcess(bench);
    const operation = emulator.addOperation({
      script: ['running', {status: 'running', delay: 60_000}, 'running', 'succeeded'],
    });
    const begun = Date.now();
    const queued = await queue.add(operation.location);
    await until(() => operation.requests.length === 2);
    child.kill('SIGKILL');
    bench.worker({recoverAfter: 4000});
    const ended = await queued.result();
    expect(ended.status).toBe('succeeded');
    const [, , third] = operation.requests;
    // A lock of BullMQ's own lasts for 30 s, and nobody else polls before it is over.
    expect((third?.at ?? 0) - begun).toBeLessThan(30_000);
    // The poll that was cut off is in no state: 3 of 4 requests count.
    const job = await Job.fromId(bench.raw(), jobIdOf(queued));
    expect(job?.returnvalue.token).toMatchObject({attempt: 3, observed: {running: 2, succeeded: 1}});
    expect(job?.stalledCounter).toBe(1);
    expect(bench.errors).toEqual([]);
  });

  test('any number of times does not fail the operation', async () => {
    const emulator = await bench.emulator({script: ['succeeded']});
    const queue = bench.queue();
    const queued = await queue.add(emulator.addOperation().location, {initialDelay: 60_000});
    // As after a thousand deaths.
    await bench.redisClient().hset(`bull:${bench.name}:${jobIdOf(queued)}`, 'stc', 1000);
    const job = await Job.fromId(bench.raw(), jobIdOf(queued));
    await job?.updateData({...job.data, token: {...job.data.token, dueAt: Date.now()}});
    await job?.promote();
    const lost = bench.raw();
    const taker = new Worker(bench.name, null, {connection: bench.connection, lockDuration: 100});
    bench.opened(taker, () => taker.close());
    await taker.getNextJob('a lock that nobody renews');
    expect(await lost.getActiveCount()).toBe(1);
    bench.worker({recoverAfter: longerThanStalls});
    expect((await queued.result()).status).toBe('succeeded');
    expect((await Job.fromId(bench.raw(), jobIdOf(queued)))?.stalledCounter).toBe(1001);
  });
});

describeWithRedis('a job', () => {
  const bench = new Bench();
  beforeEach(() => void bench.fresh());

  test('is tried again however often it has failed for reasons of the infrastructure', async () => {
    const emulator = await bench.emulator({script: ['succeeded']});
    const queue = bench.queue();
    const queued = await queue.add(emulator.addOperation().location);
    await bench.redisClient().hset(`bull:${bench.name}:${jobIdOf(queued)}`, 'atm', 2_000_000_000);
    const fail = (): Promise<never> => Promise.reject(new Error('broken'));
    const settings = {backoffStrategy: () => 0};
    const saboteur = new Worker(bench.name, fail, {connection: bench.connection, settings});
    bench.opened(saboteur, () => saboteur.close());
    await once(saboteur, 'failed');
    await saboteur.close();
    bench.worker();
    expect((await queued.result()).status).toBe('succeeded');
    expect(await queue.counts()).toMatchObject({failed: 0, ended: 1});
  });
});

describeWithRedis('a worker that was presumed dead', () => {
  const bench = new Bench();
  beforeEach(() => void bench.fresh());

  test('does not write its old answer over the newer one', async () => {
    const [older, newer] = [holdingService('notStarted'), holdingService('running')];
    newer.release();
    const http = ky.create({fetch: () => (older.requests() === 0 ? older : newer).fetch()});
    const queue = bench.queue();
    const queued = await queue.add(older.location);
    const options = {recoverAfter: 60_000, schedule: () => 60_000, http};
    bench.worker(options);
    await until(() => older.requests() === 1);
    // As if it had not run for so long that its lock was gone and another one took the job.
    bench.worker(options);
    await takeAway(bench, [queued]);
    await until(async () => (await queued.status()) === 'running');
    older.release();
    await until(() => bench.errors.length > 0);
    expect(bench.errors[0]?.message).toMatch(/^Missing lock for job .* moveToDelayed/);
    expect(await queued.status()).toBe('running');
    expect((await Job.fromId(bench.raw(), jobIdOf(queued)))?.data.token.attempt).toBe(1);
    expect(await queue.counts()).toMatchObject({waiting: 1, active: 0, failed: 0});
  });
});

describeWithRedis('Redis', () => {
  const bench = new Bench(true);
  beforeEach(() => void bench.fresh());

  test('may be restarted in the middle: nothing is lost', async () => {
    const emulator = await bench.emulator({record: false, script: [{status: 'running', times: 10}, 'succeeded']});
    const queue = bench.queue();
    const added = Array.from({length: 20}, () => ({location: emulator.addOperation().location}));
    const queued = await queue.addMany(added);
    bench.worker({recoverAfter: 1000, schedule: () => 30});
    const results = queued.map((operation) => operation.result());
    await until(() => emulator.received > 60);
    await bench.redis.restart();
    const statuses = (await Promise.all(results)).map(({status}) => status);
    expect(statuses).toEqual(statuses.map(() => 'succeeded'));
    expect(emulator.received).toBeGreaterThanOrEqual(20 * 11);
    expect(await queue.counts()).toMatchObject({ended: 20, failed: 0, active: 0});
  });

  test('may answer nothing but errors for a while: a worker pauses before it asks again', async () => {
    class OpenWorker extends PollWorker<unknown> {
      readonly ask = (): Promise<unknown> => this.moveToActive('a lock');
    }
    const worker = new OpenWorker(bench.name, null, {connection: bench.connection, autorun: false});
    bench.opened(worker, () => worker.close());
    const client = await worker.backend.client;
    let asked = 0;
    client.runCommand = async () => {
      asked += 1;
      throw new Error(`BUSY ${asked}`);
    };
    // A timer that is set before goes off before one that is as long: both by the same clock, which is not that of `performance`.
    let isOver = false;
    setTimeout(() => {
      isOver = true;
    }, 200);
    expect(await rejection(worker.ask())).toEqual(new Error('BUSY 1'));
    expect(isOver).toBe(true);
  });

  test('may be full for a while: the job is tried again, and never fails', async () => {
    const {http, location, requests, release} = holdingService('running', 'succeeded');
    const queue = bench.queue();
    const queued = await queue.add(location);
    bench.worker({http});
    await until(() => requests() === 1);
    await bench.redisClient().config('SET', 'maxmemory', '1mb');
    release();
    await until(() => bench.errors.some(({message}) => message.includes('maxmemory')));
    await bench.redisClient().config('SET', 'maxmemory', '0');
    expect((await queued.result()).status).toBe('succeeded');
    expect(await queue.counts()).toMatchObject({failed: 0});
  });
});
