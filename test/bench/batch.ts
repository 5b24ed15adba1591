// 1,000 operations, each due every 2 s, with and without batches: HTTP requests, outcomes and events of both.
import {schedules} from 'operation-poller';
import {createGraphClient} from 'operation-poller/graph';
import {startGraphEmulator} from 'operation-poller/testing';

const operations = 1000;
const interval = 2000; // milliseconds
const polls = 5;

interface Run {
  readonly requests: number;
  /** The outcome of each operation, and its events in order. */
  readonly told: readonly string[];
}

/** Prints how many HTTP requests there were, and throws when batches save too few or change anything. */
export async function benchmarkBatch(): Promise<void> {
  console.log(`${operations} operations, each asked for ${polls} times, every ${interval} ms`);
  const apart = await measure('without batches', false);
  const together = await measure('with batches', true);
  const factor = apart.requests / together.requests;
  const differing = apart.told.findIndex((told, index) => told !== together.told[index]);
  const same = differing === -1;
  console.log(`${factor.toFixed(1)} times fewer requests; outcomes and events ${same ? 'are the same' : 'differ'}`);
  if (!same) {
    console.log(`operation ${differing}:\n${apart.told[differing]}\n${together.told[differing]}`);
    throw new Error('batches change what is told');
  }
  if (factor < 15) throw new Error('batches save too few requests');
}

async function measure(name: string, batch: boolean): Promise<Run> {
  const emulator = await startGraphEmulator({record: false});
  try {
    const graph = createGraphClient({root: emulator.root, token: 'a-token', batch});
    const started = performance.now();
    const watched = Array.from({length: operations}, (_, index) => {
      const last = index % 5 === 0 ? 'failed' : 'succeeded';
      const script = ['notStarted', {status: 'running', times: polls - 2}, last];
      // Spread over the interval, as operations that were started at different times.
      const initialDelay = interval + Math.floor((index * interval) / operations);
      const {location} = emulator.addOperation({script});
      const poller = graph.watch(location, {schedule: schedules.fixed(interval), initialDelay});
      const told: string[] = [];
      poller.on('*', ({type, attempt, operation}) => told.push(`${type} ${attempt} ${operation?.status}`));
      return {poller, told};
    });
    const outcomes = await Promise.allSettled(watched.map(({poller}) => poller.result()));
    const told = watched.map(
      (each, index) => `${outcomes[index]?.status} ${each.poller.status}: ${each.told.join(', ')}`,
    );
    const requests = emulator.received;
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(`${name.padEnd(16)} ${requests} HTTP requests for ${emulator.served} polls in ${seconds} s`);
    return {requests, told};
  } finally {
    await emulator.stop();
  }
}
