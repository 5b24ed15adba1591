// What it costs Redis that one process waits for the results of ten thousand operations, none of which ends.
import type {Redis} from 'ioredis';
import {createOperationQueue} from 'operation-poller/bullmq';
import {pause} from './contenders/contender.ts';
import {startBenchRedis} from './redis.ts';

const operations = 10_000;
const seconds = 15;
const most = 100;

/** Prints Redis' commands a second by their names, and throws when they are too many. */
export async function benchmarkQueueResults(): Promise<void> {
  const redis = await startBenchRedis();
  const {connection} = redis;
  const queue = createOperationQueue({name: 'operations', connection});
  try {
    const queued = await queue.addMany(
      Array.from({length: operations}, (_, id) => ({
        location: `https://graph.example/v1.0/users/u/authentication/operations/${id}`,
        initialDelay: 3_600_000,
        totalTimeout: false,
      })),
    );
    await redis.client.config('RESETSTAT');
    // The first seconds count too. Closing the queue settles the results.
    for (const operation of queued) operation.result().catch(() => {});
    await pause(seconds * 1000);
    const calls = await commandCalls(redis.client);
    const total = [...calls.values()].reduce((sum, count) => sum + count, 0) / seconds;
    const busiest = [...calls].toSorted(([, a], [, b]) => b - a).slice(0, 5);
    console.log(
      `${operations} results awaited for ${seconds} s: ${total.toFixed(1)} commands a second, at most ${most}: ` +
        busiest.map(([name, count]) => `${name} ${(count / seconds).toFixed(1)}`).join(', '),
    );
    if (total > most) throw new Error(`waiting for ${operations} results takes more than ${most} commands a second`);
  } finally {
    await queue.close();
    await redis.stop();
  }
}

async function commandCalls(client: Redis): Promise<ReadonlyMap<string, number>> {
  const stats = await client.info('commandstats');
  return new Map(
    Array.from(stats.matchAll(/cmdstat_(.+?):calls=(\d+)/g), ([, name = '', calls]) => [name, Number(calls)]),
  );
}
