import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdtempSync, readdirSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {freePort} from './free-port.ts';
import {fetchPackages} from './packages.ts';

const version = '3.35.0';
// Azurite's own account, which everybody knows.
const account = 'devstoreaccount1';
const accountKey = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';

/** A queue service of Azure Storage of the test's own. */
export interface TestAzurite {
  readonly connectionString: string;
  /** The texts of all messages so far, one after the other, as they are on the disk. */
  texts(): string;
  /** Ends it; nothing is left behind. */
  stop(): Promise<void>;
}

/** Azurite's program for queues, fetched by npm where it is not there yet. */
export async function fetchAzurite(): Promise<string> {
  const folder = await fetchPackages(`azurite-${version}`, [`azurite@${version}`]);
  return join(folder, 'node_modules/azurite/dist/src/queue/main.js');
}

/** Starts it on a free port of this machine. @param program see {@link fetchAzurite} */
export async function startAzurite(program: string): Promise<TestAzurite> {
  const folder = mkdtempSync(join(tmpdir(), 'operation-poller-azurite-data-'));
  const port = await freePort();
  const address = ['--queueHost', '127.0.0.1', '--queuePort', String(port)];
  // Clients may be newer than it is.
  const options = ['--location', folder, '--skipApiVersionCheck', '--disableTelemetry', '--silent'];
  const child = spawn(process.execPath, [program, ...address, ...options], {cwd: folder, stdio: 'ignore'});
  // It ends with this process at the latest.
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  const url = `http://127.0.0.1:${port}/${account}`;
  await answers(url, child);
  return {
    connectionString: `DefaultEndpointsProtocol=http;AccountName=${account};AccountKey=${accountKey};QueueEndpoint=${url};`,
    texts: () => {
      const texts = join(folder, '__queuestorage__');
      return readdirSync(texts)
        .map((name) => readFileSync(join(texts, name), 'utf8'))
        .join('');
    },
    stop: async () => {
      process.removeListener('exit', kill);
      const exited = once(child, 'exit');
      kill();
      await exited;
      rmSync(folder, {recursive: true, force: true});
    },
  };
}

async function answers(url: string, child: ChildProcess): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    try {
      // It refuses, because nobody has signed the request: that is an answer.
      await fetch(url);
      return;
    } catch (error) {
      if (tries > 400 || child.exitCode !== null) throw new Error('Azurite does not answer', {cause: error});
      await sleep(50);
    }
  }
}
