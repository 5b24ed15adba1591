// 500 operations on a service that takes 100 requests in 10 s: how many it refuses, with the gate that a client's pollers
// share and without one. BENCH_WINDOW gives another window, in milliseconds.
import {type OperationPoller, pollOperation} from 'operation-poller';
import {createGraphClient} from 'operation-poller/graph';
import {startGraphEmulator} from 'operation-poller/testing';

const operations = 500;
const requests = 100;
const token = 'a-token';

/** Prints how many requests were refused, and throws when it is more than 5 % with the gate. */
export async function benchmarkThrottle(): Promise<void> {
  const window = Number(process.env['BENCH_WINDOW'] ?? 10_000);
  console.log(`${operations} operations, ${requests} requests in ${window} ms`);
  const options = {totalTimeout: 60 * 60_000};
  const alone = (location: string): OperationPoller => pollOperation(location, {token, ...options});
  for (const batch of [true, false]) {
    const share = await measure(`one client, batch: ${batch}`, window, (root) => {
      const graph = createGraphClient({root, token, batch});
      return (location) => graph.watch(location, options);
    });
    if (share > 0.05) throw new Error('more than 5 % of the requests were refused');
  }
  await measure('without the gate', window, () => alone);
}

async function measure(
  name: string,
  window: number,
  client: (root: string) => (location: string) => OperationPoller,
): Promise<number> {
  const emulator = await startGraphEmulator({throttle: {requests, window}, record: false});
  try {
    const started = performance.now();
    const watch = client(emulator.root);
    const script = ['notStarted', 'running', 'succeeded'];
    const pollers = Array.from({length: operations}, () => watch(emulator.addOperation({script}).location));
    const outcomes = await Promise.allSettled(pollers.map((poller) => poller.result()));
    const finished = outcomes.filter(({status}) => status === 'fulfilled').length;
    const all = emulator.served + emulator.throttled;
    const share = emulator.throttled / all;
    const seconds = ((performance.now() - started) / 1000).toFixed(0);
    console.log(
      `${name.padEnd(26)} ${finished} finished in ${seconds} s, ${all} requests, ${emulator.throttled} refused: ` +
        `${(share * 100).toFixed(1)} %`,
    );
    if (finished < operations) throw new Error(`${operations - finished} operations did not finish`);
    return share;
  } finally {
    await emulator.stop();
  }
}
