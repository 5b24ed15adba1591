// What a service makes of a token is not requested, and not shown, however late. On both transports.

import type {ServerResponse} from 'node:http';
import {describe, expect, test} from '@jest/globals';
import ky from 'ky';
import {createOperationClient} from '../../src/client/index.ts';
import {
  OperationNotWatchableError,
  PollError,
  type Protocol,
  pollOperation,
  protocols,
  ResultUnavailableError,
  resumeOperation,
} from '../../src/index.ts';
import {leanHttp} from '../../src/node/index.ts';
import {createRecord, dueAtOf, RecordRefusedError, takeTurn} from '../../src/runner/index.ts';
import {failure, quick, recordEvents, startServer, type TestServer} from '../support/behaviours.ts';
import {reachable, shown} from '../support/reachable.ts';

const token = 'MARKER-token/81c6+';
const marker = /MARKER/;
const {schedule, retry} = quick;
const options = {schedule, retry, consecutiveFailures: 1};

interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** A service that answers by the request's path and `Authorization`. */
function service(answer: (path: string, authorization: string, count: number) => Answer): Promise<TestServer> {
  return startServer(({url = '', headers: {authorization = ''}}, response: ServerResponse, count) => {
    const {status = 200, headers = {}, body = {}} = answer(url, authorization, count);
    response.writeHead(status, {'content-type': 'application/json', ...headers});
    response.end(JSON.stringify(body));
  });
}

function expectNoTrace(...values: readonly unknown[]): void {
  for (const value of values) {
    for (const text of shown(value)) expect(text).not.toMatch(marker);
    expect(reachable(value, marker)).toEqual([]);
  }
}

describe.each([
  ['ky', ky],
  ['leanHttp', leanHttp()],
])('%s', (_, http) => {
  test.each([
    ['a name', {start: '/name'}, {name: `operations/${token}`}],
    ['a name that is percent-encoded', {start: '/name'}, {name: `operations/${encodeURIComponent(token)}`}],
    ['an absolute URL', {start: '/name'}, {name: `http://127.0.0.1/${token}`}],
    ['an id', {start: 'resource'}, {id: token}],
  ] as const)('a start whose body makes %s of the token is not watched', async (_name, fields, body) => {
    const {root, requests} = await service(() => ({body}));
    const client = createOperationClient({root, http, token});
    const protocol = protocols.define({...protocols.longRunning, name: 'quotes', ...fields});
    const error = await failure(client.start(protocol, {path: '/jobs'}, options), OperationNotWatchableError);
    expect(error.message).toContain('quotes a token or a header');
    expect([requests.length, error.resumeToken]).toEqual([1, undefined]);
    expectNoTrace(error);
  });

  test('a result whose URL is made of the token is not requested', async () => {
    const body = {id: 'a', status: 'succeeded', resourceLocation: `/results/${token}`};
    const {root, requests} = await service(() => ({body}));
    const {poller} = recordEvents(pollOperation(`${root}/jobs/1`, {...options, http, token, fetchResult: true}));
    const error = await failure(poller.result(), ResultUnavailableError);
    expect(String(error.cause)).toContain('quotes a token or a header');
    expect(requests.map(({url}) => url)).toEqual(['/jobs/1']);
    expectNoTrace(error, poller, poller.toJSON());
  });

  test('a redirect that takes the token to another origin is not followed', async () => {
    const foreign = await service(() => ({body: {id: 'a', status: 'succeeded'}}));
    const headers = {location: `${foreign.root}/?t=${encodeURIComponent(token)}`};
    const {root} = await service(() => ({status: 307, headers}));
    const {poller} = recordEvents(pollOperation(`${root}/jobs/1`, {...options, http, token}));
    const outcome = await poller.outcome();
    expect([outcome.status, poller.abandoned]).toEqual(['abandoned', 'protocol']);
    expect(foreign.requests).toEqual([]);
    expectNoTrace(outcome);
  });

  test('74: a redirect that takes the token to another origin in its host, which is in lower case, is not followed', async () => {
    const own = 'MARKER-Token-81c6';
    const {root} = await service(() => ({status: 307, headers: {location: `http://${own}.invalid/`}}));
    const {poller, events} = recordEvents(pollOperation(`${root}/jobs/1`, {...options, http, token: own}));
    const outcome = await poller.outcome();
    expect([outcome.status, poller.abandoned]).toEqual(['abandoned', 'protocol']);
    for (const value of [outcome, events, poller.toJSON()]) expect(shown(value).join()).not.toMatch(/marker/i);
  });

  test('74: a move to a host with the token in it is not followed, and shows nothing of it', async () => {
    const own = 'MARKER-Token-81c6';
    const {root} = await service((_path, _authorization, count) => ({
      headers: {'operation-location': `http://${own}.invalid/a`},
      body: {id: 'a', status: count > 1 ? 'succeeded' : 'running'},
    }));
    for (const foreignHosts of [false, true]) {
      const protocol = protocols.define({...protocols.longRunning, name: 'moving', foreignHosts});
      const {poller, events} = recordEvents(pollOperation(`${root}/jobs/1`, {...options, http, protocol, token: own}));
      await poller.result();
      for (const value of [events, poller.toJSON()]) expect(shown(value).join()).not.toMatch(/marker/i);
    }
  });

  test('a foreign answer that quotes the token without having got it is redacted', async () => {
    const foreign = await service(() => ({body: {id: 'a', status: 'succeeded', quoted: token}}));
    const {root} = await service(() => ({status: 307, headers: {location: `${foreign.root}/a`}}));
    const {poller, events} = recordEvents(pollOperation(`${root}/jobs/1`, {...options, http, token}));
    expect((await poller.result()).raw).toMatchObject({quoted: '[token]'});
    expectNoTrace(events, poller.toJSON());
  });

  test.each([
    ['password', 'administrator:MARKERpassword', 'MARKERpassword'],
    ['key in place of a user', 'MARKER_sk_live:', 'MARKER_sk_live'],
  ])('of a token for Basic, the %s is redacted where it is sent back decoded', async (_, credentials, secret) => {
    const {root} = await service(() => ({
      headers: {'request-id': secret},
      body: {id: 'a', status: 'succeeded', quoted: [credentials, secret]},
    }));
    const authorization = {header: 'Authorization', scheme: 'Basic'};
    const protocol = protocols.define({...protocols.longRunning, name: 'basic', authorization});
    const basic = {...options, http, protocol, token: btoa(credentials)};
    const {poller, events} = recordEvents(pollOperation(`${root}/jobs/1`, basic));
    expect((await poller.result()).raw).toMatchObject({quoted: ['[token]', '[token]']});
    expectNoTrace(events, poller.toJSON());
  });

  test.each([
    ['id:secret', {header: 'Authorization', scheme: 'Key'}, 'b6a7c1d2-5f4e:', ''],
    ['name=secret', {header: 'Cookie'}, 'session=', ''],
    ['name="secret"', {header: 'Authorization', scheme: 'Token'}, 'token="', '"'],
  ])(
    'of a key that is %s, the secret alone is redacted, and taken to no other origin',
    async (_, authorization, before, after) => {
      const secret = 'MARKER-0f1e2d3c/4b5a';
      const foreign = await service(() => ({body: {id: 'a', status: 'succeeded'}}));
      const {root} = await service((path) =>
        path === '/away'
          ? {status: 307, headers: {location: `${foreign.root}/?k=${encodeURIComponent(secret)}`}}
          : {body: {id: 'a', status: 'succeeded', quoted: [secret, encodeURIComponent(secret)], [secret]: 1}},
      );
      const protocol = protocols.define({...protocols.longRunning, name: 'parts', authorization});
      const withKey = {...options, http, protocol, token: before + secret + after};
      const {poller, events} = recordEvents(pollOperation(`${root}/jobs/1`, withKey));
      expect((await poller.result()).raw).toMatchObject({quoted: ['[token]', '[token]']});
      expectNoTrace(events, poller.toJSON());
      const away = await pollOperation(`${root}/away`, withKey).outcome();
      expect([away.status, foreign.requests]).toEqual(['abandoned', []]);
      expectNoTrace(away);
    },
  );

  test('a token that was refused, or replaced since, is redacted in later answers', async () => {
    const tokens = ['MARKER-token-first', 'MARKER-token-second', 'MARKER-token-third'];
    const {root} = await service((_path, authorization, count) => ({
      ...(authorization === `Bearer ${tokens[0]}` ? {status: 401} : {}),
      body: {id: 'a', status: count > 3 ? 'succeeded' : 'running', quoted: tokens.slice(0, count)},
    }));
    let given = 0;
    const getToken = (): string => tokens[Math.min(given++, 2)] ?? '';
    const {poller, events} = recordEvents(pollOperation(`${root}/jobs/1`, {...options, http, token: getToken}));
    expect((await poller.result()).raw).toMatchObject({quoted: ['[token]', '[token]', '[token]']});
    expectNoTrace(events, poller.toJSON());
  });

  test.each([
    ['ApiKey id=production-account, key=MARKERkey', ['MARKERkey'], ['production-account', 'ApiKey']],
    ['ApiKey id=3f2504e0-4f89-11d3-9a0c-0305e82c3301, key="MARKER+/key=="', ['MARKER+/key=='], ['3f2504e0-4f89']],
    ['SharedKey account:MARKERsignature0==', ['MARKERsignature0=='], ['account']],
    [`Basic ${btoa('administrator:MARKERpassword')}`, ['MARKERpassword'], ['administrator']],
    ['Digest realm="api.example.com", nonce=MARKER0123456789', ['MARKER0123456789'], ['api.example.com']],
    ['AWS4 Credential=AKIA/20260101/us-east-1, SignedHeaders=host;x-amz-date, Signature=MARKER', [], ['us-east-1']],
  ])('of the header authorization: %s, the secret parts alone are redacted', async (authorization, secret, plain) => {
    const body = {id: 'a', status: 'succeeded', secret, plain};
    const {root} = await service(() => ({body}));
    const client = createOperationClient({root, http, headers: {authorization}});
    const {poller, events} = recordEvents(client.watch(`${root}/jobs/1`, options));
    expect((await poller.result()).raw).toMatchObject({secret: secret.map(() => '[token]'), plain});
    expectNoTrace(events);
  });

  describe('what another header of a client contains may be part of a URL on its origin', () => {
    const version = '2023-01-01-preview';
    const path = `/jobs/1?api-version=${version}`;
    const name = defined({start: '/name'});
    const done = {id: 'a', status: 'succeeded', note: version};

    function defined(fields: Partial<Protocol>): Protocol {
      return protocols.define({...protocols.longRunning, name: 'linked', ...fields});
    }

    /** Starts an operation, which that request's response describes and the next one ends. */
    async function started(protocol: Protocol, first: Answer) {
      const {root, requests} = await service((_path, _authorization, count) => (count === 1 ? first : {body: done}));
      const client = createOperationClient({root, http, token, headers: {'x-ms-version': version}});
      const {poller} = await client.start(protocol, {path: '/jobs'}, {...options, fetchResult: true});
      if (poller === undefined) throw new Error('Expected it to be watched');
      const {events} = recordEvents(poller);
      return {poller, events, requested: () => requests.slice(1).map(({url}) => url)};
    }

    test.each([
      ['a location header', protocols.longRunning, {status: 202, headers: {'operation-location': path}}],
      ['a path in the body', name, {body: {name: path}}],
      ['a name in the body', name, {body: {name: path.slice(1)}}],
    ] as const)('%s', async (_name, protocol, first) => {
      const {poller, events, requested} = await started(protocol, first);
      expect((await poller.result()).raw).toEqual({...done, note: '[token]'});
      expect(requested()).toEqual([path]);
      expect(poller.toJSON().location).toMatch(new RegExp(`${version}$`));
      expect(JSON.stringify(events)).not.toContain(version);
    });

    test('an id', async () => {
      const {poller, requested} = await started(defined({start: 'resource'}), {body: {id: version}});
      await poller.result();
      expect(requested()).toEqual([`/jobs/${version}`]);
    });

    test('a move, and the place of the result', async () => {
      const {root, requests} = await service((url, _authorization, count) => {
        if (url.startsWith('/results')) return {body: {name: version}};
        const headers: Record<string, string> = count === 1 ? {'operation-location': path} : {};
        const status = count === 1 ? 'running' : 'succeeded';
        return {headers, body: {...done, status, resourceLocation: `/results?v=${version}`}};
      });
      const client = createOperationClient({root, http, headers: {'x-ms-version': version}});
      const {poller, events} = recordEvents(client.watch('/jobs/1', {...options, fetchResult: true}));
      expect((await poller.result()).result).toEqual({name: '[token]'});
      expect(requests.map(({url}) => url)).toEqual(['/jobs/1', path, `/results?v=${version}`]);
      expect(JSON.stringify(events.map(({type, location}) => ({type, location})))).not.toContain(version);
    });

    test('what `read` takes a URL from, while what it returns is redacted', async () => {
      const {root, requests} = await service((url, _authorization, count) => {
        if (url.startsWith('/results')) return {body: {name: version}};
        return {headers: {'x-place': path}, body: {state: count === 1 ? 'running' : 'succeeded', at: path}};
      });
      const bodies: unknown[] = [];
      const protocol = protocols.define({
        name: 'reads',
        read: ({body, headers}) => {
          bodies.push(body, headers.get('x-place'));
          const {state, at} = body as {state: 'running' | 'succeeded'; at: string};
          return {
            status: state,
            id: at,
            statusDetail: at,
            resourceLocation: at.replace('jobs', 'results'),
            ...(state === 'succeeded' ? {} : {error: {code: at, message: at}}),
          };
        },
      });
      const client = createOperationClient({root, http, headers: {'x-ms-version': version}});
      const watching = client.watch('/jobs/1', {...options, protocol, fetchResult: true});
      const {poller, events} = recordEvents(watching);
      const {resourceLocation, ...operation} = await poller.result();
      expect(bodies.slice(0, 2)).toEqual([{state: 'running', at: path}, path]);
      expect(requests.at(-1)?.url).toBe(path.replace('jobs', 'results'));
      expect(resourceLocation).toBe(path.replace('jobs', 'results'));
      const redacted = path.replace(version, '[token]');
      expect(operation).toMatchObject({id: redacted, statusDetail: redacted, raw: {at: redacted}});
      const withoutPlace = (value: unknown): string =>
        JSON.stringify(value).replaceAll(path.replace('jobs', 'results'), '');
      expect(withoutPlace([events, operation, poller])).not.toContain(version);
    });

    test.each([
      ['authorization', 'ApiKey MARKER0123456789'],
      ['cookie', 'session=MARKER0123456789'],
      ['x-api-key', 'MARKER0123456789'],
    ])('the `resourceLocation` of a field, and of `read`, does not show what is in %s', async (header, value) => {
      const at = '/results?key=MARKER0123456789';
      const {root} = await service(() => ({body: {id: 'a', status: 'succeeded', resourceLocation: at}}));
      const client = createOperationClient({root, http, headers: {[header]: value}});
      const read: Protocol['read'] = ({body}) => ({...(body as {status: 'succeeded'; resourceLocation: string})});
      for (const protocol of [protocols.longRunning, protocols.define({name: 'reads', read})]) {
        const {poller, events} = recordEvents(client.watch('/jobs/1', {...options, protocol}));
        expect((await poller.result()).resourceLocation).toMatch(/^\/results\?key=\[(token|value-of-x-api-key)\]$/);
        expectNoTrace(events, poller, poller.toJSON(), await poller.outcome(), poller.actor.getSnapshot());
      }
    });

    describe('also where a cancel and the template of a result take it from the operation', () => {
      const headersWith = [{'x-ms-version': version}, {'x-api-key': 'MARKER-key/0123456789'}];

      /** Watches an operation with the value of such a header as an id, and in a URL; it succeeds once something else is requested. */
      async function linking(headers: Readonly<Record<string, string>>, fields: Partial<Protocol>) {
        const [value = ''] = Object.values(headers);
        const place = `/cancel/${encodeURIComponent(value)}`;
        let isOver = false;
        const {root, requests} = await service((url) => {
          isOver ||= url.startsWith('/cancel') || requests.length > 3;
          const body = {id: 'a', status: isOver ? 'succeeded' : 'running', own: value, place};
          return {body: url.startsWith('/jobs') ? body : {done: true}};
        });
        const client = createOperationClient({root, http, headers});
        const own = {...options, protocol: defined(fields), fetchResult: true};
        const {poller, events} = recordEvents(client.watch('/jobs/1', own));
        const expectRedacted = (...values: readonly unknown[]): void => {
          for (const given of values) expect(shown(given).join()).not.toContain(value);
          expectNoTrace(...values);
        };
        return {client, own, poller, events, requests, place, expectRedacted};
      }

      const cancels = headersWith.flatMap((headers) => [
        [Object.keys(headers)[0], 'a place', headers, {at: '/place'}] as const,
        [Object.keys(headers)[0], 'a template', headers, {template: '/cancel/{/own}'}] as const,
      ]);

      test.each(cancels)('%s in a cancel by %s', async (_, _by, headers, where) => {
        const fields: Partial<Protocol> = {cancel: {method: 'POST', ...where}};
        const {client, own, poller, events, requests, place, expectRedacted} = await linking(headers, fields);
        await poller.waitFor('running');
        const stored = poller.toJSON();
        await poller.cancel();
        const sent = () => requests.filter(({method}) => method === 'POST').map(({url}) => url);
        expect(sent()).toEqual([place]);
        expect((await poller.result()).raw).toMatchObject({own: '[token]', place: '/cancel/[token]'});
        expectRedacted(events, stored, poller, poller.toJSON(), await poller.outcome());
        // A stored resume token has nothing but what is shown.
        const {poller: resumed} = recordEvents(client.resume(JSON.stringify(stored), own));
        expect(String(await failure(resumed.cancel(), PollError))).toContain('quotes a token or a header');
        expect(sent()).toEqual([place]);
      });

      test.each(headersWith)('%j in a result by a template', async (headers) => {
        const fields: Partial<Protocol> = {resultLocation: {template: '/results/{/own}'}};
        const {poller, events, requests, place, expectRedacted} = await linking(headers, fields);
        expect((await poller.result()).result).toEqual({done: true});
        expect(requests.at(-1)?.url).toBe(place.replace('cancel', 'results'));
        expectRedacted(events, poller, poller.toJSON(), await poller.outcome());
      });

      test.each(headersWith)(
        '%j in such a result that a runner fetches, unless its record was read from a store',
        async (headers) => {
          const fields: Partial<Protocol> = {resultLocation: {template: '/results/{/own}'}};
          const {client, own, poller, requests, place, expectRedacted} = await linking(headers, fields);
          await poller.result();
          const given = {client, protocols: [own.protocol], fetchResult: true};
          const record = createRecord(poller.location, {protocol: own.protocol});
          const succeeded = await takeTurn(record, given, Math.ceil(dueAtOf(record)));
          const due = Math.ceil(dueAtOf(succeeded.record));
          const fetched = await takeTurn(succeeded.record, given, due);
          expect(fetched).toMatchObject({done: {status: 'succeeded', operation: {result: {done: true}}}});
          expect(requests.at(-1)?.url).toBe(place.replace('cancel', 'results'));
          const sent = requests.length;
          const refused = await takeTurn(JSON.parse(JSON.stringify(succeeded.record)), given, due);
          expect(refused).toMatchObject({done: {status: 'abandoned', reason: 'result'}});
          expect(requests).toHaveLength(sent);
          expectRedacted(succeeded, fetched, refused);
        },
      );

      test('but no key goes to another origin', async () => {
        const foreign = await service(() => ({body: {done: true}}));
        const template = `${foreign.root}/results/{/own}`;
        for (const fields of [{resultLocation: {template}}, {cancel: {method: 'POST', template}}] as const) {
          const {poller} = await linking({'x-api-key': 'MARKER-key/0123456789'}, {...fields, foreignHosts: true});
          await poller.waitFor('running');
          if ('cancel' in fields) await expect(poller.cancel()).rejects.toThrow(TypeError);
          else await failure(poller.result(), ResultUnavailableError);
        }
        expect(foreign.requests).toEqual([]);
      });
    });

    test('but not of one on another origin', async () => {
      const {root} = await service(() => ({status: 202, headers: {location: `https://elsewhere.example${path}`}}));
      const client = createOperationClient({root, http, headers: {'x-ms-version': version}});
      const starting = client.start(defined({foreignHosts: true}), {path: '/jobs'}, options);
      expect((await failure(starting, OperationNotWatchableError)).message).toContain('quotes a token or a header');
    });

    test.each(['authorization', 'cookie'])('nor does it hold for what is in the header %s', async (header) => {
      const {root} = await service(() => ({status: 202, headers: {location: `/jobs/${version}`}}));
      const client = createOperationClient({root, http, headers: {[header]: version}});
      await failure(client.start(protocols.longRunning, {path: '/jobs'}, options), OperationNotWatchableError);
    });
  });

  describe('a key that a URL of the service contains is used, and kept nowhere', () => {
    const key = 'MARKER+key/last8==';
    const quoted = `key=${encodeURIComponent(key)}`;
    const paths = {
      'percent-encoded': `/jobs/1?${quoted}`,
      'percent-encoded in lower case': `/jobs/1?${quoted.replace(/%../g, (each) => each.toLowerCase())}`,
      'as it is': `/jobs/1?key=${key}`,
    };
    const name = protocols.define({...protocols.longRunning, name: 'keyed', start: '/name'});
    // No word that a random id in hexadecimal could contain.
    const escaped = /MARKER|last8/i;

    function expectNoKey(...values: readonly unknown[]): void {
      for (const value of values) {
        for (const text of shown(value)) expect(text).not.toMatch(escaped);
        expect(reachable(value, escaped)).toEqual([]);
      }
    }

    /** A service whose operation is at a path with its key, and whose result is too. It runs until it has been asked twice. */
    function keyed(first: Answer, path: string): Promise<TestServer> {
      return service((url, _authorization, count) => {
        if (count === 1) return first;
        if (url.startsWith('/results')) return {body: {key: [key, quoted]}};
        const status = count > 3 ? 'succeeded' : 'running';
        const resourceLocation = path.replace('jobs', 'results');
        return {headers: {'x-request-id': key}, body: {id: key, status, resourceLocation, note: quoted, [quoted]: 1}};
      });
    }

    test.each(Object.entries(paths))('%s: in a header and in a body, by a resumed watch too', async (_form, path) => {
      for (const [protocol, first] of [
        [protocols.longRunning, {status: 202, headers: {'operation-location': path}}],
        [name, {body: {name: path}}],
        [name, {body: {name: path.slice(1)}}],
      ] as const) {
        const {root, requests} = await keyed(first, path);
        const client = createOperationClient({root, http, headers: {'x-api-key': key}});
        const own = {...options, fetchResult: true};
        const {poller} = await client.start(protocol, {path: '/jobs'}, own);
        if (poller === undefined) throw new Error('Expected it to be watched');
        const {events} = recordEvents(poller);
        await poller.waitFor('running');
        poller.stop();
        const token = JSON.stringify(poller);
        expect(JSON.parse(token).location).toContain('value-of-x-api-key');
        expectNoKey(token, events, poller.location);
        const resumed = client.resume(token, {...own, protocol});
        const {events: later} = recordEvents(resumed);
        const {result, raw} = await resumed.result();
        expect([result, raw]).toMatchObject([{key: ['[token]', 'key=[token]']}, {id: '[token]'}]);
        const asked = requests.slice(1).map(({url = ''}) => url.replace(/%../g, (each) => each.toUpperCase()));
        const expected = path.replace(/%../g, (each) => each.toUpperCase());
        expect(new Set(asked)).toEqual(new Set([expected, expected.replace('jobs', 'results')]));
        expectNoKey(later, resumed, JSON.stringify(resumed), await resumed.outcome());
      }
    });

    test('in a move, a redirect, an id, what a protocol reads, and the URL of the start', async () => {
      const path = paths['percent-encoded'];
      const {root, requests} = await service((url, _authorization, count) => {
        if (count === 1) return {body: {id: key}};
        if (count === 2) return {status: 307, headers: {location: `/redirected?${quoted}`}};
        if (url.startsWith('/redirected')) {
          return {headers: {'operation-location': path}, body: {id: key, status: 'running'}};
        }
        return url.startsWith('/results') ? {body: {done: true}} : {body: {id: key, status: 'succeeded', at: quoted}};
      });
      const client = createOperationClient({root, http, headers: {'x-api-key': key}});
      const protocol = protocols.define({
        name: 'reads',
        start: 'resource',
        moveHeaders: ['operation-location'],
        read: ({body}) => {
          const {status, at} = body as {status?: 'running' | 'succeeded'; at?: string};
          return status && {status, ...(at === undefined ? {} : {resourceLocation: `/results?${at}`})};
        },
      });
      const starting = client.start(protocol, {path: `/jobs?${quoted}`}, {...options, fetchResult: true});
      const {poller} = await starting;
      if (poller === undefined) throw new Error('Expected it to be watched');
      const {events} = recordEvents(poller);
      expect((await poller.result()).result).toEqual({done: true});
      expect(requests.map(({url}) => url)).toEqual([
        `/jobs?${quoted}`,
        `/jobs/${encodeURIComponent(key)}`,
        `/redirected?${quoted}`,
        path,
        `/results?${quoted}`,
      ]);
      expectNoKey(events, poller, poller.toJSON(), await poller.outcome());
    });

    test('it is filled in again by a client that has it, and a watch without it is refused', async () => {
      const {root, requests} = await keyed({status: 202, headers: {location: paths['as it is']}}, '/jobs/1');
      const client = createOperationClient({root, http, headers: {'X-Api-Key': key}});
      const {poller} = await client.start(protocols.longRunning, {path: '/jobs'}, options);
      poller?.stop();
      const token = poller?.toJSON() ?? '';
      const other = createOperationClient({root, http, headers: {'x-other-key': key}});
      const message = /^headers: expected x-api-key among the client's headers/;
      expect(() => other.resume(token)).toThrow(message);
      expect(() => resumeOperation(token, {http})).toThrow(message);
      const record = createRecord(poller ?? root);
      const due = Math.ceil(dueAtOf(record));
      const refused = await failure(takeTurn(record, {client: other}, due), RecordRefusedError);
      expect(refused.message).toContain("expected x-api-key among the client's headers");
      expect(requests.length).toBe(1);
      const renewed = createOperationClient({root, http, headers: {'x-api-key': 'MARKER-another-key'}});
      await takeTurn(record, {client: renewed}, due);
      expect(requests.at(-1)?.url).toBe('/jobs/1?key=MARKER-another-key');
      expectNoKey(token, record, refused);
    });

    test('it goes to no other origin: neither in a redirect nor in a result', async () => {
      const foreign = await service(() => ({body: {id: 'a', status: 'succeeded'}}));
      const away = `${foreign.root}/a?${quoted}`;
      const redirecting = await service(() => ({status: 307, headers: {location: away}}));
      const described = await service(() => ({body: {id: 'a', status: 'succeeded', resourceLocation: away}}));
      for (const {root} of [redirecting, described]) {
        const client = createOperationClient({root, http, headers: {'x-api-key': key}});
        const {poller, events} = recordEvents(client.watch('/jobs/1', {...options, fetchResult: true}));
        const outcome = await poller.outcome();
        expect([outcome.status, String(poller.abandoned)]).toEqual([
          'abandoned',
          expect.stringMatching(/protocol|result/),
        ]);
        expectNoKey(outcome, events, poller.toJSON());
      }
      expect(foreign.requests).toEqual([]);
    });

    test('in any other escaping it leads nowhere', async () => {
      const location = `/jobs/1?key=${encodeURIComponent(encodeURIComponent(key))}`;
      const {root} = await service(() => ({status: 202, headers: {location}}));
      const client = createOperationClient({root, http, headers: {'x-api-key': key}});
      const starting = client.start(protocols.longRunning, {path: '/jobs'}, options);
      expectNoKey(await failure(starting, OperationNotWatchableError));
    });
  });
});
