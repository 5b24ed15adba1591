import {beforeEach, expect, test} from '@jest/globals';
import {createGraphClient} from 'operation-poller/graph';
import {Bench, describeWithRedis, jobIdOf, rejection, token, until} from './setup.ts';

const days = 1_728_000;

describeWithRedis('a 429 with Retry-After', () => {
  const bench = new Bench();
  beforeEach(() => void bench.fresh());

  const waiting = async (queue: ReturnType<typeof bench.queue>): Promise<number> => (await queue.counts()).waiting;

  test('64: holds its origin alone, on all workers, and is reported once', async () => {
    const [throttling, other] = [await bench.emulator(), await bench.emulator({script: ['running', 'succeeded']})];
    const queue = bench.queue();
    bench.worker({concurrency: 1});
    bench.worker({concurrency: 1});
    const first = throttling.addOperation({script: [{http: 429, retryAfter: 2}, 'succeeded']});
    const queued = [await queue.add(first.location)];
    await until(async () => (await waiting(queue)) === 1);
    const others = await queue.addMany([1, 2, 3, 4].map(() => ({location: other.addOperation().location})));
    const later = [1, 2, 3, 4].map(() => throttling.addOperation({script: ['succeeded']}).location);
    queued.push(...(await queue.addMany(later.map((location) => ({location})))));
    await Promise.all(others.map((operation) => operation.result()));
    expect(throttling.received).toBe(1);
    await Promise.all(queued.map((operation) => operation.result()));
    const [refusedAt = 0, ...times] = throttling.requests.map(({at}) => at);
    expect(times).toHaveLength(5);
    expect(Math.min(...times) - refusedAt).toBeGreaterThanOrEqual(2000);
    expect(bench.errors).toEqual([
      expect.objectContaining({name: 'OriginHeldError', origin: new URL(first.location).origin, retryAfter: 2000}),
    ]);
  });

  test('64: holds it for an hour at most, until release() lifts it', async () => {
    const emulator = await bench.emulator();
    const queue = bench.queue();
    bench.worker();
    const script = [{http: 429, retryAfter: days}, 'succeeded'] as const;
    const add = (): Promise<Awaited<ReturnType<typeof queue.add>>> =>
      queue.add(emulator.addOperation({script}).location, {totalTimeout: false});
    const first = await add();
    await until(async () => (await waiting(queue)) === 1);
    const second = await queue.add(emulator.addOperation({script: ['succeeded']}).location, {totalTimeout: false});
    await until(async () => (await waiting(queue)) === 2);
    for (const queued of [first, second]) {
      const score = await bench.redisClient().zscore(`bull:${bench.name}:delayed`, jobIdOf(queued));
      const due = Math.floor(Number(score) / 4096) - Date.now();
      expect(due).toBeGreaterThan(3_590_000);
      expect(due).toBeLessThanOrEqual(3_600_000);
    }
    await queue.release('https://other.example');
    expect(await waiting(queue)).toBe(2);
    await queue.release(emulator.operations[0]?.location);
    await Promise.all([first.result(), second.result()]);
    expect(emulator.received).toBe(3);

    const third = await add();
    await until(async () => (await waiting(queue)) === 1);
    await queue.release();
    await third.result();
    expect(bench.errors.map(({name}) => name)).toEqual(['OriginHeldError', 'OriginHeldError']);
    expect(await bench.redisClient().keys(`bull:${bench.name}:held:*`)).toEqual([]);
    await expect(queue.release('ftp://x')).rejects.toThrow(/^origin: /);
  });

  test('63: does not outlast totalTimeout, and is its cause', async () => {
    const emulator = await bench.emulator();
    const queue = bench.queue();
    const waits: unknown[] = [];
    bench.worker().on('waiting', ({id, because}) => waits.push({id, because}));
    const refused = emulator.addOperation({script: [{http: 429, retryAfter: days}]});
    const first = await queue.add(refused.location, {totalTimeout: 1500});
    await until(async () => (await waiting(queue)) === 1);
    const started = Date.now();
    const second = await queue.add(emulator.addOperation().location, {totalTimeout: 1000});
    for (const error of await Promise.all([rejection(second.result()), rejection(first.result())])) {
      expect(error).toMatchObject({
        name: 'WatchTimeoutError',
        cause: {kind: 'timeout', message: expect.stringMatching(/held back until \d{4}-\d\d-\d\dT/)},
      });
    }
    expect(Date.now() - started).toBeLessThan(2500);
    expect(emulator.received).toBe(1);
    expect(waits).toContainEqual({id: second.id, because: 'heldBack'});
  });

  test('64: takes no places in a worker whose Graph client holds the requests back itself', async () => {
    const emulator = await bench.emulator();
    const other = await bench.emulator({script: ['succeeded'], token: undefined});
    const client = createGraphClient({root: emulator.root, token});
    const queue = bench.queue();
    bench.worker({client, concurrency: 2, trustedOrigins: [new URL(other.root).origin]});
    const script = [{http: 429, retryAfter: 60}] as const;
    await queue.addMany(Array.from({length: 6}, () => ({location: emulator.addOperation({script}).location})));
    await until(async () => (await waiting(queue)) === 6);
    // As if the hold in Redis had been lifted: the client's gate is still closed.
    await queue.release();
    const last = await queue.add(other.addOperation().location);
    await last.result();
    expect(await waiting(queue)).toBe(6);
  });
});
