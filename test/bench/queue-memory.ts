// What a waiting operation costs in Redis: after it was added, and after its first poll, when its state holds an answer.
import {Queue} from 'bullmq';
import ky from 'ky';
import {createOperationQueue, createOperationWorker} from 'operation-poller/bullmq';
import {noTransport} from './no-transport.ts';
import {startBenchRedis} from './redis.ts';

const sizes = [10_000, 100_000];
const dates = {createdDateTime: '2020-05-14T00:23:40Z', lastActionDateTime: '2020-05-14T00:23:41Z'};
const endedSize = 10_000;
const hour = 3_600_000;

/** Prints kilobytes for each waiting operation, and throws when they are too many. */
export async function benchmarkQueueMemory(): Promise<void> {
  for (const size of sizes) {
    const empty = await measureEmpty(size);
    const {added, polled, stream} = await measureOperations(size);
    console.log(
      `${size} waiting: ${kilobytes(added)} each when added, ${kilobytes(polled)} after the first poll, of which ` +
        `${kilobytes(stream)} are the stream of events; an empty delayed job ${kilobytes(empty)}; at most 2.00 KB`,
    );
    if (polled > 2000) throw new Error('a waiting operation takes more than 2.0 KB');
  }
  const {whole, stream} = await measureEnded(endedSize);
  console.log(
    `${endedSize} ended: ${kilobytes(whole)} each, of which ${kilobytes(stream)} are the stream of events; at most 4.00 KB`,
  );
  if (whole > 4000) throw new Error('the outcome of an operation takes more than 4.0 KB');
}

/** What is retained of operations that have ended, after two polls each. */
async function measureEnded(size: number): Promise<{whole: number; stream: number}> {
  const redis = await startBenchRedis();
  const {connection} = redis;
  try {
    const name = 'operations';
    const queue = createOperationQueue({name, connection, retention: {count: size}});
    await queue.counts();
    const before = await redis.memory();
    await queue.addMany(Array.from({length: size}, (_, id) => ({location: locationOf(id)})));
    const polled = new Set<string>();
    const http = ky.create({
      fetch: (request) => {
        const url = request instanceof Request ? request.url : String(request);
        const status = polled.has(url) ? 'succeeded' : 'running';
        polled.add(url);
        return Promise.resolve(Response.json({id: '2d497bb-57bd-47a6-8749-5ccd0869f2bd', status, ...dates}));
      },
    });
    const worker = createOperationWorker({name, connection, token: 'a-token', http, schedule: () => 1000});
    while ((await queue.counts()).ended < size) await new Promise((resolve) => setTimeout(resolve, 250));
    await worker.close();
    const whole = (await redis.memory()) - before;
    const stream = Number(await redis.client.memory('USAGE', `bull:${name}:events`, 'SAMPLES', 0));
    await queue.close();
    return {whole: whole / size, stream: stream / size};
  } finally {
    await redis.stop();
  }
}

async function measureEmpty(size: number): Promise<number> {
  const redis = await startBenchRedis();
  try {
    const queue = new Queue('empty', {connection: redis.connection});
    await queue.waitUntilReady();
    const before = await redis.memory();
    for (let from = 0; from < size; from += 1000) {
      const bulk = Array.from({length: 1000}, (_, id) => ({
        name: 'empty',
        data: {},
        opts: {jobId: `op-${from + id}`, delay: hour},
      }));
      await queue.addBulk(bulk);
    }
    const after = await redis.memory();
    await queue.close();
    return (after - before) / size;
  } finally {
    await redis.stop();
  }
}

async function measureOperations(size: number): Promise<{added: number; polled: number; stream: number}> {
  const redis = await startBenchRedis();
  const {connection} = redis;
  try {
    const name = 'operations';
    const queue = createOperationQueue({name, connection});
    await queue.counts();
    const before = await redis.memory();
    const operations = Array.from({length: size}, (_, id) => ({
      location: locationOf(id),
      initialDelay: 5000,
      totalTimeout: 24 * hour,
    }));
    await queue.addMany(operations);
    const added = (await redis.memory()) - before;
    const worker = createOperationWorker({name, connection, token: 'a-token', http: noTransport, schedule: () => hour});
    let polls = 0;
    while (polls < size) {
      await new Promise((resolve) => setTimeout(resolve, 250));
      const [waiting] = await Promise.all([
        redis.client.zcount(`bull:${name}:delayed`, (Date.now() + hour / 2) * 4096, '+inf'),
      ]);
      polls = waiting;
    }
    await worker.close();
    const polled = (await redis.memory()) - before;
    const stream = Number(await redis.client.memory('USAGE', `bull:${name}:events`, 'SAMPLES', 0));
    await queue.close();
    return {added: added / size, polled: polled / size, stream: stream / size};
  } finally {
    await redis.stop();
  }
}

function locationOf(id: number): string {
  return `https://graph.microsoft.com/v1.0/users/2c4e/authentication/operations/${id}?aadgdc=BY01P&aadgsu=ssprprod-a`;
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(2)} KB`;
}
