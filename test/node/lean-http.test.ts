import {once} from 'node:events';
import {type AddressInfo, createServer} from 'node:net';
import {setFlagsFromString} from 'node:v8';
import {runInNewContext} from 'node:vm';
import {brotliCompressSync, deflateRawSync, deflateSync, gzipSync} from 'node:zlib';
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
import {Agent, type Dispatcher, MockAgent} from 'undici';
import {type TransportRequest, transportOf} from '../../src/http/transport.ts';
import {LazyAbortController, type Signal} from '../../src/shared/abort.ts';
import {
  afterwards,
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
  ['gzip ', gzipSync(succeeded)],
  ['deflate', deflateSync(succeeded)],
  ['deflate', deflateRawSync(succeeded)],
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

describe('the transport', () => {
  const send = transportOf(http);
  const request = (signal: Signal, method: TransportRequest['method'] = 'GET'): TransportRequest => ({
    method,
    headers: {},
    signal,
    onSent: () => undefined,
    onHead: () => undefined,
  });

  test.each([204, 205, 304])('gives no body with the status %i, whatever the headers announce', async (status) => {
    const server = createServer((socket) => {
      socket.once('data', () => socket.end(`HTTP/1.1 ${status} Odd\r\ncontent-length: 4\r\n\r\nnull`));
    });
    afterwards(() => server.close());
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const {port} = server.address() as AddressInfo;
    const {body} = await send(`http://127.0.0.1:${port}`, request(new LazyAbortController(), 'DELETE'));
    expect(body).toEqual({text: ''});
  });

  test('ends a request at once that waits for a connection', async () => {
    const server = await startServer(() => undefined);
    const dispatcher = new Agent({connections: 1});
    const sendOnOne = transportOf(leanHttp({dispatcher}));
    const [busy, waiting] = [new LazyAbortController(), new LazyAbortController()];
    const first = expect(sendOnOne(server.root, request(busy))).rejects.toBe('done');
    await until(() => server.requests.length === 1);
    const second = expect(sendOnOne(server.root, request(waiting))).rejects.toBe('enough');
    waiting.abort('enough');
    await second;
    busy.abort('done');
    await first;
    await dispatcher.destroy();
    expect(server.requests).toHaveLength(1);
  });

  test('takes little memory for a body in chunks of a byte', async () => {
    setFlagsFromString('--expose-gc');
    const collect: () => void = runInNewContext('gc');
    const controller = {} as Dispatcher.DispatchController;
    let grown = 0;
    const dispatch: Dispatcher['dispatch'] = (_, handler) => {
      handler.onResponseStart?.(controller, 200, {});
      const before = process.memoryUsage().heapUsed;
      // Each is a view of what was read at once, as undici's are.
      const read = Buffer.alloc(2 ** 18, '7');
      for (let index = 0; index < read.length; index++) {
        handler.onResponseData?.(controller, read.subarray(index, index + 1));
      }
      collect();
      grown = process.memoryUsage().heapUsed - before;
      handler.onResponseEnd?.(controller, {});
      return true;
    };
    const sendTo = transportOf(leanHttp({dispatcher: Object.assign(new MockAgent(), {dispatch})}));
    const {body} = await sendTo('http://service.example', request(new LazyAbortController()));
    expect(body).toEqual({text: '7'.repeat(2 ** 18)});
    expect(grown).toBeLessThan(4 * 2 ** 20);
  });
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

describe('69: a response is read as fetch reads it', () => {
  test('raw UTF-8 in a redirect', async () => {
    const server = await startServer((_, response, count) => {
      // Node writes a header as latin1: one character for each byte.
      const location = Buffer.from('/opérations/日本').toString('latin1');
      if (count === 1) response.writeHead(302, {location}).end();
      else response.end(succeeded);
    });
    await begin(`${server.root}/operations/b`).poller.result();
    expect(server.requests[1]?.url).toBe(encodeURI('/opérations/日本'));
  });

  test('latin1 in a redirect, which is no UTF-8', async () => {
    const server = await startServer((_, response, count) => {
      if (count === 1) response.writeHead(302, {location: '/opérations'}).end();
      else response.end(succeeded);
    });
    await begin(`${server.root}/operations/b`).poller.result();
    expect(server.requests[1]?.url).toBe(encodeURI('/opérations'));
  });

  test.each(['with a content-length', 'in chunks'])('a byte order mark %s', async (form) => {
    const server = await startServer((_, response) => {
      if (form === 'in chunks') response.flushHeaders();
      response.end(`\ufeff${succeeded}`);
    });
    expect((await begin(`${server.root}/operations/b`).poller.result()).id).toBe('b');
  });
});

describe('79: a redirect', () => {
  test('whose body never ends leaves nothing open', async () => {
    let closed = false;
    const server = await startServer((_, response, count) => {
      if (count > 1) return void response.end(succeeded);
      response.writeHead(302, {location: '/operations/c'});
      response.write('.');
      const trickle = setInterval(() => response.write('.'), 1);
      response.once('close', () => {
        clearInterval(trickle);
        closed = true;
      });
    });
    expect((await begin(`${server.root}/operations/b`).poller.result()).id).toBe('b');
    await until(() => closed);
  });

  test('whose body has arrived keeps its connection', async () => {
    // undici uses a connection again in the next turn of the event loop, so the redirected request takes a second one.
    const sockets = new Set<unknown>();
    const server = await startServer(({socket}, response, count) => {
      sockets.add(socket);
      if (count % 2 === 1) response.writeHead(302, {location: '/operations/c'}).end('Moved.');
      else response.end(count === 20 ? succeeded : JSON.stringify({id: 'b', status: 'running'}));
    });
    await begin(`${server.root}/operations/b`).poller.result();
    expect([server.requests.length, sockets.size]).toEqual([20, 2]);
  });
});

test.each(['itself', 'derived'])("79: undici's MockAgent takes the place of the service: %s", async (form) => {
  const dispatcher = new MockAgent();
  dispatcher.disableNetConnect();
  const operation = dispatcher.get('https://service.example');
  const answers = ['running', 'running', 'succeeded'].map((status) => ({id: 'b', status}));
  for (const answer of answers) {
    operation.intercept({path: '/operations/b', headers: {authorization: `Bearer ${token}`}}).reply(200, answer);
  }
  const lean = leanHttp({dispatcher});
  const {poller, events} = begin('https://service.example/operations/b', {
    http: form === 'itself' ? lean : lean.extend({}),
  });
  expect((await poller.result()).id).toBe('b');
  expect(types(events).filter((type) => type === 'polled')).toHaveLength(3);
  dispatcher.assertNoPendingInterceptors();
  await dispatcher.close();
});

describe('options are checked at the call', () => {
  test.each<[unknown, string]>([
    [null, 'options: expected an object'],
    [{pipelining: 10}, 'pipelining: there is no such option; there are connections, keepAlive, dispatcher'],
    [{connections: '10'}, 'connections: expected a whole number, got "10"'],
    [{connections: 0}, 'connections: expected a whole number from 1 on, got 0'],
    [{keepAlive: 1.5}, 'keepAlive: expected whole milliseconds from 1 on, got 1.5'],
    [{dispatcher: {}}, "dispatcher: expected one of undici's, got an object"],
  ])('%j', (options, message) => {
    expect(() => leanHttp(options as LeanHttpOptions)).toThrow(message);
  });
});
