// 10,000 pollers on one server and one signal: start, abort, all settle, and nothing of them is left.
import {getEventListeners} from 'node:events';
import {type OperationPoller, pollOperation, WatchAbortedError} from 'operation-poller';
import {startBenchServer} from './server.ts';

const pollers = 10_000;
const spread = 10_000; // milliseconds

/** Prints what is left of them, and throws when it is too much. */
export async function benchmarkStop(): Promise<void> {
  // Once to warm up: code and connections are not ours to give back.
  await round();
  const before = heap();
  const left = await round();
  const after = heap();
  const more = (after / before - 1) * 100;
  console.log(`heap before ${mebibytes(before)}, after ${mebibytes(after)}: ${more.toFixed(1)} % more, at most 10`);
  if (more > 10) throw new Error('the heap did not come back within 10 %');
  if (left.listeners > 0 || left.timers > 0) throw new Error('something was left behind');
}

interface Left {
  readonly listeners: number;
  readonly timers: number;
}

async function round(): Promise<Left> {
  const server = await startBenchServer();
  const timersBefore = timers();
  const controller = new AbortController();
  const {signal} = controller;
  const started = performance.now();
  const watched: OperationPoller[] = [];
  for (let id = 0; id < pollers; id++) {
    // Spread, because fetch opens a connection for each request that finds no free one.
    const options = {signal, token: 'a-token', initialDelay: (id * spread) / pollers};
    watched.push(pollOperation(`${server.root}/operations/${id}`, options));
  }
  // Some wait for the next poll by then, some are asking, some have not been asked for yet.
  await watched[pollers / 2]?.waitFor('running');
  const running = watched.filter((poller) => poller.status === 'running').length;
  const aborted = performance.now();
  controller.abort(new Error('enough'));
  const outcomes = await Promise.allSettled(watched.map((poller) => poller.result()));
  const settled = performance.now();
  const errors = outcomes.filter(
    (outcome) => outcome.status === 'rejected' && outcome.reason instanceof WatchAbortedError,
  );
  if (errors.length !== pollers) throw new Error(`only ${errors.length} of ${pollers} were aborted`);
  const left = {listeners: getEventListeners(signal, 'abort').length, timers: timers() - timersBefore};
  console.log(
    `${pollers} pollers: ${(aborted - started).toFixed(0)} ms until ${running} were running, all settled ` +
      `${(settled - aborted).toFixed(0)} ms after the abort; left: ${left.listeners} listeners, ${left.timers} timers`,
  );
  server.stop();
  // fetch keeps its connections, with a timer each, until the server closes them.
  while (process.getActiveResourcesInfo().includes('TCPSocketWrap')) await new Promise(setImmediate);
  return left;
}

function timers(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
}

function heap(): number {
  for (let i = 0; i < 3; i++) globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
