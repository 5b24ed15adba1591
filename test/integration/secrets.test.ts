// No secret is reachable from what the library gives out: events, errors, resume tokens, the poller, its actor.

import type {IncomingMessage, ServerResponse} from 'node:http';
import {inspect} from 'node:util';
import {afterEach, beforeEach, describe, expect, jest, test} from '@jest/globals';
import ky from 'ky';
import {createActor, toPromise} from 'xstate';
import {
  fetchOperation,
  OperationError,
  type OperationEvent,
  type OperationEventType,
  operationMachine,
  type PollOptions,
  pollOperation,
  protocols,
  type ResumeToken,
  resumeOperation,
  schedules,
} from '../../src/index.ts';
import {operationEventTypes} from '../../src/operation/events.ts';
import type {EmulatedOperation, OperationStep} from '../../src/testing/index.ts';
import {
  afterwards,
  begin,
  quick,
  type Recording,
  recordEvents,
  skipWaits,
  startEmulator,
  startServer,
  turns,
  types,
  until,
} from '../support/behaviours.ts';
import {reachable, shown} from '../support/reachable.ts';

const token = 'MARKER-token-81c6';
const password = 'MARKER-password-55d0';
const marker = /MARKER/;

/** A location that is a capability: whoever has its query can read the operation. */
const query = 'signature=CAPABILITY-7a1f';
const capability = /CAPABILITY/;

// Whatever is printed would be a log line.
const printing = ['log', 'info', 'warn', 'error', 'debug'] as const;
const printed: unknown[][] = [];
const usual = {...console};

beforeEach(() => {
  printed.length = 0;
  for (const name of printing) console[name] = (...given: unknown[]) => void printed.push(given);
});

afterEach(() => {
  Object.assign(console, usual);
  expect(printed).toEqual([]);
});

/** Nothing of a secret shows in a value or is reachable from it. */
function expectNoTrace(what: string, value: unknown, looksFor = marker): void {
  for (const text of shown(value)) {
    if (looksFor.test(text)) throw new Error(`${what} shows a secret: ${text}`);
  }
  expect([what, reachable(value, looksFor, looksFor === capability ? ['resumeToken'] : [])]).toEqual([what, []]);
}

/** All that a poller gives out. */
async function expectClean({poller, events}: Recording, looksFor = marker): Promise<unknown> {
  const [outcome] = await Promise.allSettled([poller.result()]);
  const waited = await Promise.allSettled([poller.waitFor('canceled')]);
  for (const event of events) expectNoTrace(`the event ${event.type}`, event, looksFor);
  expectNoTrace('the outcome', outcome, looksFor);
  expectNoTrace('waitFor', waited, looksFor);
  expectNoTrace('the operation', poller.operation, looksFor);
  if (looksFor === marker) {
    expectNoTrace('the poller', poller);
    expectNoTrace('the resume token', poller.toJSON());
    expectNoTrace("the actor's persisted snapshot", poller.actor.getPersistedSnapshot());
    const {value, context, output, error} = poller.actor.getSnapshot();
    expectNoTrace("the actor's snapshot", {value, context, output, error});
    if (outcome?.status === 'rejected') expectNoTrace("the error's resume token", outcome.reason.resumeToken);
  }
  return outcome?.status === 'rejected' ? outcome.reason : undefined;
}

const isHanging = ([first]: readonly OperationStep[]): boolean => typeof first === 'object' && first.fault === 'hang';

/** Which of its limits ends a watch, in milliseconds, if any does. */
const limitOf = ({totalTimeout, requestTimeout}: PollOptions = {}): number | undefined =>
  totalTimeout === false ? requestTimeout : (totalTimeout ?? requestTimeout);

/**
 * As {@link expectClean}, where a limit ends the watch: time passes by fake timers, in waits and while a request hangs that has arrived.
 *
 * @param hanging the operation whose requests all hang, if there is one
 */
async function expectCleanInTime(
  recording: Recording,
  limit: number,
  hanging: EmulatedOperation | undefined,
  looksFor = marker,
): Promise<unknown> {
  skipWaits(recording);
  let isOver = false;
  const ended = expectClean(recording, looksFor).finally(() => {
    isOver = true;
  });
  for (let count = 1; !isOver; count += 1) {
    await until(() => isOver || (hanging !== undefined && hanging.requests.length >= count));
    await jest.advanceTimersByTimeAsync(limit);
  }
  jest.useRealTimers();
  return await ended;
}

const tasks = protocols.define({
  ...protocols.longRunning,
  name: 'tasks',
  words: {...protocols.longRunning.words, canceled: 'canceled'},
  percentComplete: '/percentageComplete',
});

interface Case {
  readonly script: readonly OperationStep[];
  readonly options?: PollOptions;
  readonly name: string | undefined;
}

const missing = {http: 404};
const cases: readonly Case[] = [
  {
    script: ['notStarted', {http: 503}, {status: 'running', percentageComplete: 40}, 'unheard', 'succeeded'],
    name: undefined,
  },
  {script: ['running', {status: 'failed', detail: 'PolicyViolation'}], name: 'OperationFailedError'},
  {script: ['running', 'canceled'], name: 'OperationCanceledError'},
  {
    script: [{status: 'running'}],
    options: {totalTimeout: 600, stalledAfter: 10, schedule: schedules.fixed(100)},
    name: 'WatchTimeoutError',
  },
  {script: ['running'], options: {signal: AbortSignal.abort('enough')}, name: 'WatchAbortedError'},
  {script: [{http: 401}], name: 'UnauthorizedError'},
  {script: [{http: 401}], options: {token: async () => token}, name: 'UnauthorizedError'},
  {
    script: [{claims: {access_token: {nbf: {value: '1'}}}}],
    options: {token: async () => token},
    name: 'UnauthorizedError',
  },
  {script: [{http: 403}], name: 'ForbiddenError'},
  {script: [missing], options: {notFoundGrace: 0}, name: 'OperationNotFoundError'},
  {script: [{http: 503}], options: {consecutiveFailures: 1}, name: 'UnreachableError'},
  {script: [{fault: 'reset'}], options: {consecutiveFailures: 1}, name: 'UnreachableError'},
  {script: [{fault: 'hang'}], options: {consecutiveFailures: 1, requestTimeout: 300}, name: 'UnreachableError'},
  {script: [{text: '<html>'}], options: {consecutiveFailures: 1}, name: 'ProtocolError'},
  {script: [{fault: 'huge'}], name: 'ProtocolError'},
  {
    script: [{status: 'running', location: 'https://foreign.example/'}, {text: '<html>'}],
    options: {consecutiveFailures: 1},
    name: 'ProtocolError',
  },
  {script: ['unheard'], options: {unknownStatus: 'fail'}, name: 'UnknownStatusError'},
];

describe('a token shows nowhere: a watch that ends with', () => {
  test.each(cases.map((each) => [each.name ?? 'success', JSON.stringify(each.script), each] as const))(
    '%s: %s',
    async (_, __, {script, options, name}) => {
      const limit = limitOf(options);
      if (limit !== undefined) jest.useFakeTimers();
      const emulator = await startEmulator({token});
      const operation = emulator.addOperation({script});
      const recording = begin(operation.location, {protocol: tasks, token, ...options});
      const hanging = isHanging(script) ? operation : undefined;
      const error = await (limit === undefined ? expectClean(recording) : expectCleanInTime(recording, limit, hanging));
      expect((error as Error | undefined)?.name).toBe(name);
      if (name !== 'WatchAbortedError') expect(emulator.requests[0]?.headers['authorization']).toBe(`Bearer ${token}`);
    },
  );

  test('all classes and all events were among them', async () => {
    const classes = cases.map(({name}) => name).filter((name) => name !== undefined);
    const exported = Object.entries(await import('../../src/index.ts')).flatMap(([name, value]) =>
      typeof value === 'function' && value.prototype instanceof OperationError ? [name] : [],
    );
    // Those of clients are provoked in test/client and test/graph.
    const others = [
      'InvalidResumeTokenError',
      'OperationNotStartedError',
      'OperationNotWatchableError',
      'ResultUnavailableError',
    ];
    expect(new Set([...classes, ...others])).toEqual(new Set(exported));

    const emulator = await startEmulator({token});
    const target = emulator.addOperation({script: [{fault: 'hang'}]});
    const emitted = new Set<OperationEventType>();
    const watches: Array<[script: OperationStep[], until?: OperationEventType]> = [
      [['notStarted', {http: 503}, {status: 'running', percentageComplete: 40}, 'unheard', 'succeeded']],
      [['failed']],
      [['canceled']],
      [['running'], 'stalled'],
      [[{status: 'running', location: target.location}], 'relocated'],
    ];
    for (const [script, end] of watches) {
      const {location} = emulator.addOperation({script});
      const recording = begin(location, {protocol: tasks, token, stalledAfter: 1});
      if (end !== undefined) recording.poller.on(end, () => recording.poller.stop());
      await expectClean(recording);
      for (const type of types(recording.events)) emitted.add(type as OperationEventType);
    }
    expect([...emitted].toSorted()).toEqual(operationEventTypes.toSorted());
  });
});

test('a new password shows nowhere, neither chosen nor made up', async () => {
  const emulator = await startEmulator({token, newPassword: password, script: ['running', 'succeeded']});
  const path =
    '/v1.0/users/adele@contoso.example/authentication/methods/28c10230-6103-485e-b985-444c60001490/resetPassword';
  for (const body of [JSON.stringify({newPassword: password}), undefined]) {
    const started = await fetch(emulator.root + path, {
      method: 'POST',
      headers: {authorization: `Bearer ${token}`},
      ...(body === undefined ? {} : {body}),
    });
    expect((await started.text()).includes(password)).toBe(body === undefined);
    const recording = begin(started.headers.get('location') ?? '', {token});
    expect(await expectClean(recording)).toBeUndefined();
  }
});

const echoes: ReadonlyArray<
  readonly [
    name: string,
    answer: (authorization: string, http: number) => [body: string, headers?: Record<string, string>],
  ]
> = [
  ['message', (echo) => [JSON.stringify({error: {code: 'refused', message: `You sent ${echo}`}})]],
  ['code', (echo) => [JSON.stringify({error: {code: echo, message: 'No.'}})]],
  [
    'innermost code',
    (echo) => [JSON.stringify({error: {code: 'a', innerError: {code: 'b', innererror: {code: echo}}}})],
  ],
  [
    'message, far from its start',
    (echo) => [JSON.stringify({error: {code: 'a', message: `${'.'.repeat(190)} ${echo}`}})],
  ],
  ['message, many times', (echo) => [JSON.stringify({error: {message: `${echo} ${echo} ${echo}`}})]],
  ['error as a string', (echo) => [JSON.stringify({error: echo})]],
  ['error body as plain text', (echo) => [`refused: ${echo}`]],
  ['headers', (echo) => ['{}', {'www-authenticate': `Bearer error="${echo}"`, 'x-echo': echo, server: echo}]],
];

const failing = [400, 401, 403, 404, 410, 500, 503];

describe.each(echoes)('a server that echoes Authorization in its %s', (_, answer) => {
  test.each(failing)('under %i', async (http) => {
    const server = await startServer((request: IncomingMessage, response: ServerResponse) => {
      const [body, headers] = answer(request.headers.authorization ?? '', http);
      response.writeHead(http, {'content-type': 'application/json', ...headers});
      response.end(body);
    });
    const options = {consecutiveFailures: 2, notFoundGrace: 0, retry: {...quick.retry, retries: 1}};
    for (const source of [token, () => token]) {
      const recording = begin(`${server.root}/operations/b`, {...options, token: source});
      expect(await expectClean(recording)).toBeInstanceOf(OperationError);
      const [asked] = await Promise.allSettled([fetchOperation(`${server.root}/operations/b`, {token: source})]);
      expectNoTrace('fetchOperation', asked);
    }
    expect(server.requests[0]?.headers.authorization).toBe(`Bearer ${token}`);
  });
});

test.each([
  ['statusDetail', {status: 'succeeded', statusDetail: 'ECHO'}],
  ['own error', {status: 'failed', error: {code: 'ECHO', message: 'ECHO'}}],
  ['further fields', {status: 'running', deep: [{ECHO: 'ECHO'}]}],
  ['status', {status: 'ECHO'}],
  ['id', {status: 'skipped', id: 'ECHO'}],
])("a server that echoes Authorization in an operation's %s", async (_, operation) => {
  const server = await startServer(({headers}, response, count) => {
    const body = count < 3 ? operation : {status: 'failed'};
    response.end(JSON.stringify({id: 'b', ...body}).replaceAll('ECHO', headers.authorization ?? ''));
  });
  await expectClean(begin(`${server.root}/operations/b`, {token}));
});

test('a server that echoes Authorization in request-id and Date', async () => {
  const server = await startServer(({headers}, response) => {
    const echo = headers.authorization ?? '';
    response.writeHead(503, {'request-id': echo, date: echo});
    response.end();
  });
  const recording = begin(`${server.root}/operations/b`, {consecutiveFailures: 1, token, retry: {retries: 0}});
  await expectClean(recording);
});

test('a server that redirects with Authorization in the query', async () => {
  const server = await startServer(({headers, url}, response) => {
    if (url?.startsWith('/operations')) {
      response.writeHead(302, {location: `/elsewhere?given=${headers.authorization}`.replaceAll(' ', '+')});
    } else response.writeHead(503);
    response.end();
  });
  const recording = begin(`${server.root}/operations/b`, {consecutiveFailures: 1, token, retry: {retries: 0}});
  await expectClean(recording);
});

test('an http instance whose fetch throws the request', async () => {
  const http = ky.create({
    fetch: async (input, init) => {
      const request = new Request(input, init);
      const error = new Error(`Failed with ${JSON.stringify([...request.headers])}`, {cause: request});
      throw Object.assign(error, {request, init, headers: request.headers});
    },
  });
  const recording = begin('https://graph.example/operations/b', {http, token, consecutiveFailures: 1});
  expect(await expectClean(recording)).toMatchObject({name: 'UnreachableError'});
});

test('an http instance with hooks that throw', async () => {
  const http = ky.create({
    hooks: {
      beforeRequest: [
        ({request}) => {
          throw Object.assign(new TypeError(`hook: ${request.headers.get('authorization')}`), {request});
        },
      ],
    },
  });
  const recording = begin('https://graph.example/operations/b', {http, token, consecutiveFailures: 1});
  expect(await expectClean(recording)).toMatchObject({name: 'UnreachableError'});
});

test.each([
  ['with a line break', `${token}\r\nx: y`],
  ['with a space', `Bearer ${token}`],
  ['that is none', {secret: token}],
  ['as a list', [token]],
])('a token %s is refused without showing it', async (_, given) => {
  const {location} = (await startEmulator({token})).addOperation();
  let error: unknown;
  try {
    pollOperation(location, {token: given as string}).stop();
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(TypeError);
  expectNoTrace('the TypeError', error);
  const recording = begin(location, {token: () => given as string, consecutiveFailures: 1});
  expect(await expectClean(recording)).toMatchObject({name: 'UnauthorizedError'});
});

test.each([
  `http://graph.example/operations/b?sig=${password}`,
  `https://user:${password}@graph.example/`,
  `file:///${password}`,
  `javascript:'${password}'`,
  password,
  `/${password}?${password}`,
])('a location that is refused is not shown: %s', (location) => {
  let error: unknown;
  try {
    pollOperation(location, {token}).stop();
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(TypeError);
  expectNoTrace('the TypeError', error);
});

test.each([
  ['as a string', token],
  ['as JSON text', JSON.stringify(token)],
  ['in a list', [token]],
  ['as a field', {kind: 'operation-poller', version: 1, location: {token}}],
  [
    'as a time',
    {
      kind: 'operation-poller',
      version: 1,
      location: 'https://a.example/',
      tokenOrigin: '',
      protocol: 'x',
      startedAt: token,
    },
  ],
])('what is taken for a resume token is not shown: %s', (_, given) => {
  let error: unknown;
  try {
    resumeOperation(given as unknown as ResumeToken, {token}).stop();
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toMatchObject({name: 'InvalidResumeTokenError'});
  expectNoTrace('the error', error);
});

test('a resumed watch holds the token as little', async () => {
  const emulator = await startEmulator({token});
  const {location} = emulator.addOperation({script: ['running', 'running', 'failed']});
  const first = begin(location, {token, schedule: schedules.fixed(60_000)});
  await first.poller.waitFor('running');
  first.poller.stop();
  await expectClean(first);
  const second = recordEvents(resumeOperation({...first.poller.toJSON(), dueAt: Date.now()}, {...quick, token}));
  expect(await expectClean(second)).toMatchObject({name: 'OperationFailedError'});
});

test("a poller's actor and its snapshot, with the machine in them, show nothing while it watches or after", async () => {
  const emulator = await startEmulator({token});
  const {location} = emulator.addOperation({script: ['running', {http: 403}]});
  const {poller} = begin(location, {token, schedule: schedules.fixed(5)});
  const {actor} = poller;
  expect(actor.getSnapshot().value).toBe('notStarted');
  for (const text of shown(actor)) expect(text).not.toMatch(marker);
  await Promise.allSettled([poller.result()]);
  for (const text of [shown(actor.getSnapshot()), shown(actor)].flat()) expect(text).not.toMatch(marker);
});

describe("the machine, started by a user's own code", () => {
  test.each<[string, readonly OperationStep[]]>([
    ['succeeded', ['running', {http: 503}, 'succeeded']],
    ['failed', ['running', 'failed']],
    ['abandoned', ['running', {http: 403}]],
  ])('%s: nothing in its events, its output and what it stores', async (value, script) => {
    const emulator = await startEmulator({token});
    const {location} = emulator.addOperation({script});
    const actor = createActor(operationMachine, {input: {location, ...quick, token}});
    afterwards(() => actor.stop());
    const events: OperationEvent[] = [];
    actor.on('*', (event) => events.push(event));
    const stored: string[] = [];
    actor.subscribe((snapshot) => {
      const persisted = actor.getPersistedSnapshot();
      stored.push(
        ...shown(persisted),
        JSON.stringify(snapshot),
        inspect(structuredClone({...persisted, children: {}})),
      );
      expectNoTrace("the snapshot's context", snapshot.context);
    });
    actor.start();
    const output = await toPromise(actor);
    expect(actor.getSnapshot().value).toBe(value);
    expectNoTrace('the output', output);
    for (const event of events) expectNoTrace(`the event ${event.type}`, event);
    expect(stored.length).toBeGreaterThan(4);
    expectNoTrace('what is stored', stored);
  });
});

const roaming = protocols.define({...protocols.longRunning, name: 'roaming', foreignHosts: true});
const tokenless = protocols.define({...protocols.longRunning, name: 'tokenless', authorization: 'none'});

const fates: ReadonlyArray<
  readonly [name: string | undefined, script: readonly OperationStep[], options: PollOptions]
> = [
  [undefined, ['running', {http: 503}, 'unheard', 'succeeded'], {}],
  ['OperationFailedError', ['running', 'failed'], {}],
  ['OperationCanceledError', ['skipped'], {}],
  ['UnauthorizedError', [{http: 401}], {}],
  ['ForbiddenError', [{http: 403}], {}],
  ['OperationNotFoundError', [{http: 410}], {}],
  ['UnreachableError', [{http: 503}], {consecutiveFailures: 1}],
  ['UnreachableError', [{fault: 'reset'}], {consecutiveFailures: 1}],
  ['UnreachableError', [{fault: 'hang'}], {consecutiveFailures: 1, requestTimeout: 300}],
  ['WatchTimeoutError', [{fault: 'hang'}], {totalTimeout: 500}],
  ['ProtocolError', [{text: ''}], {consecutiveFailures: 1}],
  ['ProtocolError', [{fault: 'endless'}], {}],
  [
    'ProtocolError',
    [{status: 'running', location: `https://elsewhere.example/b?${query}`}, {text: ''}],
    {consecutiveFailures: 1},
  ],
  ['ProtocolError', [{redirect: `ftp://elsewhere.example/b?${query}`}], {consecutiveFailures: 1}],
  ['UnreachableError', [{redirect: `http://operations.invalid/b?${query}`}], {consecutiveFailures: 1}],
  ['UnknownStatusError', ['unheard'], {unknownStatus: 'fail'}],
];

describe.each([
  ['moved to a foreign host', true],
  ['that needs no token', false],
])("a foreign location's query shows in the resume token alone: an operation %s", (_, moved) => {
  test.each(
    fates.map(([name, script, options]) => [name ?? 'success', JSON.stringify(script), script, options] as const),
  )('%s: %s', async (name, __, script, options) => {
    const limit = limitOf(options);
    if (limit !== undefined) jest.useFakeTimers();
    const foreign = await startEmulator();
    const operation = foreign.addOperation({script, bearer: false, query});
    const {location} = operation;
    const own = await startEmulator();
    const start = moved ? own.addOperation({script: [{status: 'running', location}]}).location : location;
    const isElsewhere = moved && JSON.stringify(script).includes('elsewhere') && name === 'ProtocolError';
    const recording = begin(start, {
      ...quick,
      protocol: moved ? roaming : tokenless,
      retry: {...quick.retry, retries: 1},
      // Where foreign hosts are allowed, elsewhere.example is too; nobody answers there.
      ...(isElsewhere ? {consecutiveFailures: 1} : {}),
      ...options,
    });
    const hanging = isHanging(script) ? operation : undefined;
    const error = await (limit === undefined
      ? expectClean(recording, capability)
      : expectCleanInTime(recording, limit, hanging, capability));
    expectNoTrace('the actor as far as it is shown', String(recording.poller.actor), capability);
    if (name === 'success') expect(error).toBeUndefined();
    else expect(error).toBeInstanceOf(OperationError);
    if (!isElsewhere && name !== 'success') expect((error as Error).name).toBe(name);
    expect(recording.poller.toJSON().location).toMatch(capability);
    if (error instanceof OperationError) {
      expect(error.resumeToken?.location).toBe(isElsewhere && moved ? recording.poller.toJSON().location : location);
      expect(error.location).toBe((error.resumeToken?.location ?? '').split('?')[0]);
    }
    const [asked] = await Promise.allSettled([fetchOperation(location, {protocol: tokenless, requestTimeout: 30})]);
    for (const text of shown(asked)) expect(text).not.toMatch(capability);
  });

  test.each([
    ['Failed to fetch'],
    [`NetworkError when attempting to fetch https://elsewhere.example/b?${query}`],
    [`getaddrinfo failed (https://elsewhere.example/b?${query})`],
  ])('nor where the network has no codes, as in browsers: %s', async (message) => {
    const foreign = `https://elsewhere.example/b?${query}`;
    const http = ky.create({
      fetch: async (input) => {
        if (new Request(input).url.includes('elsewhere')) throw new TypeError(message);
        return new Response('{"id": "b", "status": "running"}', {headers: {location: foreign}});
      },
    });
    const start = moved ? 'https://graph.example/operations/b' : foreign;
    const protocol = moved ? roaming : tokenless;
    const recording = begin(start, {http, protocol, consecutiveFailures: 1, retry: {retries: 0}});
    expect(await expectClean(recording, capability)).toMatchObject({name: 'UnreachableError'});
    await turns(1);
  });
});
