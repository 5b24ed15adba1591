// Workers are killed one after another, in the middle of what they do, and then, in a second run, Redis with its append-only
// file: no operation is lost, and none ends twice.
import {type ChildProcess, fork} from 'node:child_process';
import {once} from 'node:events';
import {createServer, type ServerResponse} from 'node:http';
import type {AddressInfo} from 'node:net';
import {fileURLToPath} from 'node:url';
import {schedules} from 'operation-poller';
import {createOperationQueue, createOperationWorker} from 'operation-poller/bullmq';
import {type BenchRedis, startBenchRedis} from './redis.ts';
import {median} from './statistics.ts';

const operations = 2000;
const polls = 5;
const workers = 3;
const killEvery = 2000; // milliseconds
const restartEvery = 5000;
const answerTime = 100;
const schedule = 2000;

/** Prints what was lost and what it cost, and throws when something was lost. */
export async function benchmarkQueueKill(): Promise<void> {
  await measure(`one worker killed every ${killEvery} ms`, killEvery, false, async ({running, service, start}) => {
    const victim = running.shift();
    if (victim !== undefined) {
      victim.child.kill('SIGKILL');
      service.died(victim.token);
    }
    running.push(await start());
  });
  await measure(`Redis killed and restarted every ${restartEvery} ms`, restartEvery, true, ({redis}) =>
    redis.restart(),
  );
}

interface RunningWorker {
  readonly child: ChildProcess;
  readonly token: string;
}

interface Scene {
  readonly redis: BenchRedis;
  readonly service: Service;
  readonly running: RunningWorker[];
  readonly start: () => Promise<RunningWorker>;
}

async function measure(
  what: string,
  every: number,
  appendOnly: boolean,
  trouble: (scene: Scene) => Promise<void>,
): Promise<void> {
  const redis = await startBenchRedis({appendOnly});
  const service = await startService();
  const name = 'operations';
  const {connection} = redis;
  const queue = createOperationQueue({name, connection, onError: () => undefined});
  const locations = Array.from({length: operations}, (_, id) => ({location: `${service.root}/operations/${id}`}));
  const queued = await queue.addMany(locations);
  // All of BullMQ's events are counted at the end; the queue has set its own limit by now.
  await redis.client.hset(`bull:${name}:meta`, 'opts.maxLenEvents', 100_000_000);
  let started = 0;
  const start = async (): Promise<RunningWorker> => {
    const token = `worker-${++started}`;
    const child = fork(fileURLToPath(import.meta.url), ['work', JSON.stringify({name, connection, token})]);
    await once(child, 'message');
    return {child, token};
  };
  const running = await Promise.all(Array.from({length: workers}, start));
  const begun = Date.now();
  let times = 0;
  let last = Promise.resolve();
  const troubling = setInterval(() => {
    times += 1;
    last = Promise.all([last, trouble({redis, service, running, start})]).then(() => undefined);
  }, every);
  const outcomes = await Promise.allSettled(queued.map((operation) => operation.result()));
  clearInterval(troubling);
  const took = Date.now() - begun;
  // A worker that is just being started is ended with the others.
  await last;
  const ended = outcomes.filter(({status}) => status === 'fulfilled').length;
  const completed = new Map<string, number>();
  let counted = 0;
  for (const [, fields] of await redis.client.xrange(`bull:${name}:events`, '-', '+')) {
    const event = new Map(
      fields.flatMap((field, index) => (index % 2 === 0 ? [[field, fields[index + 1] ?? '']] : [])),
    );
    if (event.get('event') !== 'completed') continue;
    const id = event.get('jobId') ?? '';
    completed.set(id, (completed.get(id) ?? 0) + 1);
    counted += JSON.parse(event.get('returnvalue') ?? '{}').token?.attempt ?? 0;
  }
  const twice = [...completed.values()].filter((count) => count > 1).length;
  const counts = await queue.counts();
  for (const {child} of running) child.kill('SIGKILL');
  await queue.close();
  service.stop();
  await redis.stop();
  const {recoveries, received} = service;
  const sorted = recoveries.toSorted((a, b) => a - b);
  console.log(
    `${operations} operations of ${polls} polls, ${workers} workers, ${what}: ${times} times in ` +
      `${(took / 1000).toFixed(1)} s\nended well ${ended}, lost ${operations - completed.size}, ended twice ${twice}, failed jobs ` +
      `${counts.failed}\npolls received ${received}, of which ${received - counted} are in no outcome because they were cut off`,
  );
  if (sorted.length > 0) {
    console.log(
      `from the kill to the next poll of a job that was being polled: ${sorted.length} jobs, median ${median(sorted)} ms, ` +
        `longest ${sorted.at(-1)} ms`,
    );
  }
  if (ended !== operations || completed.size !== operations || twice > 0)
    throw new Error('something was lost, or ended twice');
  if (times === 0) throw new Error('it was over before anything went wrong');
}

interface Service {
  readonly root: string;
  readonly received: number;
  /** How long each poll that was cut off by a death took to be made again. */
  readonly recoveries: readonly number[];
  died(token: string): void;
  stop(): void;
}

/** A service that knows by their tokens which worker asks. */
async function startService(): Promise<Service> {
  const asked = new Map<string, number>();
  const underWay = new Map<string, {token: string; response: ServerResponse}>();
  const cutOff = new Map<string, number>();
  const recoveries: number[] = [];
  let received = 0;
  const server = createServer((request, response) => {
    const id = request.url ?? '';
    const token = request.headers.authorization ?? '';
    received += 1;
    const at = cutOff.get(id);
    if (at !== undefined) recoveries.push(Date.now() - at);
    cutOff.delete(id);
    const count = (asked.get(id) ?? 0) + 1;
    asked.set(id, count);
    underWay.set(id, {token, response});
    setTimeout(() => {
      underWay.delete(id);
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({id, status: count < polls ? 'running' : 'succeeded'}));
    }, answerTime);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const {port} = server.address() as AddressInfo;
  return {
    root: `http://127.0.0.1:${port}`,
    get received() {
      return received;
    },
    recoveries,
    died: (token) => {
      for (const [id, asking] of underWay) if (asking.token === `Bearer ${token}`) cutOff.set(id, Date.now());
    },
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

if (process.argv[2] === 'work') {
  const worker = createOperationWorker({
    ...JSON.parse(process.argv[3] ?? '{}'),
    schedule: schedules.fixed(schedule),
    onError: () => undefined,
  });
  await worker.ready();
  process.send?.('ready');
  process.on('disconnect', () => process.exit());
}
