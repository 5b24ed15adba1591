import {type ChildProcess, execFileSync, spawn} from 'node:child_process';
import {once} from 'node:events';
import {chownSync, mkdtempSync, readdirSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import postgres from 'postgres';
import {installByApt, onPath} from './debian.ts';
import {freePort} from './free-port.ts';

/** A PostgreSQL server of the test's own. */
export interface TestPostgres {
  /** Of a database without tables of ours. */
  readonly url: string;
  /** Ends it; nothing is left behind. */
  stop(): Promise<void>;
}

/**
 * The folder of PostgreSQL's programs: of `postgres` on the PATH, else where Debian has them, else by apt-get on Debian as root.
 * Where there is none it says how to install it and gives `undefined`, and the tests are skipped; with `CI=true` that is an error.
 */
export function findPostgres(): string | undefined {
  const found = programs();
  if (found !== undefined) return found;
  installByApt('postgresql');
  const installed = programs();
  if (installed !== undefined) return installed;
  const how = 'No PostgreSQL: install it (Debian: apt-get install postgresql; macOS: brew install postgresql).';
  if (process.env['CI'] === 'true') throw new Error(how);
  process.stderr.write(`\n*** THE TESTS ON POSTGRESQL ARE SKIPPED. ${how}\n\n`);
  return undefined;
}

const debianFolder = '/usr/lib/postgresql';

function programs(): string | undefined {
  const program = onPath('postgres');
  if (program !== undefined) return dirname(program);
  try {
    const newest = readdirSync(debianFolder).toSorted((a, b) => Number(b) - Number(a))[0];
    return newest === undefined ? undefined : join(debianFolder, newest, 'bin');
  } catch {
    return undefined;
  }
}

/** Starts a server on a free port of this machine. */
export async function startPostgres(folder: string): Promise<TestPostgres> {
  const data = mkdtempSync(join(tmpdir(), 'operation-poller-postgres-'));
  // It refuses to run as root.
  const nobody = process.getuid?.() === 0 ? {uid: 65_534, gid: 65_534} : {};
  if (nobody.uid !== undefined) chownSync(data, nobody.uid, nobody.gid);
  const initial = ['-D', data, '-U', 'postgres', '--auth=trust', '--no-sync', '--locale=C', '--encoding=UTF8'];
  execFileSync(join(folder, 'initdb'), initial, {...nobody, cwd: data, stdio: 'ignore'});
  const port = await freePort();
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    fsync: 'off',
    max_connections: '200',
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const child = spawn(join(folder, 'postgres'), ['-D', data, '-p', String(port), ...options], {
    ...nobody,
    cwd: data,
    stdio: 'ignore',
  });
  // It ends with this process at the latest; its own children notice.
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  await answers(url, child);
  return {
    url,
    stop: async () => {
      process.removeListener('exit', kill);
      const exited = once(child, 'exit');
      // An immediate shutdown, of its children too.
      child.kill('SIGQUIT');
      await exited;
      rmSync(data, {recursive: true, force: true});
    },
  };
}

async function answers(url: string, child: ChildProcess): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    const sql = postgres(url, {max: 1, onnotice: () => {}});
    try {
      await sql`select 1`;
      return;
    } catch (error) {
      if (tries > 600 || child.exitCode !== null) throw new Error('PostgreSQL does not answer', {cause: error});
      await sleep(50);
    } finally {
      await sql.end();
    }
  }
}
