import {existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import type {IncomingHttpHeaders, OutgoingHttpHeaders} from 'node:http';
import {request as httpRequest} from 'node:http';
import {connect} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {afterAll, beforeAll, describe, expect, test} from '@jest/globals';
import fc from 'fast-check';
import {refusalOf} from '../../../src/testing/console/console.ts';
import {findModules, readModule} from '../../../src/testing/console/module-files.ts';
import {pageOf} from '../../../src/testing/console/page-html.ts';
import type {Message, OperationHistory} from '../../../src/testing/console/wire.ts';
import {actionNames, limits} from '../../../src/testing/console/wire.ts';
import type {GraphEmulator} from '../../../src/testing/index.ts';
import {poll, resetPassword, startEmulator} from '../emulators.ts';

interface TransportResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** Sends a request with exactly this path and these headers, `Host` included. */
function ask(
  emulator: GraphEmulator,
  path: string,
  {method = 'GET', headers = {}}: {method?: string; headers?: OutgoingHttpHeaders} = {},
): Promise<TransportResponse> {
  const {hostname, port} = new URL(emulator.root);
  return new Promise((resolve, reject) => {
    const sent = httpRequest({hostname, port, path, method, headers, agent: false}, (response) => {
      let text = '';
      response.on('data', (chunk) => {
        text += String(chunk);
      });
      response.on('end', () => resolve({status: response.statusCode ?? 0, headers: response.headers, text}));
    });
    sent.once('error', reject);
    sent.end();
  });
}

/** Sends a POST as the page does. */
function post(emulator: GraphEmulator, path: string): Promise<TransportResponse> {
  return ask(emulator, `/console/operations/${path}`, {method: 'POST', headers: {origin: emulator.root}});
}

/** The messages to a page. */
async function* listen(emulator: GraphEmulator): AsyncGenerator<Message, void, void> {
  const response = await fetch(`${emulator.console}events`);
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  let text = '';
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk;
    for (let end = text.indexOf('\n\n'); end !== -1; end = text.indexOf('\n\n')) {
      yield JSON.parse(text.slice('data: '.length, end)) as Message;
      text = text.slice(end + 2);
    }
  }
}

async function first(emulator: GraphEmulator): Promise<Extract<Message, {type: 'snapshot'}>> {
  for await (const message of listen(emulator)) if (message.type === 'snapshot') return message;
  throw new Error('The stream ended');
}

async function histories(emulator: GraphEmulator): Promise<readonly OperationHistory[]> {
  return (await first(emulator)).operations;
}

describe('the console', () => {
  test('exists only with console: true', async () => {
    const emulator = await startEmulator();
    expect(emulator.console).toBeUndefined();
    expect((await fetch(`${emulator.root}/console/`)).status).toBe(404);
    await expect(startEmulator({console: JSON.parse('"yes"')})).rejects.toThrow(
      'options.console: expected true or false',
    );
  });

  test('is one page that no other site may embed or fill', async () => {
    const emulator = await startEmulator({console: true});
    expect(emulator.console).toBe(`${emulator.root}/console/`);
    expect(await ask(emulator, '/console')).toMatchObject({status: 308, headers: {location: '/console/'}});
    const {status, headers, text} = await ask(emulator, '/console/');
    expect([status, headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    });
    const policy = String(headers['content-security-policy']);
    expect(policy).toMatch(/^default-src 'none'; script-src 'self' 'sha256-[\w+/=]+'; style-src 'self';/);
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe|\*|https?:/);
    expect(text).not.toMatch(/<[^>]+ style=| on\w+=/);
    for (const [, path = ''] of text.matchAll(/(?:src|href)="(\/[^"]+)"/g)) {
      expect([path, (await ask(emulator, path)).status]).toEqual([path, 200]);
    }
  });

  test('has its requests neither recorded nor counted nor waited for', async () => {
    const emulator = await startEmulator({console: true, maximumRequests: 1, throttle: {requests: 1, window: 60_000}});
    const stream = listen(emulator);
    await stream.next();
    await post(emulator, 'by-hand');
    await emulator.idle();
    expect([emulator.received, emulator.served, emulator.throttled, emulator.requests]).toEqual([0, 0, 0, []]);
    expect((await poll(emulator.operations[0]?.location ?? '')).response.status).toBe(200);
  });

  test('answers 404 to unknown paths and 405 to other methods', async () => {
    const emulator = await startEmulator({console: true});
    const none = [
      '/console/x',
      '/console/modules/',
      '/console/modules/ky',
      '/console//',
      '/console/operations/by-hand',
    ];
    for (const path of none) expect([path, (await ask(emulator, path)).status]).toEqual([path, 404]);
    for (const path of ['x', '1/start', '99999999999999999/start', '0/constructor']) {
      expect([path, (await post(emulator, path)).status]).toEqual([path, 404]);
    }
    const put = await ask(emulator, '/console/', {method: 'PUT', headers: {origin: emulator.root}});
    expect([put.status, put.headers.allow]).toEqual([405, 'GET, POST']);
    expect((await fetch(`${emulator.root}/consoles`)).status).toBe(404);
  });
});

describe('the access check', () => {
  const root = 'http://127.0.0.1:8080';
  const host = '127.0.0.1:8080';

  test.each([
    ['allows', 'the page, by its address', 'GET', {host}],
    [
      'allows',
      'the page, by a link on another site',
      'GET',
      {host, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate'},
    ],
    [
      'refuses',
      'the page, in a frame of another site',
      'GET',
      {host, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe'},
    ],
    [
      'refuses',
      'the page, in a frame of another port of this machine',
      'GET',
      {host, 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe'},
    ],
    ['refuses', 'a file, for another site, by a browser that sends the origin alone', 'GET', {host, origin: 'null'}],
    ['allows', 'a file, for the page', 'GET', {host, 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors'}],
    ['refuses', 'a file, for another site', 'GET', {host, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors'}],
    [
      'refuses',
      'a file, for another port of this machine',
      'GET',
      {host, 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'cors'},
    ],
    ['refuses', 'a host name that was rebound', 'GET', {host: 'evil.example:8080'}],
    ['refuses', 'localhost', 'GET', {host: 'localhost:8080'}],
    ['refuses', 'another port', 'GET', {host: '127.0.0.1:80'}],
    ['refuses', 'no host', 'GET', {}],
    ['allows', 'an action by the page', 'POST', {host, origin: root}],
    ['refuses', 'an action by another site', 'POST', {host, origin: 'https://evil.example'}],
    ['refuses', 'an action by a page without an origin', 'POST', {host, origin: 'null'}],
    ['refuses', 'an action without the origin header', 'POST', {host}],
    [
      'refuses',
      'an action by the page under a rebound name',
      'POST',
      {host: 'evil.example', origin: 'http://evil.example'},
    ],
    [
      'refuses',
      'an action by another site that navigates',
      'POST',
      {host, origin: 'https://evil.example', 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate'},
    ],
  ])('%s %s', (outcome, _what, method, headers) => {
    expect(refusalOf({method, headers}, root) === undefined ? 'allows' : 'refuses').toBe(outcome);
  });

  test('refuses over HTTP as well, and nothing is changed', async () => {
    const emulator = await startEmulator({console: true});
    const rebound = {host: `evil.example:${new URL(emulator.root).port}`};
    for (const path of ['/console/', '/console/events', '/console/modules/ky/distribution/index.js']) {
      const {status, text} = await ask(emulator, path, {headers: rebound});
      expect([path, status, text]).toEqual([path, 403, `The console is at ${emulator.root}/console/ only.`]);
    }
    const foreign = {method: 'POST', headers: {origin: 'https://evil.example'}};
    expect((await ask(emulator, '/console/operations/by-hand', foreign)).status).toBe(403);
    expect((await ask(emulator, '/console/operations/by-hand', {method: 'POST'})).status).toBe(403);
    expect(emulator.operations).toEqual([]);
  });
});

describe('a page receives', () => {
  test('a snapshot first, then each change', async () => {
    const emulator = await startEmulator({console: true});
    const operation = emulator.addOperation({id: '1', script: ['running']});
    const stream = listen(emulator);
    const all = (await stream.next()).value;
    expect(all).toMatchObject({
      type: 'snapshot',
      operations: [
        {
          view: {key: 1, id: '1', location: operation.location, bearer: true, status: 'notStarted', polls: 0, body: ''},
          entries: [{kind: 'added', status: 'notStarted', changed: false, next: {status: 'running', http: 200}}],
        },
      ],
    });
    await poll(operation.location);
    expect((await stream.next()).value).toMatchObject({
      type: 'update',
      view: {key: 1, status: 'running', polls: 1, body: expect.stringContaining('"status":"running"')},
      entry: {kind: 'answered', status: 'running', changed: true, answer: {method: 'GET', http: 200, here: false}},
    });
    operation.interrupt([{http: 429, retryAfter: 5}]);
    expect((await stream.next()).value).toMatchObject({
      entry: {kind: 'interrupted', changed: false, next: {http: 429}},
    });
    await poll(operation.location);
    expect((await stream.next()).value).toMatchObject({entry: {answer: {http: 429, retryAfter: '5'}}});
    operation.rescript([{fault: 'reset'}]);
    expect((await stream.next()).value).toMatchObject({entry: {kind: 'rescripted', next: {fault: 'reset'}}});
    operation.move('succeeded');
    expect((await stream.next()).value).toMatchObject({entry: {kind: 'moved', status: 'succeeded', changed: true}});
  });

  test('cancellations, refusals and operations that are not visible yet', async () => {
    const emulator = await startEmulator({console: true, token: 'right'});
    const operation = emulator.addOperation({cancelable: true, visibleAfter: 60_000});
    await poll(operation.location);
    await poll(operation.location, {headers: {authorization: 'Bearer right'}});
    const [first] = await histories(emulator);
    expect(first?.entries.map(({next, answer}) => [next.http, answer?.http])).toEqual([
      [404, undefined],
      [404, 401],
      [404, 404],
    ]);
    const other = emulator.addOperation({cancelable: true});
    await fetch(other.location, {method: 'DELETE', headers: {authorization: 'Bearer right'}});
    const [, canceled] = await histories(emulator);
    expect(canceled?.entries.map(({kind, answer}) => [kind, answer?.method])).toEqual([
      ['added', undefined],
      ['canceled', undefined],
      ['answered', 'DELETE'],
    ]);
  });

  test('no token, no password and no request body', async () => {
    const emulator = await startEmulator({console: true, token: 'test-token', newPassword: 'secret-made'});
    await resetPassword(emulator, '{"newPassword":"secret-chosen"}');
    await resetPassword(emulator);
    for (const {location} of emulator.operations) await poll(location);
    const received = JSON.stringify(await first(emulator));
    expect(received).toContain('"status":"notStarted"');
    expect(received).not.toMatch(/test-token|secret|Bearer|adele/);
  });

  test('a token that only this emulator accepts', async () => {
    const emulator = await startEmulator({console: true, token: 'test-token'});
    const {location} = emulator.addOperation();
    const {token} = await first(emulator);
    const own = {headers: {authorization: `Bearer ${token}`}};
    expect((await poll(location, own)).response.status).toBe(200);
    expect((await poll(location, {headers: {authorization: 'Bearer other'}})).response.status).toBe(401);
    expect((await histories(emulator))[0]?.entries.map(({answer}) => answer?.here)).toEqual([undefined, true, false]);
    const another = await startEmulator({console: true, token: 'test-token'});
    expect((await poll(another.addOperation().location, own)).response.status).toBe(401);
  });

  test('no more operations, entries and text than the limits', async () => {
    const emulator = await startEmulator({console: true, script: [{status: 'running', detail: 'x'.repeat(5000)}]});
    const old = emulator.addOperation();
    for (let count = 1; count < limits.operations; count++) emulator.addOperation();
    for (let count = 0; count < limits.entries; count++) old.rescript(['running']);
    await poll(emulator.operations[1]?.location ?? '');
    const found = await histories(emulator);
    expect([found.length, found[0]?.entries.length]).toEqual([limits.operations, limits.entries]);
    expect(found[1]?.view.body).toHaveLength(limits.body);
    emulator.addOperation();
    // Changes to an older operation are sent to pages that may keep it, but no longer stored.
    old.move('succeeded');
    expect((await histories(emulator)).map(({view}) => view.key)).toEqual(
      Array.from({length: 100}, (_, index) => index + 2),
    );
    expect((await post(emulator, '1/forget')).status).toBe(204);
    expect((await poll(old.location)).response.status).toBe(404);
    expect((await post(emulator, '102/start')).status).toBe(404);
  });
});

describe('a page can', () => {
  test('add an operation that is moved by hand, and one with a script', async () => {
    const emulator = await startEmulator({console: true, script: ['running', 'succeeded']});
    expect(await post(emulator, 'by-hand')).toMatchObject({status: 201, text: '{"key":1}'});
    expect(await post(emulator, 'by-script')).toMatchObject({status: 201, text: '{"key":2}'});
    const [byHand, byScript] = emulator.operations;
    for (const operation of [byHand, byHand, byScript, byScript]) await poll(operation?.location ?? '');
    expect([byHand?.status, byScript?.status]).toEqual(['notStarted', 'succeeded']);
  });

  test.each([
    ['start', ['running', 'running']],
    ['succeed', ['succeeded', 'succeeded']],
    ['fail', ['failed', 'failed']],
    ['cancel', ['skipped', 'skipped']],
    ['throttle', [429, 'notStarted']],
    ['forget', [404, 404]],
  ])('%s it', async (action, expected) => {
    const emulator = await startEmulator({console: true});
    await post(emulator, 'by-hand');
    expect((await post(emulator, `1/${action}`)).status).toBe(204);
    const {location = ''} = emulator.operations[0] ?? {};
    const answers: unknown[] = [];
    for (let count = 0; count < 2; count++) {
      const {response, body} = await poll(location);
      answers.push(response.ok ? (body as {status: string}).status : response.status);
    }
    expect(answers).toEqual(expected);
  });

  test('lose half of an answer', async () => {
    const emulator = await startEmulator({console: true});
    await post(emulator, 'by-hand');
    expect((await post(emulator, '1/lose')).status).toBe(204);
    const {location = ''} = emulator.operations[0] ?? {};
    await expect(poll(location)).rejects.toThrow(SyntaxError);
    expect((await poll(location)).response.status).toBe(200);
    expect(actionNames).toHaveLength(7);
  });
});

describe('streams', () => {
  const crossSite = {'sec-fetch-site': 'cross-site'};

  test.each<[string, OutgoingHttpHeaders]>([
    ['a frame of another site', {...crossSite, 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe'}],
    ['a link on another site', {...crossSite, 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document'}],
    ['an image of another site', {...crossSite, 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image'}],
    ['a page of another port', {'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'cors', origin: 'http://127.0.0.1:1'}],
    ['another site, without metadata', {origin: 'https://evil.example'}],
  ])('are not opened by %s', async (_, headers) => {
    const emulator = await startEmulator({console: true});
    expect((await ask(emulator, '/console/events', {headers})).status).toBe(403);
  });

  test('are limited to sixteen', async () => {
    const emulator = await startEmulator({console: true});
    const open = Array.from({length: 16}, () => listen(emulator));
    for (const stream of open) await stream.next();
    const refused = await fetch(`${emulator.console}events`);
    expect([refused.status, await refused.text()]).toEqual([503, 'Too many pages of this console are open.']);
    await open[0]?.return();
    // The emulator notices a little later.
    let status = 503;
    while (status === 503) {
      const again = await fetch(`${emulator.console}events`);
      await again.body?.cancel();
      status = again.status;
    }
    expect(status).toBe(200);
  });

  test('end when the emulator stops', async () => {
    const emulator = await startEmulator({console: true});
    const stream = listen(emulator);
    await stream.next();
    const ended = expect(stream.next()).rejects.toThrow('terminated');
    await emulator.stop();
    await ended;
    expect(emulator.connections).toBe(0);
  });

  test('of a page that does not read use no memory, and start over when it reads', async () => {
    const emulator = await startEmulator({
      console: true,
      script: [{status: 'running', detail: 'x'.repeat(limits.body)}],
    });
    const operation = emulator.addOperation();
    const {hostname, port, host} = new URL(emulator.root);
    const socket = connect({host: hostname, port: Number(port)});
    socket.write(`GET /console/events HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    await new Promise((resolve) => socket.once('readable', resolve));
    // Each change takes some 2.5 kB: the buffers of both ends hold a few megabytes of the 20.
    const before = process.memoryUsage().external + process.memoryUsage().heapUsed;
    await poll(operation.location);
    for (let count = 0; count < 8000; count++) operation.rescript(['running']);
    await new Promise((resolve) => setImmediate(resolve));
    expect(process.memoryUsage().external + process.memoryUsage().heapUsed - before).toBeLessThan(60_000_000);
    let text = '';
    const whole = new Promise<void>((resolve) => {
      socket.on('data', (chunk) => {
        text += String(chunk);
        if ((text.match(/"type":"snapshot"/g) ?? []).length === 2) resolve();
      });
    });
    await whole;
    expect((text.match(/"type":"update"/g) ?? []).length).toBeLessThan(8000);
    socket.destroy();
  });
});

describe('module files', () => {
  const modules = findModules();
  const built = existsSync(fileURLToPath(new URL('../../../dist/index.js', import.meta.url)));
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'operation-poller-modules-'));
    mkdirSync(join(folder, 'package/node_modules/other'), {recursive: true});
    for (const path of [
      'secret.js',
      'package/index.js',
      'package/index.ts',
      'package/.hidden.js',
      'package/node_modules/other/index.js',
    ]) {
      writeFileSync(join(folder, path), '// text');
    }
    symlinkSync(join(folder, 'secret.js'), join(folder, 'package/link.js'));
  });
  afterAll(() => rmSync(folder, {recursive: true, force: true}));

  test('are found where they are installed', () => {
    // `npm test` builds before it runs the tests.
    expect([built, modules.problems]).toEqual([true, []]);
    expect(Object.fromEntries([...modules.packages].map(([name, {entry}]) => [name, entry]))).toEqual({
      'operation-poller': 'index.js',
      ky: 'distribution/index.js',
      'p-retry': 'index.js',
      'is-network-error': 'index.js',
      xstate: 'dist/xstate.esm.js',
    });
  });

  test.each([
    ['package/index.js', true],
    ['package/link.js', false],
    ['package/index.ts', false],
    ['package/.hidden.js', false],
    ['package/node_modules/other/index.js', false],
    ['package/../secret.js', false],
    ['package/..%2fsecret.js', false],
    ['package/%2e%2e/secret.js', false],
    ['package/..\\secret.js', false],
    ['package//secret.js', false],
    ['package/./index.js', false],
    ['package/index.js\0.js', false],
    ['package', false],
    ['package/', false],
    ['other/index.js', false],
    ['__proto__/index.js', false],
    ['../secret.js', false],
    ['', false],
  ])('%j is served: %s', async (path, served) => {
    const only = {packages: new Map([['package', {folder: join(folder, 'package'), entry: ''}]]), problems: []};
    expect(await readModule(only, path)).toBe(served ? '// text' : undefined);
  });

  test('are never outside their folder, whatever the path', async () => {
    const only = {packages: new Map([['package', {folder: join(folder, 'package'), entry: ''}]]), problems: []};
    const parts = fc.constantFrom(
      '..',
      '.',
      '',
      '%2e%2e',
      '..%2f',
      '\\',
      'package',
      'secret.js',
      'index.js',
      'link.js',
      '\0',
    );
    await fc.assert(
      fc.asyncProperty(fc.array(parts, {maxLength: 6}), async (path) => {
        const text = await readModule(only, ['package', ...path].join('/'));
        return text === undefined || path.join('/') === 'index.js';
      }),
    );
  });

  test('are served with their content type, and no other files are', async () => {
    const emulator = await startEmulator({console: true});
    const js = await ask(emulator, '/console/modules/operation-poller/index.js');
    expect([js.status, js.headers['content-type']]).toEqual([200, 'text/javascript; charset=utf-8']);
    expect(js.text).toContain('pollOperation');
    const map = await ask(emulator, '/console/modules/ky/distribution/index.js.map');
    expect([map.status, map.headers['content-type']]).toEqual([200, 'application/json; charset=utf-8']);
    const paths = [
      'operation-poller/index.d.ts',
      'operation-poller/../package.json',
      'ky/package.json',
      'jest/build/index.js',
    ];
    for (const path of [...paths, 'operation-poller/../../../etc/passwd', 'operation-poller/%2e%2e/src/index.js']) {
      expect([path, (await ask(emulator, `/console/modules/${path}`)).status]).toEqual([path, 404]);
    }
  });

  test('that are missing are listed on the page, and nothing is thrown', () => {
    const nowhere = findModules(join(folder, 'package/index.js'));
    expect([...nowhere.packages]).toEqual([]);
    expect(nowhere.problems).toEqual([
      'operation-poller is not built: there is no dist/testing/console/browser/page.js. Run "npm run build".',
      'ky, which operation-poller imports, is not installed.',
      'p-retry, which operation-poller imports, is not installed.',
      'is-network-error, which operation-poller imports, is not installed.',
      'xstate, which operation-poller imports, is not installed.',
    ]);
    const {html} = pageOf('http://127.0.0.1:1', {...nowhere, problems: ['<b>&"']});
    expect(html).toContain('<p class="problem" role="alert">&lt;b&gt;&amp;&quot;</p>');
    expect(html).not.toContain('<script type="module"');
  });
});
