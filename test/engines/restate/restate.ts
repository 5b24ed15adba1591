import {type ChildProcess, spawn} from 'node:child_process';
import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {setTimeout as pause} from 'node:timers/promises';
import {fileURLToPath} from 'node:url';
import {freePort} from '../../support/free-port.ts';
import type {Tools} from './tools.ts';

const program = fileURLToPath(new URL('service.ts', import.meta.url));

/** A step of a workflow that the server has recorded. */
export interface JournalEntry {
  readonly name?: string;
  readonly entry_type: string;
}

/** A Restate server and a service that it drives, on loopback, with its data in a folder that goes away with it. */
export class Restate {
  readonly #tools: Tools;
  readonly #folder: string;
  readonly #ports: readonly number[];
  #server: ChildProcess | undefined;
  #service: ChildProcess | undefined;

  private constructor(tools: Tools, folder: string, ports: readonly number[]) {
    this.#tools = tools;
    this.#folder = folder;
    this.#ports = ports;
  }

  /** Starts a server, without a service. */
  static async start(tools: Tools): Promise<Restate> {
    const folder = await mkdtemp(join(tmpdir(), 'operation-poller-restate-data-'));
    const restate = new Restate(tools, folder, [
      await freePort(),
      await freePort(),
      await freePort(),
      await freePort(),
    ]);
    try {
      await restate.startServer();
    } catch (error) {
      await restate.stop();
      throw error;
    }
    return restate;
  }

  /** A Node that the SDK runs on. */
  get node(): string {
    return this.#tools.node;
  }

  /** The URL where workflows are started. */
  get ingress(): string {
    return `http://127.0.0.1:${this.#ports[0]}`;
  }

  /** The URL where services are registered. */
  get admin(): string {
    return `http://127.0.0.1:${this.#ports[1]}`;
  }

  async startServer(): Promise<void> {
    const [ingress, admin, node] = this.#ports;
    const address = (port: number | undefined) => `127.0.0.1:${port}`;
    this.#server = this.#spawn(this.#tools.server, ['--no-logo', '--base-dir', this.#folder, '--listen-mode', 'tcp'], {
      RESTATE_INGRESS__BIND_ADDRESS: address(ingress),
      RESTATE_ADMIN__BIND_ADDRESS: address(admin),
      RESTATE_BIND_ADDRESS: address(node),
      RESTATE_ADVERTISED_ADDRESS: `http://${address(node)}`,
      RESTATE_NODE_NAME: 'test',
      // It leaves folders there.
      TMPDIR: this.#folder,
      RESTATE_DEFAULT_NUM_PARTITIONS: '1',
      RESTATE_DISABLE_TELEMETRY: 'true',
      // Its look for a newer version fails where there is no network.
      RESTATE_LOG_FILTER: 'error,octocrab=off',
      RESTATE_ROCKSDB_TOTAL_MEMORY_SIZE: '128 MiB',
    });
    for (const url of [`${this.ingress}/restate/health`, `${this.admin}/health`]) await up(url);
  }

  async startService(): Promise<void> {
    const service = this.#spawn(this.#tools.node, [program, String(this.#ports[3])], {NODE_NO_WARNINGS: '1'});
    this.#service = service;
    await new Promise<void>((resolve, reject) => {
      service.stdout?.once('data', () => resolve());
      service.once('exit', (code) => reject(new Error(`The service ended with ${code}`)));
    });
  }

  /** Makes the service known to the server. */
  async register(): Promise<void> {
    await post(`${this.admin}/deployments`, {uri: `http://127.0.0.1:${this.#ports[3]}`});
  }

  /** `kill -9`. */
  killServer(): Promise<void> {
    return kill(this.#server);
  }

  /** `kill -9`. */
  killService(): Promise<void> {
    return kill(this.#service);
  }

  /** Starts a workflow, and does not wait for it. */
  async send(workflow: string, key: string, input: unknown): Promise<void> {
    await post(`${this.ingress}/${workflow}/${key}/run/send`, input);
  }

  /** Cancels a workflow. */
  async cancel(key: string): Promise<void> {
    const query = `SELECT id FROM sys_invocation WHERE target_service_key = '${key}'`;
    for (const {id} of (await this.#query(query)) as readonly {readonly id: string}[]) {
      const url = `${this.admin}/invocations/${id}/cancel`;
      const {ok, status} = await fetch(url, {method: 'PATCH'});
      if (!ok) throw new Error(`${url} answered ${status}`);
    }
  }

  /** What a workflow gives. */
  async result(workflow: string, key: string): Promise<unknown> {
    const response = await fetch(`${this.ingress}/restate/workflow/${workflow}/${key}/attach`);
    if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
    return response.json();
  }

  /** The steps that a workflow, or all calls of a service, asked for, in order. */
  async journal(service: string, key?: string): Promise<readonly JournalEntry[]> {
    const query =
      'SELECT j.name, j.entry_type FROM sys_journal j JOIN sys_invocation i ON i.id = j.id ' +
      `WHERE i.target_service_name = '${service}' ${key === undefined ? '' : `AND i.target_service_key = '${key}' `}` +
      'ORDER BY i.created_at, j.index';
    return (await this.#query(query)) as readonly JournalEntry[];
  }

  /** All that was recorded of the workflows that meet a condition of SQL, as text. */
  async recorded(condition: string): Promise<string> {
    const query = `SELECT j.* FROM sys_journal j JOIN sys_invocation i ON i.id = j.id WHERE i.${condition} ORDER BY j.index`;
    const rows = (await this.#query(query)) as readonly {readonly raw?: string}[];
    // What is recorded comes in hexadecimal.
    return rows.map(({raw = '', ...row}) => JSON.stringify(row) + Buffer.from(raw, 'hex').toString()).join('\n');
  }

  async #query(query: string): Promise<readonly unknown[]> {
    const found = await post(`${this.admin}/query`, {query});
    return (found as {readonly rows: readonly unknown[]}).rows;
  }

  async stop(): Promise<void> {
    await Promise.all([this.killServer(), this.killService()]);
    await rm(this.#folder, {recursive: true, force: true});
  }

  #spawn(command: string, args: readonly string[], env: Readonly<Record<string, string>>): ChildProcess {
    const child = spawn(command, args, {
      cwd: this.#folder,
      env: {...process.env, ...env},
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    child.stdout?.resume();
    return child;
  }
}

async function kill(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}

async function up(url: string): Promise<void> {
  const until = Date.now() + 50_000;
  for (;;) {
    const ok = await fetch(url).then(
      (response) => response.ok,
      () => false,
    );
    if (ok) return;
    if (Date.now() > until) throw new Error(`Nothing answers at ${url}`);
    await pause(25);
  }
}

async function post(url: string, body: unknown): Promise<unknown> {
  const headers = {'content-type': 'application/json', accept: 'application/json'};
  const response = await fetch(url, {method: 'POST', headers, body: JSON.stringify(body)});
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
  return response.json();
}
