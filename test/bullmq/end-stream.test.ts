import {beforeEach, expect, jest, test} from '@jest/globals';
import {EndStream} from '../../src/bullmq/end-stream.ts';
import {createId, jobOf} from '../../src/bullmq/job.ts';
import {RedisClock} from '../../src/bullmq/redis-clock.ts';
import {beginning} from '../support/core.ts';
import {Bench, describeWithRedis, until} from './setup.ts';

describeWithRedis('the stream of ends', () => {
  const bench = new Bench();
  beforeEach(() => void bench.fresh());

  const idOf = (name: string): string => jobOf(name).jobId;

  /** A stream that reports to a list, and a way to write events to it. */
  function streams(onError = bench.engine.onError) {
    const queue = bench.raw();
    const redis = bench.redisClient();
    const key = queue.toKey('events');
    const clock = new RedisClock(queue);
    jest.spyOn(clock, 'now').mockReturnValue(beginning);
    const ended: string[] = [];
    const open = (): EndStream => {
      const stream = new EndStream({...bench.engine, onError}, clock, (jobId) => void ended.push(jobId));
      return bench.opened(stream, () => stream.close());
    };
    const write = (event: string, jobId: string, turn = '', id = '*'): Promise<unknown> =>
      redis.xadd(key, id, 'event', event, 'jobId', jobId, 'turn', turn);
    /** An event of a turn, which names the operation rather than its job. */
    const turn = (name: string, type: string): Promise<unknown> =>
      write('operation', createId(idOf(name)), JSON.stringify({events: [{type: 'polled'}, {type}]}));
    return {open, write, turn, ended, redis, key};
  }

  test('names the jobs that completed, that failed and that were removed, and no others', async () => {
    const {open, write, ended} = streams();
    open();
    for (const event of ['added', 'waiting', 'active', 'delayed', 'progress', 'stalled'])
      await write(event, idOf(event));
    for (const event of ['completed', 'failed', 'removed']) await write(event, idOf(event));
    await until(() => ended.length >= 3);
    expect(ended).toEqual(['completed', 'failed', 'removed'].map(idOf));
  });

  test.each(['succeeded', 'failed', 'canceled', 'abandoned'])(
    'names a job that is put back with its end, once a turn has emitted %s',
    async (type) => {
      const {open, write, turn, ended} = streams();
      const stream = open();
      await turn('running', 'running');
      await write('delayed', idOf('running'));
      await turn('over', type);
      await until(() => stream.isEnding(idOf('over')));
      expect([ended, stream.isEnding(idOf('running'))]).toEqual([[], false]);
      await write('delayed', idOf('over'));
      await write('completed', idOf('over'));
      await until(() => ended.length === 2);
      expect([ended, stream.isEnding(idOf('over'))]).toEqual([[idOf('over'), idOf('over')], false]);
    },
  );

  test('begins a second before it is opened', async () => {
    const {open, write, ended} = streams();
    await write('completed', idOf('too early'), '', `${beginning - 1001}-0`);
    await write('completed', idOf('before'), '', `${beginning - 999}-0`);
    open();
    await until(() => ended.length > 0);
    expect(ended).toEqual([idOf('before')]);
  });

  test('ends when it is closed', async () => {
    const {open, write, ended} = streams();
    const stream = open();
    await write('completed', idOf('first'));
    await until(() => ended.length === 1);
    await stream.close();
    await write('completed', idOf('second'));
    open();
    await until(() => ended.includes(idOf('second')));
    expect(ended.filter((id) => id === idOf('second'))).toHaveLength(1);
  });

  test('remembers the ten thousand jobs whose turns ended last', async () => {
    const {open, turn} = streams();
    const stream = open();
    await Promise.all(Array.from({length: 10_001}, (_, index) => turn(`job ${index}`, 'succeeded')));
    await until(() => stream.isEnding(idOf('job 10000')));
    expect([0, 1].map((index) => stream.isEnding(idOf(`job ${index}`)))).toEqual([false, true]);
  });

  test('reports what Redis answers, and goes on', async () => {
    // At once: the next read comes after a pause, but this process may stand still for longer.
    const onError = (error: Error): void => {
      bench.errors.push(error);
      void redis.del(key);
    };
    const {open, write, ended, redis, key} = streams(onError);
    await redis.set(key, 'no stream');
    open();
    await until(() => bench.errors.length > 0);
    expect(bench.errors).toEqual([expect.objectContaining({message: expect.stringContaining('WRONGTYPE')})]);
    await write('completed', idOf('done'));
    await until(() => ended.length === 1);
    expect([ended, bench.errors.length]).toEqual([[idOf('done')], 1]);
  });
});
