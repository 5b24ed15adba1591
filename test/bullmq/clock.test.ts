import {afterEach, beforeEach, expect, jest, test} from '@jest/globals';
import {Job} from 'bullmq';
import type {JobData} from '../../src/bullmq/job.ts';
import {Bench, describeWithRedis, jobIdOf, until} from './setup.ts';

const hour = 3_600_000;

describeWithRedis("where this machine's clock is not Redis'", () => {
  const bench = new Bench();
  const realNow = Date.now;
  let ahead = 0;
  beforeEach(() => {
    bench.fresh();
    ahead = 0;
    jest.spyOn(Date, 'now').mockImplementation(() => realNow() + ahead);
  });
  afterEach(() => void jest.restoreAllMocks());

  test.each([hour, -hour, 6000])(
    '62: a worker that is %d ms ahead takes no jobs until the clocks agree',
    async (by) => {
      const emulator = await bench.emulator({script: ['running', 'succeeded']});
      const queued = await bench.queue().add(emulator.addOperation().location);
      ahead = by;
      const begun = performance.now();
      await bench.worker().ready();
      await until(() => bench.errors.length > 0);
      // Half of a round trip may be between the time that Redis reads and the time that is taken for it, and a millisecond is cut off.
      const error = (performance.now() - begun) / 2 + 1;
      await new Promise((resolve) => setTimeout(resolve, 1500));
      expect(emulator.received).toBe(0);
      expect(bench.errors).toEqual([expect.objectContaining({name: 'ClockSkewError'})]);
      expect(Math.abs((bench.errors[0] as Error & {skew: number}).skew - by)).toBeLessThanOrEqual(error);
      ahead = 0;
      expect((await queued.result()).status).toBe('succeeded');
      expect(bench.errors).toHaveLength(1);
    },
  );

  test('62: a worker whose clock is set while it runs ends nothing, and pauses at the first job that it takes', async () => {
    const emulator = await bench.emulator({script: [{status: 'running', times: 3}, 'succeeded']});
    const queue = bench.queue();
    const queued = await queue.add(emulator.addOperation().location, {totalTimeout: 60_000});
    bench.worker({schedule: () => 400});
    await until(() => emulator.received === 2);
    ahead = hour;
    await until(() => bench.errors.length > 0);
    // The turn of the job that it took goes on beside the check of the clocks.
    await until(async () => (await queue.counts()).active === 0);
    const {received} = emulator;
    await new Promise((resolve) => setTimeout(resolve, 1200));
    expect(emulator.received).toBe(received);
    ahead = 0;
    expect((await queued.result()).status).toBe('succeeded');
    expect(bench.errors.map(({name}) => name)).toEqual(['ClockSkewError']);
    const times = emulator.requests.map(({at}) => at);
    expect(times).toHaveLength(4);
  });

  test.each([hour, -hour])(
    "62: the times of what is added are Redis', not those of a machine %d ms ahead",
    async (by) => {
      const emulator = await bench.emulator({script: ['succeeded']});
      const {location} = emulator.addOperation();
      ahead = by;
      const queue = bench.queue();
      const before = realNow();
      const [queued] = await queue.addMany([{location, totalTimeout: 60_000, initialDelay: 300}]);
      const after = realNow();
      // As above, of a round trip in this time.
      const error = (after - before) / 2 + 1;
      const job = await Job.fromId<JobData>(bench.raw(), jobIdOf(queued ?? {id: ''}));
      const {startedAt = 0, dueAt = 0, deadlineAt = 0} = job?.data.token ?? {};
      for (const time of [startedAt, dueAt - 300, deadlineAt - 60_000, job?.timestamp ?? 0]) {
        expect(time).toBeGreaterThanOrEqual(before - error);
        expect(time).toBeLessThanOrEqual(after + error);
      }
      ahead = 0;
      bench.worker();
      expect((await queued?.result())?.status).toBe('succeeded');
    },
  );

  test("62: a worker that is less than 5 s off keeps Redis' time", async () => {
    const emulator = await bench.emulator({script: [{status: 'running', retryAfter: 1}, 'succeeded']});
    const queued = await bench.queue().add(emulator.addOperation().location, {totalTimeout: 60_000});
    ahead = 3000;
    const before = realNow();
    bench.worker();
    await queued.result();
    const after = realNow();
    // As above, of a round trip in this time, which is more than the 1000 ms that the operation takes.
    const error = (after - before - 1000) / 2 + 1;
    const job = await Job.fromId(bench.raw(), jobIdOf(queued));
    expect(job?.returnvalue.token.endedAt).toBeGreaterThanOrEqual(before + 1000 - error);
    expect(job?.returnvalue.token.endedAt).toBeLessThanOrEqual(after + error);
    const [first = 0, second = 0] = emulator.requests.map(({at}) => at);
    expect(second - first).toBeGreaterThanOrEqual(1000);
    expect(bench.errors).toEqual([]);
  });

  test.each([4000, -4000])(
    '62: a worker that is %d ms ahead finishes its jobs, also with a shorter recoverAfter',
    async (by) => {
      ahead = by;
      const emulator = await bench.emulator({script: [{status: 'running', times: 3}, 'succeeded']});
      const queue = bench.queue();
      const queued = await queue.addMany(
        Array.from({length: 20}, () => ({location: emulator.addOperation().location})),
      );
      bench.worker({recoverAfter: 3900});
      for (const operation of queued) expect((await operation.result()).status).toBe('succeeded');
      expect(emulator.received).toBe(20 * 4);
      expect(bench.errors).toEqual([]);
    },
  );
});
