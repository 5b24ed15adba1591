// What a hint is worth: how long after the end of an operation its news comes, and how many polls it takes, with and without a hint
// at the moment of the end. All on loopback, in one process, with the same ends for all.
import {once} from 'node:events';
import {createServer, type Server} from 'node:http';
import type {AddressInfo} from 'node:net';
import {pollOperation, type Schedule, schedules} from 'operation-poller';
import {createOperationQueue, createOperationWorker} from 'operation-poller/bullmq';
import {createOperationTracker} from 'operation-poller/tracker';
import {pause} from './contenders/contender.ts';
import {startBenchRedis} from './redis.ts';
import {median, percentile} from './statistics.ts';
import {table} from './table.ts';

const operations = 100;
const [shortest, longest] = [1000, 9000];

/** When each operation ends, in milliseconds after its start. Evenly distributed. */
const durations = Array.from(
  {length: operations},
  (_, id) => shortest + ((id * 61) % operations) * ((longest - shortest) / operations),
);

/** What watches the operations. */
interface Watcher {
  watch(location: string, key: string): Promise<unknown>;
  wake(key: string): unknown;
  close(): Promise<unknown>;
}

/** Makes a watcher that calls back when it has the news of an operation's end. */
type StartWatcher = (schedule: Schedule, onEnd: (key: string) => void) => Promise<Watcher>;

interface Figures {
  /** From the end to the news, in milliseconds. */
  readonly delays: readonly number[];
  readonly pollsPerOperation: number;
}

/** Prints the table. */
export async function benchmarkWake(): Promise<void> {
  const redis = await startBenchRedis();
  const {connection} = redis;
  const watchers: Readonly<Record<string, StartWatcher>> = {
    poller: startPollers,
    tracker: startTracker,
    queue: (schedule, onEnd) => startQueue(connection, schedule, onEnd),
  };
  const ways: ReadonlyArray<readonly [name: string, schedule: Schedule, isWoken: boolean]> = [
    ['default schedule', schedules.exponential(), false],
    ['default schedule, hint', schedules.exponential(), true],
    ['a poll a minute, hint', schedules.fixed(60_000), true],
  ];
  const rows: string[][] = [];
  try {
    for (const [name, start] of Object.entries(watchers)) {
      for (const [way, schedule, isWoken] of ways) {
        const {delays, pollsPerOperation} = await measure(start, schedule, isWoken);
        const shown = [median(delays), percentile(delays, 99)].map((delay) => delay.toFixed(1));
        rows.push([name, way, ...shown, pollsPerOperation.toFixed(1)]);
        await redis.client.flushall();
      }
    }
  } finally {
    await redis.stop();
  }
  const range = `${shortest / 1000} to ${longest / 1000} s`;
  console.log(`${operations} operations of ${range}, watched at once.\n`);
  console.log(table(['', '', 'end to news, median, ms', 'p99, ms', 'polls for each'], rows));
}

async function measure(start: StartWatcher, schedule: Schedule, isWoken: boolean): Promise<Figures> {
  const endsAt = new Map<string, number>();
  const delays: number[] = [];
  let polls = 0;
  const service = await startService((key) => {
    polls += 1;
    return performance.now() >= (endsAt.get(key) ?? Number.POSITIVE_INFINITY);
  });
  const watcher = await start(schedule, (key) => delays.push(performance.now() - (endsAt.get(key) ?? Number.NaN)));
  const began = performance.now();
  const timers = durations.map((duration, id) => {
    endsAt.set(String(id), began + duration);
    return setTimeout(() => isWoken && watcher.wake(String(id)), duration + 1);
  });
  await Promise.all(durations.map((_, id) => watcher.watch(`${service.root}/${id}`, String(id))));
  while (delays.length < operations) await pause(50);
  for (const timer of timers) clearTimeout(timer);
  await watcher.close();
  service.server.close();
  service.server.closeAllConnections();
  return {delays, pollsPerOperation: polls / operations};
}

async function startPollers(schedule: Schedule, onEnd: (key: string) => void): Promise<Watcher> {
  const pollers = new Map<string, ReturnType<typeof pollOperation>>();
  return {
    watch: async (location, key) => {
      const poller = pollOperation(location, {schedule});
      poller.on('succeeded', () => onEnd(key));
      pollers.set(key, poller);
    },
    wake: (key) => pollers.get(key)?.wake(),
    close: async () => {},
  };
}

async function startTracker(schedule: Schedule, onEnd: (key: string) => void): Promise<Watcher> {
  const tracker = await createOperationTracker({schedule});
  tracker.on('succeeded', ({key}) => onEnd(key));
  return {
    watch: (location, key) => tracker.add(location, {key}),
    wake: (key) => tracker.wake(key),
    close: () => tracker.close(),
  };
}

async function startQueue(
  connection: {readonly host: string; readonly port: number},
  schedule: Schedule,
  onEnd: (key: string) => void,
): Promise<Watcher> {
  const queue = createOperationQueue({name: 'wake', connection});
  const worker = createOperationWorker({name: 'wake', connection, schedule});
  worker.on('succeeded', ({key}) => onEnd(key));
  await worker.ready();
  return {
    watch: (location, key) => queue.add(location, {key}),
    wake: (key) => queue.wake(key),
    close: async () => {
      await worker.close();
      await queue.close();
    },
  };
}

async function startService(
  hasEnded: (key: string) => boolean,
): Promise<{readonly server: Server; readonly root: string}> {
  const server = createServer(({url = ''}, response) => {
    const status = hasEnded(url.slice(1)) ? 'succeeded' : 'running';
    response.setHeader('content-type', 'application/json').end(JSON.stringify({id: url.slice(1), status}));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {server, root: `http://127.0.0.1:${(server.address() as AddressInfo).port}`};
}
