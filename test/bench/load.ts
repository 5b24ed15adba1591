// What it takes to load the package, beside the packages that it is made of.
import {asChild, inChild} from './child.ts';
import {ratioOf} from './statistics.ts';
import {type Report, table} from './table.ts';
import {inTurns, spreadCells} from './turns.ts';

const runs = 21;

const parts = ['ky', 'p-retry', 'xstate'];
const contenders = {'ky, p-retry and xstate': parts, 'operation-poller': ['operation-poller']};

/** Loads each of them in a process of its own, in turns. */
export async function measureLoad(): Promise<Report> {
  const [theirs = [], ours = []] = await inTurns(runs, Object.values(contenders), (names) =>
    inChild<number>(import.meta.url, names),
  );
  const rows = Object.keys(contenders).map((name, index) => [name, ...spreadCells([theirs, ours][index] ?? [])]);
  return {
    text: `Loading, in ms of CPU; ${runs} turns.\n\n${table(['', 'median', 'spread'], rows)}`,
    targets: [{name: 'loading, to ky, p-retry and xstate', measured: ratioOf(ours, theirs), unit: '×', atMost: 1.25}],
  };
}

await asChild<readonly string[]>(import.meta.url, async (names) => {
  const before = process.cpuUsage();
  for (const name of names) await import(name);
  const {user, system} = process.cpuUsage(before);
  return (user + system) / 1000;
});
