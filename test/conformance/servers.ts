import {execFile, spawn} from 'node:child_process';
import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';
import {fetchPackages} from '../support/packages.ts';

const run = promisify(execFile);
const loopback = fileURLToPath(new URL('loopback.cjs', import.meta.url));
const timeout = 50_000;

// The first version of http-specs after this one asks for Node 22, this library's tests for Node 20.
const autorest = '@microsoft.azure/autorest.testserver@3.3.51';
const httpSpecs = ['@azure-tools/azure-http-specs@0.1.0-alpha.38', '@typespec/spector@0.1.0-alpha.24'];

/** A server that somebody else wrote, on a free port of loopback. */
export interface SuiteServer {
  readonly root: string;
  stop(): Promise<void>;
}

/** Where npm has put the servers. */
export interface Suites {
  readonly autorest: string;
  readonly httpSpecs: string;
}

/** Fetches the servers by npm, unless the system's temporary folder has them. */
export async function fetchSuites(): Promise<Suites> {
  return {
    autorest: await fetchPackages('autorest-testserver-3.3.51', [autorest]),
    httpSpecs: await fetchPackages('azure-http-specs-0.1.0-alpha.38', httpSpecs),
  };
}

/** Azure's autorest test server. */
export function startAutorest({autorest: folder}: Suites): Promise<SuiteServer> {
  const program = join(folder, 'node_modules/@microsoft.azure/autorest.testserver/dist/cli/cli.js');
  return start((data) => [program, 'run', '--port', '0', '--coverageDirectory', data]);
}

/** Azure's http-specs, served by spector. */
export function startSpector({httpSpecs: folder}: Suites): Promise<SuiteServer> {
  const modules = join(folder, 'node_modules');
  const program = join(modules, '@typespec/spector/cmd/cli.mjs');
  const specs = join(modules, '@azure-tools/azure-http-specs/specs');
  return start((data) => [program, 'serve', specs, '--port', '0', '--coverageFile', join(data, 'coverage.json')]);
}

async function start(programOf: (data: string) => readonly string[]): Promise<SuiteServer> {
  const data = await mkdtemp(join(tmpdir(), 'operation-poller-conformance-'));
  // Spector asks git which commit its scenarios are from.
  const git = ['-c', 'user.name=test', '-c', 'user.email=test@localhost', '-c', 'commit.gpgsign=false'];
  await run('git', ['init', '--quiet', data]);
  await run('git', [...git, '-C', data, 'commit', '--quiet', '--allow-empty', '--message', 'None']);

  const child = spawn(process.execPath, ['--require', loopback, ...programOf(data)], {
    cwd: data,
    env: {...process.env, GIT_DIR: join(data, '.git')},
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  // It ends with this process at the latest.
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  const stop = async (): Promise<void> => {
    kill();
    await ended;
    process.removeListener('exit', kill);
    await rm(data, {recursive: true, force: true});
  };

  let output = '';
  const port = new Promise<string>((resolve, reject) => {
    const fail = (): void => reject(new Error(`The server did not start: ${output.slice(-2000)}`));
    const timer = setTimeout(fail, timeout);
    const read = (chunk: Buffer): void => {
      // Afterwards it is read so that the pipe does not fill up, and dropped.
      if (output.length < 1_000_000) output += chunk;
      const found = /Started server on (?:port )?(\d+)/.exec(output)?.[1];
      if (found === undefined) return;
      clearTimeout(timer);
      resolve(found);
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    void ended.then(fail).finally(() => clearTimeout(timer));
  });
  try {
    return {root: `http://localhost:${await port}`, stop};
  } catch (error) {
    await stop();
    throw error;
  }
}
