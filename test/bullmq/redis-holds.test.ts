import {afterEach, beforeEach, expect, jest, test} from '@jest/globals';
import {createGraphClient} from 'operation-poller/graph';
import {RedisHolds} from '../../src/bullmq/redis-holds.ts';
import {now} from '../../src/shared/clock.ts';
import {Bench, describeWithRedis, dueOf, passDeadline, rejection, token, until} from './setup.ts';

const days = 1_728_000;

describeWithRedis('a 429 with Retry-After', () => {
  const bench = new Bench();
  beforeEach(() => void bench.fresh());
  afterEach(() => void jest.restoreAllMocks());

  const waiting = async (queue: ReturnType<typeof bench.queue>): Promise<number> => (await queue.counts()).waiting;

  /** Two workers, and an operation that was refused. */
  async function refused(retryAfter: number) {
    const throttling = await bench.emulator({script: ['succeeded']});
    const queue = bench.queue();
    bench.worker({concurrency: 1});
    bench.worker({concurrency: 1});
    const {location} = throttling.addOperation({script: [{http: 429, retryAfter}, 'succeeded']});
    const first = await queue.add(location);
    // It has begun by then.
    await until(() => bench.errors.length > 0);
    const later = await queue.addMany([1, 2, 3, 4].map(() => ({location: throttling.addOperation().location})));
    const errors = [
      expect.objectContaining({
        name: 'OriginHeldError',
        origin: new URL(location).origin,
        retryAfter: retryAfter * 1000,
      }),
    ];
    return {throttling, queue, queued: [first, ...later], errors};
  }

  test('64: holds its origin alone', async () => {
    const {throttling, queue, queued, errors} = await refused(600);
    const other = await bench.emulator({script: ['running', 'succeeded']});
    const others = await queue.addMany([1, 2, 3, 4].map(() => ({location: other.addOperation().location})));
    await Promise.all(others.map((operation) => operation.result()));
    await until(async () => (await waiting(queue)) === queued.length);
    expect(throttling.received).toBe(1);
    await queue.release();
    await Promise.all(queued.map((operation) => operation.result()));
    expect(throttling.received).toBe(1 + queued.length);
    expect(bench.errors).toEqual(errors);
  });

  test('64: holds it on all workers, and is reported once', async () => {
    const {throttling, queued, errors} = await refused(1);
    await Promise.all(queued.map((operation) => operation.result()));
    const [refusedAt = 0, ...times] = throttling.requests.map(({at}) => at);
    expect(times).toHaveLength(5);
    expect(Math.min(...times) - refusedAt).toBeGreaterThanOrEqual(1000);
    expect(bench.errors).toEqual(errors);
  });

  test('64: holds it for an hour at most, until release() lifts it', async () => {
    const emulator = await bench.emulator();
    const queue = bench.queue();
    bench.worker();
    const begun = now();
    const script = [{http: 429, retryAfter: days}, 'succeeded'] as const;
    const add = (): Promise<Awaited<ReturnType<typeof queue.add>>> =>
      queue.add(emulator.addOperation({script}).location, {totalTimeout: false});
    const first = await add();
    await until(async () => (await waiting(queue)) === 1);
    const second = await queue.add(emulator.addOperation({script: ['succeeded']}).location, {totalTimeout: false});
    await until(async () => (await waiting(queue)) === 2);
    for (const queued of [first, second]) {
      const due = (await dueOf(bench, queued)) - 3_600_000;
      expect(due).toBeGreaterThanOrEqual(begun);
      expect(due).toBeLessThanOrEqual(Date.now());
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

  test('64: is lifted for each job, and once, whenever the job begins to wait', async () => {
    const holds = new RedisHolds(bench.raw());
    const origin = 'https://api.example.com';
    const ids = Array.from({length: 200}, (_, index) => `job-${index}`);
    let isAdding = true;
    const add = async (): Promise<void> => {
      for (const id of ids) await holds.addJob(origin, id, false);
      isAdding = false;
    };
    const released: string[] = [];
    const release = async (): Promise<void> => {
      while (isAdding) released.push(...(await holds.release(origin)));
    };
    await Promise.all([add(), release(), release()]);
    released.push(...(await holds.release(origin)));
    expect(released.sort()).toEqual([...ids].sort());
  });

  test.each([
    ['was refused', [{http: 429, retryAfter: 600}, 'succeeded'], 2],
    ['was held back', ['succeeded'], 1],
  ] as const)('64: is lifted for a job that %s, and begins to wait only then', async (why, script, requests) => {
    const emulator = await bench.emulator({script});
    const {location} = emulator.addOperation();
    const queue = bench.queue();
    const {addJob} = RedisHolds.prototype;
    const add = jest.spyOn(RedisHolds.prototype, 'addJob').mockImplementation(async function (
      this: RedisHolds,
      ...job
    ) {
      await queue.release();
      await addJob.apply(this, job);
    });
    if (why === 'was held back') await new RedisHolds(bench.raw()).hold(new URL(location).origin, 600_000);
    const queued = await queue.add(location);
    bench.worker();
    await queued.result();
    expect([emulator.received, add.mock.calls.length]).toEqual([requests, 1]);
  });

  test('63: does not outlast totalTimeout, and is its cause', async () => {
    const emulator = await bench.emulator();
    const queue = bench.queue();
    const waits: unknown[] = [];
    bench.worker().on('waiting', ({id, because}) => waits.push({id, because}));
    const script = [{http: 429, retryAfter: days}] as const;
    const first = await queue.add(emulator.addOperation({script}).location, {totalTimeout: 600_000});
    // By another clock than the library's: each cuts off a millisecond.
    const addedAt = Date.now() + 2;
    await until(async () => (await waiting(queue)) === 1);
    expect(await dueOf(bench, first)).toBeLessThanOrEqual(addedAt + 600_000);
    const held = await queue.add(emulator.addOperation().location, {totalTimeout: 600_000});
    const other = await bench.emulator({script});
    const refused = await queue.add(other.addOperation().location, {totalTimeout: 600_000});
    const allAddedAt = Date.now() + 2;
    await until(async () => (await waiting(queue)) === 3);
    expect([emulator.received, other.received]).toEqual([1, 1]);
    for (const operation of [held, refused]) {
      expect(await dueOf(bench, operation)).toBeLessThanOrEqual(allAddedAt + 600_000);
      await passDeadline(bench, operation);
    }
    for (const error of await Promise.all([rejection(held.result()), rejection(refused.result())])) {
      expect(error).toMatchObject({
        name: 'WatchTimeoutError',
        cause: {kind: 'timeout', message: expect.stringMatching(/held back until \d{4}-\d\d-\d\dT/)},
      });
    }
    expect([emulator.received, other.received]).toEqual([1, 1]);
    expect(waits).toContainEqual({id: held.id, because: 'heldBack'});
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
    // The last of them may be put back a moment later, long before its gate opens.
    await until(async () => (await waiting(queue)) === 6);
  });
});
