// Polls per second of one worker whose requests are answered at once, beside BullMQ jobs that do nothing but what BullMQ
// makes of a poll: `updateData` and `moveToDelayed`. Same Redis, same run, the same data.

import {DelayedError, Queue, Worker} from 'bullmq';
import {schedules} from 'operation-poller';
import {createOperationQueue, createOperationWorker} from 'operation-poller/bullmq';
import {pause} from './contenders/contender.ts';
import {noTransport} from './no-transport.ts';
import {type BenchRedis, startBenchRedis} from './redis.ts';
import {median} from './statistics.ts';

const operations = 1000;
const concurrency = 100;
const seconds = 3;
const runs = 7;

/** Prints the polls per second of both, and their ratio. */
export async function benchmarkQueueThroughput(): Promise<void> {
  const redis = await startBenchRedis();
  const rates = {plain: [] as number[], ours: [] as number[]};
  try {
    for (let run = 0; run <= runs; run++) {
      const ours = await measureOurs(redis, `ours-${run}`);
      const plain = await measurePlain(redis, `plain-${run}`, ours.data);
      // The first run warms up.
      if (run === 0) continue;
      rates.ours.push(ours.rate);
      rates.plain.push(plain);
    }
  } finally {
    await redis.stop();
  }
  const [ours, plain] = [median(rates.ours), median(rates.plain)];
  console.log(
    `${operations} operations, no wait between polls, concurrency ${concurrency}, ${seconds} s each, median of ${runs}`,
  );
  console.log(`updateData and moveToDelayed ${plain.toFixed(0).padStart(7)} per second  ${spread(rates.plain)}`);
  console.log(`createOperationWorker        ${ours.toFixed(0).padStart(7)} polls per second  ${spread(rates.ours)}`);
  const ratios = rates.ours.map((rate, run) => rate / (rates.plain[run] ?? Number.NaN));
  console.log(`ratio ${median(ratios).toFixed(2)}  ${spread(ratios, 2)}, at least 0.7`);
}

async function measureOurs(redis: BenchRedis, name: string): Promise<{rate: number; data: object}> {
  const {connection} = redis;
  const queue = createOperationQueue({name, connection});
  const locations = Array.from({length: operations}, (_, id) => ({
    location: `https://graph.example/v1.0/users/u/authentication/operations/${id}?aadgdc=BY01P&aadgsu=ssprprod-a`,
    totalTimeout: 3_600_000,
  }));
  const [first] = await queue.addMany(locations);
  let polls = 0;
  const schedule = schedules.fixed(0);
  const counted = (context: Parameters<typeof schedule>[0]): number => {
    polls += 1;
    return schedule(context);
  };
  const worker = createOperationWorker({
    name,
    connection,
    concurrency,
    token: 'a-token',
    http: noTransport,
    schedule: counted,
  });
  const rate = await rateOf(() => polls);
  await worker.close();
  const data = JSON.parse((await redis.client.hget(`bull:${name}:${first?.id}`, 'data')) ?? '{}');
  await queue.close();
  await redis.client.flushall();
  return {rate, data};
}

async function measurePlain(redis: BenchRedis, name: string, data: object): Promise<number> {
  const {connection} = redis;
  const queue = new Queue(name, {connection});
  await queue.addBulk(
    Array.from({length: operations}, (_, id) => ({name: 'operation', data, opts: {jobId: `op-${id}`}})),
  );
  let polls = 0;
  const delayed = new DelayedError();
  const worker = new Worker(
    name,
    async (job, token) => {
      polls += 1;
      await job.updateData(job.data);
      await job.moveToDelayed(Date.now(), token);
      throw delayed;
    },
    {connection, concurrency},
  );
  worker.on('error', console.error);
  const rate = await rateOf(() => polls);
  await worker.close();
  await queue.close();
  await redis.client.flushall();
  return rate;
}

async function rateOf(count: () => number): Promise<number> {
  await pause(1000);
  const [from, started] = [count(), performance.now()];
  await pause(seconds * 1000);
  return (count() - from) / ((performance.now() - started) / 1000);
}

function spread(values: readonly number[], digits = 0): string {
  return `(${Math.min(...values).toFixed(digits)} to ${Math.max(...values).toFixed(digits)})`;
}
