import {type ChildProcess, spawn} from 'node:child_process';
import {mkdtempSync, rmSync} from 'node:fs';
import {createConnection} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {installByApt, onPath} from './debian.ts';
import {freePort} from './free-port.ts';

/** A Redis server of the test's own. */
export interface TestRedis {
  readonly host: string;
  readonly port: number;
  /** Ends it as a power cut does, and starts it again on the same port. */
  restart(): Promise<void>;
  /** Ends it as a power cut does. */
  kill(): Promise<void>;
  /** Stops it from answering, while its connections stay open. */
  suspend(): void;
  /** Ends it; nothing is left behind. */
  stop(): Promise<void>;
}

/** Where Redis comes from. */
export interface RedisSource {
  /** A server that is running already; it is used as it is, and only under the tests' own keys. */
  readonly url?: URL;
  /** The program. */
  readonly program?: string;
}

/**
 * Finds Redis: `REDIS_URL`, else `redis-server` on the PATH, else by apt-get on Debian as root. Where there is none it says
 * how to install one and gives `undefined`, and the tests are skipped; with `CI=true` that is an error.
 */
export function findRedis(): RedisSource | undefined {
  const url = process.env['REDIS_URL'];
  if (url !== undefined && url !== '') return {url: new URL(url)};
  const program = onPath('redis-server') ?? installByApt('redis-server');
  if (program !== undefined) return {program};
  const how =
    'No Redis: set REDIS_URL, or install redis-server (Debian: apt-get install redis-server; macOS: brew install redis).';
  if (process.env['CI'] === 'true') throw new Error(how);
  process.stderr.write(`\n*** THE BULLMQ TESTS ARE SKIPPED. ${how}\n\n`);
  return undefined;
}

/**
 * Starts a server on a free port of this machine, or uses the one of `REDIS_URL`.
 *
 * @param persistent whether its data survives {@link TestRedis.restart}
 */
export async function startRedis({url, program}: RedisSource, persistent = false): Promise<TestRedis> {
  if (url !== undefined && !persistent) {
    const port = url.port === '' ? 6379 : Number(url.port);
    const none = (): Promise<void> => Promise.resolve();
    return {host: url.hostname, port, restart: none, kill: none, suspend: () => {}, stop: none};
  }
  const server = program ?? onPath('redis-server');
  if (server === undefined) throw new Error('This test restarts Redis: it needs a redis-server on the PATH');
  const folder = mkdtempSync(join(tmpdir(), 'operation-poller-redis-'));
  const port = await freePort();
  const settings = {dir: folder, appendonly: persistent ? 'yes' : 'no'};
  let child = await launch(server, port, settings);
  return {
    host: '127.0.0.1',
    port,
    restart: async () => {
      await kill(child);
      child = await launch(server, port, settings);
    },
    kill: () => kill(child),
    suspend: () => void child.kill('SIGSTOP'),
    stop: async () => {
      await kill(child);
      rmSync(folder, {recursive: true, force: true});
    },
  };
}

/** Starts a server. It ends with this process at the latest. */
export async function launch(
  program: string,
  port: number,
  own: Readonly<Record<string, string>>,
): Promise<ChildProcess> {
  const settings = {
    port: String(port),
    bind: '127.0.0.1',
    save: '',
    'maxmemory-policy': 'noeviction',
    // How many times a second an idle Redis checks for timeouts: with 10, its default, a delayed job starts up to 100 ms late
    // when nothing else wakes the server.
    hz: '100',
    loglevel: 'warning',
    ...own,
  };
  const child = spawn(
    program,
    Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]),
    {stdio: 'ignore'},
  );
  // It ends with this process at the latest.
  const end = (): void => void child.kill('SIGKILL');
  process.once('exit', end);
  child.once('exit', () => process.removeListener('exit', end));
  for (let tries = 0; !(await answers(port)); tries++) {
    if (tries > 2500 || child.exitCode !== null) throw new Error(`${program} does not answer on port ${port}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return child;
}

/** Kills a server, and waits for its end. */
export function kill(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({port, host: '127.0.0.1'}, () => socket.write('PING\r\n'));
    const settle = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('data', (data) => settle(data.toString().startsWith('+PONG')));
    socket.once('error', () => settle(false));
  });
}
