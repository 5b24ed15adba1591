// Whatever a user's own function throws or gives, a watch goes on or ends with an error of the library's own. A rejection that nobody
// handles fails these tests by itself.

import {setImmediate as nextTurn} from 'node:timers/promises';
import {createContext, runInContext} from 'node:vm';
import {afterEach, beforeEach, describe, expect, jest, test} from '@jest/globals';
import fc from 'fast-check';
import ky, {type KyInstance} from 'ky';
import {createOperationClient} from '../../src/client/index.ts';
import {
  fetchOperation,
  OperationError,
  PollError,
  type PollOptions,
  pollOperation,
  protocols,
  schedules,
  WatchAbortedError,
} from '../../src/index.ts';

const location = 'https://service.example/jobs/1';
const otherRealm = createContext({});

function refuse(): never {
  throw new Error('not readable');
}

/** What the values are made of. */
const bases = {
  nothing: () => undefined,
  null: () => null,
  text: () => 'mine',
  symbol: () => Symbol('mine'),
  bigint: () => 5n,
  function: () => () => 'mine',
  object: () => ({}),
  error: () => new Error('mine'),
  typeError: () => new TypeError('fetch failed'),
  pollError: () => new PollError('mine', {kind: 'network', transient: true}),
  abortError: () => new DOMException('mine', 'AbortError'),
  foreignError: (): unknown => runInContext("new Error('mine')", otherRealm),
  foreignTypeError: (): unknown => runInContext("new TypeError('mine')", otherRealm),
} satisfies Readonly<Record<string, () => unknown>>;

/** What is looked for in such a value. */
const fields = [
  ...['name', 'message', 'code', 'cause', 'stack', 'then', 'constructor', 'toString', 'toJSON', 'valueOf'],
  ...['transient', 'retryAfter', 'kind', 'ends', 'answer', 'originalError', 'accessToken', 'status', 'body', 'headers'],
  Symbol.toPrimitive,
  Symbol.toStringTag,
] as const;

const traps = ['get', 'has', 'getPrototypeOf', 'getOwnPropertyDescriptor', 'ownKeys'] as const;

/** A value, in a form that a counterexample can show. */
interface Value {
  readonly base: keyof typeof bases;
  readonly fields: readonly (readonly [(typeof fields)[number], 'throws' | 'symbol' | Value])[];
  readonly prototype: 'its own' | 'none' | 'throws' | 'revoked';
  readonly proxy: 'none' | 'revoked' | readonly (typeof traps)[number][];
}

function revokedProxy(target: object = {}): object {
  const {proxy, revoke} = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

/** An object of which none of these fields can be read. */
function unreadable(names: readonly PropertyKey[], target: object): object {
  for (const name of names) Object.defineProperty(target, name, {get: refuse, configurable: true});
  return target;
}

function make({base, fields: given, prototype, proxy}: Value): unknown {
  const value: unknown = bases[base]();
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return value;
  // The library's own is changed by nobody who means well.
  if (!(value instanceof PollError)) {
    for (const [name, field] of given) {
      const inner = field === 'symbol' ? Symbol('mine') : field === 'throws' ? undefined : make(field);
      if (field === 'throws') unreadable([name], value);
      else Object.defineProperty(value, name, {value: inner, configurable: true});
    }
    if (prototype === 'none') Object.setPrototypeOf(value, null);
    if (prototype === 'throws') Object.setPrototypeOf(value, unreadable(fields, Object.create(Error.prototype)));
    if (prototype === 'revoked') Object.setPrototypeOf(value, revokedProxy());
  }
  if (proxy === 'none') return value;
  if (proxy === 'revoked') return revokedProxy(value);
  return new Proxy(value, Object.fromEntries(proxy.map((trap) => [trap, refuse])));
}

const {value: anyValue} = fc.letrec<{value: Value}>((tie) => ({
  value: fc.record({
    base: fc.constantFrom(...(Object.keys(bases) as (keyof typeof bases)[])),
    fields: fc.uniqueArray(
      fc.tuple(
        fc.constantFrom(...fields),
        fc.oneof({depthSize: 'small', maxDepth: 3}, fc.constantFrom('throws', 'symbol'), tie('value')),
      ),
      {selector: ([name]) => name, maxLength: 4},
    ),
    prototype: fc.constantFrom('its own', 'its own', 'none', 'throws', 'revoked'),
    proxy: fc.oneof(fc.constantFrom('none', 'none', 'revoked'), fc.subarray([...traps], {minLength: 1})),
  }),
}));

type Fetch = (input: RequestInfo | URL) => Promise<Response>;

/** A service that fails at first, and whose operation then succeeds at the third request; its result is at a place of its own. */
function service(failures = 0): Fetch {
  let count = -failures;
  return async (input) => {
    const {url} = new Request(input);
    count++;
    if (url.endsWith('/jobs')) return new Response(null, {status: 202, headers: {location}});
    if (url.endsWith('/result')) return Response.json({done: true});
    if (count <= 0) return new Response('', {status: 503});
    return Response.json({id: 'a', status: count < 3 ? 'running' : 'succeeded', resourceLocation: '/result'});
  };
}

const from = (fetch: Fetch): PollOptions => ({http: ky.create({fetch})});

/** What is called in place of ky. */
function mockOfKy(http: (input: string) => unknown): KyInstance {
  const {get, extend, create, stop} = ky;
  return Object.assign(http, {get, extend, create, stop}) as unknown as KyInstance;
}

const quickRetry = {retries: 2, minTimeout: 1, maxTimeout: 1};
const common: PollOptions = {
  schedule: schedules.fixed(1000),
  retry: quickRetry,
  consecutiveFailures: 2,
  totalTimeout: 60_000,
  fetchResult: true,
};

/** A function of the user's, which does as it should until it gives something else. */
type Wrap = (usual: (given: never) => unknown) => (given?: unknown) => never;

const json = {'content-type': 'application/json'};

/** Options with one function of the user's. */
const functions: Readonly<Record<string, (wrap: Wrap) => PollOptions>> = {
  token: (wrap) => ({token: wrap(() => 'users-token')}),
  read: (wrap) => {
    const read = ({body}: {readonly body: unknown}) => ({status: Object(body).status, resourceLocation: '/result'});
    return {protocol: protocols.define({name: 'reads', read: wrap(read)})};
  },
  shouldRetry: (wrap) => ({...from(service(2)), retry: {...quickRetry, shouldRetry: wrap(() => true)}}),
  onFailedAttempt: (wrap) => ({...from(service(2)), retry: {...quickRetry, onFailedAttempt: wrap(() => undefined)}}),
  shouldConsumeRetry: (wrap) => ({...from(service(2)), retry: {...quickRetry, shouldConsumeRetry: wrap(() => true)}}),
  schedule: (wrap) => ({schedule: wrap(() => 1000)}),
  'schedule.estimate': (wrap) => ({schedule: Object.assign(() => 1000, {estimate: wrap(() => undefined)})}),
  'schedule.ended': (wrap) => ({schedule: Object.assign(() => 1000, {ended: wrap(() => undefined)})}),
  http: (wrap) => {
    const fetch = service();
    return {http: mockOfKy(wrap(fetch))};
  },
  fetch: (wrap) => from(wrap(service())),
  beforeRequest: (wrap) => ({
    http: ky.create({fetch: service(), hooks: {beforeRequest: [wrap(() => undefined)]}}),
  }),
  afterResponse: (wrap) => ({
    http: ky.create({fetch: service(), hooks: {afterResponse: [wrap(() => undefined)]}}),
  }),
  'the stream of a body': (wrap) => {
    const pull = wrap((controller: ReadableStreamDefaultController) => controller.close());
    return from(async () => new Response(new ReadableStream({pull}), {headers: json}));
  },
  'the text of a mocked response': (wrap) => {
    const text = wrap(async () => '{"id": "a", "status": "succeeded"}');
    return {http: mockOfKy(async () => ({status: 200, headers: new Headers({...json, 'content-length': '9'}), text}))};
  },
  'the headers of a mocked response': (wrap) => {
    const headers = {get: wrap(() => null), has: wrap(() => false), entries: wrap(() => [].values())};
    return {http: mockOfKy(async () => ({status: 200, headers, text: async () => '{}'}))};
  },
};

/** What is called with these options; for a client, some of them are its own. */
const calls: Readonly<Record<string, (options: PollOptions) => Promise<unknown>>> = {
  pollOperation: (options) => pollOperation(location, options).result(),
  fetchOperation: (options) => fetchOperation(location, options),
  start: async ({http, token, protocol = protocols.longRunning, ...options}) => {
    const client = createOperationClient({root: 'https://service.example', http, token});
    const {poller} = await client.start(protocol, {path: '/jobs'}, options);
    return await poller?.result();
  },
};

type Example = [name: string, call: string, manner: (typeof manners)[number], usualCalls: number, value: Value];

const manners = ['throws', 'rejects', 'returns'] as const;
const revoked: Value = {base: 'object', fields: [], prototype: 'its own', proxy: 'revoked'};

const reported: unknown[] = [];

beforeEach(() => {
  jest.useFakeTimers();
  reported.length = 0;
  Object.assign(globalThis, {reportError: (error: unknown) => reported.push(error)});
});

afterEach(() => {
  jest.useRealTimers();
  Reflect.deleteProperty(globalThis, 'reportError');
});

/** Expects that a promise settles within two minutes: with a value, or with an error of the library, whose message is given. */
async function expectEnd(promise: Promise<unknown>): Promise<string> {
  let end: {readonly error?: unknown} | undefined;
  promise.then(
    () => {
      end = {};
    },
    (error: unknown) => {
      end = {error};
    },
  );
  for (let minutes = 0; minutes < 2 && end === undefined; minutes += 0.05) await jest.advanceTimersByTimeAsync(3000);
  if (end === undefined) throw new Error('It never ends');
  await nextTurn(); // A rejection that nobody handles comes out now.
  expect(jest.getTimerCount()).toBe(0);
  if (!('error' in end)) return '';
  const {error} = end;
  // Not shown: it may be what jest cannot show.
  if (!(error instanceof OperationError)) throw new Error('It ends with something that is no OperationError');
  expect(error.message.length).toBeLessThanOrEqual(800);
  return error.message;
}

test('what a function throws, or gives in place of what it should, never leaves anybody waiting', async () => {
  const names = Object.keys(functions);
  const entries = Object.keys(calls);
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...names),
      fc.constantFrom(...entries),
      fc.constantFrom(...manners),
      fc.nat(3),
      anyValue,
      async (name, call, manner, usualCalls, value) => {
        let count = 0;
        const wrap: Wrap = (usual) => (given) => {
          if (count++ < usualCalls) return usual(given as never) as never;
          if (manner === 'throws') throw make(value);
          if (manner === 'returns') return make(value) as never;
          const rejecting = Promise.reject(make(value));
          // Where no promise is expected, it is the user's own.
          if (/schedule|headers/.test(name)) rejecting.catch(() => undefined);
          return rejecting as never;
        };
        const options = {...from(service()), ...common, ...functions[name]?.(wrap)};
        const message = await expectEnd(calls[call]?.(options) ?? Promise.reject());
        // None is blamed for another.
        if (name === 'token' && message !== '') expect(message).toMatch(/The option token (?:threw|returned|did not)/);
        if (!/Retry|Attempt/.test(name)) expect(message).not.toContain('The option retry');
        if (/token|Retry|Attempt|schedule|read/.test(name)) expect(message).not.toContain('ky instance');
      },
    ),
    {
      numRuns: 600,
      examples: names.flatMap((name) => entries.map((call): Example => [name, call, 'throws', 0, revoked])),
    },
  );
});

test('nor does the reason of an abort, or what a listener throws', async () => {
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...Object.keys(calls)), fc.nat(3), anyValue, async (call, after, value) => {
      const controller = new AbortController();
      let count = 0;
      const fetch = service();
      const aborting: Fetch = async (input) => {
        if (count++ === after) controller.abort(make(value));
        return fetch(input);
      };
      const aborted = calls[call]?.({...common, ...from(aborting), signal: controller.signal});
      await expectEnd(aborted ?? Promise.reject());
      const poller = pollOperation(location, {...common, ...from(service())});
      poller.on('*', ({type}) => {
        if (type === 'polled' && count++ > 10) poller.stop(make(value));
        throw make(value);
      });
      await expectEnd(poller.result());
    }),
    {numRuns: 200},
  );
});

describe('a bug of the library', () => {
  test('is reported, and ends the watch', async () => {
    // No library can read its own error after this.
    const onFailedAttempt = ({error}: {readonly error: Error}): never => {
      unreadable(['httpStatus'], error);
      throw error;
    };
    const retry = {...quickRetry, onFailedAttempt};
    const poller = pollOperation(location, {...common, ...from(service(2)), retry});
    await expectEnd(poller.result());
    expect(await poller.outcome()).toMatchObject({
      reason: 'stopped',
      error: {name: WatchAbortedError.name, cause: {message: 'not readable'}},
    });
    expect(reported).toEqual([new Error('not readable')]);
  });
});
