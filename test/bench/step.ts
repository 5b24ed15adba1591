// The step alone: what a poll costs us when the transport costs nothing. It shows our own share, and how it grows.
import {pollOperation} from 'operation-poller';
import {benchLocation} from './answer.ts';
import {asChild, inChild} from './child.ts';
import {pause} from './contenders/contender.ts';
import {noTransport} from './no-transport.ts';
import type {Report} from './table.ts';
import {spreadCells} from './turns.ts';

/** How many polls follow each other before the event loop gets a turn, which it gets at each real poll. */
const polls = 500;
const batches = 100;
const runs = 5;

/** Measures it; it has no target. */
export async function measureStep(): Promise<Report> {
  const costs: number[] = [];
  for (let run = 0; run < runs; run++) costs.push(await inChild<number>(import.meta.url, batches));
  const [cost, spread] = spreadCells(costs);
  return {
    text: `The step alone, without a transport or a wait: ${cost} µs of CPU per poll, ${spread} in ${runs} processes.`,
    targets: [],
  };
}

async function pollFor(count: number): Promise<void> {
  const location = benchLocation('https://graph.example', 1, 0);
  let resolve = (): void => {};
  const over = new Promise<void>((settle) => {
    resolve = settle;
  });
  const schedule = ({attempt}: {readonly attempt: number}): number => {
    if (attempt < count) return 0;
    resolve();
    return 3_600_000;
  };
  const poller = pollOperation(location, {http: noTransport, token: 'a-token', totalTimeout: false, schedule});
  const outcome = poller.outcome();
  await over;
  // One that went on would share with the next how many polls may follow each other at once.
  poller.stop();
  await outcome;
}

async function pollInBatches(count: number): Promise<void> {
  for (let batch = 0; batch < count; batch++) {
    await pollFor(polls);
    await pause(1);
  }
}

await asChild<number>(import.meta.url, async (count) => {
  await pollInBatches(10);
  const before = process.cpuUsage();
  await pollInBatches(count);
  const {user, system} = process.cpuUsage(before);
  return (user + system) / count / polls;
});
