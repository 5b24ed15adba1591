// "Secrets and limits": rows 74 to 78 and 80 of the table of behaviours.

import {describe, expect, jest, test} from '@jest/globals';
import fc from 'fast-check';
import {type ClientTokenSource, createGraphClient, type GraphClient} from '../../src/graph/index.ts';
import {
  OperationError,
  OperationFailedError,
  OperationNotStartedError,
  type PollOptions,
  ProtocolError,
  pollOperation,
  protocols,
  resumeOperation,
  UnreachableError,
} from '../../src/index.ts';
import {
  answered,
  begin,
  failure,
  fakeHttp,
  only,
  quick,
  recordEvents,
  startEmulator,
  startServer,
  transport,
  types,
  until,
} from '../support/behaviours.ts';
import {runInChild} from '../support/child.ts';
import {reachable, shown} from '../support/reachable.ts';

const pace = {schedule: quick.schedule, retry: quick.retry};
const user = 'adele@contoso.example';

function clientOf(root: string, token: ClientTokenSource = 'test-token'): GraphClient {
  const {http} = transport;
  return createGraphClient({root, token, ...(http === undefined ? {} : {http})});
}

/** Finds a secret in a text, as it is or percent-encoded, even twice. */
function detector(secret: string): {test(text: string): boolean} {
  const decode = (text: string): string =>
    text.replace(/%([\da-f]{2})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
  return {test: (text) => [text, decode(text), decode(decode(text))].some((each) => each.includes(secret))};
}

function expectNoTrace(secret: string, values: Readonly<Record<string, unknown>>): void {
  const looksFor = detector(secret);
  for (const [name, value] of Object.entries(values)) {
    expect([name, shown(value).filter((text) => looksFor.test(text))]).toEqual([name, []]);
    expect([name, reachable(value, looksFor)]).toEqual([name, []]);
  }
}

describe('74: the token, sent back by the service, shows nowhere', () => {
  // What is looked for is a part of it that no escaping of an output changes.
  const core = 'MARKERtoken81c6';
  const secret = `ey+/${core}.==~`;

  /** The token with some of its characters in another form. */
  const written = (forms: (character: string) => readonly string[]): fc.Arbitrary<string> =>
    fc
      .tuple(...[...secret].map((character) => fc.constantFrom(character, ...forms(character))))
      .map((characters) => characters.join(''));
  const hex = (character: string): string => character.charCodeAt(0).toString(16).padStart(2, '0');
  const inJson = written((character) => [
    `\\u00${hex(character)}`,
    `\\u00${hex(character).toUpperCase()}`,
    ...(character === '/' ? ['\\/'] : []),
  ]);
  const inUrl = written((character) => [
    `%${hex(character)}`,
    `%${hex(character).toUpperCase()}`,
    `%25${hex(character)}`,
  ]);

  const text = fc.oneof(
    {weight: 2, arbitrary: inJson},
    {weight: 1, arbitrary: fc.tuple(inJson, inJson).map(([a, b]) => `Bearer ${a}, not ${b}`)},
    {weight: 1, arbitrary: inUrl.map((url) => `https://x.example/${url}`)},
  );
  const quoted = text.map((inner) => `"${inner}"`);
  const {json} = fc.letrec((tie) => ({
    json: fc.oneof(
      {depthSize: 'small'},
      quoted,
      fc.constantFrom('null', '1', 'true', '"running"'),
      fc.array(tie('json'), {maxLength: 3}).map((items) => `[${items.join()}]`),
      fc
        .array(fc.tuple(fc.oneof(quoted, fc.constantFrom('"code"', '"message"', '"innererror"')), tie('json')), {
          maxLength: 3,
        })
        .map((entries) => `{${entries.map((entry) => entry.join(':')).join()}}`),
    ),
  }));
  const fields = [
    'id',
    'status',
    'statusDetail',
    'percentComplete',
    'createdDateTime',
    'resourceLocation',
    'error',
    'extra',
  ];
  const body = fc.oneof(
    fc
      .tuple(
        fc.constantFrom('running', 'succeeded', 'failed', 'odd'),
        fc.dictionary(fc.constantFrom(...fields), json as fc.Arbitrary<string>),
      )
      .map(([status, own]) => {
        const all: Record<string, string> = {id: '"a"', status: `"${status}"`, ...own};
        return `{${Object.entries(all)
          .map(([name, value]) => `"${name}":${value}`)
          .join()}}`;
      }),
    json as fc.Arbitrary<string>,
    text,
  );
  const headerNames = [
    'request-id',
    'x-ms-request-id',
    'date',
    'location',
    'operation-location',
    'azure-asyncoperation',
    'retry-after',
    'www-authenticate',
    'x-echo',
  ];
  const headers = fc.dictionary(
    fc.constantFrom(...headerNames),
    fc.oneof(
      inUrl,
      inUrl.map((url) => `/to/${url}?q=${url}`),
      inUrl.map((url) => `https://x.example/${url}`),
    ),
    {maxKeys: 3},
  );
  const answer = fc.record({
    http: fc.constantFrom(200, 200, 200, 202, 302, 307, 400, 401, 403, 404, 429, 500),
    headers,
    body,
  });

  test('whatever the service does with it, in any JSON position, under any escaping, in any header', async () => {
    let script: ReadonlyArray<{http: number; headers: Record<string, string>; body: string}> = [];
    let count = 0;
    const {root} = await startServer((_, response) => {
      const {http, headers: own, body: bytes} = script[count++] ?? {http: 200, headers: {}, body: ''};
      response.writeHead(http, {'content-type': 'application/json', ...own});
      response.end(bytes === '' ? '{"id":"a","status":"succeeded"}' : bytes);
    });
    const run = async (answers: typeof script): Promise<void> => {
      script = answers;
      count = 0;
      const {poller, events} = begin(`${root}/operations/a`, {
        ...quick,
        token: () => secret,
        retry: {...quick.retry, retries: 1},
        maxRetryAfter: 1,
        notFoundGrace: 1,
        fetchResult: true,
        consecutiveFailures: 2,
        totalTimeout: 2000,
      });
      const [outcome] = await Promise.allSettled([poller.result()]);
      const reason = outcome?.status === 'rejected' ? (outcome.reason as OperationError) : undefined;
      expectNoTrace(core, {
        events,
        outcome,
        raw: poller.operation?.raw,
        token: poller.toJSON(),
        text: JSON.stringify(poller),
        cause: reason?.cause,
        resume: reason?.resumeToken,
        snapshot: poller.actor.getPersistedSnapshot(),
      });
    };
    await fc.assert(fc.asyncProperty(fc.array(answer, {minLength: 1, maxLength: 3}), run), {
      numRuns: 150,
      // A failure is shown as it was found: making it smaller would take longer than a test may.
      endOnFailure: true,
    });
  });

  test('in a redirect’s path or a move: neither asked for in an event nor stored', async () => {
    const encoded = [...secret].map((character) => `%${hex(character)}`).join('');
    const {root} = await startServer((request, response, count) => {
      if (count === 1) return void response.writeHead(302, {location: `/to/${encoded}`}).end();
      if (count === 2) return void response.writeHead(500, {'content-type': 'application/json'}).end('{}');
      const location = {'operation-location': `/on/${encoded}`};
      response.writeHead(200, {'content-type': 'application/json', ...location});
      response.end(JSON.stringify({id: 'a', status: count < 5 ? 'running' : 'succeeded', at: request.url}));
    });
    const {poller, events} = begin(`${root}/operations/a`, {...quick, token: secret});
    await poller.result();
    expect(types(events)).toContain('relocated');
    expectNoTrace(core, {events, token: poller.toJSON(), raw: poller.operation});
  });

  test('as an unknown word, with unknownStatus fail', async () => {
    const {root} = await startServer((_, response) => response.end(JSON.stringify({id: 'a', status: `is ${secret}`})));
    const {poller, events} = begin(root, {...quick, token: secret, unknownStatus: 'fail'});
    const error = await poller.result().catch((reason: unknown) => reason);
    expectNoTrace(core, {events, error, token: poller.toJSON()});
  });
});

describe('75: the new password of a reset', () => {
  jest.setTimeout(120_000);

  const password = 'Chosen 1/Pässword';

  /** A service that shows the password in headers of its answer to the reset, and in the path to the operation if so. */
  async function echoing(http: number, encode: (text: string) => string, isInLocation: boolean, isMade: boolean) {
    const {root} = await startServer((request, response): void => {
      if (request.method !== 'POST') return void response.end(JSON.stringify({id: 'b', status: 'succeeded'}));
      const echo = encode(password);
      response.writeHead(http, {
        'content-type': 'application/json',
        'request-id': echo,
        'x-ms-request-id': `is ${echo}`,
        date: echo,
        location: `${root}/v1.0/users/a/authentication/operations/b${isInLocation ? `?p=${echo}` : ''}`,
      });
      response.end(JSON.stringify(isMade ? {newPassword: password} : {error: {code: 'x', message: password}}));
    });
    return clientOf(root);
  }

  const encodings: ReadonlyArray<readonly [string, (text: string) => string]> = [
    ['as it is', (text) => Buffer.from(text).toString('latin1')],
    ['percent-encoded', encodeURIComponent],
    ['percent-encoded twice', (text) => encodeURIComponent(encodeURIComponent(text))],
  ];

  test.each(encodings)('%s in request-id, Date and Location: nowhere', async (_, encode) => {
    for (const isMade of [false, true]) {
      for (const isInLocation of [false, true]) {
        const graph = await echoing(202, encode, isInLocation, isMade);
        const given = isMade ? {} : {newPassword: password};
        const reset = await graph.resetPassword(user, {...pace, ...given});
        // A location that holds it is none: nobody may store it.
        expect(reset.confirmed).toBe(!isInLocation);
        if (!reset.confirmed) {
          expectNoTrace('Chosen', {reset});
          continue;
        }
        const {events} = recordEvents(reset.poller);
        expect(await reset.newPassword()).toBe(password);
        await reset.poller.result();
        expect(reset.answer.requestId).toBeUndefined();
        expectNoTrace('Chosen', {reset, events, token: reset.poller.toJSON()});
      }
    }
  });

  test.each(encodings)('%s in the headers of a refusal: nowhere', async (_, encode) => {
    for (const http of [400, 401, 403, 500]) {
      const graph = await echoing(http, encode, true, false);
      const error = await failure(
        graph.resetPassword(user, {...pace, newPassword: password}),
        OperationNotStartedError,
      );
      expectNoTrace('Chosen', {error, cause: error.cause});
    }
  });

  test.each(encodings)('%s in the head of a poll whose body breaks off: nowhere', async (_, encode) => {
    let polls = 0;
    const {root} = await startServer((request, response): void => {
      if (request.method === 'POST') {
        response.writeHead(202, {location: `${root}/v1.0/users/a/authentication/operations/b`});
        return void response.end();
      }
      if (++polls > 1) return void response.end(JSON.stringify({id: 'b', status: 'succeeded'}));
      response.writeHead(503, {'request-id': encode(password), 'content-length': 100});
      response.write(Buffer.from('{'), () => response.destroy());
    });
    const reset = await clientOf(root).resetPassword(user, {...pace, newPassword: password});
    if (!reset.confirmed) throw new Error('It is not confirmed');
    const {events} = recordEvents(reset.poller);
    expect(await reset.newPassword()).toBe(password);
    expect(polls).toBe(2);
    expect(events.map(({type}) => type)).toContain('retrying');
    expectNoTrace('Chosen', {reset, events, token: reset.poller.toJSON()});
  });

  /** Resets, and what each is to come to: its outcome, and whether its password is found while this is held. */
  const resets = [
    {name: 'chosen: nothing but the reset holds it once that has succeeded', held: 'poller', ends: 'succeeded'},
    {
      name: 'made by the service: nothing but the reset holds it once that has succeeded',
      held: 'poller',
      ends: 'succeeded',
    },
    {name: 'chosen: not even the reset holds it once that has failed', held: 'reset', ends: 'failed'},
    {name: 'made by the service: not even the reset holds it once that has failed', held: 'reset', ends: 'failed'},
    {name: 'chosen: the search finds one that is held', held: 'reset', ends: 'succeeded'},
  ] as const;

  /** Resets the passwords in a process of its own, and searches that for them once all resets have ended. */
  async function searchHeap(): Promise<readonly unknown[]> {
    const given = await Promise.all(
      resets.map(async ({name, held, ends}, count) => {
        const reversed = `${count}-drowssaP-desreveR-paeH`;
        const newPassword = [...reversed].reverse().join('');
        const {root} = await startEmulator({newPassword, script: ['running', ends]});
        return {root, reversed, held, isChosen: name.startsWith('chosen')};
      }),
    );
    const {code, out, err} = await runInChild(
      `
      const {createGraphClient} = await import(join(folder, 'graph/index.js'));
      const {getHeapSnapshot} = await import('node:v8');
      const {token, http: _, ...pace} = quick;
      // Made anew each time, so that this program does not hold it.
      const secretOf = ({reversed}) => [...reversed].reverse().join('');
      async function run(one) {
        const client = createGraphClient({root: one.root, token, ...(http === undefined ? {} : {http})});
        const reset = await client.resetPassword('a', {...pace, ...(one.isChosen ? {newPassword: secretOf(one)} : {})});
        const outcome = await reset.newPassword().then((password) => password === secretOf(one), ({name}) => name);
        await reset.poller.result().catch(() => undefined);
        return {client, outcome, held: one.held === 'reset' ? reset : reset.poller};
      }
      const kept = [];
      for (const one of given) kept.push(await run(one));
      await new Promise((resolve) => setTimeout(resolve, 50));
      let snapshot = '';
      for await (const chunk of getHeapSnapshot()) snapshot += chunk;
      const seen = kept.map(({client, outcome, held}, count) => ({
        outcome,
        held: client.root === given[count].root && typeof held,
        isFound: snapshot.includes(secretOf(given[count])),
      }));
      console.log(JSON.stringify(seen));
      process.exit();`,
      given,
      // A snapshot of the heap takes seconds on a busy machine.
      60_000,
    );
    expect([code, err]).toEqual([0, '']);
    return JSON.parse(out);
  }

  let searching: Promise<readonly unknown[]> | undefined;
  test.each(resets.map((reset, count) => [reset.name, reset, count] as const))('%s', async (_, {ends, held}, count) => {
    searching ??= searchHeap();
    const outcome = ends === 'succeeded' ? true : 'OperationFailedError';
    const isFound = ends === 'succeeded' && held === 'reset';
    expect((await searching)[count]).toEqual({outcome, held: 'object', isFound});
  });
});

describe('76: http to a name that only looks like this machine', () => {
  const hosts = ['anything.localhost', 'localhost.', 'localhost.example', '127.0.0.1.example', '[::2]', '0.0.0.0'];

  test.each(hosts)('%s with a token: refused at the call', (host) => {
    const {http, requests} = fakeHttp(() => answered('succeeded'));
    expect(() => pollOperation(`http://${host}/a`, {...quick, http})).toThrow(
      /^location: expected https, or http on this/,
    );
    expect(() => createGraphClient({token: 'a', root: `http://${host}`})).toThrow(
      /^root: expected https, or http on this/,
    );
    expect(requests).toEqual([]);
  });

  test.each(hosts)('%s as a trusted origin of a token: refused at the call', (host) => {
    const options = {...quick, trustedOrigins: [`http://${host}`]};
    expect(() => pollOperation('https://graph.example/a', options)).toThrow(
      /^trustedOrigins: expected https, or http on this machine/,
    );
    // Without a token, moves to it may be followed.
    pollOperation('https://graph.example/a', {...options, token: undefined}).stop();
  });

  test.each(hosts)('%s gets no token by a redirect', async (host) => {
    const {http, requests} = fakeHttp((_, count) =>
      count === 1 ? new Response('', {status: 302, headers: {location: `http://${host}/a`}}) : answered('succeeded'),
    );
    await pollOperation('https://graph.example/a', {...quick, http}).result();
    expect(requests.map(({headers}) => headers.get('authorization'))).toEqual([`Bearer ${quick.token}`, null]);
  });
});

describe('77: long texts and control characters', () => {
  const esc = '\u001b[31m';
  const odd = `${esc}red\r\nline\u2028\u202e\u0007`;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  const control = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;
  const long = `${odd}${'x'.repeat(500_000)}`;

  const expectShort = (error: unknown): void => {
    const chain: Error[] = [];
    for (let next = error; next instanceof Error; next = next.cause) chain.push(next);
    expect(chain.length).toBeGreaterThan(0);
    for (const {message} of chain) {
      expect(message.length).toBeLessThanOrEqual(800);
      expect(message).not.toMatch(control);
    }
  };

  test.each<[string, unknown, PollOptions]>([
    [
      'an id, a detail and an error',
      {id: long, status: 'failed', statusDetail: long, error: {code: long, message: long}},
      {},
    ],
    ['a status', {id: 'a', status: long}, {unknownStatus: 'fail'}],
    ['a message of an error', {error: {code: long, message: long}}, {consecutiveFailures: 1}],
  ])('%s: in messages at most 800 characters and escaped; raw has the whole', async (_, body, options) => {
    const {root} = await startServer((_request, response) => {
      response.writeHead(typeof body === 'object' && body !== null && 'id' in body ? 200 : 400);
      response.end(JSON.stringify(body));
    });
    const {poller} = begin(root, {...options, maxResponseSize: 2 ** 24});
    const error = await poller.result().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(OperationError);
    expectShort(error);
    if (error instanceof OperationFailedError) expect(error.operation.raw).toEqual(body);
  });

  test('a location of 5,000 characters is named once, and what happened after it too', async () => {
    const {root} = await startServer((_, response) => response.writeHead(503).end());
    const path = `${root}/${'y'.repeat(500)}`;
    const {poller} = begin(path, {consecutiveFailures: 1, retry: {retries: 0}});
    const error = await failure(poller.result(), UnreachableError);
    expect(error.message.split(path)).toHaveLength(2);
    expect(error.message).toMatch(/answered 503$/);
    const longer = begin(`${root}/${'z'.repeat(5000)}`, {consecutiveFailures: 1, retry: {retries: 0}});
    expectShort(await failure(longer.poller.result(), UnreachableError));
  });

  test('a location that the service repeats in its message is named once', async () => {
    const {root} = await startServer((request, response) => {
      const message = `Nothing at ${root}${request.url}, sorry: ${root}${request.url}`;
      response.writeHead(400).end(JSON.stringify({error: {code: 'x', message}}));
    });
    const {poller} = begin(`${root}/operations/abc`, {consecutiveFailures: 1});
    const error = await failure(poller.result(), ProtocolError);
    expect(error.message.split(`${root}/operations/abc`)).toHaveLength(2);
    expect(String((error.cause as Error).message).split(`${root}/operations/abc`)).toHaveLength(2);
  });

  test('in OperationNotStartedError', async () => {
    const {root} = await startServer((_, response) => {
      response.writeHead(400).end(JSON.stringify({error: {code: odd, message: long}}));
    });
    const started = clientOf(root).start(protocols.longRunning, {path: `/${'x'.repeat(2000)}`});
    expectShort(await failure(started, OperationNotStartedError));
  });

  const graph = createGraphClient({token: 'a'});
  test.each<[string, () => unknown]>([
    ['a location', () => pollOperation(long, quick)],
    ['an origin of a location', () => pollOperation(`http://${'x.'.repeat(120)}example`, quick)],
    ['an unknown option', () => pollOperation('https://a.example', {[long]: 1} as PollOptions)],
    ['unknownStatus', () => pollOperation('https://a.example', {unknownStatus: long as 'fail'})],
    ['a trusted origin', () => pollOperation('https://a.example', {trustedOrigins: [long]})],
    [
      'a field of a protocol',
      () => protocols.define({name: 'a', status: '/s', words: {a: 'succeeded'}, [long]: 1} as never),
    ],
    ['a word of a protocol', () => protocols.define({name: 'a', status: '/s', words: {[long]: long as 'running'}})],
    [
      'a header of a protocol',
      () => protocols.define({name: 'a', status: '/s', words: {a: 'succeeded'}, pollHeaders: {[long]: long}}),
    ],
    ['a cloud', () => createGraphClient({token: 'a', cloud: long as 'china'})],
    ['a root', () => createGraphClient({token: 'a', root: long})],
    ['a version', () => createGraphClient({token: 'a', version: long})],
    ['a foreign location', () => graph.watch(`https://${'x.'.repeat(120)}example/a`)],
    ['a resume token', () => resumeOperation(long)],
    ['fields of a resume token', () => resumeOperation(JSON.stringify({kind: long, version: long, [long]: 1}))],
  ])('in the error for %s', (_, call) => {
    let error: unknown;
    try {
      call();
    } catch (thrown) {
      error = thrown;
    }
    expectShort(error);
  });

  test.each<[string, () => Promise<unknown>]>([
    ['a path', () => graph.start(protocols.longRunning, {path: long})],
    ['a header', () => graph.start(protocols.longRunning, {path: '/a', headers: {[long]: 5 as never}})],
    ['a user', () => graph.getOperation('\ud800'.repeat(50_000), 'a')],
  ])('in the error for %s of a request', async (_, call) => {
    expectShort(await call().catch((error: unknown) => error));
  });
});

describe('78: time-outs that are accepted give resume tokens that are accepted', () => {
  const times = [
    1,
    1.5,
    86_400_000,
    2 ** 31,
    Number.MAX_SAFE_INTEGER,
    8e15,
    8.64e15,
    1e300,
    Number.MAX_VALUE,
    Infinity,
  ];
  const names = ['totalTimeout', 'initialDelay', 'requestTimeout', 'maxRetryAfter', 'notFoundGrace', 'stalledAfter'];

  test.each(names)('%s', (name) => {
    let accepted = 0;
    for (const time of times) {
      const {http} = fakeHttp(() => new Promise(() => undefined));
      const options = {...quick, http, [name]: time};
      let poller: ReturnType<typeof pollOperation>;
      try {
        poller = pollOperation('https://graph.example/a', options);
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError);
        continue;
      }
      poller.stop();
      const token = JSON.stringify(poller);
      const resumed = resumeOperation(token, options);
      resumed.stop();
      expect(resumed.toJSON()).toMatchObject({location: 'https://graph.example/a'});
      accepted += 1;
    }
    expect(accepted).toBeGreaterThan(4);
  });

  test('as the field of a protocol', () => {
    const base = {name: 'a', status: '/status', words: {done: 'succeeded'}} as const;
    for (const time of times) {
      let protocol: PollOptions['protocol'];
      try {
        protocol = protocols.define({...base, totalTimeout: time, minimumInterval: time, maximumInterval: time});
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError);
        continue;
      }
      const poller = pollOperation('https://graph.example/a', {protocol});
      poller.stop();
      const resumed = resumeOperation(JSON.stringify(poller), {protocol});
      resumed.stop();
    }
  });
});

describe('80: mistakes', () => {
  const get = (): undefined => undefined;
  const clients: ReadonlyArray<readonly [string, unknown]> = [
    ['axios', Object.assign(() => undefined, {get, post: get, create: get, request: get, interceptors: {}})],
    ['an instance of axios', {get, post: get, request: get}],
    ['got', Object.assign(() => undefined, {get, post: get, extend: get, stream: get, paginate: get})],
    ['fetch', fetch],
    ['a string', 'ky'],
    ['null', null],
  ];

  test.each(clients)('%s as http is refused at the call', (_, http) => {
    const given = {http} as PollOptions;
    expect(() => pollOperation('https://graph.example/a', given)).toThrow(/^http: expected a ky instance, got /);
    expect(() => createGraphClient({...given, token: 'a'})).toThrow(/^http: expected a ky instance, got /);
  });

  test.each(['beforeRequest', 'afterResponse'] as const)(
    'a %s hook that throws a TypeError: its message comes first and at once',
    async (hook) => {
      const emulator = await startEmulator();
      const {location} = emulator.addOperation({script: ['running', 'succeeded']});
      const {extend} = transport.http ?? (await import('ky')).default;
      const broken = (): never => {
        throw new TypeError("Cannot read properties of undefined (reading 'x')");
      };
      const {poller, events} = begin(location, {http: extend({hooks: {[hook]: [broken]}})});
      const error = await failure(poller.result(), UnreachableError);
      expect((error.cause as Error).message).toMatch(/^TypeError: Cannot read properties of undefined/);
      expect(only(events, 'retrying')).toHaveLength(0);
      expect(error.attempts).toBe(1);
    },
  );

  test('watchOperation and getOperation take a path for a location, as start does', async () => {
    const emulator = await startEmulator();
    const graph = clientOf(emulator.root);
    const operation = emulator.addOperation({script: ['succeeded']});
    const whole = operation.location.slice(emulator.root.length);
    expect(whole).toMatch(/^\/v1.0\/users\//);
    for (const path of [whole, whole.slice('/v1.0'.length), operation.location]) {
      expect((await graph.watchOperation(user, path, pace).result()).status).toBe('succeeded');
      expect((await graph.getOperation(user, path)).status).toBe('succeeded');
    }
    expect(new Set(operation.requests.map(({path}) => path)).size).toBe(1);
    // Anything else is an id.
    expect(() => graph.watchOperation(user, '', pace)).toThrow(TypeError);
    const stranger = graph.watchOperation(user, '//elsewhere.example/users/a', {...pace, notFoundGrace: 0});
    await expect(stranger.result()).rejects.toMatchObject({name: 'OperationNotFoundError'});
  });

  test('a listener that another one removes in the same event is not called any more', async () => {
    const emulator = await startEmulator();
    const {location} = emulator.addOperation({script: ['running', 'succeeded']});
    const poller = pollOperation(location, quick);
    const calls: string[] = [];
    poller.on('running', () => {
      calls.push('first');
      second.unsubscribe();
      all.unsubscribe();
    });
    const second = poller.on('running', () => calls.push('second'));
    const all = poller.on('*', ({type}) => calls.push(type));
    poller.on('running', () => calls.push('third'));
    await poller.result();
    expect(calls).toEqual(['polled', 'first', 'third']);
  });

  test.each<[string, unknown]>([
    ['text', String(Date.now() + 3_600_000)],
    ['NaN', Number.NaN],
    ['seconds', Math.floor(Date.now() / 1000) + 3600],
    ['a Date', new Date(Date.now() + 3_600_000)],
    ['nothing', undefined],
  ])('a credential that gives its expiry as %s is reported once', async (_, expiresOnTimestamp) => {
    const reported: unknown[] = [];
    const globals = globalThis as {reportError?: (error: unknown) => void};
    const {reportError} = globals;
    globals.reportError = (error) => void reported.push(error);
    try {
      const emulator = await startEmulator();
      const {location} = emulator.addOperation({script: [{status: 'running', times: 4}, 'succeeded']});
      const getToken = jest.fn(() => Promise.resolve({token: 'test-token', expiresOnTimestamp} as never));
      const graph = clientOf(emulator.root, {getToken});
      expect((await graph.watch(location, pace).result()).status).toBe('succeeded');
      await until(() => reported.length > 0);
      expect(reported.map(String)).toEqual([
        expect.stringMatching(/^TypeError: token: expiresOnTimestamp: expected milliseconds since 1970/),
      ]);
    } finally {
      if (reportError === undefined) delete globals.reportError;
      else globals.reportError = reportError;
    }
  });

  // `fetch` refuses more than five content codings, and an abort after that makes Node emit `uncaughtException`.
  test('a response with more content codings than `fetch` takes is a failed request, and ends no process', async () => {
    const {root} = await startServer((_, response, count) => {
      response.setHeader('content-type', 'application/json');
      if (count < 3) response.setHeader('content-encoding', Array(6).fill('gzip').join(', '));
      response.end(JSON.stringify({id: 'a', status: 'succeeded'}));
    });
    const {code, out, err} = await runInChild(
      `
      const outcome = await pollOperation(given, quick).outcome();
      await new Promise((resolve) => setTimeout(resolve, 50));
      console.log(outcome.status);`,
      `${root}/jobs/1`,
    );
    expect([code, out, err]).toEqual([0, 'succeeded\n', '']);
  });
});
