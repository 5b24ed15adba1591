// A Redis of the benchmarks' own: a free loopback port, no persistence unless asked for, ended with the benchmark.
import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {Redis} from 'ioredis';
import {freePort} from '../support/free-port.ts';

/** A server that is running, and how to stop it. */
export interface BenchRedis {
  readonly connection: {readonly host: string; readonly port: number};
  readonly client: Redis;
  /** The memory that its data take, in bytes. */
  memory(): Promise<number>;
  /** Kills the server and starts it again on the same port. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts `redis-server` from the PATH, with an append-only file if it is to survive a restart. */
export async function startBenchRedis({appendOnly = false} = {}): Promise<BenchRedis> {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'operation-poller-bench-'));
  const settings = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', folder];
  const launch = (): ChildProcess =>
    spawn('redis-server', [...settings, '--appendonly', appendOnly ? 'yes' : 'no'], {stdio: 'ignore'});
  let child = launch();
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  const end = async (): Promise<void> => {
    const exited = once(child, 'exit');
    kill();
    await exited;
  };
  const connection = {host: '127.0.0.1', port};
  const client = new Redis({...connection, retryStrategy: () => 20, maxRetriesPerRequest: null});
  client.on('error', () => undefined);
  await client.ping();
  return {
    connection,
    client,
    memory: async () => Number(/used_memory:(\d+)/.exec(await client.info('memory'))?.[1]),
    restart: async () => {
      await end();
      child = launch();
      await client.ping();
    },
    stop: async () => {
      client.disconnect();
      process.removeListener('exit', kill);
      await end();
      rmSync(folder, {recursive: true, force: true});
    },
  };
}
