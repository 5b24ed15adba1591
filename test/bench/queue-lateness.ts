// 100,000 operations in Redis, each of which the emulator tells to come again after a minute, polled by two workers with
// `$batch`: none comes earlier than told, and how late they come. BENCH_OPERATIONS and BENCH_INTERVAL (milliseconds) give others.

import {type ChildProcess, fork} from 'node:child_process';
import {once} from 'node:events';
import {fileURLToPath} from 'node:url';
import {createOperationQueue, createOperationWorker} from 'operation-poller/bullmq';
import {createGraphClient} from 'operation-poller/graph';
import {startGraphEmulator} from 'operation-poller/testing';
import {pause} from './contenders/contender.ts';
import {startBenchRedis} from './redis.ts';

const operations = Number(process.env['BENCH_OPERATIONS'] ?? 100_000);
const interval = Number(process.env['BENCH_INTERVAL'] ?? 60_000);
const workers = 2;
// As many as fall due in a tenth of a second, and as many requests as it takes to ask for them.
const concurrency = 200;
/** Each is polled once, and told when to come again, before what comes is measured. */
const rounds = 2;

/** What the emulator saw. */
interface Seen {
  /** How long after the moment that it was told each poll came, in milliseconds, in rising order. */
  readonly lateness: readonly number[];
  readonly polls: number;
  readonly requests: number;
  /** The share of a core that it took. */
  readonly cpu: number;
}

/** Prints the lateness, and throws when a poll came earlier than told or not at all. */
export async function benchmarkQueueLateness(): Promise<void> {
  const redis = await startBenchRedis();
  const name = 'operations';
  const {connection} = redis;
  const service = start('serve', {operations});
  const [{root, locations}] = (await once(service, 'message')) as [{root: string; locations: string[]}];
  const queue = createOperationQueue({name, connection});
  await queue.counts();
  const adding = performance.now();
  // Spread over the interval, as operations that were started at different times; the first when all are added.
  const lead = interval / 2;
  const initialDelay = (index: number): number => lead + Math.floor((index * interval) / operations);
  await queue.addMany(
    locations.map((location, index) => ({location, initialDelay: initialDelay(index), totalTimeout: false})),
  );
  const added = (performance.now() - adding) / 1000;
  console.log(
    `${operations} added by addMany in ${added.toFixed(1)} s: ${(operations / added).toFixed(0)} a second, ` +
      `${((await redis.memory()) / 1e6).toFixed(0)} MB`,
  );
  if (added * 1000 > lead) throw new Error('adding took so long that the first were late before all were there');
  const running = Array.from({length: workers}, () => start('work', {name, connection, root}));
  await Promise.all(running.map((worker) => once(worker, 'message')));
  await pause(lead - added * 1000 + (rounds + 1) * interval);
  const counts = await queue.counts();
  const used = await Promise.all(running.map((worker) => ask<{cpu: number; errors: string[]}>(worker)));
  const {lateness, polls, requests, cpu: serviceCpu} = await ask<Seen>(service);
  const memory = await redis.memory();
  for (const child of [service, ...running]) child.kill('SIGKILL');
  await queue.close();
  await redis.stop();

  const early = lateness.findIndex((late) => late >= 0);
  const at = (share: number): string => `${lateness[Math.floor(share * (lateness.length - 1))]} ms`;
  console.log(
    `${operations} operations, each every ${interval / 1000} s, ${workers} workers, ${rounds} rounds: ${lateness.length} polls that ` +
      `were told when to come, ${(lateness.length / ((rounds * interval) / 1000)).toFixed(0)} a second\n` +
      `earlier than told ${early === -1 ? lateness.length : early}\n` +
      `later than told: median ${at(0.5)}, 99th percentile ${at(0.99)}, at most ${at(1)}\n` +
      `${polls} polls in ${requests} HTTP requests: ${(polls / requests).toFixed(1)} a request\n` +
      `each worker took ${used.map(({cpu}) => `${(cpu * 100).toFixed(0)} %`).join(' and ')} of a core, the emulator ${(serviceCpu * 100).toFixed(0)} %; Redis holds ` +
      `${(memory / 1e6).toFixed(0)} MB; ${counts.waiting} wait, ${counts.due} are due, ${counts.active} are polled, ${counts.failed} failed`,
  );
  for (const {errors} of used) for (const error of errors) console.log(error);
  if (early !== 0) throw new Error('an operation was polled earlier than told');
  // At the end of the time a few are under way.
  if (lateness.length < operations * rounds * 0.98) throw new Error('not all were polled');
}

function start(part: string, options: object): ChildProcess {
  return fork(fileURLToPath(import.meta.url), [part, JSON.stringify(options)], {serialization: 'advanced'});
}

async function ask<Answer>(child: ChildProcess): Promise<Answer> {
  child.send('report');
  const [answer] = await once(child, 'message');
  return answer as Answer;
}

/** The share of a core that this process takes from now on. */
function meterCpu(): () => number {
  const [since, before] = [performance.now(), process.cpuUsage()];
  return () => {
    const {user, system} = process.cpuUsage(before);
    return (user + system) / 1000 / (performance.now() - since);
  };
}

const [part, given = '{}'] = process.argv.slice(2);
if (part === 'serve') {
  const emulator = await startGraphEmulator();
  const script = [{status: 'running', retryAfter: interval / 1000}] as const;
  const all = Array.from({length: JSON.parse(given).operations}, () => emulator.addOperation({script}));
  const cpu = meterCpu();
  process.send?.({root: emulator.root, locations: all.map(({location}) => location)});
  process.on('message', () => {
    const share = cpu();
    const lateness: number[] = [];
    for (const {requests} of all) {
      // The answer leaves in the millisecond in which the request arrives, or later.
      for (const [index, {at}] of requests.slice(1).entries())
        lateness.push(at - (requests[index]?.at ?? 0) - interval);
    }
    lateness.sort((a, b) => a - b);
    process.send?.({lateness, polls: emulator.served, requests: emulator.received, cpu: share} satisfies Seen);
  });
  process.on('disconnect', () => process.exit());
} else if (part === 'work') {
  const {name, connection, root} = JSON.parse(given);
  const errors: string[] = [];
  const client = createGraphClient({root, token: 'a-token', concurrency});
  const worker = createOperationWorker({
    name,
    connection,
    client,
    concurrency,
    onError: ({message}) => void errors.push(message),
  });
  await worker.ready();
  const cpu = meterCpu();
  process.send?.('ready');
  process.on('message', () => {
    process.send?.({cpu: cpu(), errors: errors.slice(0, 5)});
  });
  process.on('disconnect', () => process.exit());
}
