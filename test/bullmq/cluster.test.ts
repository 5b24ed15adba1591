import {afterAll, beforeAll, beforeEach, expect, test} from '@jest/globals';
import type {ConnectionOptions} from 'bullmq';
import {Cluster, Redis} from 'ioredis';
import {createOperationEvents, createOperationQueue, createOperationWorker} from 'operation-poller/bullmq';
import {findRedis} from '../support/redis.ts';
import {startRedisCluster, type TestRedisCluster} from '../support/redis-cluster.ts';
import {Bench, describeWithRedis, token, until} from './setup.ts';

describeWithRedis('a Redis Cluster', () => {
  const bench = new Bench();
  let cluster: TestRedisCluster;
  beforeEach(() => void bench.fresh());
  beforeAll(async () => {
    cluster = await startRedisCluster(findRedis() ?? {});
  });
  afterAll(() => cluster?.stop());

  const connect = (): ConnectionOptions => {
    const nodes = cluster.nodes.map(({host, port}) => ({host, port}));
    const client = new Cluster(nodes, {redisOptions: {maxRetriesPerRequest: null}});
    return bench.opened(client, async () => client.disconnect());
  };
  const keysOf = async (): Promise<number[]> => {
    const counts = cluster.nodes.map(async ({host, port}) => {
      const node = new Redis({host, port});
      const count = await node.dbsize();
      node.disconnect();
      return count;
    });
    return Promise.all(counts);
  };

  test.each([
    ['prefix', '{operations}', (name: string) => name],
    ['name', 'operations', (name: string) => `{${name}}`],
  ])('runs a queue with a hash tag in its %s, on one of the nodes', async (_, prefix, toName) => {
    const emulator = await bench.emulator();
    const connection = connect();
    const before = await keysOf();
    const common = {connection, prefix, name: toName(bench.name)};
    const queue = bench.queue<string>(common);
    const events = createOperationEvents({...common, onError: (error) => void bench.errors.push(error)});
    bench.opened(events, () => events.close());
    await events.ready();
    const types: string[] = [];
    events.on('*', ({type}) => void types.push(type));
    const ended: unknown[] = [];
    for (const concurrency of [1, 100]) {
      bench.worker<string>({...common, concurrency, onEnd: ({data}) => void ended.push(data)});
    }
    const add = (script: Parameters<typeof emulator.addOperation>[0], data?: string) =>
      queue.add(emulator.addOperation(script).location, {data, handOver: data !== undefined});

    const failed = await add({script: ['running', 'failed']}, 'a');
    expect((await failed.outcome()).status).toBe('failed');
    await until(() => ended.length === 1);
    expect(ended).toEqual(['a']);
    const succeeded = await add({script: ['notStarted', 'running', 'succeeded']});
    expect((await succeeded.result()).status).toBe('succeeded');
    await until(() => types.includes('succeeded'));
    expect(bench.errors).toEqual([]);

    // The scripts of our own: holds, hints and ends.
    const throttled = await add({script: [{http: 429, retryAfter: 3600}, 'succeeded']});
    await until(() => bench.errors.length === 1);
    await until(async () => (await queue.counts()).waiting === 1);
    await queue.release();
    await throttled.result();
    const waiting = await queue.add(emulator.addOperation({script: ['succeeded']}).location, {initialDelay: 3_600_000});
    const removed = await queue.add(emulator.addOperation().location, {initialDelay: 3_600_000});
    expect((await queue.list()).map(({key}) => key).sort()).toEqual([waiting.key, removed.key].sort());
    expect(await queue.wake(waiting.key)).toBe(true);
    expect((await waiting.result()).status).toBe('succeeded');
    expect(await queue.remove(removed.key)).toBe(true);
    expect((await removed.outcome()).status).toBe('abandoned');
    expect(await queue.counts()).toEqual({waiting: 0, due: 0, active: 0, ended: 4, failed: 0});
    expect(bench.errors).toEqual([expect.objectContaining({name: 'OriginHeldError'})]);
    const grown = (await keysOf()).filter((count, index) => count > (before[index] ?? 0));
    expect(grown).toHaveLength(1);
  });

  test('is refused at the call without a hash tag: its keys would be on several nodes', () => {
    const connection = connect();
    for (const prefix of [undefined, 'bull', '{}', '{bull', 'bull}']) {
      const options = {connection, name: bench.name, ...(prefix === undefined ? {} : {prefix})};
      const got = JSON.stringify(prefix) ?? 'undefined';
      const error = new TypeError(
        `prefix: expected one with a hash tag, e.g. '{bull}', for a Redis Cluster, got ${got}`,
      );
      expect(() => createOperationQueue(options)).toThrow(error);
      expect(() => createOperationWorker({...options, token})).toThrow(error);
      expect(() => createOperationEvents(options)).toThrow(error);
    }
  });
});
