// "Services of your own", rows 55 and 56 of the table of behaviours, and what else a protocol can say of a service.

import {describe, expect, test} from '@jest/globals';
import {createOperationClient} from '../../src/client/index.ts';
import {
  OperationCanceledError,
  OperationFailedError,
  OperationNotWatchableError,
  PollError,
  type PollOptions,
  type Protocol,
  ProtocolError,
  type ProtocolFields,
  protocols,
} from '../../src/index.ts';
import {begin, failure, only, quick, startServer, type TestServer, transport, types} from '../support/behaviours.ts';

/** One response of a server. */
interface Scripted {
  readonly http?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

interface ScriptedServer extends TestServer {
  readonly methods: readonly string[];
  readonly bodies: readonly string[];
}

/** A server that gives the responses of a path one after the other, the last one again and again; 404 for another path. */
async function serve(script: (root: string) => Readonly<Record<string, readonly Scripted[]>>): Promise<ScriptedServer> {
  const counts = new Map<string, number>();
  const methods: string[] = [];
  const bodies: string[] = [];
  let root = '';
  const server = await startServer((request, response) => {
    const url = request.url ?? '';
    const count = counts.get(url) ?? 0;
    counts.set(url, count + 1);
    const responses = script(root)[url] ?? [];
    const {http = 200, headers = {}, body} = responses[Math.min(count, responses.length - 1)] ?? {http: 404};
    methods.push(request.method ?? '');
    // At the place of its request, whichever body has arrived first.
    const place = bodies.push('') - 1;
    request.setEncoding('utf8').on('data', (part: string) => {
      bodies[place] += part;
    });
    request.on('end', () => {
      response.writeHead(http, {'content-type': 'application/json', ...headers});
      response.end(body === undefined ? '' : JSON.stringify(body));
    });
  });
  root = server.root;
  return {...server, methods, bodies};
}

const key = 'marker-key-0123456789';

const base = {
  name: 'jobs',
  status: '/status',
  words: {waiting: 'notStarted', busy: 'running', done: 'succeeded', broken: 'failed', gone: 'canceled'},
} as const satisfies ProtocolFields;

const busy: Scripted = {body: {id: 'a', status: 'busy'}};
const done: Scripted = {body: {id: 'a', status: 'done'}};

const kinds: ReadonlyArray<
  readonly [kind: string, authorization: Protocol['authorization'], header: string, value: string]
> = [
  ['a bearer token', 'bearer', 'authorization', `Bearer ${key}`],
  ['X-Api-Key', {header: 'X-Api-Key'}, 'x-api-key', key],
  ['Authorization: Key …', {header: 'Authorization', scheme: 'Key'}, 'authorization', `Key ${key}`],
  ['Authorization: Token …', {header: 'authorization', scheme: 'Token'}, 'authorization', `Token ${key}`],
  ['Authorization: Basic …', {header: 'Authorization', scheme: 'Basic'}, 'authorization', `Basic ${key}`],
  ['Authorization without a scheme', {header: 'Authorization'}, 'authorization', key],
  ['a scheme in a header of its own', {header: 'X-Auth', scheme: 'Key'}, 'x-auth', `Key ${key}`],
];

/** Whether anything that was sent to a server has the key. */
const keysSentTo = ({requests}: TestServer): number =>
  requests.filter(({headers, url}) => JSON.stringify([headers, url]).includes(key)).length;

describe.each(kinds)('55: %s', (_, authorization = 'bearer', header, value) => {
  const protocol = protocols.define({...base, authorization, pollHeaders: {'X-Version': '2024-11-06'}});
  const options = {token: key, protocol} satisfies PollOptions;

  test('goes with each poll, with the version header', async () => {
    const {root, requests} = await serve(() => ({'/a': [busy, {http: 503}, done]}));
    await begin(`${root}/a`, options).poller.result();
    expect(requests.map(({headers}) => [headers[header], headers['x-version']])).toEqual(
      Array(3).fill([value, '2024-11-06']),
    );
    const other = header === 'authorization' ? 'x-api-key' : 'authorization';
    expect(requests.map(({headers}) => headers[other])).toEqual([undefined, undefined, undefined]);
  });

  test('is asked for once more after a 401', async () => {
    const {root, requests} = await serve(() => ({'/a': [{http: 401}, done]}));
    const asked: boolean[] = [];
    const token: PollOptions['token'] = ({forceRefresh}) => {
      asked.push(forceRefresh);
      return forceRefresh ? key : 'marker-key-refused';
    };
    await begin(`${root}/a`, {...options, token}).poller.result();
    expect(asked).toEqual([false, true]);
    expect(requests[1]?.headers[header]).toBe(value);
  });

  test('is refused where it could be read on its way', () => {
    expect(() => begin('http://service.example/a', options)).toThrow(/^location: expected https/);
  });

  test('reaches no foreign origin by a redirect', async () => {
    const abroad = await serve(() => ({'/a': [done]}));
    const {root, requests} = await serve(() => ({'/a': [{http: 307, headers: {location: `${abroad.root}/a`}}]}));
    await begin(`${root}/a`, options).poller.result();
    expect([requests.length, abroad.requests.length, keysSentTo(abroad)]).toEqual([1, 1, 0]);
  });

  test('reaches a trusted origin', async () => {
    const trusted = await serve(() => ({'/a': [done]}));
    const {root} = await serve(() => ({'/a': [{http: 307, headers: {location: `${trusted.root}/a`}}]}));
    await begin(`${root}/a`, {...options, trustedOrigins: [trusted.root]}).poller.result();
    expect(trusted.requests[0]?.headers[header]).toBe(value);
  });

  test('reaches no foreign origin by a move, whether it is followed or not', async () => {
    const abroad = await serve(() => ({'/a': [done]}));
    const moved: Scripted = {...busy, headers: {location: `${abroad.root}/a`}};
    const {root} = await serve(() => ({'/a': [moved, done]}));
    await begin(`${root}/a`, options).poller.result();
    expect(abroad.requests).toEqual([]);
    const roaming = protocols.define({...protocol, foreignHosts: true});
    const {poller, events} = begin(`${root}/b`, {...options, protocol: roaming});
    poller.stop();
    await poller.result().catch(() => undefined);
    const home = await serve(() => ({'/a': [moved]}));
    const followed = begin(`${home.root}/a`, {...options, protocol: roaming});
    await followed.poller.result();
    expect([only(followed.events, 'relocated').length, only(events, 'relocated').length]).toEqual([1, 0]);
    expect([abroad.requests.length, keysSentTo(abroad)]).toEqual([1, 0]);
  });

  test('fetches a result at home, and none with it abroad', async () => {
    const abroad = await serve(() => ({'/result': [{body: {is: 'abroad'}}]}));
    const ended = (resourceLocation: string): Scripted => ({body: {id: 'a', status: 'done', resourceLocation}});
    const home = await serve((root) => ({
      '/a': [ended(`${root}/result`)],
      '/b': [ended(`${abroad.root}/result`)],
      '/result': [{body: {is: 'at home'}}],
    }));
    const result = async (path: string): Promise<unknown> =>
      (await begin(home.root + path, {...options, fetchResult: true}).poller.result()).result;
    expect([await result('/a'), await result('/b')]).toEqual([{is: 'at home'}, {is: 'abroad'}]);
    expect(home.requests.map(({headers}) => headers[header])).toEqual(Array(3).fill(value));
    expect([abroad.requests.length, keysSentTo(abroad)]).toEqual([1, 0]);
  });

  test('cancels at home', async () => {
    const {root, requests, methods} = await serve(() => ({
      '/a': [busy, {...busy, headers: {'retry-after': '60'}}],
      '/a/cancel': [{http: 202}],
    }));
    const canceling = protocols.define({...protocol, cancel: {method: 'POST', suffix: '/cancel'}});
    const {poller} = begin(`${root}/a`, {...options, protocol: canceling});
    await poller.waitFor('running');
    await poller.cancel();
    poller.stop();
    await poller.result().catch(() => undefined);
    const canceled = methods.indexOf('POST');
    expect([requests[canceled]?.url, requests[canceled]?.headers[header]]).toEqual(['/a/cancel', value]);
  });

  test('reaches no foreign origin by a cancellation, whether the answer leads there or a redirect', async () => {
    const abroad = await serve(() => ({'/cancel': [{http: 202}]}));
    const {root, requests} = await serve((own) => ({
      '/a': [{body: {id: 'a', status: 'busy', cancelUrl: `${abroad.root}/cancel`}}],
      '/b': [{body: {id: 'a', status: 'busy', cancelUrl: `${own}/cancel`}}],
      '/cancel': [{http: 307, headers: {location: `${abroad.root}/cancel`}}],
    }));
    const canceling = protocols.define({...protocol, cancel: {method: 'PUT', at: '/cancelUrl'}});
    for (const [path, expected] of [
      ['/a', TypeError],
      ['/b', PollError],
    ] as const) {
      const {poller} = begin(root + path, {...options, protocol: canceling});
      await poller.waitFor('running');
      await failure(poller.cancel(), expected);
      poller.stop();
      await poller.result().catch(() => undefined);
    }
    expect(requests.filter(({url}) => url === '/cancel').map(({headers}) => headers[header])).toEqual([value]);
    expect(abroad.requests).toEqual([]);
  });

  test('shows nowhere, however the service sends it back', async () => {
    const echoes = [value, encodeURIComponent(value), `?key=${key}`];
    const body = (status: string): unknown => ({
      id: `id ${value}`,
      status,
      statusDetail: echoes.join(' '),
      [value]: echoes,
      error: {code: value, message: echoes.join(' ')},
    });
    const headers = {'request-id': value};
    const {root} = await serve(() => ({
      '/a': [
        {http: 500, body: {error: {code: value, message: echoes.join(' ')}}, headers},
        {body: body(`odd ${value}`), headers},
        {body: body('busy'), headers: {...headers, location: `/a?key=${key}`}},
        {body: body('broken'), headers},
      ],
    }));
    const {poller, events} = begin(`${root}/a`, options);
    const error = await failure(poller.result(), OperationFailedError);
    expect(types(events)).toEqual(expect.arrayContaining(['retrying', 'unknownStatus', 'relocated', 'failed']));
    expect(error.message).toContain('[token]');
    for (const shown of [events, error, poller, poller.operation, error.message, error.stack]) {
      expect(JSON.stringify(shown)).not.toContain(key);
    }
  });

  test("a client's start sends it, and no header of the start overrides it", async () => {
    const {root, requests} = await serve(() => ({
      '/a': [{http: 202, headers: {location: '/a/1'}}],
      '/a/1': [done],
    }));
    const client = createOperationClient({root, token: key, ...transport});
    const own = header === 'authorization' ? {} : {[header]: 'another'};
    const {poller} = await client.start(protocol, {path: '/a', headers: own}, {schedule: quick.schedule});
    await poller?.result();
    expect(requests.map(({headers}) => headers[header])).toEqual([value, value]);
  });
});

describe('55: a key beside which there is nothing to send', () => {
  test('the header is not sent, and a ky instance keeps its own at home', async () => {
    const {root, requests} = await serve(() => ({'/a': [done]}));
    const protocol = protocols.define({...base, authorization: {header: 'X-Api-Key'}});
    await begin(`${root}/a`, {protocol, token: undefined}).poller.result();
    expect([requests[0]?.headers['x-api-key'], requests[0]?.headers['authorization']]).toEqual([undefined, undefined]);
  });

  test('a header of the start goes to no foreign origin', async () => {
    const abroad = await serve(() => ({'/a': [done]}));
    const {root} = await serve(() => ({'/a': [{http: 307, headers: {location: `${abroad.root}/a`}}]}));
    const client = createOperationClient({root, token: key, ...transport});
    const protocol = protocols.define({...base, start: 'original', authorization: {header: 'X-Api-Key'}});
    const headers = {'x-api-key': 'another-key-0123456789'};
    const started = client.start(protocol, {method: 'GET', path: '/a', headers}, {schedule: quick.schedule});
    await failure(started, OperationNotWatchableError);
    expect(abroad.requests[0]?.headers['x-api-key']).toBeUndefined();
  });
});

test.each([
  ['a version of JSON', 'application/vnd.jobs+json; version=3', 'application/vnd.jobs+json; version=3'],
  ['nothing that cannot be read', 'text/csv', 'application/json'],
])('what a protocol accepts goes with each poll, the result and the cancellation: %s', async (_, Accept, sent) => {
  const {root, requests} = await serve(() => ({'/a': [busy, done], '/a/x': [{}], '/a/made': [{body: {}}]}));
  const cancel = {method: 'POST', suffix: '/x'} as const;
  const protocol = protocols.define({...base, pollHeaders: {Accept}, cancel, resultLocation: {suffix: '/made'}});
  const {poller} = begin(`${root}/a`, {protocol, fetchResult: true});
  await poller.waitFor('running');
  await poller.cancel();
  await poller.result();
  expect(requests.map(({url, headers}) => [url, headers['accept']]).sort()).toEqual([
    ['/a', sent],
    ['/a', sent],
    ['/a/made', sent],
    ['/a/x', sent],
  ]);
});

describe('httpStatuses from 400 on', () => {
  const protocol = protocols.define({
    ...base,
    httpStatuses: {202: 'running', 200: 'succeeded', 404: 'succeeded', 408: 'canceled', 422: 'failed', 503: 'running'},
    result: '',
  });
  const poll = async (...script: Scripted[]) => {
    const server = await serve(() => ({'/a': script}));
    return {...server, ...begin(`${server.root}/a`, {protocol, consecutiveFailures: 1})};
  };

  test('422 is failed with the error of the body, without a retry', async () => {
    const {poller, events, requests} = await poll({http: 202}, {http: 422, body: {error: {code: 'E1', message: 'No'}}});
    const {operation} = await failure(poller.result(), OperationFailedError);
    expect(operation).toMatchObject({status: 'failed', rawStatus: '422', error: {code: 'E1', message: 'No'}});
    expect(types(events)).toEqual(['polled', 'running', 'waiting', 'polled', 'failed']);
    expect(requests).toHaveLength(2);
  });

  test('408 is canceled without a retry, 404 has succeeded without a grace period', async () => {
    const canceled = await poll({http: 408, body: {status: 408}});
    await failure(canceled.poller.result(), OperationCanceledError);
    const gone = await poll({http: 404});
    expect(await gone.poller.result()).toMatchObject({status: 'succeeded', rawStatus: '404'});
    expect([canceled.requests.length, gone.requests.length]).toEqual([1, 1]);
  });

  test('503 is running: no retry', async () => {
    const {poller, events} = await poll({http: 503}, {http: 200, body: {made: true}});
    expect(await poller.result()).toMatchObject({result: {made: true}});
    expect(types(events)).toEqual(['polled', 'running', 'waiting', 'polled', 'succeeded']);
  });

  test('a page that is not JSON ends nothing', async () => {
    const {root} = await startServer((_, response, count) => {
      response.writeHead(count === 1 ? 422 : 200, {'content-type': 'application/json'});
      response.end(count === 1 ? '<h1>No</h1>' : '{}');
    });
    const {poller, events} = begin(`${root}/a`, {protocol});
    await poller.result();
    expect(types(events)).not.toContain('failed');
  });

  test('a listed redirect is not followed', async () => {
    const moving = protocols.define({...base, httpStatuses: {302: 'succeeded'}});
    const {root, requests} = await serve(() => ({'/a': [{http: 302, headers: {location: '/b'}}]}));
    expect(await begin(`${root}/a`, {protocol: moving}).poller.result()).toMatchObject({rawStatus: '302'});
    expect(requests).toHaveLength(1);
  });

  test('a foreign origin ends nothing after a redirect', async () => {
    const abroad = await serve(() => ({'/a': [{http: 422, body: {error: {code: 'E1'}}}]}));
    const {poller} = await poll({http: 307, headers: {location: `${abroad.root}/a`}});
    await failure(poller.result(), ProtocolError);
  });
});

describe('56: a job whose status is in another collection', () => {
  const start = async (template: string, path = '/run?region=eu', id: unknown = 'job 1/2?') => {
    const server = await serve(() => ({
      '/v2/e/run?region=eu': [{body: {id, status: 'waiting'}}],
      '/v2/e/status/job%201%2F2%3F': [busy, done],
      '/v2/e/status?job=job%201%2F2%3F': [done],
      '/v2/e/status/7': [done],
    }));
    const client = createOperationClient({root: `${server.root}/v2/e`, token: key, ...transport});
    const protocol = protocols.define({...base, start: {template}});
    const {poller} = await client.start(protocol, {path}, {schedule: quick.schedule});
    return {...server, poller};
  };

  test.each([
    ['against the URL of the start', 'status/{/id}'],
    ['with a leading slash, against the root', '/status/{/id}'],
    ['with a leading slash and the path of the root', '/v2/e/status/{/id}'],
  ])('%s: percent-encoded, without the query of the start', async (_, template) => {
    const {poller, requests} = await start(template);
    await poller?.result();
    const status = '/v2/e/status/job%201%2F2%3F';
    expect(requests.map(({url}) => url)).toEqual(['/v2/e/run?region=eu', status, status]);
    expect(requests.map(({headers}) => headers['authorization'])).toEqual(Array(3).fill(`Bearer ${key}`));
  });

  test('in a query', async () => {
    const {poller, requests} = await start('status?job={/id}');
    await poller?.result();
    expect(requests[1]?.url).toBe('/v2/e/status?job=job%201%2F2%3F');
  });

  test('a number', async () => {
    const {poller, requests} = await start('status/{/id}', undefined, 7);
    await poller?.result();
    expect(requests[1]?.url).toBe('/v2/e/status/7');
  });

  test.each([[null], [''], ['.'], ['..'], [{}], [1.5], ['\ud800']])('%j leads nowhere', async (id) => {
    expect((await start('status/{/id}', undefined, id)).poller).toBeUndefined();
  });

  test('another host, to which no token goes', async () => {
    const abroad = await serve(() => ({}));
    await expect(start(`${abroad.root}/status/{/id}`)).rejects.toThrow(/cannot be watched/);
    expect(abroad.requests).toEqual([]);
  });

  test('results and cancellations', async () => {
    const {root, requests, methods, bodies} = await serve((home) => ({
      '/v2/jobs/a': [busy, busy, {body: {id: 'a', status: 'done', file: 'f 1'}}],
      '/v2/files/f%201/content': [{body: {made: 'it'}}],
      '/v2/cancel/a': [{http: 202}],
      '/v2/stop': [{http: 202}],
      '/v2/jobs/b': [{body: {id: 'b', status: 'busy', links: {stop: `${home}/v2/stop`}}}],
      '/v2/jobs/c': [{body: {id: 'c', status: 'busy', links: {stop: 'https://abroad.example/stop'}}}],
    }));
    const jobs = protocols.define({
      ...base,
      pollHeaders: {'x-version': '1'},
      resultLocation: {template: '../files/{/file}/content'},
      cancel: {method: 'PUT', template: '/v2/cancel/{/id}'},
    });
    const one = begin(`${root}/v2/jobs/a`, {protocol: jobs, fetchResult: true});
    await one.poller.waitFor('running');
    await one.poller.cancel();
    expect((await one.poller.result()).result).toEqual({made: 'it'});
    const stopping = protocols.define({
      ...base,
      cancel: {method: 'PATCH', at: '/links/stop', body: {state: 'Aborted'}},
    });
    const other = begin(`${root}/v2/jobs/b`, {protocol: stopping});
    await other.poller.waitFor('running');
    await other.poller.cancel();
    const abroad = begin(`${root}/v2/jobs/c`, {protocol: stopping});
    await expect(abroad.poller.cancel()).rejects.toThrow(TypeError); // Nothing is known of it yet.
    await abroad.poller.waitFor('running');
    await expect(abroad.poller.cancel()).rejects.toThrow('no way to cancel this operation');
    const sent = (method: string): unknown[] =>
      methods.flatMap((each, index) => (each === method ? [requests[index]?.url, bodies[index]] : []));
    expect(sent('PUT')).toEqual(['/v2/cancel/a', '']);
    expect(sent('PATCH')).toEqual(['/v2/stop', '{"state":"Aborted"}']);
    const versions = requests.filter(({url}) => url.includes('/a') || url.includes('files'));
    expect(versions.every(({headers}) => headers['x-version'] === '1')).toBe(true);
  });
});

describe('read', () => {
  const poll = async (
    read: NonNullable<Protocol['read']>,
    script: readonly Scripted[],
    options: PollOptions = {},
    fields: Partial<Protocol> = {},
  ) => {
    const server = await serve(() => ({'/a': script}));
    const protocol = protocols.define({name: 'read', ...fields, read});
    return {...server, ...begin(`${server.root}/a`, {protocol, token: key, consecutiveFailures: 1, ...options})};
  };

  test('what it returns counts; for the rest the fields apply', async () => {
    const read: NonNullable<Protocol['read']> = ({httpStatus, headers, body}) => {
      const word = headers.get('x-state');
      const {tasks} = body as {readonly tasks: readonly boolean[]};
      if (word !== 'over') return {status: 'running', rawStatus: String(httpStatus), percentComplete: tasks.length};
      return {status: 'succeeded', id: 5, result: tasks, resourceLocation: '/r'};
    };
    const {poller, events} = await poll(
      read,
      [
        {http: 202, headers: {'x-state': 'on'}, body: {id: 'a', tasks: [true], at: 1_700_000_000}},
        {headers: {'x-state': 'over'}, body: {id: 'a', tasks: [true, true], at: 1_700_000_000}},
      ],
      {},
      {createdDateTime: '/at'},
    );
    expect(await poller.result()).toMatchObject({
      id: '5',
      rawStatus: 'succeeded',
      result: [true, true],
      resourceLocation: '/r',
    });
    const [first] = only(events, 'running');
    const created = new Date(1_700_000_000_000);
    expect(first?.operation).toMatchObject({id: 'a', rawStatus: '202', percentComplete: 1, createdDateTime: created});
  });

  test('its error, and that of the body where it gives none', async () => {
    const failed = await poll(() => ({status: 'failed', error: {code: 'Own'}}), [{body: {}}]);
    expect((await failure(failed.poller.result(), OperationFailedError)).operation).toMatchObject({
      error: {code: 'Own'},
    });
    const canceled = await poll(() => ({status: 'canceled'}), [{body: {error: {code: 'Body'}}}]);
    const {operation} = await failure(canceled.poller.result(), OperationCanceledError);
    expect(operation).toMatchObject({error: {code: 'Body'}});
  });

  test.each<[string, {code: string | number | undefined; message: string | undefined}, object]>([
    ['without a code', {code: undefined, message: 'own'}, {message: 'own'}],
    ['with a number as its code', {code: 7, message: undefined}, {code: '7'}],
    ['without either: that of the body', {code: undefined, message: undefined}, {code: 'Body'}],
  ])('its error, as found in a body: %s', async (_, error, expected) => {
    const {poller} = await poll(() => ({status: 'failed', error}), [{body: {error: {code: 'Body'}}}]);
    const {operation} = await failure(poller.result(), OperationFailedError);
    expect(operation).toHaveProperty('error', expected);
  });

  test('an HTTP error that it knows is no failure', async () => {
    const {poller, requests} = await poll(
      ({httpStatus, body}) =>
        httpStatus === 400 && JSON.stringify(body).includes('NotFoundException') ? {status: 'succeeded'} : undefined,
      [{http: 503}, {http: 400, body: {__type: 'NotFoundException'}}],
    );
    await poller.result();
    expect(requests).toHaveLength(2);
  });

  const promised = (async () => ({status: 'succeeded'})) as unknown as NonNullable<Protocol['read']>;
  const cyclic: unknown[] = [];
  cyclic.push(cyclic);
  test.each<[string, NonNullable<Protocol['read']>, RegExp]>([
    ['throws', () => JSON.parse('{'), /read threw SyntaxError/],
    ['finds nothing', () => undefined, /read found no/],
    ['gives a wrong status', () => ({status: 'done'}) as never, /read gave the status "done"/],
    ['gives no object', () => 'succeeded' as never, /read gave the status undefined/],
    ['gives null', () => null as never, /read gave the status undefined/],
    ['gives a promise', promised, /read gave the status undefined/],
    [
      'gives a promise that rejects',
      (() => Promise.reject(new Error('late'))) as never,
      /read gave the status undefined/,
    ],
    ['gives what is no JSON', () => ({status: 'succeeded', result: cyclic}), /read threw TypeError/],
    ['gives a bigint', () => ({status: 'succeeded', result: 5n}), /read threw TypeError/],
  ])('%s: trouble of that poll', async (_, read, message) => {
    const {poller} = await poll(read, [{body: {id: 'a'}}]);
    const error = await failure(poller.result(), ProtocolError);
    expect(String(error.cause)).toMatch(message);
    const later = await poll(
      (answer) => (answer.httpStatus === 202 ? read(answer) : {status: 'succeeded'}),
      [{http: 202, body: {id: 'a'}}, {body: {id: 'a'}}],
      {consecutiveFailures: 2},
    );
    await later.poller.result();
  });

  test.each<[string, NonNullable<Protocol['read']>, string]>([
    ['throws', ({body}) => ({status: Object(body).steps.length > 0 ? 'running' : 'succeeded'}), 'threw TypeError: '],
    ['finds nothing', () => undefined, 'found none'],
  ])('%s in a page: the error says that it is not JSON', async (_, read, did) => {
    const {root} = await startServer((_request, response) => response.end('<h1>Sign in</h1>'));
    const protocol = protocols.define({name: 'own', read});
    const {poller} = begin(`${root}/a`, {protocol, consecutiveFailures: 1});
    const {cause} = await failure(poller.result(), ProtocolError);
    const message = 'The response cannot be read as an operation: it is not JSON, and the function read ';
    expect(String(cause)).toContain(message + did);
  });

  test('what it throws on an HTTP error leaves that as it is: retried', async () => {
    const {poller, events} = await poll(
      ({body}) => {
        const {parts} = body as {readonly parts: readonly string[]};
        return {status: parts.every((part) => part === 'done') ? 'succeeded' : 'running'};
      },
      [{http: 503, body: {message: 'Busy'}}, {body: {parts: ['done']}}],
    );
    await poller.result();
    expect(only(events, 'retrying')).toHaveLength(1);
  });

  test.each([401, 403, 429])('it is not asked about %i', async (http) => {
    const asked: number[] = [];
    const {poller} = await poll(
      ({httpStatus}) => {
        asked.push(httpStatus);
        return {status: 'succeeded'};
      },
      [{http}],
      {retry: {retries: 0}},
    );
    await poller.result().catch(() => undefined);
    expect(asked).toEqual([]);
  });

  test('gets and gives no token, and its result is frozen', async () => {
    const seen: string[] = [];
    const half = key.slice(0, 9);
    const {poller, events} = await poll(
      ({headers, body}) => {
        seen.push(JSON.stringify([[...headers], body]));
        const result = {secret: half + key.slice(9), [key]: [`x${key}`]};
        return {status: 'succeeded', id: key, statusDetail: `is ${key}`, result};
      },
      [{headers: {'x-echo': key}, body: {echo: key}}],
    );
    const {result} = await poller.result();
    expect(seen[0]).toContain('x-echo');
    expect(seen.join()).not.toContain(key);
    expect(JSON.stringify([events, poller])).not.toContain(key);
    expect(result).toEqual({secret: '[token]', '[token]': ['x[token]']});
    expect(Object.isFrozen(result)).toBe(true);
  });

  test('reads the response to a start, with its headers', async () => {
    const {root} = await serve(() => ({
      '/a': [{http: 201, headers: {'x-state': 'over'}, body: {id: '1'}}],
      '/a/1': [{}],
    }));
    const protocol = protocols.define({
      name: 'read',
      start: 'resource',
      read: ({headers}) => ({status: headers.get('x-state') === 'over' ? 'succeeded' : 'running'}),
    });
    const client = createOperationClient({root, token: key, ...transport});
    const {poller} = await client.start(protocol, {path: '/a'}, {schedule: quick.schedule});
    expect(await poller?.result()).toMatchObject({status: 'succeeded', id: '1'});
  });
});

describe('where waits, errors and time-outs are', () => {
  test.each([
    ['in the body, in milliseconds', {at: '/pollAfter', unit: 'ms'}, {}, 250, 250],
    ['in the body, in seconds, as a text', {at: '/pollAfter', unit: 's'}, {}, '0.3', 300],
    ['in a header', {header: 'Poll-After-Ms', unit: 'ms'}, {'poll-after-ms': '350'}, 250, 350],
    ['in Retry-After all the same', {at: '/pollAfter', unit: 'ms'}, {'retry-after': '0.2'}, 250, 200],
    ['nonsense', {at: '/pollAfter', unit: 'ms'}, {}, 'soon', 1],
    ['under 100 ms', {at: '/pollAfter', unit: 'ms'}, {}, 99, 1],
  ] as const)('retryAfter: %s', async (_, retryAfter, headers, pollAfter, wait) => {
    const protocol = protocols.define({...base, retryAfter});
    const {root} = await serve(() => ({'/a': [{headers, body: {id: 'a', status: 'busy', pollAfter}}, done]}));
    const {poller, events} = begin(`${root}/a`, {protocol});
    await poller.result();
    expect(only(events, 'waiting').map(({delay}) => delay)).toEqual([wait]);
  });

  test('errorCode and errorMessage', async () => {
    const protocol = protocols.define({...base, errorCode: '/failureCode', errorMessage: ['/reason', '/failure']});
    const {root} = await serve(() => ({'/a': [{body: {status: 'broken', failureCode: 17, failure: 'No ink'}}]}));
    const error = await failure(begin(`${root}/a`, {protocol}).poller.result(), OperationFailedError);
    expect(error.operation).toMatchObject({error: {code: '17', message: 'No ink'}});
  });

  test('requestTimeout is the default of the option', async () => {
    const protocol = protocols.define({...base, requestTimeout: 50});
    const {root} = await startServer(() => {});
    const {poller} = begin(`${root}/a`, {protocol, retry: {retries: 0}, consecutiveFailures: 1});
    await expect(poller.result()).rejects.toMatchObject({name: 'UnreachableError'});
  });
});
