// What a process takes that polls one operation, once, from its start to the outcome: Node's own start, loading, and code that
// runs for the first time.
import {benchLocation} from './answer.ts';
import {asChild, inChild} from './child.ts';
import {entryOf, sameParts} from './contenders/index.ts';
import {startBenchServer} from './server.ts';
import {ratioOf} from './statistics.ts';
import {type Report, table} from './table.ts';
import {inTurns, spreadCells} from './turns.ts';

const runs = 21;

const names = [sameParts.name, 'operation-poller', '@azure/core-lro'];

interface Task {
  readonly name: string;
  readonly root: string;
}

/** Starts each of them in a process of its own, in turns. */
export async function measureOnce(): Promise<Report> {
  const server = await startBenchServer();
  try {
    const costs = await inTurns(runs, names, (name) => inChild<number>(import.meta.url, {name, root: server.root}));
    const [parts, ours, lro] = costs;
    const rows = names.map((name, index) => [name, ...spreadCells(costs[index] ?? [])]);
    const target = (to: string, others: readonly number[] | undefined, atMost: number) => ({
      name: `a process that polls once, CPU to ${to}`,
      measured: ratioOf(ours, others),
      unit: '×',
      atMost,
    });
    return {
      text: `A process that polls once, in ms of CPU from its start to the outcome; ${runs} turns.\n\n${table(['', 'median', 'spread'], rows)}`,
      targets: [{...target('one of the same parts', parts, 1.08), reached: 1.12}, target('core-lro', lro, 1.18)],
    };
  } finally {
    server.stop();
  }
}

await asChild(import.meta.url, async ({name, root}: Task) => {
  const {contender} = await entryOf(name).load();
  await contender.prepare(root, 50)(benchLocation(root, process.pid, 1));
  const {user, system} = process.cpuUsage();
  return (user + system) / 1000;
});
