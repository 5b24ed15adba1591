import {execFile} from 'node:child_process';
import {once} from 'node:events';
import {cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {createServer, type IncomingMessage, request} from 'node:http';
import {type AddressInfo, connect, type Server, type Socket} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';
import {afterAll, afterEach, beforeAll, beforeEach, describe, expect, test} from '@jest/globals';
import {environment, fetchOrSkip, fetchPackages} from '../support/packages.ts';
import {findRuntimes, type Runtime} from '../support/runtimes.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));

// Before the tests are named, so that they can be told to be skipped.
const {runtimes, missing} = await findRuntimes('leanHttp', ['Node', 'Bun']);
const nodes = runtimes.filter(({name}) => name.includes('Node'));
const undici8 = await fetchOrSkip('leanHttp with undici 8', () => fetchPackages('undici-8.13.1', ['undici@8.13.1']));

/** A user's program: it sends requests to a service by fetch and in three ways by the lean transport. */
const program = `
  import {Agent} from 'undici';
  import {pollOperation, schedules} from './dist/index.js';
  import {leanHttp} from './dist/node/index.js';
  const root = process.argv[2];
  const poll = (path, http) => {
    const options = {http, schedule: schedules.fixed(1), retry: {retries: 0}, consecutiveFailures: 1};
    return pollOperation(root + path, options).result();
  };
  await fetch(root + '/fetch');
  const lean = leanHttp();
  await poll('/lean', lean);
  await poll('/derived', lean.extend({}));
  await poll('/given', leanHttp({dispatcher: new Agent()}));
  // The connections are kept.
  process.exit();
`;

/** Installs the built package for this program, with one version of undici. `npm test` builds before it runs the tests. */
function install(undici: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'operation-poller-lean-'));
  folders.push(folder);
  cpSync(join(root, 'dist'), join(folder, 'dist'), {recursive: true});
  mkdirSync(join(folder, 'node_modules'));
  for (const name of ['is-network-error', 'ky', 'p-retry', 'xstate']) {
    symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name));
  }
  symlinkSync(join(undici, 'node_modules/undici'), join(folder, 'node_modules/undici'));
  writeFileSync(join(folder, 'package.json'), '{"type": "module"}');
  writeFileSync(join(folder, 'program.js'), program);
  return folder;
}

const folders: string[] = [];
let withUndici7: string;

beforeAll(() => {
  withUndici7 = install(root);
});

afterAll(() => {
  for (const folder of folders) rmSync(folder, {recursive: true, force: true});
});

let service: Server;
let proxy: Server;
/** What the service was asked, and whether by the proxy. */
let requests: Array<[path: string, way: 'direct' | 'proxy']>;

beforeEach(async () => {
  requests = [];
  const fromProxy = new Set<number | undefined>();
  service = createServer(({url = '', socket}, response) => {
    requests.push([url, fromProxy.has(socket.remotePort) ? 'proxy' : 'direct']);
    response.end('{"id": "b", "status": "succeeded"}');
  });
  const onConnected = (socket: Socket) => socket.once('connect', () => fromProxy.add(socket.localPort));
  proxy = createServer((incoming, outgoing) => {
    const forwarded = request(incoming.url ?? '', {agent: false}, (response: IncomingMessage) => {
      outgoing.writeHead(response.statusCode ?? 0, response.headers);
      response.pipe(outgoing);
    });
    forwarded.once('socket', onConnected);
    forwarded.end();
  });
  proxy.on('connect', ({url = ''}: IncomingMessage, socket: Socket) => {
    const {hostname, port} = new URL(`http://${url}`);
    const tunnel = connect(Number(port), hostname, () => {
      socket.write('HTTP/1.1 200 Connected\r\n\r\n');
      socket.pipe(tunnel).pipe(socket);
    });
    onConnected(tunnel);
    for (const end of [socket, tunnel]) end.on('error', () => undefined);
  });
  for (const server of [service, proxy]) {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  }
});

afterEach(async () => {
  for (const server of [service, proxy]) {
    server.close();
    await once(server, 'close');
  }
});

function urlOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** How the program's requests reach the service, by their paths. `PROXY` in a variable is the proxy's URL. */
async function waysOf(
  {file, before}: Runtime,
  {
    folder = withUndici7,
    variables = {},
    flags = [],
  }: {
    readonly folder?: string;
    readonly variables?: Readonly<Record<string, string>>;
    readonly flags?: readonly string[];
  } = {},
): Promise<Record<string, string>> {
  const {NODE_OPTIONS: _, ...env} = environment;
  for (const name of Object.keys(env)) if (/proxy/i.test(name)) delete env[name];
  for (const [name, value] of Object.entries(variables)) env[name] = value.replace('PROXY', urlOf(proxy));
  const options = {cwd: folder, env: {...env, NODE_NO_WARNINGS: '1'}, timeout: 50_000};
  const {stderr} = await run(file, [...before, ...flags, 'program.js', urlOf(service)], options);
  expect(stderr).toBe('');
  return Object.fromEntries(requests);
}

const direct = {'/fetch': 'direct', '/lean': 'direct', '/derived': 'direct', '/given': 'direct'};
const proxied = {'/fetch': 'proxy', '/lean': 'proxy', '/derived': 'proxy', '/given': 'direct'};

const variables = {NODE_USE_ENV_PROXY: '1', HTTP_PROXY: 'PROXY'};

// The variable and undici 8 need Node 22.21 and 22.19.
const newNodes = nodes.filter(({name}) => /^Node 2[24]/.test(name));

describe.each(newNodes)('79: leanHttp obeys NODE_USE_ENV_PROXY as fetch does on $name', (node) => {
  const {HTTP_PROXY} = variables;
  test.each<{title: string; expected: object; variables: Readonly<Record<string, string>>; flags?: readonly string[]}>([
    {title: 'with HTTP_PROXY', expected: proxied, variables},
    {
      title: 'with http_proxy, which wins',
      expected: proxied,
      variables: {...variables, HTTP_PROXY: 'x', http_proxy: 'PROXY'},
    },
    {title: 'not without it', expected: direct, variables: {HTTP_PROXY}},
    {title: 'not with any value but 1', expected: direct, variables: {...variables, NODE_USE_ENV_PROXY: 'true'}},
    {title: 'not without a proxy', expected: direct, variables: {NODE_USE_ENV_PROXY: '1'}},
    {
      title: 'not over http by HTTPS_PROXY',
      expected: direct,
      variables: {NODE_USE_ENV_PROXY: '1', HTTPS_PROXY: 'PROXY'},
    },
    {title: 'not to a host of NO_PROXY', expected: direct, variables: {...variables, NO_PROXY: 'example, 127.0.0.1'}},
    {title: 'not to a host of no_proxy', expected: direct, variables: {...variables, no_proxy: '*'}},
    {title: 'and the flag', expected: proxied, variables: {HTTP_PROXY}, flags: ['--use-env-proxy']},
    {
      title: 'and the flag in NODE_OPTIONS',
      expected: proxied,
      variables: {HTTP_PROXY, NODE_OPTIONS: '--use-env-proxy'},
    },
    {title: 'not against the flag', expected: direct, variables, flags: ['--no-use-env-proxy']},
  ])('$title', async ({expected, ...settings}) => {
    expect(await waysOf(node, settings)).toEqual(expected);
  });
});

test('79: leanHttp obeys NODE_USE_ENV_PROXY on every Node, even where fetch does not know it', async () => {
  for (const node of nodes) {
    const {'/fetch': _, ...ways} = await waysOf(node, {variables});
    expect(ways).toEqual({'/lean': 'proxy', '/derived': 'proxy', '/given': 'direct'});
  }
});

if (undici8 === undefined) test.todo('leanHttp does the same with undici 8, which npm could not fetch');
else {
  test.each(newNodes)('leanHttp does the same with undici 8 on $name', async (node) => {
    const folder = install(undici8);
    expect(await waysOf(node, {folder})).toEqual(direct);
    requests = [];
    // Loading undici 8 on Node 22 makes fetch forget its proxies.
    const {'/fetch': _, ...ways} = await waysOf(node, {folder, variables});
    expect(ways).toEqual({'/lean': 'proxy', '/derived': 'proxy', '/given': 'direct'});
  });
}

test.each(runtimes.filter(({name}) => name.startsWith('Bun')))(
  '79: leanHttp refuses the call on $name',
  async (bun) => {
    await expect(waysOf(bun)).rejects.toThrow(
      'leanHttp: Bun replaces the package undici with a module without dispatchers. Leave out the option http there',
    );
    expect(requests).toEqual([['/fetch', 'direct']]);
  },
);

if (missing.length > 0) test.todo(`leanHttp on ${missing.join(', ')}, which npm could not fetch`);
