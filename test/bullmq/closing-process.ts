// A process that closes a queue, its worker and its events when asked to, and then should end by itself:
// `node --import ./test/support/load-typescript.mjs closing-process.ts`.
import {once} from 'node:events';
import {Redis} from 'ioredis';
import {createOperationEvents, createOperationQueue, createOperationWorker} from '../../src/bullmq/index.ts';

/** What the process is given. */
export interface ClosingPlan {
  readonly port: number;
  readonly token: string;
  /** Of an operation that is added, and whose outcome is awaited. */
  readonly location?: string;
  /** Whether all parts use one client of ioredis. */
  readonly isShared: boolean;
  /** Whether all parts are closed at once. */
  readonly isAtOnce: boolean;
  /** Whether Redis answers at first. */
  readonly isThere: boolean;
}

/** What it sends when everything is closed. */
export interface ClosingReport {
  /** How long each part took, in milliseconds, where no more is counted of a time in which the process stood still than a tick. */
  readonly took: Readonly<Record<string, number>>;
  /** The name of the error and the message of its cause, if an outcome was awaited. */
  readonly outcome?: readonly [string, string];
  /** What became of a read that waited for Redis on a connection of the queue's own. */
  readonly read?: string;
  /** The status of the client that they share, before it is closed itself. */
  readonly client?: string;
}

const {port, token, location, isShared, isAtOnce, isThere}: ClosingPlan = JSON.parse(process.argv[2] ?? '{}');
const client = isShared ? new Redis({port, maxRetriesPerRequest: null}) : undefined;
client?.on('error', () => {});
const common = {name: 'closing', connection: client ?? {host: '127.0.0.1', port}, onError: () => {}};
const queue = createOperationQueue(common);
const events = createOperationEvents(common);
const worker = createOperationWorker({...common, token, schedule: () => 20, requestTimeout: 500});
const ready = Promise.all([events.ready(), worker.ready()]);
if (isThere) await ready;
const queued = location === undefined ? undefined : await queue.add(location);
const outcome = queued?.outcome();
process.send?.('ready');
await once(process, 'message');

// A client of the host's goes on waiting, and so does what has never connected.
const read = isShared || !isThere ? undefined : queue.counts().then(() => 'answered', String);
const tick = 50;
let elapsed = 0;
// It fires once however late it is.
setInterval(() => {
  elapsed += tick;
}, tick).unref();
const took: Record<string, number> = {};
const closes = Object.entries({worker, events, queue}).map(([name, part]) => async () => {
  const started = elapsed;
  await part.close();
  took[name] = elapsed - started;
});
if (isAtOnce) await Promise.all(closes.map((close) => close()));
else for (const close of closes) await close();
const ended = await outcome;
const error = ended?.status === 'abandoned' ? ended.error : undefined;
const report: ClosingReport = {
  took,
  ...(error && {outcome: [error.name, error.cause instanceof Error ? error.cause.message : '']}),
  ...(read && {read: await read}),
  ...(client && {client: client.status}),
};
process.send?.(report);
client?.disconnect();
process.disconnect();
