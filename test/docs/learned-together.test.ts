import {afterAll, beforeAll, describe, expect, jest, test} from '@jest/globals';
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

test('an end that cannot be written makes no other one count twice', async () => {
  const logged = jest.spyOn(console, 'error').mockImplementation(() => undefined);
  const entries: string[][] = [];
  let count = 0;
  const xadd = async (...[, , , , , ...fields]: readonly unknown[]): Promise<void> => {
    count += 1;
    if (count === 2) throw new Error('OOM');
    entries.push(fields.map(String));
  };
  const xrange = async (_: string, after: string): Promise<unknown> => {
    const found = entries.map((fields, index) => [String(index + 1), fields]).slice(Number(after.slice(1)));
    await new Promise((resolve) => setImmediate(resolve));
    return found;
  };
  const schedule = await learnTogether({xadd, xrange} as never, 'learned');
  const operation = {id: '1', status: 'succeeded', rawStatus: 'succeeded', raw: {}} as const;
  const end = (): unknown => schedule.ended?.({after: 0, elapsed: 1000, operation});
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 30; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  };
  for (let ends = 0; ends < 10; ends += 1) end();
  await settle();
  // An estimate takes ten ends.
  expect(entries).toHaveLength(9);
  expect(schedule.estimate?.(0)).toBeUndefined();
  end();
  await settle();
  expect(schedule.estimate?.(0)).toBeDefined();
  expect(logged).toHaveBeenCalledTimes(1);
  logged.mockRestore();
});
