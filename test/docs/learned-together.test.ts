import {afterAll, beforeAll, describe, expect, test} from '@jest/globals';
import {Redis} from 'ioredis';
import {learnTogether} from '../../docs/examples/learned-together.ts';
import {findRedis, startRedis, type TestRedis} from '../support/redis.ts';

const source = findRedis();

(source === undefined ? describe.skip : describe)('the schedules of several workers', () => {
  let server: TestRedis;
  let redis: Redis;

  beforeAll(async () => {
    server = await startRedis(source ?? {});
    redis = new Redis({host: server.host, port: server.port});
  }, 60_000);

  afterAll(async () => {
    await redis?.quit();
    await server?.stop();
  });

  test('learn each end that any of them sees once, and keep it for those that come later', async () => {
    const key = `learned-${process.pid}`;
    const operation = {id: '1', status: 'succeeded', rawStatus: 'succeeded', raw: {}} as const;
    const [one, other] = [await learnTogether(redis, key), await learnTogether(redis, key)];
    for (let end = 1; end <= 6; end++) {
      one.ended?.({after: 0, elapsed: 1000 * end, operation});
      other.ended?.({after: 0, elapsed: 100_000 * end, operation});
    }
    // Each reads once after each end, one after another: after as many answers as all of them take, they have read.
    for (let answer = 0; answer <= 12; answer++) await redis.ping();
    const later = await learnTogether(redis, key);
    expect(later.estimate?.(0)).toBeDefined();
    for (const schedule of [one, other]) expect(schedule.estimate?.(0)).toEqual(later.estimate?.(0));
    expect(await redis.xlen(key)).toBe(12);
    await redis.del(key);
  });
});
