// A page in a browser that starts and watches an operation of another origin, as docs/platforms.md says what that has to allow.
import {execFile} from 'node:child_process';
import {mkdir, mkdtemp, readFile, rm, writeFile} from 'node:fs/promises';
import {createServer, type OutgoingHttpHeaders, type Server} from 'node:http';
import type {AddressInfo} from 'node:net';
import {join, resolve} from 'node:path';
import {promisify} from 'node:util';
import {afterAll, afterEach, beforeAll, describe, expect, test} from '@jest/globals';
import type {Browser} from 'playwright-core';
import {findChromium, launchChromium} from '../support/chromium.ts';

const run = promisify(execFile);
const chromium = findChromium();
const describeInBrowser: typeof describe.skip = chromium === undefined ? describe.skip : describe;

/** What a page does: its title becomes what it has seen. */
const program = `
import {protocols} from 'operation-poller';
import {createOperationClient} from 'operation-poller/client';

const renders = protocols.define({
  name: 'renders',
  status: '/state',
  words: {working: 'running', done: 'succeeded', stopped: 'canceled'},
  authorization: {header: 'X-Farm-Key'},
  cancel: {method: 'PUT', body: {desired: 'stopped'}},
});
const client = createOperationClient({root: location.hash.slice(1), token: 'a-key'});
const seen = [];
try {
  const {poller} = await client.start(renders, {path: '/renders', body: {scene: 'a'}});
  poller?.on('waiting', ({because}) => seen.push(because));
  await poller?.waitFor('running');
  await poller?.cancel();
  seen.push((await poller?.outcome())?.status ?? 'not confirmed');
} catch (error) {
  seen.push(error.message);
}
document.title = seen.join(' | ');
`;

let browser: Browser;
let folder: string;
let script: string;
const servers: Server[] = [];

async function serve(listener: Parameters<typeof createServer>[1]): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** What a page sees of a service that allows this. */
async function seenWith(allowed: OutgoingHttpHeaders): Promise<string> {
  let state = 'working';
  const service = await serve((request, response) => {
    const headers = {...allowed, 'access-control-allow-origin': '*', 'retry-after': '0.1'};
    if (request.method === 'PUT') state = 'stopped';
    if (request.method === 'POST') response.writeHead(202, {...headers, 'operation-location': '/renders/1'}).end();
    else response.writeHead(200, headers).end(request.method === 'GET' ? JSON.stringify({state}) : '');
  });
  const site = await serve((_, response) => {
    response.setHeader('content-type', 'text/html');
    response.end(`<title>watching</title><script type="module">${script}</script>`);
  });
  const page = await browser.newPage();
  // Nearly as long as a test may take: that is what limits it, on a busy machine too.
  page.setDefaultTimeout(50_000);
  try {
    await page.goto(`${site}/#${service}`);
    await page.waitForFunction(() => document.title !== 'watching');
    return await page.title();
  } finally {
    await page.close();
  }
}

describeInBrowser('a page of another origin than the service', () => {
  const headers = 'client-request-id, content-type, x-farm-key';
  const everything = {
    'access-control-allow-headers': headers,
    'access-control-allow-methods': 'PUT',
    'access-control-expose-headers': 'operation-location, retry-after',
  };

  beforeAll(async () => {
    if (chromium !== undefined) browser = await launchChromium(chromium);
    await mkdir('build', {recursive: true});
    folder = await mkdtemp(resolve('build/browser-'));
    const input = join(folder, 'page.js');
    await writeFile(input, program);
    const output = join(folder, 'bundle.js');
    const rolldown = 'node_modules/rolldown/bin/cli.mjs';
    await run(process.execPath, [rolldown, input, '--platform', 'browser', '--minify', '--file', output]);
    script = await readFile(output, 'utf8');
  }, 60_000);
  afterEach(() => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      server.close();
    }
  });
  afterAll(async () => {
    await browser?.close();
    await rm(folder, {recursive: true, force: true});
  });

  test('starts, watches and cancels where that allows what the documents name', async () => {
    expect(await seenWith(everything)).toMatch(/^initialDelay \| (retryAfter \| )+canceled$/);
  }, 60_000);

  test.each([
    [
      'a request header',
      {'access-control-allow-headers': 'content-type, x-farm-key'},
      /No answer: TypeError: Failed to fetch/,
    ],
    ['the method of the cancellation', {'access-control-allow-methods': ''}, /No answer: TypeError: Failed to fetch/],
    ['the location', {'access-control-expose-headers': 'retry-after'}, /^not confirmed$/],
    ['the wait', {'access-control-expose-headers': 'operation-location'}, /^(schedule \| )+canceled$/],
  ])(
    'and not where %s is missing',
    async (_, changes, seen) => {
      expect(await seenWith({...everything, ...changes})).toMatch(seen);
    },
    60_000,
  );
});
