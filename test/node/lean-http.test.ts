import {brotliCompressSync, deflateSync, gzipSync} from 'node:zlib';
import {describe, expect, test} from '@jest/globals';
import {
  OperationFailedError,
  ProtocolError,
  UnreachableError,
  WatchAbortedError,
  WatchTimeoutError,
} from 'operation-poller';
import {createGraphClient} from 'operation-poller/graph';
import {type LeanHttpOptions, leanHttp} from 'operation-poller/node';
import {Agent} from 'undici';
import {
  begin,
  failure,
  quick,
  startEmulator,
  startServer,
  switchTransport,
  token,
  turns,
  types,
  until,
  watch,
} from '../support/behaviours.ts';

const http = switchTransport(leanHttp, 'node/index.js');

test('watches an operation to its end, with the right headers on each request', async () => {
  const {poller, operation, events} = await watch(['notStarted', 'running', 'succeeded']);
  expect((await poller.result()).status).toBe('succeeded');
  expect(types(events).filter((type) => type !== 'polled' && type !== 'waiting')).toEqual([
    'notStarted',
    'running',
    'succeeded',
  ]);
  for (const {headers} of operation.requests) {
    expect(headers).toMatchObject({
      authorization: `Bearer ${token}`,
      accept: 'application/json',
      'accept-encoding': 'identity',
    });
    expect(headers['client-request-id']).toMatch(/^[\da-f-]{36}$/);
  }
  expect(events.every(({answer}) => answer?.requestId !== undefined)).toBe(true);
});

test('tells the failure of an operation from transient failures', async () => {
  const {poller} = await watch([{http: 503}, {fault: 'reset'}, {fault: 'truncated'}, 'running', 'failed']);
  await failure(poller.result(), OperationFailedError);
});

test.each(['huge', 'endless'] as const)('a body that is %s is abandoned and its connection closed', async (fault) => {
  const {poller, operation, emulator} = await watch([{fault}]);
  await failure(poller.result(), ProtocolError);
  await emulator.idle();
  await until(() => operation.requests[0]?.aborted === true);
});

test.each(['hang', 'hangBody'] as const)('a timeout ends a request with the fault %s', async (fault) => {
  const {poller, operation, emulator} = await watch([{fault}], {
    totalTimeout: 150,
    requestTimeout: 100,
    retry: {retries: 0},
  });
  await failure(poller.result(), WatchTimeoutError);
  await emulator.idle();
  expect(operation.requests.every(({aborted}) => aborted)).toBe(true);
});

test.each(['hang', 'hangBody'] as const)('a stop ends a request with the fault %s', async (fault) => {
  const {poller, operation, emulator} = await watch([{fault}]);
  await until(() => operation.requests.length === 1);
  poller.stop('enough');
  expect((await failure(poller.result(), WatchAbortedError)).cause).toBe('enough');
  await emulator.idle();
  expect(operation.requests.map(({aborted}) => aborted)).toEqual([true]);
});

test('a body of 1 MiB without a content-length is read, but not one byte more', async () => {
  const sizes = [2 ** 20, 2 ** 20 + 1];
  const server = await startServer((_, response) => {
    const text = JSON.stringify({id: 'b', status: 'running'}).padEnd(sizes.shift() ?? 0);
    response.write(text.slice(0, 1000));
    response.end(text.slice(1000));
  });
  const {poller, events} = begin(`${server.root}/operations/b`);
  await failure(poller.result(), ProtocolError);
  expect(types(events)).toContain('running');
});

/** A server that compresses although asked not to, or claims to. */
function startCompressing(encoding: string, body: Buffer): ReturnType<typeof startServer> {
  return startServer((_, response) => response.writeHead(200, {'content-encoding': encoding}).end(body));
}

const succeeded = Buffer.from(JSON.stringify({id: 'b', status: 'succeeded'}));

test.each([
  ['gzip', gzipSync(succeeded)],
  ['X-GZIP', gzipSync(succeeded)],
  ['deflate', deflateSync(succeeded)],
  ['br', brotliCompressSync(succeeded)],
  ['identity', succeeded],
])('a response with the encoding %s is read, although it was not asked for', async (encoding, body) => {
  const server = await startCompressing(encoding, body);
  const {poller} = begin(`${server.root}/operations/b`);
  expect((await poller.result()).id).toBe('b');
});

test('a response with an unknown encoding is not an operation', async () => {
  const server = await startCompressing('compress', gzipSync(succeeded));
  const {poller} = begin(`${server.root}/operations/b`, {consecutiveFailures: 1});
  await failure(poller.result(), ProtocolError);
});

test.each(['gzip', 'br'])('a truncated response with the encoding %s is not an operation', async (encoding) => {
  const compress = encoding === 'gzip' ? gzipSync : brotliCompressSync;
  const server = await startCompressing(encoding, compress(succeeded).subarray(0, 20));
  const {poller} = begin(`${server.root}/operations/b`, {consecutiveFailures: 1});
  await failure(poller.result(), ProtocolError);
});

test('a response that is not compressed as claimed is a transient failure', async () => {
  const server = await startCompressing('gzip', succeeded);
  const {poller} = begin(`${server.root}/operations/b`, {consecutiveFailures: 1});
  const {cause} = await failure(poller.result(), UnreachableError);
  expect(cause).toMatchObject({kind: 'network', transient: true, code: 'Z_DATA_ERROR'});
});

test('an abort ends a compressed response that never ends', async () => {
  let closed = false;
  const server = await startServer((_, response) => {
    response.once('close', () => {
      closed = true;
    });
    response.writeHead(200, {'content-encoding': 'gzip'});
    response.write(gzipSync(succeeded).subarray(0, 20));
  });
  const {poller} = begin(`${server.root}/operations/b`);
  await until(() => server.requests.length === 1);
  await turns();
  poller.stop('enough');
  expect((await failure(poller.result(), WatchAbortedError)).cause).toBe('enough');
  await until(() => closed);
});

test('a response without a body is not an operation, whatever its encoding', async () => {
  const server = await startServer((_, response) => response.writeHead(204, {'content-encoding': 'gzip'}).end());
  const {poller} = begin(`${server.root}/operations/b`, {consecutiveFailures: 1});
  await failure(poller.result(), ProtocolError);
});

test('a refused connection is an UnreachableError with its code', async () => {
  const {poller} = begin('http://127.0.0.1:9/operations/b', {consecutiveFailures: 1});
  const {cause} = await failure(poller.result(), UnreachableError);
  expect(cause).toMatchObject({kind: 'network', code: 'ECONNREFUSED'});
});

test('a Graph client sends its batches with it', async () => {
  const emulator = await startEmulator();
  const graph = createGraphClient({root: emulator.root, token, http, batch: 20});
  const pollers = Array.from({length: 20}, () =>
    graph.watch(emulator.addOperation({script: ['running', 'succeeded']}).location, {schedule: quick.schedule}),
  );
  await Promise.all(pollers.map((poller) => poller.result()));
  expect(emulator.served).toBe(40);
  expect(emulator.received).toBeLessThan(20);
});

test('a derived instance calls its hooks and shares the connections', async () => {
  const requested: string[] = [];
  const hooked = http.extend({
    hooks: {beforeRequest: [({request}) => void requested.push(new URL(request.url).pathname)]},
  });
  const emulator = await startEmulator();
  const {location} = emulator.addOperation({script: ['running', 'succeeded']});
  await begin(location, {http: hooked}).poller.result();
  expect(requested).toEqual([new URL(location).pathname, new URL(location).pathname]);
});

test('a given dispatcher sends the requests', async () => {
  const dispatcher = new Agent({connections: 1});
  const emulator = await startEmulator();
  const {location} = emulator.addOperation({script: ['succeeded']});
  await begin(location, {http: leanHttp({dispatcher})}).poller.result();
  expect(Object.keys(dispatcher.stats)).toEqual([new URL(location).origin]);
  await dispatcher.close();
});

describe('options are checked at the call', () => {
  test.each<[unknown, string]>([
    [null, 'options: expected an object'],
    [{pipelining: 10}, 'pipelining: there is no such option; there are connections, keepAlive, dispatcher'],
    [{connections: '10'}, 'connections: expected a whole number, got "10"'],
    [{connections: 0}, 'connections: expected a whole number from 1 on, got 0'],
    [{keepAlive: 1.5}, 'keepAlive: expected milliseconds from 1 on, got 1.5'],
    [{dispatcher: {}}, "dispatcher: expected one of undici's, got an object"],
  ])('%j', (options, message) => {
    expect(() => leanHttp(options as LeanHttpOptions)).toThrow(message);
  });
});
