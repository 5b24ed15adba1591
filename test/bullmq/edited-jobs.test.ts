import {beforeEach, describe, expect, test} from '@jest/globals';
import {Bench, describeWithRedis, jobIdOf, until} from './setup.ts';

describeWithRedis('a job that somebody edited in Redis', () => {
  const bench = new Bench();
  beforeEach(() => void bench.fresh());

  const keyOf = (queued: {readonly id: string}): string => `bull:${bench.name}:${jobIdOf(queued)}`;

  describe('so that BullMQ cannot read it', () => {
    test.each([
      ['progress', 'half done'],
      ['data', '{'],
      ['opts', 'null'],
      ['parent', 'none'],
      ['ats', 'a few'],
    ])('(%s: %s) holds up no other, and is reported once', async (field, text) => {
      const emulator = await bench.emulator({script: ['running']});
      const queue = bench.queue();
      const add = (number: number) => queue.add(emulator.addOperation().location, {key: `${number}`});
      for (let number = 0; number < 8; number++) {
        await bench.redisClient().hset(keyOf(await add(number)), field, text);
      }
      const well = await add(8);
      bench.worker();
      // It was a pause for each of them: 200, 400, 800, 1600, 3200 and three times 5000 ms, 21 s in all.
      expect(await until(() => emulator.received > 0)).toBeLessThan(6200);
      await until(() => emulator.received >= 20);
      expect(await well.status()).toBe('running');
      expect(bench.errors.map(({name}) => name)).toEqual(Array(8).fill('JobSkippedError'));
    });
  });

  test('so that its time is a list is put back, and delayed like any that cannot be read', async () => {
    const emulator = await bench.emulator({script: ['running']});
    const queue = bench.queue();
    const queued = await queue.add(emulator.addOperation().location);
    const data = JSON.parse((await bench.redisClient().hget(keyOf(queued), 'data')) ?? '');
    data.token.dueAt = [];
    await bench.redisClient().hset(keyOf(queued), 'data', JSON.stringify(data));
    bench.worker();
    await until(() => bench.errors.length > 0);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(bench.errors).toEqual([expect.objectContaining({name: 'JobSkippedError', reason: 'invalidToken'})]);
  });

  test('so that its id is an object is skipped, and can be removed', async () => {
    const emulator = await bench.emulator({script: ['running']});
    const queue = bench.queue();
    const queued = await queue.add(emulator.addOperation().location, {key: 'a'});
    const data = JSON.parse((await bench.redisClient().hget(keyOf(queued), 'data')) ?? '');
    const edited = {...data, id: {toString: 1}};
    await bench.redisClient().hset(keyOf(queued), 'data', JSON.stringify(edited));
    bench.worker();
    await until(() => bench.errors.length > 0);
    expect(bench.errors[0]).toMatchObject({name: 'JobSkippedError', reason: 'invalidToken'});
    expect(await queue.remove('a')).toBe(true);
    expect(emulator.received).toBe(0);
  });

  test('so that nobody has the lock of what is being polled can be removed', async () => {
    const emulator = await bench.emulator({script: ['running']});
    const queue = bench.queue();
    const queued = await queue.add(emulator.addOperation().location, {key: 'a'});
    const redis = bench.redisClient();
    await redis.lrem(`bull:${bench.name}:wait`, 0, jobIdOf(queued));
    await redis.lpush(`bull:${bench.name}:active`, jobIdOf(queued));
    expect(await queue.remove('a')).toBe(true);
    expect(await queue.get('a')).toBeUndefined();
  });
});
