// What a poll costs this process, beside bare fetch and bare ky on the same server and schedule, in one run.
import ky from 'ky';
import {pollOperation, schedules} from 'operation-poller';
import {startBenchServer} from './server.ts';
import {median} from './statistics.ts';

const operations = 500;
const polls = 20;
const interval = 50;
const runs = 5;

const wait = (delay: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, delay));

/** Prints CPU time per poll, medians of several runs in turn. */
export async function benchmarkCost(): Promise<void> {
  const server = await startBenchServer();
  const url = (id: number): string => `${server.root}/v1.0/users/u/authentication/operations/${id}?aadgdc=BY01P`;
  const headers = {authorization: 'Bearer a-token'};
  const loop = async (ask: (url: string) => Promise<unknown>): Promise<void> => {
    const watch = async (id: number): Promise<void> => {
      for (let poll = 0; poll < polls; poll++) {
        await ask(url(id));
        await wait(interval);
      }
    };
    await Promise.all(Array.from({length: operations}, (_, id) => watch(id)));
  };
  const contenders: Readonly<Record<string, () => Promise<void>>> = {
    'bare fetch': () => loop(async (location) => (await fetch(location, {headers})).json()),
    'bare ky': () => loop((location) => ky.get(location, {headers, retry: 0}).json()),
    'operation-poller': async () => {
      const schedule = schedules.fixed(interval);
      const watch = (id: number): Promise<void> =>
        new Promise((resolve) => {
          const poller = pollOperation(url(id), {token: 'a-token', schedule});
          poller.on('polled', ({attempt}) => {
            if (attempt < polls) return;
            poller.stop();
            resolve();
          });
        });
      await Promise.all(Array.from({length: operations}, (_, id) => watch(id)));
    },
  };
  const costs = new Map<string, number[]>();
  try {
    for (let run = 0; run <= runs; run++) {
      for (const [name, contender] of Object.entries(contenders)) {
        const before = process.cpuUsage();
        await contender();
        const {user, system} = process.cpuUsage(before);
        // The first run warms up.
        if (run > 0) costs.set(name, [...(costs.get(name) ?? []), (user + system) / (operations * polls)]);
      }
    }
  } finally {
    server.stop();
  }
  const bareKy = median(costs.get('bare ky') ?? []);
  console.log(
    `${operations} operations, ${polls} polls each, every ${interval} ms; CPU of this process, median of ${runs}`,
  );
  for (const [name, values] of costs) {
    const cost = median(values);
    console.log(
      `${name.padEnd(18)} ${cost.toFixed(0).padStart(5)} µs per poll   ${(cost / bareKy).toFixed(2)} × bare ky`,
    );
  }
}
