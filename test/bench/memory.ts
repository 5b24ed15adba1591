// What a waiting operation takes of the process's memory: each has been asked for once and waits for an hour. The answers
// are given in process, as what is kept of them is the same.
import {benchLocation} from './answer.ts';
import {asChild, inChild, settledMemory} from './child.ts';
import {contenders, type Entry, entryOf} from './contenders/index.ts';
import {answerInProcess} from './in-process.ts';
import {servedPolls, startBenchServer} from './server.ts';
import {spreadOf} from './statistics.ts';
import {compared, type Report, table} from './table.ts';

const hour = 3_600_000;
const sizes = [1000, 10_000, 100_000];
/** A bare loop keeps next to nothing: none of them at the largest size, which takes longest. */
const sizesOf = (kind: Entry['kind']): readonly number[] => (kind === 'bare' ? sizes.slice(0, 2) : sizes);
/** Nothing here depends on time, so that both cores may be used. */
const atOnce = 2;

interface Task {
  readonly name: string;
  readonly root: string;
  readonly sizes: readonly number[];
}

/** Kilobytes for each operation, by size. */
interface Memory {
  readonly heap: readonly number[];
  readonly rss: readonly number[];
}

/** Measures all contenders. */
export async function measureMemory(): Promise<Report> {
  const server = await startBenchServer();
  const measured = new Map<string, Memory>();
  const tasks = [...contenders];
  const work = async (): Promise<void> => {
    for (let task = tasks.shift(); task !== undefined; task = tasks.shift()) {
      const {name, kind} = task;
      measured.set(
        name,
        await inChild(import.meta.url, {name, root: server.root, sizes: sizesOf(kind)} satisfies Task),
      );
    }
  };
  try {
    await Promise.all(Array.from({length: atOnce}, work));
  } finally {
    server.stop();
  }
  const rows = contenders.map(({name, kind}) => {
    const of = (field: keyof Memory, size: number): number => measured.get(name)?.[field][size] ?? Number.NaN;
    const values = sizes.map((_, size) => ({heap: of('heap', size), rss: of('rss', size)}));
    return {name, kind, values};
  });
  const cells = (field: keyof Memory, {values}: (typeof rows)[number]): string[] =>
    values.map((value, size) => {
      const peers = rows.filter(({kind}) => kind === 'peer');
      return compared(value[field], Math.min(...peers.map((peer) => peer.values[size]?.[field] ?? Number.NaN)));
    });
  const head = ['', 'heap at 1k, KB', 'at 10k', 'at 100k', 'RSS at 1k, KB', 'at 10k', 'at 100k'];
  const text = [
    'Memory for each waiting operation; in brackets the ratio to the best peer.\n',
    table(
      head,
      rows.map((row) => [row.name, ...cells('heap', row), ...cells('rss', row)]),
    ),
  ].join('\n');
  const targets = rows
    .filter(({kind}) => kind === 'ours')
    .map(({name, values}) => ({
      name: `heap for each waiting operation at 100k, ${name}`,
      measured: spreadOf([values.at(-1)?.heap ?? Number.NaN]),
      unit: 'KB',
      atMost: 2.2,
    }));
  return {text, targets};
}

async function measure({name, root, sizes}: Task): Promise<Memory> {
  const {load, overFetch} = entryOf(name);
  const {contender} = await load();
  const service = overFetch ? answerInProcess().service : undefined;
  const polls = async (): Promise<number> => service?.polls ?? (await servedPolls(root));
  const watch = contender.prepare(root, hour);
  // Code and connections are not the operations'.
  await Promise.all(Array.from({length: 500}, (_, id) => watch(benchLocation(root, `warm-up-${id}`, 1))));
  const served = await polls();
  const before = await settledMemory();
  const heap: number[] = [];
  const rss: number[] = [];
  let count = 0;
  for (const size of sizes) {
    while (count < size) {
      // A thousand at a time: thousands of requests at once would leave a heap that is mostly holes.
      for (const upTo = Math.min(size, count + 1000); count < upTo; count++) {
        void watch(benchLocation(root, `${process.pid}-${count}`, 0));
      }
      while ((await polls()) < served + count) await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const after = await settledMemory();
    heap.push((after.heap - before.heap) / size / 1000);
    rss.push((after.rss - before.rss) / size / 1000);
  }
  return {heap, rss};
}

await asChild(import.meta.url, measure);
