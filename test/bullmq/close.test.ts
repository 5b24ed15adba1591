import {fork} from 'node:child_process';
import {once} from 'node:events';
import {fileURLToPath} from 'node:url';
import {beforeEach, expect, jest, test} from '@jest/globals';
import {createOperationWorker} from 'operation-poller/bullmq';
import {startGraphEmulator} from 'operation-poller/testing';
import {findRedis, startRedis} from '../support/redis.ts';
import {testTogether} from '../support/test-together.ts';
import type {ClosingPlan, ClosingReport} from './closing-process.ts';
import {Bench, describeWithRedis, token, until} from './setup.ts';

const program = fileURLToPath(new URL('./closing-process.ts', import.meta.url));
const loader = new URL('../support/load-typescript.mjs', import.meta.url).href;

/** A worker is cut 5 s after its `requestTimeout`, all else after 5 s; the rest is for a busy machine. In milliseconds. */
const longestClose = 10_000;
/** How long a process may take to get ready, and then to end, until the test fails, in milliseconds. */
const longestStart = 80_000;
const longestEnd = 35_000;

/** Closes a queue, its worker and its events in a process of their own, after something happened, and waits for its end. */
async function closeAfter(happens: () => unknown, plan: ClosingPlan): Promise<ClosingReport> {
  const child = fork(program, [JSON.stringify(plan)], {execArgv: ['--import', loader]});
  const kill = (): void => void child.kill('SIGKILL');
  let timer = setTimeout(kill, longestStart);
  try {
    const exit = once(child, 'exit');
    await Promise.race([once(child, 'message'), exit]);
    await happens();
    clearTimeout(timer);
    timer = setTimeout(kill, longestEnd);
    let report: ClosingReport | undefined;
    child.once('message', (message: ClosingReport) => {
      report = message;
    });
    child.send('close');
    // Nothing keeps it running: neither a timer nor a connection.
    expect(await exit).toEqual([0, null]);
    if (report === undefined) throw new Error('The process reported nothing');
    for (const [name, took] of Object.entries(report.took)) expect([name, took < longestClose]).toEqual([name, true]);
    return report;
  } finally {
    clearTimeout(timer);
    kill();
  }
}

// Each of its processes compiles the source, which takes long on a busy machine.
jest.setTimeout(120_000);

describeWithRedis('a queue, its worker and its events close in time when Redis', () => {
  testTogether(
    [
      ['is killed', 'at once', 'own connections'],
      ['is killed', 'one after another', 'a shared client'],
      ['hangs', 'one after another', 'own connections'],
      ['hangs', 'at once', 'a shared client'],
      ['is away for a while, with nothing to poll', 'at once', 'own connections'],
      ['is away for a while, with nothing to poll', 'at once', 'a shared client'],
      ['was never there', 'at once', 'own connections'],
    ],
    '%s: %s, with %s',
    async (outage, order, connections) => {
      // Not that of `REDIS_URL`, which is not ours to kill.
      const redis = await startRedis(findRedis() ?? {}, true);
      const emulator = await startGraphEmulator({token, record: false, script: ['running']});
      const {location} = emulator.addOperation();
      const isPolled = outage === 'is killed' || outage === 'hangs';
      const isThere = outage !== 'was never there';
      try {
        if (!isThere) await redis.kill();
        const report = await closeAfter(
          async () => {
            if (isPolled) await until(() => emulator.received > 3);
            await (outage === 'hangs' ? redis.suspend() : redis.kill());
            // By then BullMQ has given up its blocking read, and asks for jobs.
            if (!isPolled && isThere) await new Promise((resolve) => setTimeout(resolve, 12_000));
          },
          {
            port: redis.port,
            token,
            ...(isPolled && {location}),
            isShared: connections === 'a shared client',
            isAtOnce: order === 'at once',
            isThere,
          },
        );
        // That client is the host's to close.
        expect(report.client).not.toBe('end');
        expect(report.read).toBe(
          isThere && connections === 'own connections' ? 'Error: Connection is closed.' : undefined,
        );
        if (!isPolled) return;
        expect(report.outcome).toEqual(['WatchAbortedError', 'the queue was closed']);
        // Another worker goes on with the operation.
        await redis.restart();
        const before = emulator.received;
        const connection = {host: redis.host, port: redis.port};
        const worker = createOperationWorker({name: 'closing', connection, token, recoverAfter: 1000});
        await until(() => emulator.received > before);
        await worker.close();
      } finally {
        await emulator.stop();
        await redis.stop();
      }
    },
  );
});

describeWithRedis('a worker that closes while Redis answers', () => {
  const bench = new Bench();
  beforeEach(() => void bench.fresh());

  test('leaves its polls to others, and closes once', async () => {
    const emulator = await bench.emulator({script: [{status: 'running', delay: 60_000}, 'succeeded']});
    const queue = bench.queue();
    const locations = [1, 2, 3].map(() => ({location: emulator.addOperation().location}));
    const queued = await queue.addMany(locations);
    const worker = bench.worker({requestTimeout: 300});
    await until(() => emulator.received >= 3);
    const closed = worker.close();
    expect(worker.close()).toBe(closed);
    await closed;
    expect(await queue.counts()).toMatchObject({active: 0, failed: 0});
    bench.worker();
    const results = await Promise.all(queued.map((operation) => operation.result()));
    expect(results.map(({status}) => status)).toEqual(['succeeded', 'succeeded', 'succeeded']);
    expect(bench.errors).toEqual([]);
  });
});
