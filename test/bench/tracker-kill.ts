// The process of a tracker is killed again and again, at random moments, and a new one goes on over the same store: no operation is
// lost, each end is handed over, and none is another than the service gave.
import {fork} from 'node:child_process';
import {once} from 'node:events';
import {mkdtempSync, rmSync} from 'node:fs';
import {createServer} from 'node:http';
import type {AddressInfo} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {schedules} from 'operation-poller';
import {fileStore} from 'operation-poller/node';
import {createOperationTracker, type OperationStore} from 'operation-poller/tracker';

/** What is done to a tracker. */
export interface KillPlan {
  readonly operations: number;
  readonly kills: number;
  /** Each so many-eth write or removal of the store is rejected, and every other one of those has been done all the same. */
  readonly failEach?: number;
  /** Node's own arguments for the processes. */
  readonly execArgv?: readonly string[];
}

/** What came of it. */
export interface KillReport {
  /** Operations whose `add` had resolved and that are neither in the store nor handed over. */
  readonly lost: number;
  /** Operations that have ended, and whose `onEnd` was not called. */
  readonly missed: number;
  /** Calls of `onEnd` before the end, with another end than the service gave, or with another `id` for the same operation. */
  readonly wrong: number;
  /** Calls of `onEnd` after one that had finished. */
  readonly repeats: number;
  /** What is left in the store in the end. */
  readonly left: number;
  /** How often `onEnd` was called. */
  readonly calls: number;
  readonly polls: number;
  /** Milliseconds. */
  readonly took: number;
}

const terminal = ['succeeded', 'failed'] as const;
/** From when a process opens the store, in milliseconds. */
const longestLife = 500;

/** Prints what was lost and what was repeated, and throws when something was lost. */
export async function benchmarkTrackerKill(): Promise<void> {
  for (const plan of [
    {operations: 500, kills: 200},
    {operations: 500, kills: 200, failEach: 10},
  ] satisfies KillPlan[]) {
    const {lost, missed, wrong, repeats, left, calls, polls, took} = await killTracker(plan);
    const store = 'failEach' in plan ? `, each ${plan.failEach}th write of the store fails` : '';
    console.log(
      `${plan.operations} operations, the process killed ${plan.kills} times in ${(took / 1000).toFixed(0)} s${store}\n` +
        `lost ${lost}, onEnd missed ${missed}, ended wrongly ${wrong}, left in the store ${left}\n` +
        `onEnd called ${calls} times, ${repeats} of them again after one that had finished; ${polls} polls`,
    );
    if (lost + missed + wrong + left > 0) throw new Error('something was lost or wrong');
  }
}

/** Kills a tracker's process as planned, and lets the last one finish. */
export async function killTracker({operations, kills, failEach, execArgv = []}: KillPlan): Promise<KillReport> {
  const began = performance.now();
  const folder = mkdtempSync(join(tmpdir(), 'operation-poller-kill-'));
  const service = await startService(operations, kills);
  const added = new Set<string>();
  const start = () => {
    const keys = service.keys.filter((key) => !added.has(key));
    const task: Task = {root: service.root, folder, keys, failEach};
    const child = fork(fileURLToPath(import.meta.url), ['track', JSON.stringify(task)], {execArgv: [...execArgv]});
    child.on('message', (message: Message) => {
      if ('added' in message) added.add(message.added);
    });
    // From its start on, since one that has nothing left to do ends by itself. What it has sent may arrive after it has ended.
    const ended = Promise.all([once(child, 'exit'), once(child, 'disconnect')]);
    return {child, ended};
  };
  try {
    for (let kill = 0; kill < kills; kill++) {
      const {child, ended} = start();
      await Promise.race([once(child, 'message'), ended]);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * longestLife));
      child.kill('SIGKILL');
      await ended;
      service.nextAge();
    }
    await start().ended;
    const store = fileStore(folder);
    const left = await store.list();
    await store.close?.();
    const {ends, polls} = service;
    const handedOver = new Set(ends.map(({key}) => key));
    const lost = [...added].filter((key) => !handedOver.has(key) && !left.includes(key));
    return {
      lost: lost.length + (operations - added.size),
      missed: service.keys.filter((key) => !handedOver.has(key)).length,
      wrong: ends.filter(({isWrong}) => isWrong).length,
      repeats: ends.filter(({isRepeat}) => isRepeat).length,
      left: left.length,
      calls: ends.length,
      polls,
      took: performance.now() - began,
    };
  } finally {
    service.stop();
    rmSync(folder, {recursive: true, force: true});
  }
}

/** What a process does. */
interface Task {
  readonly root: string;
  readonly folder: string;
  /** What is still to be added. */
  readonly keys: readonly string[];
  readonly failEach: number | undefined;
}

type Message = {readonly opens: true} | {readonly added: string};

/** A call of `onEnd`. */
interface End {
  readonly key: string;
  readonly isWrong: boolean;
  readonly isRepeat: boolean;
}

interface Service {
  readonly root: string;
  readonly keys: readonly string[];
  readonly ends: readonly End[];
  readonly polls: number;
  /** Ends the operations that end with this kill. */
  nextAge(): void;
  stop(): void;
}

/** A service whose operations end as it grows older, and that `onEnd` notifies. */
async function startService(operations: number, kills: number): Promise<Service> {
  const keys = Array.from({length: operations}, (_, count) => `operation-${count}`);
  const endsAt = new Map(keys.map((key) => [key, Math.random() * kills]));
  const endOf = new Map(keys.map((key, count) => [key, terminal[count % terminal.length]]));
  const ids = new Map<string, string>();
  const finished = new Set<string>();
  const ends: End[] = [];
  let age = 0;
  let polls = 0;
  const statusOf = (key: string): string | undefined =>
    age >= (endsAt.get(key) ?? Number.POSITIVE_INFINITY) ? endOf.get(key) : 'running';
  const server = createServer(async (request, response) => {
    response.setHeader('content-type', 'application/json');
    if (request.method === 'GET') {
      polls += 1;
      const key = (request.url ?? '').slice(1);
      response.end(JSON.stringify({id: key, status: statusOf(key)}));
      return;
    }
    let text = '';
    // A process that dies in the middle of its request has not called.
    try {
      for await (const chunk of request) text += chunk;
    } catch {
      return;
    }
    const {key, id, status} = JSON.parse(text);
    const isWrong = status !== statusOf(key) || status === 'running' || (ids.get(key) ?? id) !== id;
    ids.set(key, id);
    ends.push({key, isWrong, isRepeat: finished.has(key)});
    setTimeout(() => {
      finished.add(key);
      response.end('{}');
    }, Math.random() * 20);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const {port} = server.address() as AddressInfo;
  return {
    root: `http://127.0.0.1:${port}`,
    keys,
    ends,
    get polls() {
      return polls;
    },
    nextAge: () => {
      age += 1;
    },
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** A store that fails, before it has done what it was asked or after. */
function failing(store: OperationStore, each: number): OperationStore {
  let calls = 0;
  const change = async (work: () => Promise<unknown>): Promise<void> => {
    calls += 1;
    const fails = calls % each === 0;
    if (!fails || calls % (2 * each) === 0) await work();
    if (fails) throw new Error('disk full');
  };
  return {
    list: () => store.list(),
    read: (key) => store.read(key),
    write: (key, text, hint) => change(() => store.write(key, text, hint)),
    remove: (key) => change(() => store.remove(key)),
    close: async () => store.close?.(),
  };
}

async function track({root, folder, keys, failEach}: Task): Promise<void> {
  const send = (message: Message): unknown => process.send?.(message);
  const store = fileStore(folder);
  send({opens: true});
  const tracker = await createOperationTracker({
    store: failEach === undefined ? store : failing(store, failEach),
    schedule: schedules.fixed(100),
    onError: () => undefined,
    onEnd: async ({key, id, outcome}) => {
      const body = JSON.stringify({key, id, status: outcome.status});
      const response = await fetch(`${root}/ended`, {method: 'POST', body});
      if (!response.ok) throw new Error(`It answered ${response.status}`);
    },
  });
  for (const key of keys) {
    for (let isAdded = false; !isAdded; ) {
      isAdded = await tracker.add(`${root}/${key}`, {key}).then(
        () => true,
        () => false,
      );
    }
    send({added: key});
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  // The store may reject a removal once more while the tracker closes, and then nobody repeats it.
  while ((await tracker.list()).length + (await store.list()).length > 0) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await tracker.close();
  process.disconnect();
}

if (process.argv[2] === 'track') {
  process.on('disconnect', () => process.exit());
  await track(JSON.parse(process.argv[3] ?? '{}'));
}
