import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {Redis} from 'ioredis';
import {onPath} from './debian.ts';
import {freePort} from './free-port.ts';
import {kill, launch, type RedisSource} from './redis.ts';

/** A Redis Cluster of the test's own: three masters on this machine. */
export interface TestRedisCluster {
  readonly nodes: ReadonlyArray<{readonly host: string; readonly port: number}>;
  /** Ends all nodes; nothing is left behind. */
  stop(): Promise<void>;
}

const host = '127.0.0.1';
const slots = 16_384;
const size = 3;
/** How long the nodes may take to agree, in milliseconds. */
const longestStart = 45_000;

/** Starts a cluster, and waits until all of its nodes agree on who has which slots. */
export async function startRedisCluster({program = onPath('redis-server')}: RedisSource): Promise<TestRedisCluster> {
  if (program === undefined) throw new Error('This test starts a Redis Cluster: it needs a redis-server on the PATH');
  const folder = mkdtempSync(join(tmpdir(), 'operation-poller-redis-'));
  const nodes: Array<{host: string; port: number; busPort: number}> = [];
  const stops: Array<() => Promise<unknown>> = [];
  const stop = async (): Promise<void> => {
    await Promise.all(stops.map((each) => each()));
    rmSync(folder, {recursive: true, force: true});
  };
  try {
    for (let index = 0; index < size; index += 1) {
      const [port, busPort] = [await freePort(), await freePort()];
      const child = await launch(program, port, {
        dir: folder,
        appendonly: 'no',
        'cluster-enabled': 'yes',
        'cluster-port': String(busPort),
        'cluster-config-file': `nodes-${port}.conf`,
      });
      nodes.push({host, port, busPort});
      stops.push(() => kill(child));
    }
    await unite(nodes);
    return {nodes, stop};
  } catch (error) {
    await stop();
    throw error;
  }
}

async function unite(nodes: ReadonlyArray<{readonly port: number; readonly busPort: number}>): Promise<void> {
  const clients = nodes.map(({port}) => new Redis({host, port}));
  try {
    for (const [index, client] of clients.entries()) {
      const first = Math.ceil((index * slots) / size);
      const last = Math.ceil(((index + 1) * slots) / size) - 1;
      await client.call('CLUSTER', 'ADDSLOTSRANGE', first, last);
      await client.call('CLUSTER', 'SET-CONFIG-EPOCH', index + 1);
    }
    for (const {port, busPort} of nodes.slice(1)) await clients[0]?.call('CLUSTER', 'MEET', host, port, busPort);
    const giveUpAt = performance.now() + longestStart;
    while (!(await Promise.all(clients.map(isReady))).every(Boolean)) {
      if (performance.now() > giveUpAt) throw new Error('The nodes of the Redis Cluster do not agree');
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  } finally {
    for (const client of clients) client.disconnect();
  }
}

async function isReady(client: Redis): Promise<boolean> {
  const info = String(await client.call('CLUSTER', 'INFO'));
  return info.includes('cluster_state:ok') && info.includes(`cluster_known_nodes:${size}`);
}
