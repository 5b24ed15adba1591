import {beforeEach, expect, test} from '@jest/globals';
import {killQueue} from '../bench/queue-kill/kill-queue.ts';
import {Bench, describeWithRedis} from './setup.ts';

const loader = new URL('../support/load-typescript.mjs', import.meta.url).href;

describeWithRedis('a queue whose workers and Redis are killed', () => {
  const bench = new Bench(true);
  beforeEach(() => void bench.fresh());

  // `npm run bench -- queue-kill` does the same with more.
  test('loses nothing, and ends nothing twice or wrongly', async () => {
    const plan = {operations: 200, workers: 3, time: 3000, troubleEvery: 500, recoverAfter: 2000};
    // How many polls come early, and why, depends on the machine: the benchmark counts them.
    const report = await killQueue(
      {...plan, execArgv: ['--import', loader]},
      {connection: bench.connection, restart: () => bench.redis.restart()},
    );
    expect(report).toMatchObject({lost: 0, wrong: 0, twice: 0, unexplained: []});
    expect(report.kills * report.stops * report.restarts).toBeGreaterThan(0);
    expect(report.polls).toBeGreaterThan(3 * plan.operations);
    // Each process compiles the source, which takes long on a busy machine.
  }, 240_000);
});
