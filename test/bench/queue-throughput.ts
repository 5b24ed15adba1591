// Polls per second of one worker beside jobs of plain BullMQ: one that makes the same poll, as one writes it by hand, and one that does
// nothing but what BullMQ makes of a poll, `updateData` and `moveToDelayed`. Same Redis, the same data, requests answered at once.

import {DelayedError, Queue, Worker} from 'bullmq';
import {type ScheduleContext, schedules} from 'operation-poller';
import {createOperationQueue, createOperationWorker} from 'operation-poller/bullmq';
import {pause} from './contenders/contender.ts';
import {noTransport} from './no-transport.ts';
import {type BenchRedis, startBenchRedis} from './redis.ts';
import {ratioOf} from './statistics.ts';
import {inTurns, spreadCells} from './turns.ts';

const operations = 1000;
const concurrency = 100;
const turns = 24;
const milliseconds = 1000;
/** In which a worker connects and fills its places. */
const settling = 300;

/** What makes the polls. */
interface Contender {
  readonly polls: () => number;
  /** Starts a worker, and returns what closes it. */
  readonly work: () => () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Prints the polls per second of each, and the ratios turn by turn. */
export async function benchmarkQueueThroughput(): Promise<void> {
  const redis = await startBenchRedis();
  try {
    const ours = await addOperations(redis);
    const data = await pollEach(ours, redis);
    const polling = await addPlainJobs(redis, 'polling', data, pollByHand);
    const idle = await addPlainJobs(redis, 'idle', data, async () => {});
    const contenders = [ours, polling, idle];
    for (const contender of [polling, idle]) await pollEach(contender, redis);
    const [own = [], ...others] = await inTurns(turns, contenders, rateOf);
    await Promise.all(contenders.map(({close}) => close()));
    console.log(
      `${operations} operations, no wait between polls, concurrency ${concurrency}, ${turns} turns of ${milliseconds} ms each`,
    );
    printRow('createOperationWorker', spreadCells(own));
    for (const [index, name] of ['plain jobs that poll', 'plain jobs that do nothing'].entries()) {
      printRow(name, spreadCells(others[index] ?? []));
      const {low, median, high} = ratioOf(own, others[index]);
      console.log(`  ratio ${median.toFixed(2)}  (${low.toFixed(2)} to ${high.toFixed(2)}), at least 0.7`);
    }
  } finally {
    await redis.stop();
  }
}

function printRow(name: string, [middle, spread]: [string, string]): void {
  console.log(`${name.padEnd(26)} ${middle.padStart(6)} polls per second  (${spread})`);
}

async function addOperations({connection}: BenchRedis): Promise<Contender> {
  const name = 'ours';
  const queue = createOperationQueue({name, connection});
  await queue.addMany(
    Array.from({length: operations}, (_, id) => ({
      location: `https://graph.example/v1.0/users/u/authentication/operations/${id}?aadgdc=BY01P&aadgsu=ssprprod-a`,
      totalTimeout: 3_600_000,
    })),
  );
  let polls = 0;
  const fixed = schedules.fixed(0);
  const schedule = (context: ScheduleContext): number => {
    polls += 1;
    return fixed(context);
  };
  const work = (): (() => Promise<void>) => {
    const options = {name, connection, concurrency, token: 'a-token', http: noTransport, schedule};
    const worker = createOperationWorker(options);
    return () => worker.close();
  };
  return {polls: () => polls, work, close: () => queue.close()};
}

/** What a job holds, ours and the plain one. */
interface JobData {
  readonly token: {readonly location: string};
}

async function pollByHand({token}: JobData): Promise<void> {
  const headers = {authorization: 'Bearer a-token'};
  const response = await noTransport(token.location, {headers, retry: 0, timeout: 10_000});
  const {status}: {status: string} = JSON.parse(await response.text());
  if (status !== 'running') throw new Error(`The stand-in for the service answered ${status}`);
}

/** @param poll what a job does before it waits again */
async function addPlainJobs(
  {connection}: BenchRedis,
  name: string,
  data: JobData,
  poll: (data: JobData) => Promise<void>,
): Promise<Contender> {
  const queue = new Queue<JobData>(name, {connection});
  await queue.addBulk(
    Array.from({length: operations}, (_, id) => ({name: 'operation', data, opts: {jobId: `op-${id}`}})),
  );
  let polls = 0;
  const delayed = new DelayedError();
  const work = (): (() => Promise<void>) => {
    const worker = new Worker<JobData>(
      name,
      async (job, lock) => {
        polls += 1;
        await poll(job.data);
        await job.updateData(job.data);
        await job.moveToDelayed(Date.now(), lock);
        throw delayed;
      },
      {connection, concurrency},
    );
    worker.on('error', console.error);
    return () => worker.close();
  };
  return {polls: () => polls, work, close: () => queue.close()};
}

/** Polls each operation once: what a first poll finds is published, which later ones do not. @returns what a job holds then */
async function pollEach({polls, work}: Contender, {client}: BenchRedis): Promise<JobData> {
  const close = work();
  while (polls() < 2 * operations) await pause(20);
  await close();
  const [key = ''] = await client.keys('bull:ours:op-*');
  return JSON.parse((await client.hget(key, 'data')) ?? '{}');
}

async function rateOf({polls, work}: Contender): Promise<number> {
  const close = work();
  await pause(settling);
  const [from, started] = [polls(), performance.now()];
  await pause(milliseconds);
  const rate = (polls() - from) / ((performance.now() - started) / 1000);
  await close();
  return rate;
}
