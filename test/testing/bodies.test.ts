import {once} from 'node:events';
import {connect, type Socket} from 'node:net';
import {gzipSync} from 'node:zlib';
import {afterEach, describe, expect, test} from '@jest/globals';
import fc from 'fast-check';
import type {GraphEmulator} from '../../src/testing/index.ts';
import {bearer, field, postBatch, resetPassword, sendBatch, startEmulator} from './emulators.ts';

const limit = 8 * 1024 * 1024;
const resetPath = '/v1.0/users/a/authentication/methods/m/resetPassword';

const sockets: Socket[] = [];

// One that may stay half open stays so when the server has closed it.
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

/** Sends a head that announces a body in this way. What arrives is collected in `text`. */
async function begin(
  emulator: GraphEmulator,
  announcement: string,
  path = resetPath,
): Promise<{socket: Socket; received: {text: string}; ended: Promise<void>}> {
  const {hostname, port, host} = new URL(emulator.root);
  const socket = connect({host: hostname, port: Number(port), allowHalfOpen: true});
  sockets.push(socket);
  const received = {text: ''};
  socket.on('data', (chunk) => {
    received.text += String(chunk);
  });
  // A client that is still sending when the connection is closed.
  socket.on('error', () => socket.destroy());
  // Not `once(socket, …)` of node:events, which rejects at an error: a test that does not await `ended` would crash.
  const ended = new Promise<void>((resolve) => {
    socket.once('end', resolve);
    socket.once('close', () => resolve());
  });
  await once(socket, 'connect');
  socket.write(`POST ${path} HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer test-token\r\n${announcement}\r\n\r\n`);
  return {socket, received, ended};
}

/** Sends chunks without end until the connection is closed. Returns their bytes. */
async function pour(socket: Socket): Promise<number> {
  const chunk = Buffer.from(`10000\r\n${' '.repeat(0x10000)}\r\n`);
  let bytes = 0;
  while (socket.writable) {
    await new Promise((resolve) => socket.write(chunk, resolve));
    bytes += chunk.length;
  }
  return bytes;
}

async function expectAlive(emulator: GraphEmulator): Promise<void> {
  expect((await resetPassword(emulator)).status).toBe(202);
}

describe('a body that is too long', () => {
  test('is answered 413 in the format of Graph; 8 MiB are read', async () => {
    const emulator = await startEmulator();
    expect((await resetPassword(emulator, ' '.repeat(limit))).status).toBe(202);
    const response = await resetPassword(emulator, ' '.repeat(limit + 1));
    expect([response.status, response.headers.get('connection')]).toEqual([413, 'close']);
    expect(response.headers.get('request-id')).toMatch(/^[\da-f-]{36}$/);
    expect(field(await response.json(), 'error')).toMatchObject({
      code: 'RequestEntityTooLarge',
      message: 'The body of the request is longer than 8388608 bytes.',
    });
    expect(emulator.operations).toHaveLength(1);
  });

  test('is recorded without its body, as a request that was answered', async () => {
    const emulator = await startEmulator();
    await (await resetPassword(emulator, ' '.repeat(limit + 1))).text();
    await emulator.idle();
    expect(emulator.requests).toMatchObject([{method: 'POST', path: expect.any(String), aborted: false}]);
    expect(emulator.requests[0]).not.toHaveProperty('body');
  });

  test.each([
    ['announces its length', `Content-Length: ${limit + 1}`, ''],
    ['stops just over the limit', 'Transfer-Encoding: chunked', `800001\r\n${' '.repeat(limit + 1)}`],
  ])('that %s has its connection closed, although the client does not send the rest', async (_, head, body) => {
    const emulator = await startEmulator();
    const {socket, received, ended} = await begin(emulator, head);
    socket.write(body);
    await ended;
    expect(received.text).toMatch(/^HTTP\/1\.1 413 .*"RequestEntityTooLarge".*\}$/s);
    socket.destroy();
    await emulator.idle();
  });

  test('that never ends does not fill the memory, and is cut off', async () => {
    const emulator = await startEmulator();
    const before = process.memoryUsage().arrayBuffers;
    const {socket, received} = await begin(emulator, 'Transfer-Encoding: chunked');
    // The buffers of both ends hold a few megabytes more than the emulator reads.
    expect(await pour(socket)).toBeLessThan(4 * limit);
    expect(received.text).toMatch(/^HTTP\/1\.1 413 /);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(3 * limit);
    await emulator.idle();
    expect(emulator.connections).toBe(0);
    await expectAlive(emulator);
  });

  test('is cut off as well beyond maximumRequests', async () => {
    const emulator = await startEmulator({maximumRequests: 1});
    await expectAlive(emulator);
    const {socket, received} = await begin(emulator, 'Transfer-Encoding: chunked');
    await pour(socket);
    expect(received.text).toMatch(/^HTTP\/1\.1 508 /);
  });

  test('is cut off as well by the console, which reads none', async () => {
    const emulator = await startEmulator({console: true});
    const {socket, received} = await begin(emulator, 'Transfer-Encoding: chunked', '/console/operations/by-hand');
    await pour(socket);
    expect(received.text).toMatch(/^HTTP\/1\.1 403 /);
  });
});

describe('the emulator survives a body that', () => {
  test('breaks off', async () => {
    const emulator = await startEmulator();
    const {socket} = await begin(emulator, 'Content-Length: 100');
    await new Promise((resolve) => socket.write('{"newPassword": "a', resolve));
    socket.resetAndDestroy();
    while (emulator.requests.length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(emulator.requests).toMatchObject([{aborted: true}]);
    expect(emulator.operations).toEqual([]);
    await expectAlive(emulator);
  });

  test('is not chunked as it claims', async () => {
    const emulator = await startEmulator();
    const {socket, received, ended} = await begin(emulator, 'Transfer-Encoding: chunked');
    socket.write('no length\r\n');
    await ended;
    expect(received.text).toMatch(/^HTTP\/1\.1 400 /);
    expect(emulator.operations).toEqual([]);
    await expectAlive(emulator);
  });

  test('is compressed', async () => {
    const emulator = await startEmulator();
    const response = await fetch(`${emulator.root}${resetPath}`, {
      method: 'POST',
      headers: {...bearer, 'content-encoding': 'gzip'},
      body: gzipSync('{}'),
    });
    expect(response.status).toBe(400);
  });

  test('is nested too deeply to be written again', async () => {
    const emulator = await startEmulator();
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    const headers = '{"content-type": "application/json"}';
    const part = `{"id": "1", "method": "POST", "url": "/x", "headers": ${headers}, "body": ${deep}}`;
    const {response, body} = await postBatch(emulator, `{"requests": [${part}]}`);
    expect([response.status, field(body, 'error', 'message')]).toEqual([
      400,
      'The body of request 1 is nested too deeply.',
    ]);
    expect((await resetPassword(emulator, `{"newPassword": ${deep}}`)).status).toBe(400);
  });

  test('has half of a surrogate pair in a url', async () => {
    const emulator = await startEmulator();
    const headers = {'content-type': 'application/json'};
    const part = {method: 'POST', url: '/users/\ud800/authentication/methods/m/resetPassword', headers, body: {}};
    const {response, body} = await sendBatch(emulator, [part]);
    expect([response.status, field(body, 'error', 'message')]).toEqual([
      400,
      'The url of request 0 is not valid Unicode.',
    ]);
    expect((await sendBatch(emulator, [{...part, url: part.url.replace('\ud800', '😀')}])).response.status).toBe(200);
  });

  test('is any JSON', async () => {
    const emulator = await startEmulator();
    const odd = fc.constantFrom('\ud800', '\udc00', '%', '%2f', '/', '\0', '\r\n', 'é', 'a');
    const text = fc.oneof(
      fc.string({unit: 'binary', maxLength: 5}),
      fc.array(odd, {maxLength: 5}).map((all) => all.join('')),
    );
    const url = text.map((user) => `/users/${user}/authentication/methods/m/resetPassword`);
    const headers = {'content-type': 'application/json'};
    const reset = fc.record({
      id: text,
      method: fc.constant('POST'),
      url,
      headers: fc.constant(headers),
      body: fc.json(),
    });
    const part = fc.record(
      {id: text, method: text, url: text, headers: fc.dictionary(text, text), body: fc.jsonValue()},
      {requiredKeys: []},
    );
    const parts = fc.oneof(fc.tuple(reset), fc.array(fc.oneof(reset, part, fc.jsonValue())));
    const envelope = fc.oneof({arbitrary: fc.record({requests: parts}), weight: 3}, fc.jsonValue());
    await fc.assert(
      fc.asyncProperty(envelope, async (sent) => {
        const {response} = await postBatch(emulator, JSON.stringify(sent));
        const {status} = await resetPassword(emulator, JSON.stringify(sent));
        return [200, 400].includes(response.status) && [202, 400].includes(status);
      }),
      {numRuns: 50},
    );
  });
});
