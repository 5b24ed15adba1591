// Ten thousand operations in one tracker: how long adding and starting takes, and what each takes of the memory.
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileStore} from 'operation-poller/node';
import {createOperationTracker, type OperationStore} from 'operation-poller/tracker';
import {asChild, inChild, settledMemory} from './child.ts';
import {median} from './statistics.ts';
import {table} from './table.ts';

const operations = 10_000;
const runs = 5;
const hour = 3_600_000;

interface Task {
  readonly folder: string | undefined;
}

interface Figures {
  /** Operations added a second, all at once. */
  readonly adds: number;
  /** Operations added a second, each after the one before. */
  readonly addsInTurn: number;
  /** Milliseconds from the call of `createOperationTracker` until it has all; `NaN` without a store. */
  readonly start: number;
  /** KB of the heap for each that waits. */
  readonly heap: number;
  /** KB of the process's memory for each. */
  readonly rss: number;
}

/** Prints the figures, with a folder and with memory alone. */
export async function benchmarkTracker(): Promise<void> {
  const rows: string[][] = [];
  for (const kind of ['fileStore', 'memory alone']) {
    const measured: Figures[] = [];
    for (let run = 0; run < runs; run++) {
      const folder = kind === 'fileStore' ? mkdtempSync(join(tmpdir(), 'operation-poller-bench-')) : undefined;
      measured.push(await inChild<Figures>(import.meta.url, {folder}));
      if (folder !== undefined) rmSync(folder, {recursive: true, force: true});
    }
    const of = (name: keyof Figures): number => median(measured.map((figures) => figures[name]));
    const start = of('start');
    rows.push([
      kind,
      of('adds').toFixed(0),
      of('addsInTurn').toFixed(0),
      Number.isNaN(start) ? '–' : start.toFixed(0),
      of('heap').toFixed(1),
      of('rss').toFixed(1),
    ]);
  }
  const head = ['', 'adds a second', 'one after another', 'start, ms', 'heap for each, KB', 'RSS for each, KB'];
  console.log(`${operations} operations in one tracker; medians of ${runs} runs.\n\n${table(head, rows)}`);
}

async function measure({folder}: Task): Promise<Figures> {
  const store: {store?: OperationStore} = folder === undefined ? {} : {store: fileStore(folder)};
  const locationOf = (id: string): string => `http://127.0.0.1:9/operations/${id}`;
  const options = {initialDelay: hour, totalTimeout: 2 * hour, data: {mail: 'adele@contoso.com'}};
  const warmUp = await createOperationTracker(store);
  for (let id = 0; id < 500; id++) await warmUp.add(locationOf(`warm-up-${id}`), options);
  for (const {key} of await warmUp.list()) await warmUp.remove(key);
  await warmUp.close();
  const before = await settledMemory();
  const tracker = await createOperationTracker(store);
  const oneByOne = operations / 10;
  const addedInTurn = await timed(async () => {
    for (let id = 0; id < oneByOne; id++) await tracker.add(locationOf(String(id)), options);
  });
  const added = await timed(async () => {
    const rest = Array.from({length: operations - oneByOne}, (_, id) => String(oneByOne + id));
    await Promise.all(rest.map((id) => tracker.add(locationOf(id), options)));
  });
  const after = await settledMemory();
  await tracker.close();
  let start = Number.NaN;
  if (folder !== undefined) {
    start = await timed(async () => {
      await (await createOperationTracker({store: fileStore(folder)})).counts();
    });
  }
  return {
    adds: ((operations - oneByOne) * 1000) / added,
    addsInTurn: (oneByOne * 1000) / addedInTurn,
    start,
    heap: (after.heap - before.heap) / operations / 1000,
    rss: (after.rss - before.rss) / operations / 1000,
  };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

await asChild(import.meta.url, measure);
