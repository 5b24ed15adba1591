import {afterEach, beforeEach, expect, jest, test} from '@jest/globals';
import {EndChecks} from '../../src/bullmq/end-checks.ts';
import {now} from '../../src/shared/clock.ts';
import {Bench, describeWithRedis, until} from './setup.ts';

describeWithRedis('the checks of the jobs that are waited for', () => {
  const bench = new Bench();
  beforeEach(() => void bench.fresh());
  afterEach(() => void jest.restoreAllMocks());

  /** Keeps the check of all jobs from coming, however long this process stands still. */
  const stopClock = (): void => void jest.spyOn(performance, 'now').mockReturnValue(performance.now());

  /** Checks that report to a list, and a job for each way to be. */
  async function checks() {
    const queue = bench.raw();
    const redis = bench.redisClient();
    const closing = new AbortController();
    bench.opened(closing, async () => closing.abort());
    const ended: string[] = [];
    const onEnd = (id: string): void => {
      ended.push(id);
      if (id === 'last') closing.abort();
    };
    const made = new EndChecks(queue, bench.engine, onEnd, closing.signal);
    const put = (id: string, state: 'delayed' | 'completed' | 'failed') =>
      redis
        .multi()
        .hset(queue.toKey(id), 'data', '{}')
        .zrem(queue.toKey('delayed'), id)
        .zadd(queue.toKey(state), 1, id)
        .exec();
    return {checks: made, ended, put, redis, queue};
  }

  /** As many as are read in an interval, whether or not they have ended. */
  const others = Array.from({length: 50}, (_, index) => `other-${index}`);

  test('find those that completed, that failed and that are gone, and no others', async () => {
    const {checks: found, ended, put} = await checks();
    stopClock();
    for (const id of [...others, 'waits']) await put(id, 'delayed');
    await put('done', 'completed');
    await put('broken', 'failed');
    for (const id of [...others, 'waits', 'done', 'gone', 'broken']) found.add(id);
    await until(() => ended.length > others.length);
    expect(ended).toEqual([...others, 'done', 'gone', 'broken']);
  });

  test('are made of a new one soon, and of all of them every three seconds, some of which are read in turn', async () => {
    const {checks: found, ended, put} = await checks();
    const waiting = [...others, 'first', 'second'];
    for (const id of waiting) await put(id, 'delayed');
    const begun = now();
    for (const id of waiting) found.add(id);
    const first = await until(() => ended.length === others.length);
    await put('new', 'completed');
    found.add('new');
    const second = await until(() => ended.includes('new'));
    found.delete('new');
    expect(first + second).toBeLessThan(2500);
    ended.length = 0;
    await put('second', 'completed');
    await until(() => ended.length > others.length);
    expect(now() - begun).toBeGreaterThanOrEqual(3000);
    expect(ended.slice(0, 4)).toEqual(expect.arrayContaining(['first', 'second']));
    expect([new Set(ended.slice(0, 50)).size, ended.slice(50)]).toEqual([50, ['second']]);
  });

  test('are not made of one that nobody waits for any more', async () => {
    const {checks: found, ended, put} = await checks();
    stopClock();
    for (const id of others) await put(id, 'delayed');
    await put('done', 'completed');
    for (const id of [...others, 'done']) found.add(id);
    found.delete('done');
    found.add('gone');
    await until(() => ended.length > others.length);
    expect(ended).toEqual([...others, 'gone']);
  });

  test('report what Redis answers, and go on; once closed, they do neither', async () => {
    const {checks: found, ended, redis, queue} = await checks();
    stopClock();
    const refuse = () => redis.set(queue.toKey('completed'), 'not a set');
    await refuse();
    found.add('gone');
    await until(() => bench.errors.length > 0);
    expect(bench.errors).toEqual([expect.objectContaining({message: expect.stringContaining('WRONGTYPE')})]);
    await redis.del(queue.toKey('completed'));
    found.add('another');
    await until(() => ended.filter((id) => id === 'another').length === 2);
    await refuse();
    found.add('last');
    await until(() => ended.includes('last'));
    // What was under way is answered before this.
    await queue.getMeta();
    await redis.del(queue.toKey('completed'));
    expect(bench.errors).toHaveLength(1);
  });
});
