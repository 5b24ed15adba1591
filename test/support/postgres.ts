import {execFileSync, spawn} from 'node:child_process';
import {chownSync, existsSync, mkdtempSync, readdirSync, realpathSync, rmSync} from 'node:fs';
import {createServer} from 'node:net';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {Pool} from 'pg';
import {installByApt, onPath} from './debian.ts';

/** A PostgreSQL server of the test's own. */
export interface TestPostgres {
  /** Each call gives a pool of its own, which the test ends. */
  connect(): Pool;
  /** Ends it; nothing is left behind. */
  stop(): Promise<void>;
}

/**
 * Finds the folder of PostgreSQL's programs: by the PATH, else by apt-get on Debian as root. Where there is none it says how to install
 * one and gives `undefined`, and the tests are skipped; with `CI=true` that is an error.
 */
export function findPostgres(): string | undefined {
  const found = installed();
  if (found !== undefined) return found;
  installByApt('postgresql');
  const fetched = installed();
  if (fetched !== undefined) return fetched;
  const how =
    'No PostgreSQL: put its postgres on the PATH (Debian: apt-get install postgresql; macOS: brew install postgresql).';
  if (process.env['CI'] === 'true') throw new Error(how);
  process.stderr.write(`\n*** THE TESTS OF THE POSTGRESQL STORE ARE SKIPPED. ${how}\n\n`);
  return undefined;
}

/** Debian keeps the programs of each version off the PATH. */
function installed(): string | undefined {
  const program = onPath('postgres');
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).map((version) => join(debian, version, 'bin')) : [];
  const folders = program === undefined ? versions : [dirname(realpathSync(program)), ...versions];
  return folders.find((folder) => existsSync(join(folder, 'initdb')));
}

/** Starts a server on a free port of this machine. */
export async function startPostgres(programs: string): Promise<TestPostgres> {
  const folder = mkdtempSync(join(tmpdir(), 'operation-poller-postgres-'));
  // PostgreSQL does not run as root.
  const user = process.getuid?.() === 0 ? {uid: idOf('-u'), gid: idOf('-g')} : {};
  if (user.uid !== undefined) chownSync(folder, user.uid, user.gid);
  const options = {...user, cwd: folder, stdio: 'ignore'} as const;
  const data = join(folder, 'data');
  execFileSync(join(programs, 'initdb'), ['-D', data, '-U', 'test', '-A', 'trust', '-E', 'UTF8', '--no-sync'], options);
  const port = await freePort();
  const settings = ['-c', 'listen_addresses=127.0.0.1', '-c', `unix_socket_directories=${folder}`];
  const child = spawn(join(programs, 'postgres'), ['-D', data, '-p', String(port), ...settings], options);
  const kill = (): void => void child.kill('SIGQUIT');
  process.once('exit', kill);
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const connect = (): Pool => new Pool({host: '127.0.0.1', port, user: 'test', database: 'postgres'});
  for (let tries = 0; !(await answers(connect())); tries++) {
    if (tries > 300 || child.exitCode !== null) throw new Error(`PostgreSQL does not answer on port ${port}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return {
    connect,
    stop: async () => {
      process.removeListener('exit', kill);
      kill();
      await exited;
      rmSync(folder, {recursive: true, force: true});
    },
  };
}

async function answers(pool: Pool): Promise<boolean> {
  try {
    await pool.query('select 1');
    return true;
  } catch {
    return false;
  } finally {
    await pool.end();
  }
}

/** The number of the user that the package has made, or of its group. */
function idOf(which: '-u' | '-g'): number {
  return Number(execFileSync('id', [which, 'postgres'], {encoding: 'utf8'}));
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
