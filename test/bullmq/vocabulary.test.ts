import {beforeEach, expect, test} from '@jest/globals';
import {Job} from 'bullmq';
import ky from 'ky';
import {type OperationEvent, pollOperation, protocols, WatchAbortedError} from 'operation-poller';
import type {EndedRecord} from 'operation-poller/runner';
import type {OperationStep} from '../../src/testing/index.ts';
import {Bench, describeWithRedis, dueOf, holdingService, jobIdOf, rejection, token, until} from './setup.ts';

describeWithRedis('what a queue is asked for', () => {
  const bench = new Bench();
  beforeEach(() => void bench.fresh());

  test('is found by its key, which is the location by default, and by its id', async () => {
    const queue = bench.queue<number>();
    const [first, second] = ['https://graph.example/1', 'https://graph.example/2'] as const;
    const plain = await queue.add(first, {data: 1});
    const named = await queue.add(second, {key: 'adele', data: 2});
    expect([plain.key, named.key]).toEqual([first, 'adele']);
    for (const {key, id, data} of [plain, named]) {
      expect(await queue.get(key)).toMatchObject({key, id, data});
      expect(await queue.get(id)).toMatchObject({key, id, data});
    }
    expect(await queue.get(second)).toBeUndefined();
    // A known key gives the one that is there.
    expect(await queue.add('https://graph.example/3', {key: 'adele', data: 3})).toMatchObject({id: named.id, data: 2});
    const many = await queue.addMany([
      {location: first, data: 9},
      {location: 'https://graph.example/4', data: 4},
    ]);
    expect(many.map(({data}) => data)).toEqual([1, 4]);
    expect(many[0]?.id).toBe(plain.id);
  });

  test('has its data as JSON has them, wherever it comes from', async () => {
    const queue = bench.queue<object>();
    const data = {when: new Date(0), nothing: undefined};
    const added = await queue.add('https://graph.example/1', {data});
    data.when = new Date(1);
    const [many] = await queue.addMany([{location: 'https://graph.example/2', data: {when: new Date(0)}}]);
    const found = await queue.get(added.key);
    for (const each of [added, many, found]) expect(each?.data).toStrictEqual({when: '1970-01-01T00:00:00.000Z'});
  });

  test('is listed until it has ended, without what cannot be read', async () => {
    const emulator = await bench.emulator();
    const queue = bench.queue<number>();
    const ended = await queue.add(emulator.addOperation({script: ['succeeded']}).location);
    const worker = bench.worker();
    await ended.result();
    await worker.close();
    const locations = Array.from({length: 1200}, (_, data) => ({location: `https://graph.example/${data}`, data}));
    const queued = await queue.addMany(
      locations.map((one) => ({...one, initialDelay: one.data % 2 === 0 ? 0 : 60_000})),
    );
    const [broken, ...others] = queued;
    await bench.redisClient().hset(`bull:${bench.name}:${jobIdOf(broken ?? ended)}`, 'data', '{"token":');
    const listed = await queue.list();
    expect(listed.map(({id}) => id).sort()).toEqual(others.map(({id}) => id).sort());
    expect(bench.errors).toEqual([expect.objectContaining({name: 'InvalidResumeTokenError'})]);
  });

  test('is another watch, with an id of its own, when it is added again after it was removed', async () => {
    const queue = bench.queue();
    const location = 'https://graph.example/1';
    const first = await queue.add(location);
    const result = rejection(first.result());
    expect(await queue.remove(location)).toBe(true);
    const second = await queue.add(location);
    expect(second.id).not.toBe(first.id);
    expect(jobIdOf(second)).toBe(jobIdOf(first));
    expect(await result).toBeInstanceOf(WatchAbortedError);
    expect(await queue.get(first.id)).toBeUndefined();
    expect(await queue.remove(first.id)).toBe(false);
    expect(await queue.wake(first.id)).toBe(false);
    expect(await queue.wake(second.id)).toBe(true);
    expect(await queue.get(location)).toMatchObject({id: second.id});
  });

  test('costs Redis less than a hundred commands a second, however many results are waited for', async () => {
    const queue = bench.queue();
    const queued = await queue.addMany(
      Array.from({length: 3000}, (_, id) => ({location: `https://graph.example/${id}`, initialDelay: 600_000})),
    );
    const redis = bench.redisClient();
    await redis.config('RESETSTAT');
    const begun = performance.now();
    const outcomes = queued.map((operation) => operation.outcome());
    // Two checks of all of them.
    await new Promise((resolve) => setTimeout(resolve, 4000));
    const stats = await redis.info('commandstats');
    const seconds = (performance.now() - begun) / 1000;
    const calls = Array.from(stats.matchAll(/:calls=(\d+)/g), ([, count]) => Number(count));
    expect(calls.reduce((sum, count) => sum + count, 0) / seconds).toBeLessThan(100);
    await queue.close();
    expect(new Set((await Promise.all(outcomes)).map(({status}) => status))).toEqual(new Set(['abandoned']));
  });
});

describeWithRedis('the result of an operation whose end is being handed over', () => {
  const bench = new Bench();
  beforeEach(() => void bench.fresh());

  test('comes as soon as the end is stored, also with a result that is fetched', async () => {
    const place = 'https://service.example';
    const bodies = [
      {status: 'running'},
      {status: 'succeeded', resourceLocation: `${place}/result`},
      undefined,
      {size: 5},
    ];
    const requests: string[] = [];
    const http = ky.create({
      fetch: async (input) => {
        requests.push(new URL(input instanceof Request ? input.url : input).pathname);
        const body = bodies[requests.length - 1];
        return body === undefined ? Response.json({}, {status: 404}) : Response.json(body);
      },
    });
    const queue = bench.queue();
    let ended: EndedRecord | undefined;
    let finish = (): void => undefined;
    bench.worker({
      http,
      fetchResult: true,
      onEnd: (end) => {
        ended = end;
        return new Promise<void>((resolve) => {
          finish = resolve;
        });
      },
    });
    // So many are waited for that it is not this one's turn to be read for half a minute.
    const others = await queue.addMany(
      Array.from({length: 500}, (_, id) => ({location: `${place}/${id}`, initialDelay: 600_000})),
    );
    for (const other of others) void other.outcome();
    const queued = await queue.add(`${place}/operation`, {handOver: true});
    expect(await queued.result()).toMatchObject({status: 'succeeded', result: {size: 5}});
    await until(() => ended !== undefined);
    expect(ended?.outcome).toMatchObject({status: 'succeeded', operation: {result: {size: 5}}});
    expect(requests).toEqual(['/operation', '/operation', '/result', '/result']);
    expect(await queue.counts()).toMatchObject({ended: 0});
    expect(await (await queue.get(queued.key))?.result()).toMatchObject({result: {size: 5}});
    finish();
  });
});

describeWithRedis('add', () => {
  const bench = new Bench();
  beforeEach(() => void bench.fresh());

  test('83: takes over from a poller: nothing is asked twice, and no event comes twice', async () => {
    const emulator = await bench.emulator();
    const script = ['notStarted', {status: 'running', delay: 100}, 'running', 'succeeded'] as const;
    const operation = emulator.addOperation({script});
    const poller = pollOperation(operation.location, {token, schedule: () => 50});
    const events: OperationEvent[] = [];
    poller.on('*', (event) => events.push(event));
    const result = rejection(poller.result());
    // In the middle of a request.
    await until(() => operation.requests.length === 2);
    const queue = bench.queue<string>();
    const queued = await queue.add(poller, {data: 'adele'});
    expect(queued).toMatchObject({key: operation.location, data: 'adele'});
    expect(await queued.status()).toBe('running');
    expect(await result).toMatchObject({name: 'WatchAbortedError', cause: {message: 'handed over'}});
    bench.worker().on('*', (event) => events.push(event));
    expect((await queued.result()).status).toBe('succeeded');
    expect(operation.requests).toHaveLength(4);
    const seen = events.filter(({type}) => ['notStarted', 'running', 'succeeded', 'polled'].includes(type));
    expect(seen.map(({type, attempt}) => `${attempt} ${type}`)).toEqual([
      ...['1 polled', '1 notStarted', '2 polled', '2 running', '3 polled', '4 polled', '4 succeeded'],
    ]);
  });

  test('83: takes the protocol from the poller', async () => {
    const emulator = await bench.emulator();
    const {location} = emulator.addOperation({script: ['running', 'succeeded']});
    const renders = protocols.define({...protocols.longRunning, name: 'renders'});
    const poller = pollOperation(location, {token, protocol: renders, schedule: () => 60_000});
    await poller.waitFor('running');
    const queue = bench.queue();
    const queued = await queue.add(poller);
    await queue.wake(queued.key);
    bench.worker({protocols: [renders]});
    expect((await queued.result()).status).toBe('succeeded');
  });

  test('83: leaves a poller alone where it fails', async () => {
    const emulator = await bench.emulator({script: ['running', 'running', 'succeeded']});
    const poller = pollOperation(emulator.addOperation().location, {token, schedule: () => 20});
    const queue = bench.queue();
    await expect(queue.add(poller, {key: ''})).rejects.toThrow(/^key: /);
    expect((await poller.result()).status).toBe('succeeded');
    expect(await queue.list()).toEqual([]);
  });

  test('83: leaves a poller alone whose key is that of another operation', async () => {
    const emulator = await bench.emulator({script: ['running', 'running', 'succeeded']});
    const queue = bench.queue();
    const there = await queue.add('https://graph.example/1', {key: 'adele'});
    const poller = pollOperation(emulator.addOperation().location, {token, schedule: () => 20});
    expect((await queue.add(poller, {key: 'adele'})).id).toBe(there.id);
    expect((await poller.result()).status).toBe('succeeded');
  });

  test('goes on from a resume token', async () => {
    const emulator = await bench.emulator();
    const operation = emulator.addOperation({script: ['running', 'succeeded']});
    const poller = pollOperation(operation.location, {token, schedule: () => 60_000});
    await poller.waitFor('running');
    poller.stop();
    const queued = await bench.queue().add(poller.toJSON());
    expect(await queued.status()).toBe('running');
    await bench.queue().wake(queued.key);
    bench.worker();
    expect((await queued.result()).status).toBe('succeeded');
    expect(operation.requests).toHaveLength(2);
    await expect(bench.queue().add({} as never)).rejects.toThrow(/^Invalid resume token/);
  });
});

describeWithRedis('82: wake', () => {
  const bench = new Bench();
  beforeEach(() => void bench.fresh());

  test('ends a wait of the schedule and an initial delay, a thousand times with one poll', async () => {
    const {http, location, requests, release} = holdingService('running', 'running', 'succeeded');
    const queue = bench.queue();
    bench.worker({schedule: () => 60_000, http});
    const queued = await queue.add(location, {initialDelay: 60_000});
    await Promise.all(Array.from({length: 1000}, () => queue.wake(queued.key)));
    release();
    await until(async () => requests() >= 1 && (await queue.counts()).active === 0);
    // Those that came during the first poll count for another one after it.
    expect(requests()).toBeLessThanOrEqual(2);
    await until(async () => (await queue.counts()).waiting === 1);
    const polls = requests();
    await queue.wake(queued.id);
    await until(() => requests() > polls);
    expect(bench.errors).toEqual([]);
  });

  test.each<[string, OperationStep]>([
    ['keeps the wait that the service asked for', {status: 'running', retryAfter: 600}],
    ['does not lift the hold of an origin', {http: 429, retryAfter: 600}],
  ])('%s', async (_, answer) => {
    const emulator = await bench.emulator();
    const queue = bench.queue();
    const operation = emulator.addOperation({script: [answer, 'succeeded']});
    bench.worker();
    const queued = await queue.add(operation.location);
    await until(async () => operation.requests.length === 1 && (await queue.counts()).waiting === 1);
    await queue.wake(queued.key);
    await until(async () => (await Job.fromId(bench.raw(), jobIdOf(queued)))?.attemptsStarted === 2);
    await until(async () => (await queue.counts()).waiting === 1);
    expect(operation.requests).toHaveLength(1);
    expect(await dueOf(bench, queued)).toBeGreaterThanOrEqual((operation.requests[0]?.at ?? 0) + 600_000);
  });

  test('makes one more poll after one that is under way', async () => {
    const {http, location, requests, release} = holdingService('running', 'succeeded');
    const queue = bench.queue();
    bench.worker({schedule: () => 60_000, http});
    const queued = await queue.add(location);
    await until(() => requests() === 1);
    // It waits for nothing.
    expect(await queue.wake(queued.key)).toBe(true);
    release();
    expect((await queued.result()).status).toBe('succeeded');
    expect(requests()).toBe(2);
    expect(bench.errors).toEqual([]);
  });

  test('counts when the worker that has the job closes', async () => {
    const {http, location, requests, release} = holdingService('running', 'succeeded');
    const queue = bench.queue();
    const worker = bench.worker({schedule: () => 60_000, http});
    const queued = await queue.add(location);
    await until(() => requests() === 1);
    await queue.wake(queued.key);
    const closing = worker.close();
    release();
    await closing;
    expect(await queue.counts()).toMatchObject({waiting: 0, due: 1});
    bench.worker({http});
    expect((await queued.result()).status).toBe('succeeded');
    expect(bench.errors).toEqual([]);
  });

  test('leaves nothing behind of a hint during the last poll', async () => {
    const emulator = await bench.emulator();
    const queue = bench.queue();
    const {http, location, requests, release} = holdingService('succeeded');
    const worker = bench.worker({http});
    const queued = await queue.add(location);
    await until(() => requests() === 1);
    expect(await queue.wake(queued.key)).toBe(true);
    release();
    await queued.result();
    await worker.close();
    bench.worker();
    // The hints are looked at when a job is put back.
    await queue.add(emulator.addOperation({script: ['running', 'running', 'succeeded']}).location);
    const redis = await bench.raw().backend.client;
    await until(async () => (await queue.counts()).ended === 2);
    expect(await redis.hgetall(bench.raw().toKey('hints'))).toEqual({});
    expect(requests()).toBe(1);
  });

  test('makes one more poll for all hints during one, however long that one takes', async () => {
    const {http, location, requests, release} = holdingService('running');
    const queue = bench.queue();
    bench.worker({schedule: () => 60_000, http});
    const queued = await queue.add(location);
    await until(() => requests() === 1);
    await Promise.all(Array.from({length: 20}, () => queue.wake(queued.key)));
    release();
    await until(async () => requests() > 1 && (await queue.counts()).waiting === 1);
    expect(requests()).toBe(2);
  });

  test('does nothing where nothing is watched', async () => {
    const emulator = await bench.emulator({script: ['succeeded']});
    const queue = bench.queue();
    expect(await queue.wake('unknown')).toBe(false);
    bench.worker();
    const queued = await queue.add(emulator.addOperation().location);
    await queued.result();
    await until(async () => (await queue.counts()).ended === 1);
    expect(await queue.wake(queued.key)).toBe(false);
    expect(emulator.received).toBe(1);
    expect(await queue.counts()).toMatchObject({waiting: 0, due: 0, ended: 1});
  });
});
