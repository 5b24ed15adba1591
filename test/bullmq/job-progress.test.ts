import {beforeEach, expect, test} from '@jest/globals';
import {protocols} from 'operation-poller';
import type {JobProgress} from 'operation-poller/bullmq';
import type {AddOperationOptions} from 'operation-poller/testing';
import {Bench, describeWithRedis, jobIdOf, token, until} from './setup.ts';

const iso = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z /;

describeWithRedis('a job in BullMQ’s dashboards', () => {
  const bench = new Bench();
  beforeEach(() => void bench.fresh());

  /** What BullMQ shows of an operation's job, the log without its times. */
  const shown = async (queued: {readonly id: string}) => {
    const queue = bench.raw();
    const job = await queue.getJob(jobIdOf(queued));
    const {logs} = await queue.getJobLogs(jobIdOf(queued));
    for (const line of logs) expect(line).toMatch(iso);
    const progress: unknown = job?.progress;
    return {progress, state: await job?.getState(), log: logs.map((line) => line.replace(iso, ''))};
  };

  test('says how far its operation is, and by what the last poll failed', async () => {
    const emulator = await bench.emulator();
    const queue = bench.queue();
    const protocol = protocols.define({
      ...protocols.longRunning,
      name: 'resets',
      percentComplete: '/percentageComplete',
    });
    bench.worker({protocols: [protocol], schedule: ({attempt}) => (attempt === 3 ? 60_000 : 20)});
    const script = ['notStarted', {status: 'running', percentageComplete: 40}, {http: 503}, 'succeeded'] as const;
    const queued = await queue.add(emulator.addOperation({script}).location, {protocol});
    await until(async () => ((await shown(queued)).progress as JobProgress).attempt === 3);
    const expected = {status: 'running', attempt: 3, percentComplete: 40, error: expect.stringContaining('503')};
    expect((await shown(queued)).progress).toEqual(expected);
    await queue.wake(queued.key);
    await queued.result();
    expect(await shown(queued)).toEqual({
      state: 'completed',
      progress: {status: 'succeeded', attempt: 4},
      log: [expect.stringMatching(/^poll 3: retrying: .*503/)],
    });
    expect(bench.errors).toEqual([]);
  });

  test('tells a failed operation, which is a completed job, from one that succeeded', async () => {
    const emulator = await bench.emulator();
    const queue = bench.queue();
    bench.worker();
    const add = (script: Parameters<typeof emulator.addOperation>[0], totalTimeout = 60_000) =>
      queue.add(emulator.addOperation(script).location, {totalTimeout});
    const failed = await add({script: [{status: 'failed', error: {code: 'PasswordPolicy', message: token}}]});
    const abandoned = await add({script: ['running']}, 100);
    const [{error}] = [(await failed.outcome()) as {error: Error}];
    await abandoned.outcome();
    const [first, second] = [await shown(failed), await shown(abandoned)];
    expect(first).toMatchObject({state: 'completed', progress: {status: 'failed', attempt: 1, error: error.message}});
    expect(first.log).toEqual([`poll 1: failed: ${error.message}`]);
    expect(second).toMatchObject({
      state: 'completed',
      progress: {status: 'abandoned', error: expect.stringContaining('had not ended within')},
    });
    expect(second.log.at(-1)).toMatch(/^poll \d+: abandoned: /);
    expect(JSON.stringify([first, second])).not.toContain(token);
  });

  test('is in the list where it belongs, and counted there', async () => {
    const emulator = await bench.emulator();
    const queue = bench.queue();
    bench.worker({schedule: () => 60_000});
    const add = (key: string, script: NonNullable<AddOperationOptions['script']>, totalTimeout = 3_600_000) =>
      queue.add(emulator.addOperation({script}).location, {key, totalTimeout});
    const well = await add('well', ['running']);
    const inTrouble = await add('in trouble', [{http: 503}]);
    const ends = [
      await add('succeeded', ['succeeded']),
      await add('failed', ['failed']),
      await add('late', ['running'], 1),
    ];
    await Promise.all(ends.map((queued) => queued.outcome()));
    await until(async () => (await well.operation()) !== undefined && (await shown(inTrouble)).progress !== 0);
    const raw = bench.raw();
    await raw.pause();
    await add('new', ['running']);

    // The lists that bull-board has, and how it fills them.
    const lists = ['active', 'waiting', 'waiting-children', 'prioritized', 'completed', 'failed', 'delayed'] as const;
    const shownIn: Record<string, unknown> = {};
    for (const list of lists) {
      for (const job of await raw.getJobs([list])) {
        const {status, error} = typeof job.progress === 'object' ? (job.progress as JobProgress) : {};
        shownIn[job.data.key] = [list, status, error !== undefined];
      }
    }
    expect(shownIn).toEqual({
      well: ['delayed', undefined, false],
      'in trouble': ['delayed', 'notStarted', true],
      succeeded: ['completed', 'succeeded', false],
      failed: ['completed', 'failed', true],
      late: ['completed', 'abandoned', true],
      new: ['waiting', undefined, false],
    });
    expect(await raw.getJobCounts(...lists)).toMatchObject({delayed: 2, completed: 3, active: 0, failed: 0});
    expect(await queue.counts()).toEqual({waiting: 2, due: 1, active: 0, ended: 3, failed: 0});
    expect(await raw.getRateLimitTtl()).toBeLessThan(0);
  });

  test('says that onEnd rejects, but not what with', async () => {
    const emulator = await bench.emulator({script: ['succeeded']});
    const queue = bench.queue();
    let calls = 0;
    let goOn = (): void => undefined;
    const seen = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    bench.worker({
      onEnd: async () => {
        calls += 1;
        if (calls === 1) throw new Error(`no mail for ${token}`);
        await seen;
        // Whatever it rejects with.
        if (calls === 2) await Promise.reject();
      },
    });
    const queued = await queue.add(emulator.addOperation().location, {handOver: true});
    // The line is in the log before the progress is stored.
    await until(async () => (await shown(queued)).progress !== 0);
    const during = await shown(queued);
    expect(during.progress).toEqual({status: 'succeeded', attempt: 1, error: 'onEnd rejected, 1 in a row'});
    expect(during.log).toHaveLength(1);
    goOn();
    await until(async () => (await shown(queued)).state === 'completed');
    expect(await shown(queued)).toEqual({
      state: 'completed',
      progress: {status: 'succeeded', attempt: 1},
      log: ['poll 1: onEnd rejected, 1 in a row', 'poll 1: onEnd rejected, 2 in a row'],
    });
    expect(calls).toBe(3);
    expect(bench.errors).toHaveLength(2);
  });

  test('shows no progress while its operation is well, and none that is out of date', async () => {
    const emulator = await bench.emulator({script: ['running', {http: 503}, 'running', 'succeeded']});
    const queue = bench.queue();
    bench.worker({schedule: () => 60_000});
    const queued = await queue.add(emulator.addOperation().location);
    const seen: unknown[] = [];
    for (let polls = 1; polls <= 4; polls += 1) {
      await until(async () => emulator.received === polls && (await queue.counts()).active === 0);
      seen.push((await shown(queued)).progress);
      await queue.wake(queued.key);
    }
    expect(seen).toEqual([
      0,
      {status: 'running', attempt: 2, error: expect.stringContaining('503')},
      {status: 'running', attempt: 3},
      {status: 'succeeded', attempt: 4},
    ]);
  });

  test('keeps the latest lines of its log', async () => {
    const emulator = await bench.emulator({
      script: [...Array.from({length: 30}, () => ({http: 503}) as const), 'failed'],
    });
    const queue = bench.queue();
    bench.worker({consecutiveFailures: 100});
    const queued = await queue.add(emulator.addOperation().location);
    await queued.outcome();
    const {log} = await shown(queued);
    expect(log).toHaveLength(20);
    expect(log[0]).toMatch(/^poll 12: retrying/);
    expect(log.at(-1)).toMatch(/^poll 31: failed: /);
  });

  test('shows no rate limit where there is none', async () => {
    const emulator = await bench.emulator({script: ['running', 'running', {http: 429, retryAfter: 1}, 'succeeded']});
    const queue = bench.queue();
    bench.worker();
    const queued = await queue.add(emulator.addOperation().location);
    const raw = bench.raw();
    const limits = new Set<number>();
    let ended = false;
    void queued.outcome().then(() => {
      ended = true;
    });
    await until(async () => {
      limits.add(await raw.getRateLimitTtl());
      return ended;
    });
    // There is no such key.
    expect([...limits]).toEqual([-2]);
  });
});
