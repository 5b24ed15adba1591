import {afterEach, beforeEach, expect, jest, test} from '@jest/globals';
import {FlowProducer, Job, Worker} from 'bullmq';
import ky from 'ky';
import {type OutcomeJson, readOutcome} from 'operation-poller/runner';
import type {JobData} from '../../src/bullmq/job.ts';
import {RedisClock} from '../../src/bullmq/redis-clock.ts';
import {now as processNow} from '../../src/shared/clock.ts';
import {Bench, describeWithRedis, jobIdOf, until} from './setup.ts';

describeWithRedis('an added job', () => {
  const bench = new Bench();
  beforeEach(() => void bench.fresh());
  afterEach(() => void jest.restoreAllMocks());

  test('has the given name, else operation', async () => {
    const queue = bench.queue();
    const location = 'https://graph.example/operations/';
    const [a, b] = [await queue.add(`${location}a`, {name: 'reset'}), await queue.add(`${location}b`)];
    const [c] = await queue.addMany([{location: `${location}c`, name: 'copy'}]);
    const names = [a, b, c].map(async (queued) => (await bench.raw().getJob(jobIdOf(queued ?? a)))?.name);
    expect(await Promise.all(names)).toEqual(['reset', 'operation', 'copy']);
  });

  test('is due no earlier than it was asked to be, also where the process is stopped while it reads the time', async () => {
    const queue = bench.queue();
    const {now} = RedisClock.prototype;
    jest.spyOn(RedisClock.prototype, 'now').mockImplementation(function (this: RedisClock) {
      const time = now.call(this);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
      return time;
    });
    const before = processNow();
    const queued = await queue.add('https://graph.example/a', {initialDelay: 60_000});
    const job = await Job.fromId<JobData>(bench.raw(), jobIdOf(queued));
    expect(job?.data.token.dueAt).toBeGreaterThanOrEqual(before + 60_000);
  });

  test('has a priority, which decides who is polled first at every turn', async () => {
    const polled: string[] = [];
    const answer = (request: Request | URL | string): Promise<Response> => {
      const id = (request instanceof Request ? request.url : String(request)).slice(-1);
      polled.push(id);
      const isSecond = polled.filter((other) => other === id).length > 1;
      return Promise.resolve(Response.json({id, status: isSecond ? 'succeeded' : 'running'}));
    };
    const queue = bench.queue();
    const raw = bench.raw();
    const queued = await queue.addMany([
      {location: 'https://graph.example/c', priority: 2 ** 21 - 1},
      {location: 'https://graph.example/b', priority: 1},
      {location: 'https://graph.example/a'},
    ]);
    await raw.pause();
    const makeDue = async (): Promise<void> => {
      for (const {key} of queued) await queue.wake(key);
      expect((await queue.counts()).due).toBe(3);
    };
    const worker = bench.worker({concurrency: 1, http: ky.create({fetch: answer}), schedule: () => 60_000});
    await worker.ready();
    await makeDue();
    await raw.resume();
    await until(() => polled.length === 3);
    await raw.pause();
    await until(async () => (await queue.counts()).active === 0);
    await makeDue();
    expect(polled).toEqual(['a', 'b', 'c']);
    await raw.resume();
    await Promise.all(queued.map((operation) => operation.result()));
    expect(polled).toEqual(['a', 'b', 'c', 'a', 'b', 'c']);
    expect(bench.errors).toEqual([]);
  });

  test.each([
    [{name: ''}, 'name: expected a string that is not empty, got ""'],
    [{priority: 0}, 'priority: expected a whole number'],
    [{priority: 1.5}, 'priority: expected a whole number'],
    [{priority: 2 ** 21}, 'priority: expected a whole number'],
  ])('refuses %j', async (options, message) => {
    await expect(bench.queue().add('https://graph.example/a', options)).rejects.toThrow(message);
  });

  test('refuses data that JSON would not keep, and adds none of many', async () => {
    const queue = bench.queue();
    const [location, data] = ['https://graph.example/a', {rows: [{n: Number.NaN}]}];
    const message = 'data.rows.0.n: expected what JSON can express, got NaN';
    await expect(queue.add(location, {data})).rejects.toThrow(new TypeError(message));
    await expect(queue.addMany([{location: `${location}/1`}, {location, data}])).rejects.toThrow(message);
    await expect(queue.toFlowJob(location, {data})).rejects.toThrow(message);
    expect(await queue.list()).toEqual([]);
  });

  test('may be the child of a job that waits for its end, and reads how it ended', async () => {
    const emulator = await bench.emulator();
    const queue = bench.queue({prefix: 'flows'});
    bench.worker({prefix: 'flows'});
    const connection = bench.connection;
    const flows = new FlowProducer({connection});
    bench.opened(flows, () => flows.close());
    const parents = `${bench.name}-parents`;
    const ended: unknown[] = [];
    const mail = async (job: Job): Promise<void> => {
      const values = await job.getChildrenValues<OutcomeJson>();
      ended.push(Object.values(values).map((json) => readOutcome(json).status));
    };
    const worker = new Worker(parents, mail, {connection});
    bench.opened(worker, () => worker.close());
    const start = (last: 'succeeded' | 'failed') => emulator.addOperation({script: ['running', last]}).location;
    const [location, other] = [start('succeeded'), start('failed')];
    const children = [await queue.toFlowJob(location, {name: 'reset'}), await queue.toFlowJob(other)];
    expect(await queue.get(location)).toBeUndefined();
    const {job} = await flows.add({name: 'mail', queueName: parents, children});
    const queued = await queue.get(location);
    expect((await queued?.result())?.status).toBe('succeeded');
    await until(() => ended.length > 0);
    expect(ended.flat().sort()).toEqual(['failed', 'succeeded']);
    await until(async () => (await job.getState()) === 'completed');

    // It may have ended before.
    const third = await queue.add(start('succeeded'));
    await until(async () => (await queue.counts()).ended === 3);
    await flows.add({name: 'mail', queueName: parents, children: [await queue.toFlowJob(third.key)]});
    await until(() => ended.length > 1);
    expect(ended[1]).toEqual(['succeeded']);

    const gone = await queue.toFlowJob(start('succeeded'), {key: 'gone', initialDelay: 3_600_000});
    await flows.add({name: 'mail', queueName: parents, children: [gone]});
    expect(await queue.remove('gone')).toBe(true);
    await until(() => ended.length > 2);
    expect(ended[2]).toEqual([]);
    expect(bench.errors).toEqual([]);
  });

  test('is the child of one job: a second parent waits forever, and a job that awaits the outcome does not', async () => {
    const emulator = await bench.emulator({script: ['running', 'succeeded']});
    const queue = bench.queue();
    const {connection} = bench;
    const flows = new FlowProducer({connection});
    bench.opened(flows, () => flows.close());
    const mails = `${bench.name}-mails`;
    const {location} = emulator.addOperation();
    const addParent = async (name: string) => {
      const children = [await queue.toFlowJob(location)];
      return (await flows.add({name, queueName: mails, children})).job;
    };
    const [first, second] = [await addParent('first'), await addParent('second')];
    const third = await flows.add({name: 'third', queueName: mails});
    const statuses: unknown[] = [];
    const mail = async ({name}: Job): Promise<void> => {
      const queued = await queue.get(location);
      statuses.push([name, (await queued?.outcome())?.status]);
    };
    const worker = new Worker(mails, mail, {connection, concurrency: 10});
    bench.opened(worker, () => worker.close());
    bench.worker();
    await until(async () => (await first.getState()) === 'completed' && (await third.job.getState()) === 'completed');
    expect(statuses.sort()).toEqual([
      ['first', 'succeeded'],
      ['third', 'succeeded'],
    ]);
    expect(await second.getState()).toBe('waiting-children');

    // It has ended: what counts is whether its first parent is still there.
    expect(await (await addParent('fourth')).getState()).toBe('waiting-children');
    await first.remove();
    const fifth = await addParent('fifth');
    await until(async () => (await fifth.getState()) === 'completed');
  });
});
