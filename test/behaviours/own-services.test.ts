// "Services of your own", rows 55 and 56 of the table of behaviours, and what else a protocol can say of a service.

import {describe, expect, test} from '@jest/globals';
import {createOperationClient} from '../../src/client/index.ts';
import {
  OperationCanceledError,
  OperationFailedError,
  type PollOptions,
  type Protocol,
  ProtocolError,
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
    let text = '';
    request.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    request.on('end', () => {
      bodies.push(text);
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
} as const satisfies Protocol;

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
    const {poller} = await client.start(protocol, {method: 'GET', path: '/a', headers}, {schedule: quick.schedule});
    await poller?.result();
    expect(abroad.requests[0]?.headers['x-api-key']).toBeUndefined();
  });
});

describe('httpStatuses from 400 on', () => {
  const protocol = protocols.define({
    ...base,
    httpStatuses: {202: 'running', 200: 'succeeded', 404: 'succeeded', 408: 'canceled', 422: 'failed', 503: 'running'},
    throttlingCodes: ['SlowDown'],
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

  test('throttling is throttling all the same', async () => {
    const {poller, events} = await poll({http: 422, body: {error: {code: 'SlowDown'}}}, {http: 200, body: {}});
    await poller.result();
    expect(only(events, 'retrying')).toHaveLength(1);
  });

  test('a foreign origin ends nothing after a redirect', async () => {
    const abroad = await serve(() => ({'/a': [{http: 422, body: {error: {code: 'E1'}}}]}));
    const {poller} = await poll({http: 307, headers: {location: `${abroad.root}/a`}});
    await failure(poller.result(), ProtocolError);
  });
});
