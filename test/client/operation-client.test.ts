import {createServer, type IncomingMessage} from 'node:http';
import type {AddressInfo} from 'node:net';
import {afterEach, describe, expect, jest, test} from '@jest/globals';
import {createOperationWorker} from '../../src/bullmq/index.ts';
import {createOperationClient, type OperationClientOptions, type StartRequest} from '../../src/client/index.ts';
import {type DurableHost, watchDurably} from '../../src/durable/index.ts';
import {instrument} from '../../src/opentelemetry/index.ts';
import {writeResumeToken} from '../../src/operation/resume-token.ts';
import {firstState} from '../../src/options/first-state.ts';
import {readOptions} from '../../src/options/settings.ts';
import * as protocols from '../../src/protocol/protocols.ts';
import {prepareTurns} from '../../src/runner/turn-options.ts';
import {now} from '../../src/shared/clock.ts';
import {eventsOf, everything, quick, rejectionOf, token} from '../graph/clients.ts';
import {stateOf, tasks} from '../support/core.ts';
import {hostileValues} from '../support/hostile.ts';

const {longRunning} = protocols;
const key = 'marker-key-0123456789';

interface Received extends Pick<IncomingMessage, 'method' | 'url' | 'headers'> {
  readonly body: string;
}
interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** In milliseconds. */
  readonly after?: number;
}

const closers: (() => void)[] = [];

afterEach(() => {
  jest.useRealTimers();
  for (const close of closers.splice(0)) close();
});

/** A service of one test, which answers as the test says and keeps what it received. */
async function serve(
  reply: (request: Received) => Reply,
): Promise<{readonly root: string; readonly received: Received[]}> {
  const received: Received[] = [];
  const server = createServer(async (incoming, response) => {
    let body = '';
    for await (const chunk of incoming) body += String(chunk);
    const {method, url, headers} = incoming;
    const request = {method, url, headers, body};
    received.push(request);
    const {status = 200, headers: sent = {}, body: json, after = 0} = reply(request);
    setTimeout(() => response.writeHead(status, sent).end(json === undefined ? '' : JSON.stringify(json)), after);
  });
  // An idle connection is not closed just when a client is about to reuse it.
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return {root: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received};
}

const clientOf = (root: string, options: Partial<OperationClientOptions> = {}) =>
  createOperationClient({root, ...options});

const started = (location: string): Reply => ({status: 202, headers: {location}});
const succeeded: Reply = {body: {id: '1', status: 'succeeded'}};

/** A service whose operation is at `/op`, wherever a start goes. */
const simple = (location = '/op') => serve(({url}) => (url === '/op' ? succeeded : started(location)));

describe('a start', () => {
  test.each([
    ['/api', '/jobs', '/api/jobs'],
    ['/api/', '/jobs?x=1', '/api/jobs?x=1'],
    ['', '/jobs', '/jobs'],
  ])('goes to the path under the root %j', async (path, asked, url) => {
    const service = await simple();
    const {poller} = await clientOf(service.root + path).start(longRunning, {path: asked}, quick);
    await poller!.result();
    expect(service.received[0]?.url).toBe(url);
    expect(service.received[0]?.headers.authorization).toBeUndefined();
  });

  test('goes to an absolute URL on the root, and to no other', async () => {
    const service = await simple();
    const client = clientOf(`${service.root}/api`);
    await (await client.start(longRunning, {path: `${service.root}/elsewhere`}, quick)).poller!.result();
    expect(service.received[0]?.url).toBe('/elsewhere');
    const error = await rejectionOf(client.start(longRunning, {path: 'https://elsewhere.example/a'}));
    expect(String(error)).toMatch(/^TypeError: path: expected a path/);
  });

  test('may have a body that is empty, or whose class says how it is written', async () => {
    const service = await simple();
    for (const body of [{}, Object.create(null), [], new Date(0)]) {
      (await clientOf(service.root).start(longRunning, {path: '/jobs', body})).poller!.stop();
    }
    const sent = service.received.filter(({method}) => method === 'POST');
    expect(sent.map(({body}) => body)).toEqual(['{}', '{}', '[]', '"1970-01-01T00:00:00.000Z"']);
  });

  test('is a POST without a body where all that may be left out is undefined', async () => {
    const service = await simple();
    const absent = {path: '/jobs', method: undefined, body: undefined, headers: undefined};
    (await clientOf(service.root).start(longRunning, absent)).poller!.stop();
    expect(service.received[0]).toMatchObject({method: 'POST', body: ''});
  });

  test("says what it accepts, before the client's own accept", async () => {
    const service = await simple();
    const client = clientOf(service.root, {headers: {accept: 'text/csv'}});
    const accept = 'application/vnd.example+json';
    const {poller} = await client.start(longRunning, {path: '/jobs', headers: {Accept: accept}}, quick);
    await poller!.result();
    expect(service.received.map(({headers}) => headers.accept)).toEqual([accept, 'text/csv']);
  });

  test('51: is not sent when its token comes just as startTimeout is over', async () => {
    const service = await serve(() => started('/op'));
    jest.useFakeTimers();
    const token = () => new Promise<string>((resolve) => setTimeout(resolve, 5000, 'a-token'));
    const rejection = rejectionOf(clientOf(service.root, {token, startTimeout: 5000}).start(longRunning, {path: '/a'}));
    await jest.advanceTimersByTimeAsync(5001);
    expect(await rejection).toMatchObject({
      mayHaveStarted: false,
      message: expect.stringContaining('No request could be made within 5000 ms'),
      cause: {kind: 'timeout'},
    });
    expect(service.received).toHaveLength(0);
  });

  test('a hint does not shorten the wait that its response asks for', async () => {
    const service = await serve(() => ({...started('/op'), headers: {location: '/op', 'retry-after': '3600'}}));
    const {poller} = await clientOf(service.root).start(longRunning, {path: '/a'}, {totalTimeout: false});
    const waits: number[] = [];
    await new Promise<void>((resolve) => {
      poller!.on('waiting', ({delay}) => {
        waits.push(delay);
        resolve();
      });
    });
    poller!.wake();
    const {dueAt, startedAt, notBefore} = poller!.toJSON();
    poller!.stop();
    expect({waits: waits.length, wait: dueAt - startedAt}).toEqual({waits: 1, wait: 3_600_000});
    expect(notBefore).toBe(dueAt);
  });

  test('where its response is the first report, that does not answer what cancels the operation', async () => {
    const service = await serve(({method}) => (method === 'DELETE' ? {status: 409} : {body: {name: 'operations/1'}}));
    const protocol = protocols.define({...protocols.google.longrunning, name: 'byDelete', cancel: {method: 'DELETE'}});
    const {poller} = await clientOf(service.root).start(protocol, {path: '/a'}, {initialDelay: 60_000});
    expect(await rejectionOf(poller!.cancel())).toMatchObject({name: 'PollError', httpStatus: 409});
    poller!.stop();
    expect(service.received.map(({method, url}) => `${method} ${url}`)).toEqual(['POST /a', 'DELETE /operations/1']);
  });

  test('where its response is the first report, a process that dies before it is read waits as long as that asks for', async () => {
    const service = await serve(() => ({
      status: 200,
      body: {name: 'operations/1'},
      headers: {'retry-after': '3600'},
    }));
    const client = clientOf(service.root);
    const begun = now();
    const {poller} = await client.start(protocols.google.longrunning, {path: '/a'}, {totalTimeout: false});
    const stored = poller!.toJSON();
    poller!.stop();
    expect(stored.attempt).toBe(0);
    const resumed = client.resume(stored, {protocol: protocols.google.longrunning});
    const delay = await new Promise<number>((resolve) => resumed.on('waiting', (event) => resolve(event.delay)));
    resumed.stop();
    expect(delay).toBeGreaterThanOrEqual(3_600_000 - (now() - begun));
    expect(service.received).toHaveLength(1);
  });
});

describe('a start is refused before anything is sent', () => {
  const loop: Record<string, unknown> = {};
  loop['loop'] = loop;
  const odd = 'path: expected one without . and .. as segments and without control characters, got ';
  test.each<[object | undefined, string]>([
    [{path: '/../admin'}, `${odd}"/../admin"`],
    [{path: '/users/%2E%2e/admin?a=b'}, `${odd}"/users/%2E%2e/admin?a=b"`],
    [{path: '/users/.'}, `${odd}"/users/."`],
    [{path: '/users/..\\admin'}, `${odd}"/users/..\\\\admin"`],
    [{path: '/a\r\nx: y'}, `${odd}"/a\\r\\nx: y"`],
    [{path: '/a', body: 1n}, 'body: expected what JSON can express, got a bigint'],
    [{path: '/a', body: loop}, 'body: expected what JSON can express, got one that it cannot: '],
    [{path: '/a', body: () => 1}, 'body: expected what JSON can express, got a function'],
    [{path: '/a', body: {rows: [{n: Number.NaN}]}}, 'body.rows.0.n: expected what JSON can express, got NaN'],
    [{path: '/a', body: {at: new Map()}}, 'body.at: expected what JSON can express, got an object of the class Map'],
    [
      {path: '/a', body: new URLSearchParams({a: '1'})},
      'body: expected what JSON can express, got an object of the class ',
    ],
    [
      {path: '/a', body: Promise.resolve({})},
      'body: expected what JSON can express, got an object of the class Promise',
    ],
    [
      {path: '/a', headers: {'Content-Length': '1'}},
      'headers.Content-Length: expected none, because it belongs to the ',
    ],
    [{path: '/a', headers: {host: 'b.example'}}, 'headers.host: expected none, because it belongs to the connection'],
    [{path: '/a', method: 'GET', body: {}}, 'body: a GET has none'],
    [undefined, 'request: expected an object with a path, got undefined'],
  ])('%p', async (request, message) => {
    const service = await simple();
    const error = await rejectionOf(clientOf(service.root).start(longRunning, request as StartRequest));
    expect(String(error)).toContain(`TypeError: ${message}`);
    expect(service.received).toHaveLength(0);
  });

  test.each<[string, unknown]>([
    ['a map', new Map([['path', '/a']])],
    ['an instance of a class', new (class Export {})()],
  ])('%s', async (_, request) => {
    const service = await simple();
    const error = await rejectionOf(clientOf(service.root).start(longRunning, request as StartRequest));
    expect(String(error)).toMatch(/^TypeError: request: expected an object with a path, got an object of the class/);
  });

  test.each(hostileValues)('a body whose toJSON throws %s', async (_, thrown) => {
    const body = {
      toJSON: () => {
        throw thrown;
      },
    };
    const error = await rejectionOf(clientOf('http://127.0.0.1:9').start(longRunning, {path: '/a', body}));
    expect(String(error)).toContain('TypeError: body: expected what JSON can express, got one that it cannot: ');
  });

  test.each(hostileValues)('a start whose signal was aborted because of %s', async (_, reason) => {
    // Without a reason, an abort has one of its own.
    const signal = AbortSignal.abort(reason);
    const error = await rejectionOf(clientOf('http://127.0.0.1:9').start(longRunning, {path: '/a'}, {signal}));
    expect(error).toMatchObject({name: 'OperationNotStartedError', mayHaveStarted: false});
    expect(Object(error).cause).toBe(signal.reason);
  });

  test('also with a protocol too many or none, or with what the start itself says', async () => {
    const service = await simple();
    const client = clientOf(service.root);
    const errorOf = async (...given: readonly unknown[]) =>
      String(await rejectionOf(Reflect.apply(client.start, client, given)));
    expect(await errorOf({path: '/a'})).toMatch(/^TypeError: protocol: expected a protocol such as/);
    expect(await errorOf('longRunning', {path: '/a'})).toMatch(/^TypeError: protocol: expected a protocol such as/);
    for (const option of [{protocol: longRunning}, {started: {method: 'PUT', url: service.root}}]) {
      expect(await errorOf(longRunning, {path: '/a'}, option)).toMatch(
        /^TypeError: (protocol|started): start has its own/,
      );
    }
    expect(service.received).toHaveLength(0);
  });

  test('but dots within a segment or a query are sent as they are', async () => {
    const service = await simple();
    const {poller} = await clientOf(service.root).start(longRunning, {path: '/v1.0/..a/b..?c=/../d'}, quick);
    await poller!.result();
    expect(service.received[0]?.url).toBe('/v1.0/..a/b..?c=/../d');
  });
});

test("what a token function gives in another library's form is named", async () => {
  const service = await simple();
  const msal = {accessToken: 'marker-token', expiresOn: new Date()};
  const client = clientOf(service.root, {token: (() => msal) as unknown as () => string});
  const error = await rejectionOf(client.start(longRunning, {path: '/a'}));
  expect(error).toMatchObject({mayHaveStarted: false, cause: {kind: 'token'}});
  expect(String(error)).toMatch(
    /expected a string or \{token, expiresOnTimestamp\}, got an object with an accessToken: return that$/,
  );
  expect(everything(error)).not.toContain('marker-token');
  const other = clientOf(service.root, {token: (() => ({value: 'marker-token'})) as unknown as () => string});
  expect(String(await rejectionOf(other.start(longRunning, {path: '/a'})))).toMatch(/got an object without token$/);
});

describe('the wait after a start', () => {
  test.each<[string, string | undefined, number | undefined, number]>([
    ['is what the service asked for', '7', undefined, 7000],
    ['which a caller can make longer', '7', 9000, 9000],
    ['but not shorter', '7', 10, 7000],
    ['nor leave out', '7', 0, 7000],
    ["is the protocol's interval otherwise", undefined, undefined, 5000],
    ['which a caller can make shorter', undefined, 10, 10],
    ['and leave out', undefined, 0, 0],
  ])('%s', async (_, retryAfter, initialDelay, expected) => {
    const headers = {location: '/op', ...(retryAfter && {'retry-after': retryAfter})};
    const service = await serve(() => ({status: 202, headers}));
    const protocol = protocols.define({...longRunning, name: 'paced', minimumInterval: 5000});
    const options = initialDelay === undefined ? {} : {initialDelay};
    const begun = now();
    const {poller} = await clientOf(service.root).start(protocol, {path: '/a'}, options);
    const delays: number[] = [];
    poller!.on('waiting', ({delay}) => delays.push(delay));
    await new Promise(setImmediate);
    // A hint ends no wait that the service asked for.
    const {dueAt, notBefore = dueAt} = poller!.toJSON();
    expect(notBefore === dueAt).toBe(initialDelay !== 9000);
    const [delay = 0, ...others] = delays;
    expect(others).toEqual([]);
    expect(delay).toBeLessThanOrEqual(expected);
    // Some of it has passed since the response.
    expect(delay).toBeGreaterThanOrEqual(expected - (now() - begun));
    poller!.stop();
  });
});

test('74: the token of a start is shown nowhere, also where a later response quotes it', async () => {
  const startToken = 'marker-token-to-start';
  const service = await serve(({url}) =>
    url === '/op' ? {body: {id: '1', status: 'succeeded', statusDetail: `by ${startToken}`}} : started('/op'),
  );
  const client = clientOf(service.root, {token, startToken});
  const {poller} = await client.start(longRunning, {path: '/a'}, quick);
  const events = eventsOf(poller!);
  expect((await poller!.result()).statusDetail).toBe('by [token]');
  expect(service.received.map(({headers}) => headers.authorization)).toEqual([
    `Bearer ${startToken}`,
    `Bearer ${token}`,
  ]);
  expect(everything(events, poller, poller!.toJSON())).not.toContain(startToken);
});

describe('55, 72: the headers of a client', () => {
  test('go with each request to the root, and with none to another origin', async () => {
    const foreign = await serve(() => succeeded);
    const service = await serve(({url}) => {
      if (url === '/a') return started('/op');
      return url === '/op' ? {status: 302, headers: {location: `${foreign.root}/op`}} : {status: 404};
    });
    const client = clientOf(service.root, {headers: {'X-Api-Key': key, Accept: 'application/vnd.example+json'}});
    const {poller} = await client.start(longRunning, {path: '/a', headers: {'x-other': 'b'}}, quick);
    await poller!.result();
    expect(service.received.map(({headers}) => [headers['x-api-key'], headers.accept, headers['x-other']])).toEqual([
      [key, 'application/vnd.example+json', 'b'],
      [key, 'application/vnd.example+json', undefined],
    ]);
    expect(foreign.received.map(({headers}) => [headers['x-api-key'], headers.accept])).toEqual([
      [undefined, 'application/json'],
    ]);
  });

  test('go with the fetch of a result and with a cancellation', async () => {
    const service = await serve(({url}) => ({
      body: url === '/result' ? {a: 1} : {...Object(succeeded.body), resourceLocation: '/result'},
    }));
    const protocol = protocols.define({...longRunning, name: 'own', cancel: {method: 'DELETE'}});
    const client = clientOf(service.root, {headers: {'x-api-key': key}});
    const poller = client.watch(`${service.root}/op`, {...quick, protocol, fetchResult: true});
    expect((await poller.result()).result).toEqual({a: 1});
    const canceled = client.watch(`${service.root}/op`, {protocol, initialDelay: 60_000});
    await canceled.cancel();
    canceled.stop();
    await client.fetchOperation(`${service.root}/op`);
    expect(service.received.map(({method, url}) => [method, url])).toEqual([
      ['GET', '/op'],
      ['GET', '/result'],
      ['DELETE', '/op'],
      ['GET', '/op'],
    ]);
    for (const {headers} of service.received) expect(headers['x-api-key']).toBe(key);
  });

  test.each([
    ['a protocol that is data', longRunning],
    ['what a `read` leaves out', protocols.define({name: 'own', read: () => ({status: 'succeeded'})})],
  ] as const)(
    'may be in the URL of a result, also of an operation that its start completed: by %s',
    async (_, protocol) => {
      const version = '2024-06-01-preview';
      const resourceLocation = `/results/1?version=${version}`;
      const service = await serve(({url}) => ({
        body: url === resourceLocation ? {a: 1} : {status: 'succeeded', resourceLocation},
      }));
      const client = clientOf(service.root, {headers: {'x-version': version}});
      for (const method of ['PUT', 'POST'] as const) {
        const {poller} = await client.start(protocol, {method, path: '/things/1'}, {...quick, fetchResult: true});
        expect((await poller!.result()).result).toEqual({a: 1});
      }
    },
  );

  test.each([
    ['x-api-key', key],
    ['Authorization', `Key ${key}`],
  ])('are shown nowhere, whatever the service sends back: %s', async (name, value) => {
    const service = await serve(({url}) =>
      url === '/a'
        ? {...started('/op'), headers: {location: '/op', 'request-id': key}}
        : {
            body: {
              id: '1',
              status: 'failed',
              statusDetail: `no ${key}`,
              error: {code: key, message: key},
              [key]: [key],
            },
          },
    );
    const client = clientOf(service.root, {headers: {[name]: value}});
    const {poller, answer} = await client.start(longRunning, {path: '/a'}, quick);
    const events = eventsOf(poller!);
    const error = await rejectionOf(poller!.result());
    expect(service.received.map(({headers}) => headers[name.toLowerCase()])).toEqual([value, value]);
    expect(events.at(-1)?.type).toBe('failed');
    expect(everything(events, error, answer, poller!.toJSON(), client)).not.toContain(key);
  });
});

test.each<[object | undefined, RegExp]>([
  [undefined, /^TypeError: options: expected an object with a root/],
  [{}, /^TypeError: root: expected an https or http URL .* got undefined$/],
  [{root: 'api.example.com'}, /^TypeError: root: expected an https or http URL/],
  [{root: 'https://me:password@api.example.com'}, /^TypeError: root: (?!.*password@)/],
  [{root: 'https://me:password@api.example.com'}, /got one with a user name, or an invalid URL$/],
  [{root: 'ftp://api.example.com'}, /got one that begins with ftp:$/],
  [{root: 'api.example.com'}, /got a string without a scheme$/],
  [{root: 'https://api.example.com/?a=b'}, /^TypeError: root: expected .* got one with a query or fragment$/],
  [{root: 'https://api.example.com/#a'}, /got one with a query or fragment$/],
  [{root: null}, /^TypeError: root: expected .* got null$/],
  [
    {root: 'https://a.example', token: `Bearer ${key}`},
    /^TypeError: token: (?!.*marker).*expected visible ASCII .*, got a token that begins with the word Bearer$/,
  ],
  [{root: 'https://a.example', token: null}, /^TypeError: token: .* got null$/],
  [
    {root: 'https://a.example', headers: new Headers({x: key})},
    /^TypeError: headers: (?!.*marker).*Object\.fromEntries/,
  ],
  [{root: 'https://a.example', headers: [['x', key]]}, /^TypeError: headers: (?!.*marker).*got a list$/],
  [{root: 'http://api.example.com', token}, /^TypeError: root: expected https, or http on this machine/],
  [{root: 'http://api.example.com', headers: {'x-api-key': key}}, /^TypeError: root: expected https/],
  [
    {root: 'https://a.example', headers: {'x y': key}},
    /^TypeError: headers.x y: expected the name of a header, got another string$/,
  ],
  [{root: 'https://a.example', headers: {x: `${key}\n`}}, /^TypeError: headers.x: expected visible(?!.*marker)/],
  [
    {root: 'https://a.example', token, headers: {Authorization: key}},
    /^TypeError: headers.Authorization: (?!.*marker)/,
  ],
  [{root: 'https://a.example', startTimeout: 0}, /^RangeError: startTimeout: expected milliseconds/],
  [{root: 'https://a.example', version: 'v1'}, /^TypeError: version: there is no such option; there are root, token/],
])('refuses the options %j', (options, message) => {
  expect.assertions(1);
  try {
    createOperationClient(options as OperationClientOptions);
  } catch (error) {
    expect(String(error)).toMatch(message);
  }
});

test('takes an http root where nothing secret goes there', () => {
  expect(createOperationClient({root: 'http://api.example.com/v2/'}).root).toBe('http://api.example.com/v2');
});

test('names itself, not another client, where an option belongs to it', async () => {
  const client = createOperationClient({root: 'https://a.example'});
  const refusal = await rejectionOf(client.fetchOperation('https://a.example/op', {token} as object));
  expect(String(refusal)).toBe("TypeError: token: it is the client's, give it where the client is made");
  expect(() => client.watch('https://b.example/op')).toThrow(/^location: expected one on https:\/\/a.example/);
});

describe('a location may be a path', () => {
  test.each([
    ['', '/op/1?a=b', '/op/1?a=b'],
    ['/v2', '/op/1?a=b', '/v2/op/1?a=b'],
    ['/v2', '/v2/op/1', '/v2/op/1'],
    ['/v2', '/v20/op/1', '/v2/v20/op/1'],
    ['/v2', "/users/a'b%2F../op", "/v2/users/a'b%2F../op"],
  ])('under the root (%s), unless it begins with its path: %s', async (path, location, expected) => {
    const service = await serve(() => succeeded);
    const client = clientOf(service.root + path, {token});
    const poller = client.watch(location, quick);
    expect(poller.location).toBe(service.root + expected);
    expect((await poller.result()).status).toBe('succeeded');
    expect((await client.fetchOperation(location)).status).toBe('succeeded');
    expect((await watchDurably(host, location, {client})).status).toBe('succeeded');
    expect(service.received.map(({url, headers}) => [url, headers.authorization])).toEqual(
      Array(3).fill([expected, `Bearer ${token}`]),
    );
  });

  const neither =
    'location: expected a path that begins with /, or an absolute http or https URL without user name and password, got';
  test.each([
    ['op/1', `${neither} a string without a scheme`],
    ['', `${neither} an empty string`],
    ['//evil.example/op', `${neither} a string without a scheme`],
    ['/\\evil.example/op', `${neither} a string without a scheme`],
    ['ftp://a.example/op', `${neither} one that begins with ftp:`],
    [
      '/op/../admin',
      'location: expected one without . and .. as segments and without control characters, got "/op/../admin"',
    ],
    [undefined, 'location: expected a path that begins with /, or an absolute http or https URL, got undefined'],
    ['https://b.example/op', 'location: expected one on https://a.example, got https://b.example: no token goes there'],
  ])('and nothing else but a URL: %j', async (location, message) => {
    const client = createOperationClient({root: 'https://a.example/v2', token});
    expect(() => client.watch(location as string)).toThrow(new TypeError(message));
    expect(await rejectionOf(client.fetchOperation(location as string))).toEqual(new TypeError(message));
  });
});

const host: DurableHost = {
  run: (_name, work) => work(),
  sleep: () => Promise.resolve(),
  now: () => Date.now(),
};

describe('other parts of the package take a client', () => {
  test('watchDurably, with its headers and its rule where an operation may be', async () => {
    const service = await serve(() => succeeded);
    const client = clientOf(service.root, {headers: {'x-api-key': key}});
    const outcome = await watchDurably(host, `${service.root}/op`, {client});
    expect([outcome.status, service.received[0]?.headers['x-api-key']]).toEqual(['succeeded', key]);
    const elsewhere = await rejectionOf(watchDurably(host, 'https://elsewhere.example/op', {client}));
    expect(String(elsewhere)).toMatch(/^TypeError: location: expected one on/);
    const both = await rejectionOf(watchDurably(host, `${service.root}/op`, {client, token}));
    expect(String(both)).toBe('TypeError: token: the client has its own; give one of the two');
    const none = await rejectionOf(watchDurably(host, `${service.root}/op`, {client: {...client}}));
    expect(String(none)).toMatch(/^TypeError: client: expected a client of this package/);
  });

  test('the turns of a runner, and a worker, by the one name client', () => {
    const client = clientOf('https://a.example', {headers: {'x-api-key': key}});
    const resume = prepareTurns({client});
    const state = firstState('https://a.example/op', readOptions(), 0);
    expect(resume('1', state).settings.secrets).toEqual([key, '[value-of-x-api-key]', '%5Bvalue-of-x-api-key%5D']);
    const foreign = firstState('https://b.example/op', readOptions(), 0);
    expect(() => resume('1', foreign)).toThrow(/the client's origin is https:\/\/a.example/);
    const queue = {name: 'a', connection: {host: 'redis'}};
    expect(() => createOperationWorker({...queue, ...{graph: client}})).toThrow(/^graph: there is no such option/);
  });

  test('instrument, which gives the client its own methods back', async () => {
    const service = await simple();
    const client = clientOf(service.root);
    const {start} = client;
    const subscription = instrument(client);
    expect(client.start).not.toBe(start);
    const {poller} = await client.start(longRunning, {path: '/a'}, quick);
    await poller!.result();
    subscription.unsubscribe();
    expect(client.start).toBe(start);
  });
});

test.each([
  ['', 'one that needs no token', ['https://b.example']],
  ['https://b.example', 'one on https://b.example', []],
])('resumes no operation elsewhere, and says whose token it got: %j', (tokenOrigin, got, trustedOrigins) => {
  const client = createOperationClient({root: 'https://a.example'});
  const elsewhere = writeResumeToken(stateOf({location: 'https://b.example/op', tokenOrigin}));
  const message = `resume: expected the token of an operation on https://a.example, got ${got}`;
  expect(() => client.resume(elsewhere, {protocol: tasks, trustedOrigins})).toThrow(new TypeError(message));
});
