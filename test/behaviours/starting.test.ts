// "Starting, for any service": rows 43 to 54 of the table of behaviours.

import {describe, expect, jest, test} from '@jest/globals';
import {
  createOperationClient,
  type OperationClient,
  type OperationClientOptions,
  type StartedOperation,
  type StartRequest,
} from '../../src/client/index.ts';
import {type DurableHost, watchDurably} from '../../src/durable/index.ts';
import {createGraphClient, type GraphClient} from '../../src/graph/index.ts';
import {
  OperationCanceledError,
  OperationError,
  type OperationEvent,
  OperationFailedError,
  OperationNotStartedError,
  OperationNotWatchableError,
  type OperationPoller,
  type Outcome,
  type PollOptions,
  type Protocol,
  protocols,
  ResultUnavailableError,
  type ResumeToken,
} from '../../src/index.ts';
import {protocolNamed} from '../../src/protocol/presets.ts';
import {createRecord, dueAtOf, takeTurn} from '../../src/runner/index.ts';
import {everything} from '../graph/clients.ts';
import {
  failure,
  fakeHttp,
  hanging,
  only,
  pendingTimers,
  quick,
  recordEvents,
  startServer,
  type TestServer,
  token,
  transport,
  types,
  until,
  wrapTransport,
} from '../support/behaviours.ts';

const {azure, google, graph, longRunning} = protocols;
const methods = ['POST', 'PUT', 'PATCH', 'DELETE', 'GET'] as const;
type Method = (typeof methods)[number];
type FinalStateVia = NonNullable<PollOptions['finalStateVia']>;

// A client has these itself.
const {token: _, http: __, ...pace} = {http: undefined, ...quick};

/** One response; the body is sent as it is where it is a string. */
interface Reply {
  readonly http?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** In milliseconds. */
  readonly after?: number;
}

/** A response, or one for each request, of which the last repeats; by method and path, `'PUT /things/1'`. */
type Routes = Readonly<Record<string, Reply | readonly Reply[]>>;

interface Service extends TestServer {
  /** What it was asked, in order. */
  asked(): string[];
}

/** A service of one test. */
async function serve(routes: Routes): Promise<Service> {
  const counts = new Map<string, number>();
  const server = await startServer((request, response) => {
    const route = `${request.method} ${request.url}`;
    const count = counts.get(route) ?? 0;
    counts.set(route, count + 1);
    const given = routes[route] ?? {http: 404};
    const replies = Array.isArray(given) ? given : [given];
    const {http = 200, headers = {}, body, after = 0} = replies[Math.min(count, replies.length - 1)] ?? {};
    const send = () => {
      response.writeHead(http, {'content-type': 'application/json', ...headers});
      response.end(body === undefined || typeof body === 'string' ? body : JSON.stringify(body));
    };
    if (after === 0) send();
    else setTimeout(send, after);
  });
  return {...server, asked: () => server.requests.map(({method, url}) => `${method} ${url}`)};
}

/** A client on the transport of these tests. */
function clientOf({root}: TestServer, options: Partial<OperationClientOptions> = {}): OperationClient {
  const {http} = transport;
  return createOperationClient({root, token, ...(http === undefined ? {} : {http}), ...options});
}

/** An operation that was started at a service of one test. */
interface Started {
  readonly service: Service;
  readonly client: OperationClient;
  readonly started: StartedOperation;
  /** Its events from the first on. */
  readonly events: readonly OperationEvent[];
}

/** Starts an operation at a service of one test. */
async function startAt(
  routes: Routes,
  protocol: Protocol,
  request: StartRequest,
  options: Omit<PollOptions, 'http' | 'token'> = {},
): Promise<Started> {
  const service = await serve(routes);
  const client = clientOf(service);
  const started = await client.start(protocol, request, {...pace, ...options});
  return {service, client, started, events: started.confirmed ? recordEvents(started.poller).events : []};
}

/** The poller of an operation that must be confirmed. */
function pollerOf({poller}: StartedOperation): OperationPoller {
  if (poller === undefined) throw new Error('The start was unconfirmed');
  return poller;
}

/** A Graph client on the transport of these tests. */
function graphOf({root}: TestServer): GraphClient {
  const {http} = transport;
  return createGraphClient({root, token, ...(http === undefined ? {} : {http})});
}

const succeeded: Reply = {body: {id: '1', status: 'succeeded'}};
const at = (location: string): Reply => ({http: 202, headers: {location}});
const error = {code: 'Broken', message: 'It broke'};
const own = (fields: Partial<Protocol>): Protocol =>
  protocols.define({...longRunning, name: 'own', ...fields} as Protocol);

describe('43: the request that starts an operation', () => {
  test.each(methods)('by %s is sent once, and the operation is watched', async (method) => {
    const request = {method, path: '/things/1', ...(method === 'GET' ? {} : {body: {a: 1}})};
    const routes = {[`${method} /things/1`]: at('/op'), 'GET /op': succeeded};
    const {service, started} = await startAt(routes, longRunning, request);
    expect((await pollerOf(started).result()).status).toBe('succeeded');
    expect(service.asked()).toEqual([`${method} /things/1`, 'GET /op']);
    expect(service.requests.map(({headers}) => headers.authorization)).toEqual(Array(2).fill(`Bearer ${token}`));
  });

  test.each<[string, Reply]>([
    ['500', {http: 500}],
    ['503 with a Retry-After', {http: 503, headers: {'retry-after': '1'}}],
    ['429', {http: 429}],
    ['a redirect', {http: 307, headers: {location: '/elsewhere'}}],
  ])('is not sent again after %s', async (_, reply) => {
    for (const method of methods.slice(0, 4)) {
      const service = await serve({[`${method} /a`]: [reply, at('/op')]});
      const starting = clientOf(service).start(longRunning, {method, path: '/a'}, pace);
      const {mayHaveStarted} = await failure(starting, OperationNotStartedError);
      expect([mayHaveStarted, service.asked()]).toEqual([reply.http !== 429, [`${method} /a`]]);
    }
  });

  test('is sent again after a 401 alone, with a new token', async () => {
    const tokens = ['first-token', 'second-token'];
    const service = await serve({'POST /a': [{http: 401}, at('/op')], 'GET /op': succeeded});
    const client = clientOf(service, {token: async () => tokens.shift() ?? 'third-token'});
    await pollerOf(await client.start(longRunning, {path: '/a'}, pace)).result();
    expect(service.asked()).toEqual(['POST /a', 'POST /a', 'GET /op']);
    expect(service.requests.slice(0, 2).map(({headers}) => headers.authorization)).toEqual([
      'Bearer first-token',
      'Bearer second-token',
    ]);
  });
});

describe('44: a 2xx without a location header, whose body says that the operation has ended', () => {
  test.each(methods)('%s: it has ended so, and no request follows', async (method) => {
    for (const [http, status, outcome] of [
      [200, 'succeeded', 'succeeded'],
      [201, 'failed', 'failed'],
      [202, 'skipped', 'canceled'],
    ] as const) {
      const routes = {[`${method} /a`]: {http, body: {id: '7', status, error}}};
      const {service, started, events} = await startAt(routes, longRunning, {method, path: '/a'});
      expect([started.confirmed, started.answer.httpStatus]).toEqual([true, http]);
      const poller = pollerOf(started);
      expect((await poller.outcome()).status).toBe(outcome);
      expect(types(events)).toEqual([]); // it had ended before anybody could listen
      expect([service.asked(), pendingTimers()]).toEqual([[`${method} /a`], 0]);
    }
  });

  test.each<[string, Protocol, Method, unknown]>([
    ['a PUT of Azure', azure.statusMonitor, 'PUT', {properties: {provisioningState: 'Failed'}, error}],
    ['a POST of Azure', azure.statusMonitor, 'POST', {status: 'Failed', error}],
    [
      "Google's done",
      google.longrunning,
      'POST',
      {name: 'operations/7', done: true, error: {code: 5, message: 'Broken'}},
    ],
    ['a protocol of its own', own({start: 'original'}), 'POST', {status: 'failed', error}],
  ])('%s: failed, with the error of the service', async (_, protocol, method, body) => {
    const {service, started} = await startAt({[`${method} /a`]: {http: 201, body}}, protocol, {method, path: '/a'});
    const {operation} = await failure(pollerOf(started).result(), OperationFailedError);
    expect(JSON.stringify(operation?.error)).toContain('Broken');
    expect(service.asked()).toEqual([`${method} /a`]);
  });

  test('Azure: canceled, and succeeded with the resource as its result', async () => {
    const request = {method: 'PATCH', path: '/a'} as const;
    const canceled = {'PATCH /a': {body: {provisioningState: 'Canceled'}}};
    const {started} = await startAt(canceled, azure.statusMonitor, request);
    await failure(pollerOf(started).result(), OperationCanceledError);
    const resource = {id: '7', properties: {provisioningState: 'Succeeded'}};
    const {started: completed, service} = await startAt({'PATCH /a': {body: resource}}, azure.statusMonitor, request, {
      fetchResult: true,
    });
    expect((await pollerOf(completed).result()).result).toEqual(resource);
    expect(service.asked()).toEqual(['PATCH /a']);
  });

  test('a reset: the password is not handed over', async () => {
    const path = '/v1.0/users/adele/authentication/methods/28c10230-6103-485e-b985-444c60001490/resetPassword';
    const service = await serve({[`POST ${path}`]: {body: {id: '7', status: 'failed', error}}});
    const reset = await graphOf(service).resetPassword('adele', {newPassword: 'marker-password'});
    await failure(reset.newPassword(), OperationFailedError);
    expect(service.asked()).toEqual([`POST ${path}`]);
  });
});

describe('45: a 2xx without a location header, whose operation goes on', () => {
  test.each<[string, Protocol, Method, Reply, string]>([
    ['PUT', longRunning, 'PUT', {http: 201, body: {status: 'notStarted'}}, '/a'],
    ['PATCH', longRunning, 'PATCH', {http: 202, body: {status: 'notStarted'}}, '/a'],
    ['GET', longRunning, 'GET', {body: {status: 'notStarted'}}, '/a'],
    ["PUT by start: 'original'", own({start: 'original'}), 'PUT', {body: {status: 'notStarted'}}, '/a'],
    ["POST by start: 'original'", own({start: 'original'}), 'POST', {body: {status: 'notStarted'}}, '/a'],
    [
      "POST by start: 'resource'",
      own({start: 'resource'}),
      'POST',
      {http: 201, body: {id: '7', status: 'notStarted'}},
      '/a/7',
    ],
  ])(
    '%s: watched where the protocol says, with this response as the first report',
    async (_, protocol, method, reply, place) => {
      const running: Reply = {body: {id: '7', status: 'running'}};
      const routes: Routes = {[`${method} /a`]: method === 'GET' ? [reply, running, succeeded] : reply};
      const polls: Routes = method === 'GET' ? {} : {[`GET ${place}`]: [running, succeeded]};
      const {service, started, events} = await startAt({...routes, ...polls}, protocol, {method, path: '/a'});
      const poller = pollerOf(started);
      await poller.result();
      expect(types(events)).toEqual([
        'polled',
        'notStarted',
        'waiting',
        'polled',
        'running',
        'waiting',
        'polled',
        'succeeded',
      ]);
      expect(service.asked()).toEqual([`${method} /a`, `GET ${place}`, `GET ${place}`]);
    },
  );

  test('a pointer into the body: watched at the name that is there', async () => {
    const routes = {
      'POST /a:run': {body: {name: 'operations/7'}},
      'GET /operations/7': {body: {name: 'operations/7', done: true, response: 5}},
    };
    const {service, started} = await startAt(routes, google.longrunning, {path: '/a:run'});
    expect((await pollerOf(started).result()).result).toBe(5);
    expect(service.asked()).toEqual(['POST /a:run', 'GET /operations/7']);
  });

  test('202 with JSON that has no status: PUT is polled at its own URL', async () => {
    const {service, started, events} = await startAt(
      {'PUT /a': {http: 202, body: {}}, 'GET /a': succeeded},
      longRunning,
      {
        method: 'PUT',
        path: '/a',
      },
    );
    const poller = pollerOf(started);
    await poller.result();
    expect(only(events, 'polled')).toHaveLength(1);
    expect(service.asked()).toEqual(['PUT /a', 'GET /a']);
  });

  test.each(['POST', 'DELETE'] as const)('%s: unconfirmed', async (method) => {
    for (const body of [{status: 'running'}, {}, undefined]) {
      const routes = {[`${method} /a`]: {http: 202, body}};
      const {service, started} = await startAt(routes, longRunning, {method, path: '/a'});
      expect(started).toMatchObject({confirmed: false, poller: undefined, answer: {httpStatus: 202}});
      expect(service.asked()).toEqual([`${method} /a`]);
    }
  });
});

describe('46: what Azure answers to a PUT, a PATCH or a GET is a resource', () => {
  test.each<[object, string | undefined]>([
    [{status: 'Enabled'}, 'succeeded'],
    [{status: 'Failed', properties: {provisioningState: 'Succeeded'}}, 'succeeded'],
    [{provisioningState: 'Failed', properties: {provisioningState: 'Succeeded'}}, 'succeeded'],
    [{status: 'Succeeded', provisioningState: 'Failed'}, 'failed'],
    [{status: 'Succeeded', properties: {provisioningState: 'Updating'}}, undefined],
    [{status: 'Succeeded', provisioningState: 'Creating'}, undefined],
  ])('%j: %s', async (body, ended) => {
    const later: Reply = {body: {status: 'Failed', properties: {provisioningState: 'Succeeded'}}};
    for (const method of ['PUT', 'PATCH', 'GET'] as const) {
      const routes: Routes = {[`${method} /a`]: [{body}, later], ...(method === 'GET' ? {} : {'GET /a': later})};
      const {service, started} = await startAt(routes, azure.statusMonitor, {method, path: '/a'});
      const poller = pollerOf(started);
      expect(poller.toJSON().protocol).toBe('azure.resource');
      expect((await poller.outcome()).status).toBe(ended ?? 'succeeded');
      expect(service.asked()).toEqual([`${method} /a`, ...(ended === undefined ? ['GET /a'] : [])]);
    }
  });

  test('202 without a word runs, and what stands at its own URL is read as a resource', async () => {
    const request = {method: 'PUT', path: '/a'} as const;
    const routes = {'PUT /a': {http: 202, body: {}}, 'GET /a': {body: {status: 'Disabled', value: 5}}};
    const {service, started} = await startAt(routes, azure.statusMonitor, request);
    expect((await pollerOf(started).result()).result).toEqual({status: 'Disabled', value: 5});
    expect(service.asked()).toEqual(['PUT /a', 'GET /a']);
  });

  test.each(['POST', 'DELETE'] as const)('%s: /status is the word of the operation', async (method) => {
    const {started} = await startAt({[`${method} /a`]: {body: {status: 'Canceled'}}}, azure.statusMonitor, {
      method,
      path: '/a',
    });
    expect((await pollerOf(started).outcome()).status).toBe('canceled');
  });
});

describe('47: a 2xx without a location header and without any status', () => {
  test.each<[string, Method, number, unknown, unknown]>([
    ['azure.statusMonitor', 'POST', 200, {value: 5}, {value: 5}],
    ['azure.statusMonitor', 'PUT', 201, {value: 5}, {value: 5}],
    ['azure.location', 'POST', 201, {value: 5}, {value: 5}],
    ['graph.workbook', 'POST', 201, {id: 'session'}, {id: 'session'}],
    ['longRunning', 'POST', 204, undefined, null],
    ['longRunning', 'PUT', 204, undefined, null],
    ['longRunning', 'DELETE', 200, undefined, null],
    ['longRunning', 'DELETE', 204, undefined, null],
  ])('%s, %s, %i: done, and its body is the result', async (name, method, http, body, result) => {
    const routes = {[`${method} /a`]: {http, body}};
    const {service, started} = await startAt(
      routes,
      protocolNamed(name) ?? longRunning,
      {method, path: '/a'},
      {fetchResult: true},
    );
    expect(await pollerOf(started).result()).toMatchObject({status: 'succeeded', rawStatus: String(http), result});
    expect(service.asked()).toEqual([`${method} /a`]);
  });

  test.each<[string, Protocol, Method, Reply]>([
    ['a protocol that does not say so', longRunning, 'POST', {body: {value: 5}}],
    ['201 with an empty body', azure.statusMonitor, 'PUT', {http: 201}],
    ['what is no JSON', azure.statusMonitor, 'PUT', {body: '<html>'}],
    ['what is no JSON, of a DELETE', longRunning, 'DELETE', {body: '<html>'}],
    ['an error', azure.statusMonitor, 'POST', {body: {error}}],
    ['another 2xx', azure.statusMonitor, 'POST', {http: 203, body: {value: 5}}],
    ['a location that cannot be used', azure.statusMonitor, 'POST', {headers: {location: 'ftp://a'}, body: {value: 5}}],
    ['a resource without an id', graph.intuneExport, 'POST', {http: 201, body: {status: 'completed'}}],
  ])('unconfirmed: %s', async (_, protocol, method, reply) => {
    const {service, started} = await startAt({[`${method} /a`]: reply}, protocol, {method, path: '/a'});
    expect(started).toMatchObject({confirmed: false, poller: undefined, answer: {httpStatus: reply.http ?? 200}});
    expect(service.asked()).toEqual([`${method} /a`]);
  });

  test('unconfirmed: a reset answered 200 with a password', async () => {
    const path = '/v1.0/users/adele/authentication/methods/28c10230-6103-485e-b985-444c60001490/resetPassword';
    const service = await serve({[`POST ${path}`]: {body: {newPassword: 'marker-password'}}});
    const reset = await graphOf(service).resetPassword('adele');
    expect(reset.confirmed).toBe(false);
    await failure(reset.newPassword(), OperationError);
  });
});

describe('48: a location header and a body with a word', () => {
  const asyncHeader = {'azure-asyncoperation': '/monitor'};
  test.each<[string, Protocol, Method, Reply, string[], string]>([
    ['a success', longRunning, 'POST', {headers: {location: '/op'}, body: {status: 'succeeded'}}, ['/op'], 'failed'],
    [
      'Azure: /status',
      azure.statusMonitor,
      'PUT',
      {headers: asyncHeader, body: {status: 'Succeeded'}},
      ['/monitor'],
      'failed',
    ],
    [
      'Azure: a provisioningState that is not final',
      azure.statusMonitor,
      'PUT',
      {headers: asyncHeader, body: {properties: {provisioningState: 'Creating'}}},
      ['/monitor'],
      'failed',
    ],
    [
      'Azure: two headers',
      azure.statusMonitor,
      'POST',
      {http: 202, headers: {...asyncHeader, location: '/op'}},
      ['/monitor'],
      'failed',
    ],
    [
      'Azure: a final provisioningState, whatever the HTTP status',
      azure.statusMonitor,
      'PATCH',
      {http: 202, headers: {...asyncHeader, location: '/op'}, body: {properties: {provisioningState: 'Succeeded'}}},
      [],
      'succeeded',
    ],
    [
      'Azure: a final provisioningState beside a location alone',
      azure.statusMonitor,
      'DELETE',
      {headers: {location: '/op'}, body: {properties: {provisioningState: 'Canceled'}}},
      [],
      'canceled',
    ],
  ])('%s', async (_, protocol, method, reply, places, outcome) => {
    const failed: Reply = {body: {status: 'failed'}};
    const routes = {[`${method} /a`]: reply, 'GET /op': failed, 'GET /monitor': failed};
    const {service, started} = await startAt(routes, protocol, {method, path: '/a'});
    expect((await pollerOf(started).outcome()).status).toBe(outcome);
    expect(service.asked()).toEqual([`${method} /a`, ...places.map((place) => `GET ${place}`)]);
  });
});

describe('49: a relative location', () => {
  test.each([
    ['/op', '/op'],
    ['op', '/api/jobs/op'],
    ['../op', '/api/op'],
    ['?id=7', '/api/jobs/7?id=7'],
  ])('%s is relative to the URL that was asked', async (location, url) => {
    const service = await serve({'POST /api/jobs/7': at(location), [`GET ${url}`]: succeeded});
    const client = clientOf({...service, root: `${service.root}/api`});
    await pollerOf(await client.start(longRunning, {path: '/jobs/7'}, pace)).result();
    expect(service.asked()).toEqual(['POST /api/jobs/7', `GET ${url}`]);
  });

  test('with a preset of Graph: a path is under the root, and so is that of a result', async () => {
    const team = {id: '1', status: 'succeeded', targetResourceLocation: "/teams('a')"};
    const asked = ["GET /v1.0/teams('a')/operations('b')", "GET /v1.0/teams('a')"] as const;
    const service = await serve({
      'POST /v1.0/teams': at("/teams('a')/operations('b')"),
      [asked[0]]: {body: team},
      [asked[1]]: {body: {made: true}},
    });
    const client = clientOf({...service, root: `${service.root}/v1.0`});
    const options = {...pace, fetchResult: true, initialDelay: 1};
    const poller = pollerOf(await client.start(graph.teams, {path: '/teams'}, options));
    const text = JSON.stringify(poller);
    expect((await poller.result()).result).toEqual({made: true});
    expect((await client.resume(text, options).result()).result).toEqual({made: true});
    expect(service.asked()).toEqual(['POST /v1.0/teams', ...asked, ...asked]);
  });
});

describe('50: a location on an origin that gets no token', () => {
  test('cannot be watched until that origin is trusted', async () => {
    const foreign = await serve({'GET /op?sig=capability': succeeded});
    const headers = {location: `${foreign.root}/op?sig=capability`, 'request-id': 'request-1'};
    const service = await serve({'POST /a': {http: 202, headers}});
    const client = clientOf(service);
    const thrown = await failure(client.start(longRunning, {path: '/a'}), OperationNotWatchableError);
    expect(thrown).toBeInstanceOf(OperationError);
    expect(thrown).toMatchObject({
      location: `${foreign.root}/op`,
      requestId: 'request-1',
      clientRequestId: service.requests[0]?.headers['client-request-id'],
    });
    expect(thrown.message).toMatch(/^The operation was started, /);
    expect(thrown.message.split(`${foreign.root}/op`)).toHaveLength(2);
    expect(everything(thrown)).not.toContain('capability');
    expect(foreign.requests).toHaveLength(0);

    const stored = JSON.stringify(thrown.resumeToken);
    expect(() => client.resume(stored, pace)).toThrow(/^trustedOrigins: expected http:.* among them/);
    expect(foreign.requests).toHaveLength(0);
    const resumed = client.resume(stored, {...pace, trustedOrigins: [foreign.root]});
    expect((await resumed.result()).status).toBe('succeeded');
    expect(foreign.requests.map(({url, headers: {authorization}}) => [url, authorization])).toEqual([
      ['/op?sig=capability', `Bearer ${token}`],
    ]);
  });

  test('has a message of at most 800 characters', async () => {
    const service = await serve({'POST /a': at(`https://elsewhere.example/${'x'.repeat(5000)}`)});
    const {message} = await failure(clientOf(service).start(longRunning, {path: '/a'}), OperationNotWatchableError);
    expect(message.length).toBeLessThanOrEqual(800);
    expect(message).toContain('trustedOrigins');
  });
});

describe('51: the response to a start that takes long', () => {
  test('is waited for longer than requestTimeout', async () => {
    const routes = {'POST /a': {...at('/op'), after: 300}, 'GET /op': succeeded};
    const {started} = await startAt(routes, longRunning, {path: '/a'}, {requestTimeout: 100});
    expect((await pollerOf(started).result()).status).toBe('succeeded');
  });

  test('is waited for 100 seconds by default, then given up, and the start is not repeated', async () => {
    jest.useFakeTimers();
    let arrived = (): void => {};
    const arrival = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    const server = await startServer(() => arrived());
    let settled = false;
    const starting = clientOf(server).start(longRunning, {path: '/a'}, {requestTimeout: 100});
    void starting.catch(() => {
      settled = true;
    });
    await arrival;
    await jest.advanceTimersByTimeAsync(99_000);
    expect(settled).toBe(false);
    await jest.advanceTimersByTimeAsync(1000);
    const thrown = await failure(starting, OperationNotStartedError);
    expect(thrown).toMatchObject({mayHaveStarted: true, cause: {kind: 'timeout'}});
    expect([server.requests.length, pendingTimers()]).toEqual([1, 0]);
  });

  test('is given up after startTimeout as well where the service holds the client back', async () => {
    const service = await serve({'POST /a': {http: 429, headers: {'retry-after': '3600'}}});
    const client = clientOf(service, {startTimeout: 5000});
    await failure(client.start(longRunning, {path: '/a'}), OperationNotStartedError);
    jest.useFakeTimers();
    const starting = failure(client.start(longRunning, {path: '/b'}), OperationNotStartedError);
    await jest.advanceTimersByTimeAsync(5000);
    const {message, mayHaveStarted} = await starting;
    expect([message, mayHaveStarted]).toEqual([expect.stringContaining('held back until'), false]);
    expect(service.asked()).toEqual(['POST /a']);
  });

  test('is not called held back once it has left', async () => {
    jest.useFakeTimers();
    const {http, requests} = fakeHttp((request, count) =>
      count === 1 ? new Response('', {status: 429, headers: {'retry-after': '1'}}) : hanging(request),
    );
    const client = createOperationClient({root: 'https://api.example.com', http, startTimeout: 5000});
    await failure(client.start(longRunning, {path: '/a'}), OperationNotStartedError);
    const starting = failure(client.start(longRunning, {path: '/b'}), OperationNotStartedError);
    await jest.advanceTimersByTimeAsync(5000);
    const {message, mayHaveStarted} = await starting;
    expect([message, mayHaveStarted]).toEqual([expect.stringMatching(/within 5000 ms$/), true]);
    expect(requests).toHaveLength(2);
  });

  test('given up between a 401 and the new token: nothing has begun', async () => {
    const service = await serve({'POST /a': {http: 401}});
    const controller = new AbortController();
    const client = clientOf(service, {
      token: async ({forceRefresh}) => {
        if (forceRefresh) controller.abort('enough');
        return 'some-token';
      },
    });
    const starting = client.start(longRunning, {path: '/a'}, {signal: controller.signal});
    expect(await failure(starting, OperationNotStartedError)).toMatchObject({mayHaveStarted: false, cause: 'enough'});
    expect(service.requests).toHaveLength(1);
  });
});

/** What can go on from a resume token, and how it ends. */
type Carrier = (client: OperationClient, resumeToken: ResumeToken, options: PollOptions) => Promise<Outcome>;

const host: DurableHost = {
  run: (_name, work) => work().then((recorded) => JSON.parse(JSON.stringify(recorded))),
  sleep: async () => {},
  now: async () => Date.now(),
};

const carriers: ReadonlyArray<[string, Carrier]> = [
  [
    'after a resume',
    (client, resumeToken, options) =>
      recordEvents(client.resume(JSON.stringify(resumeToken), options)).poller.outcome(),
  ],
  [
    'in a queue',
    async (client, resumeToken, {retry: _retry, initialDelay: _delay, ...options}) => {
      let record = createRecord(resumeToken);
      for (;;) {
        const turn = await takeTurn(record, {...options, client}, Math.ceil(dueAtOf(record)));
        if ('done' in turn) return turn.done;
        record = JSON.parse(JSON.stringify(turn.record));
      }
    },
  ],
  ['in a workflow', (client, resumeToken, options) => watchDurably(host, resumeToken, {...options, client})],
];

describe.each(carriers)('52: the result, %s', (_, carry) => {
  const {signal: __, ...options}: PollOptions = {...pace, fetchResult: true};
  const both = {location: '/results/1', 'operation-location': '/monitors/1'};
  const monitor = (fields: object = {}): Routes => ({
    'GET /monitors/1': [{body: {status: 'Running'}}, {body: {status: 'Succeeded', ...fields}}],
  });
  const results: Routes = {'GET /results/1': {body: {at: 'location'}}, 'GET /results/2': {body: {at: 'resource'}}};

  /** Starts an operation of Azure, without asking for a result, and goes on elsewhere. */
  async function carried(method: Method, routes: Routes, via?: FinalStateVia) {
    const starts = {[`${method} /things/1`]: {http: 202, headers: both}};
    const more = via === undefined ? {} : {finalStateVia: via};
    const {service, client, started} = await startAt(
      {...starts, ...routes},
      azure.statusMonitor,
      {method, path: '/things/1'},
      more,
    );
    const poller = pollerOf(started);
    await poller.waitFor('running');
    poller.stop();
    return {service, outcome: await carry(client, poller.toJSON(), options)};
  }

  test('is where the start has decided', async () => {
    const {service, outcome} = await carried('POST', {...monitor(), ...results});
    expect(outcome).toMatchObject({status: 'succeeded', operation: {result: {at: 'location'}}});
    expect(service.asked().at(-1)).toBe('GET /results/1');
    const {outcome: put} = await carried('PUT', {...monitor(), 'GET /things/1': {body: {at: 'original'}}});
    expect(put).toMatchObject({operation: {result: {at: 'original'}}});
    const {outcome: via} = await carried('POST', {...monitor({value: 5}), ...results}, 'operation-location');
    expect(via).toMatchObject({operation: {result: {status: 'Succeeded', value: 5}}});
  });

  test('is at a resourceLocation in the response, and nowhere where that is null', async () => {
    const {outcome} = await carried('POST', {...monitor({resourceLocation: '/results/2'}), ...results});
    expect(outcome).toMatchObject({operation: {result: {at: 'resource'}}});
    const {outcome: none, service} = await carried('POST', {...monitor({resourceLocation: null}), ...results});
    expect(none.status).toBe('succeeded');
    expect(none.operation).not.toHaveProperty('result', expect.anything());
    expect(service.asked().at(-1)).toBe('GET /monitors/1');
  });

  test('is unavailable where the start is not known, by an error that names the option', async () => {
    const service = await serve({...monitor(), ...results});
    const client = clientOf(service);
    const poller = client.watch('/monitors/1', {...pace, protocol: azure.statusMonitor});
    poller.stop();
    const outcome = await carry(client, poller.toJSON(), options);
    if (outcome.status !== 'abandoned') throw new Error(outcome.status);
    expect(outcome).toMatchObject({reason: 'result', operation: {status: 'succeeded'}});
    expect(outcome.error).toBeInstanceOf(ResultUnavailableError);
    expect(outcome.error.message).toContain('the option started, {method, url, location}');
    expect(service.asked().at(-1)).toBe('GET /monitors/1');
  });

  test('53: that is answered 202 is asked for again, as 404 and 503 are', async () => {
    const replies = [
      {http: 404},
      {http: 202},
      {http: 503},
      {http: 202, headers: {'retry-after': '0.2'}},
      {body: {a: 1}},
    ];
    const {service, outcome} = await carried('POST', {...monitor(), 'GET /results/1': replies});
    expect(outcome).toMatchObject({status: 'succeeded', operation: {result: {a: 1}}});
    expect(service.asked().filter((asked) => asked === 'GET /results/1')).toHaveLength(5);
  });
});

test('52: where the start is not known, the option started says it', async () => {
  const service = await serve({
    'GET /monitors/1': {body: {status: 'Succeeded'}},
    'GET /things/1': {body: {at: 'original'}},
  });
  const client = clientOf(service);
  const options = {...pace, protocol: azure.statusMonitor, fetchResult: true};
  const {resumeToken} = await failure(client.watch('/monitors/1', options).result(), ResultUnavailableError);
  if (resumeToken === undefined) throw new Error('There is no token to resume from');
  const started = {method: 'PUT', url: `${service.root}/things/1`};
  expect((await client.resume(resumeToken, {...options, started}).result()).result).toEqual({at: 'original'});
  expect((await client.watch('/monitors/1', {...options, started}).result()).result).toEqual({at: 'original'});
});

describe('53: a result that is not ready, answered 202', () => {
  const done = (location: string): Reply => ({body: {id: '1', status: 'succeeded', resourceLocation: location}});

  test('is asked for again when its Retry-After says, also beyond notFoundGrace', async () => {
    const notReady = {http: 202, headers: {'retry-after': '0.1'}};
    const service = await serve({
      'GET /op': done('/result'),
      'GET /result': [notReady, notReady, notReady, {body: {name: 'x'}}],
    });
    const poller = clientOf(service).watch('/op', {...pace, fetchResult: true, notFoundGrace: 0});
    expect((await poller.result()).result).toEqual({name: 'x'});
    expect(service.asked()).toEqual(['GET /op', ...Array(4).fill('GET /result')]);
  });

  test('is waited for until the deadline', async () => {
    const notReady = {http: 202, headers: {'retry-after': '0.1'}};
    const service = await serve({'GET /op': done('/result'), 'GET /result': notReady});
    jest.useFakeTimers();
    let read = 0;
    const http = wrapTransport((transport) => async (location, request) => {
      const response = await transport(location, request);
      read += 1;
      return response;
    });
    const options = {...pace, fetchResult: true, notFoundGrace: 0, totalTimeout: 500};
    const poller = clientOf(service, {http}).watch('/op', options);
    const failed = failure(poller.result(), ResultUnavailableError);
    // At once, and after each 100 ms until there is no time for another.
    for (let requests = 2; requests < 7; requests += 1) {
      await until(() => read === requests);
      await jest.advanceTimersByTimeAsync(100);
    }
    const {cause} = await failed;
    expect([cause, poller.status]).toEqual([expect.objectContaining({httpStatus: 202}), 'succeeded']);
    expect(service.requests).toHaveLength(7);
  });
});

describe('54: where the result is, by finalStateVia and method', () => {
  const vias = [undefined, 'location', 'original-uri', 'operation-location', 'azure-async-operation'] as const;
  const [own, location, monitor] = ['/things/1', '/results/1', '/monitors/1'];
  const bodies = {[own]: {at: own}, [location]: {at: location}, [monitor]: {status: 'Succeeded', at: monitor}};

  test.each<[Method, string, readonly string[]]>([
    ['PUT', location, [own, own, own, own, own]],
    ['PUT', '', [own, own, own, own, own]],
    ['PATCH', location, [location, location, own, own, own]],
    ['PATCH', '', [own, own, own, own, own]],
    ['POST', location, [location, location, own, monitor, monitor]],
    ['POST', '', [monitor, monitor, own, monitor, monitor]],
    ['GET', location, [location, location, own, monitor, monitor]],
    ['GET', '', [monitor, monitor, own, monitor, monitor]],
    ['DELETE', location, [monitor, monitor, monitor, monitor, monitor]],
    ['DELETE', '', [monitor, monitor, monitor, monitor, monitor]],
  ])('%s with the Location "%s"', async (method, header, places) => {
    const headers = {'operation-location': monitor, ...(header === '' ? {} : {location: header})};
    const start = {http: 202, headers};
    for (const [index, via] of vias.entries()) {
      const routes: Routes = {
        ...Object.fromEntries(Object.entries(bodies).map(([path, body]) => [`GET ${path}`, {body}])),
        [`${method} ${own}`]: method === 'GET' ? [start, {body: {at: own}}] : start,
      };
      const options = {fetchResult: true, ...(via === undefined ? {} : {finalStateVia: via})};
      const {started} = await startAt(routes, azure.statusMonitor, {method, path: own}, options);
      const {result} = await pollerOf(started).result();
      expect([via, result]).toEqual([via, expect.objectContaining({at: places[index]})]);
    }
  });

  test("the monitor's /result, where it has one", async () => {
    const routes = {
      'POST /a': {http: 202, headers: {'operation-location': monitor}},
      [`GET ${monitor}`]: {body: {status: 'Succeeded', result: {value: 7}}},
    };
    const {service, started} = await startAt(routes, azure.statusMonitor, {path: '/a'}, {fetchResult: true});
    expect((await pollerOf(started).result()).result).toEqual({value: 7});
    expect(service.asked()).toEqual(['POST /a', `GET ${monitor}`]);
  });
});
