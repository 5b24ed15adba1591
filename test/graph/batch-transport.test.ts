import {setImmediate as nextTurn} from 'node:timers/promises';
import {afterEach, beforeEach, describe, expect, jest, test} from '@jest/globals';
import fc from 'fast-check';
import {RequestLimiter} from '../../src/client/request-limiter.ts';
import {batchTransport} from '../../src/graph/batch-transport.ts';
import type {ClientPollOptions, GraphClient} from '../../src/graph/index.ts';
import {createResponse, type TransportRequest, type TransportResponse} from '../../src/http/transport.ts';
import type {TokenRequest} from '../../src/index.ts';
import type {OperationEvent} from '../../src/operation/events.ts';
import type {OperationPoller} from '../../src/poller.ts';
import * as protocols from '../../src/protocol/protocols.ts';
import * as schedules from '../../src/schedule/schedules.ts';
import {now} from '../../src/shared/clock.ts';
import {
  type BatchAnswers,
  type EmulatedOperation,
  type GraphEmulator,
  type OperationStep,
  skipWaits,
} from '../../src/testing/index.ts';
import {startEmulator} from '../testing/emulators.ts';
import {clientOf, eventsOf, quick, token} from './clients.ts';

/** A window wide enough for all pollers of a test on a slow machine. */
const batch = 100;

const batchesOf = (emulator: GraphEmulator) => emulator.requests.filter(({path}) => path.endsWith('/$batch'));
const requestsOf = (body: string | undefined) =>
  (JSON.parse(body ?? '{}') as {requests: {id: string; method: string; url: string; headers: object}[]}).requests;

/** Watches one operation for each of these scripts. */
function watchAll(
  emulator: GraphEmulator,
  graph: GraphClient,
  scripts: ReadonlyArray<readonly OperationStep[]>,
  options: ClientPollOptions = quick,
): {operations: EmulatedOperation[]; pollers: OperationPoller[]} {
  const operations = scripts.map((script) => emulator.addOperation({script}));
  return {operations, pollers: operations.map(({location}) => graph.watch(location, options))};
}

const outcomesOf = (pollers: readonly OperationPoller[]) =>
  Promise.all(
    pollers.map((poller) =>
      poller.result().then(
        ({status}) => status as string,
        (error: Error) => error.name,
      ),
    ),
  );

describe('polls are sent in batches', () => {
  test('of at most 20, with URLs relative to the version and their query', async () => {
    const emulator = await startEmulator({token, batchHeaders: 'mixed'});
    const {operations, pollers} = watchAll(emulator, clientOf(emulator, {batch}), Array(45).fill(['succeeded']));
    await outcomesOf(pollers);
    const locations = operations.map(({location}) => location);
    const placeOf = ({url}: {readonly url: string}): number => locations.indexOf(`${emulator.root}/v1.0${url}`);
    // They go out at once, each on a connection of its own: which of them arrives first is open.
    const places = batchesOf(emulator).map(({body}) => requestsOf(body).map(placeOf));
    const [first, second, last] = places.sort(([one = 0], [other = 0]) => one - other);
    expect([emulator.received, first?.length, second?.length, last?.length]).toEqual([3, 20, 20, 5]);
    expect(places.flat()).toEqual([...locations.keys()]);
    const parts = batchesOf(emulator).flatMap(({body}) => requestsOf(body));
    for (const {headers, method} of parts) {
      expect(method).toBe('GET');
      expect(Object.keys(headers).sort()).toEqual(['accept', 'client-request-id', 'prefer']);
      expect(headers).toMatchObject({prefer: 'include-unknown-enum-members'});
    }
    expect(batchesOf(emulator).map(({headers, method}) => [method, headers['authorization']])).toEqual(
      Array(3).fill(['POST', `Bearer ${token}`]),
    );
  });

  test("each with the client's headers, as a poll that is sent alone", async () => {
    const emulator = await startEmulator({token});
    const headers = {'X-Priority': 'high', Prefer: 'ignored', Accept: 'application/json;odata.metadata=none'};
    const graph = clientOf(emulator, {batch, headers});
    const {operations, pollers} = watchAll(emulator, graph, Array(2).fill(['succeeded']));
    await outcomesOf([
      ...pollers,
      ...watchAll(emulator, clientOf(emulator, {batch: false, headers}), [['succeeded']]).pollers,
    ]);
    const polls = emulator.operations.flatMap(({requests}) =>
      requests.map(({batched, headers: sent}) => [batched, sent]),
    );
    const sent = {
      'x-priority': 'high',
      prefer: 'include-unknown-enum-members',
      accept: 'application/json;odata.metadata=none',
    };
    expect(operations).toHaveLength(2);
    expect(polls).toEqual([true, true, false].map((batched) => [batched, expect.objectContaining(sent)]));
    expect(batchesOf(emulator).map((envelope) => envelope.headers)).toEqual([
      expect.objectContaining({'x-priority': 'high'}),
    ]);
  });

  test('with a JSON body of known length', async () => {
    const emulator = await startEmulator({batchHeaders: 'mixed'});
    await outcomesOf(watchAll(emulator, clientOf(emulator, {batch}), Array(2).fill(['succeeded'])).pollers);
    const [request] = batchesOf(emulator);
    const body = request?.body ?? '';
    expect(request?.headers).toMatchObject({
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(body)),
    });
    expect(requestsOf(body)).toHaveLength(2);
  });

  test('one for each version', async () => {
    const emulator = await startEmulator({batchHeaders: 'mixed'});
    const graph = clientOf(emulator, {batch});
    const versions = ['v1.0', 'beta', 'v1.0', 'beta'] as const;
    const pollers = versions.map((version) =>
      graph.watch(emulator.addOperation({version, script: ['succeeded']}).location),
    );
    await outcomesOf(pollers);
    expect(emulator.requests.map(({path}) => path).sort()).toEqual(['/beta/$batch', '/v1.0/$batch']);
  });

  test('but not a single one, and none with batch: false', async () => {
    const emulator = await startEmulator({batchHeaders: 'mixed'});
    await outcomesOf(watchAll(emulator, clientOf(emulator), [['succeeded']]).pollers);
    await outcomesOf(watchAll(emulator, clientOf(emulator, {batch: false}), Array(5).fill(['succeeded'])).pollers);
    expect([emulator.received, batchesOf(emulator)]).toEqual([6, []]);
  });

  test('but not those of foreign and anonymous locations', async () => {
    const emulator = await startEmulator({batchHeaders: 'mixed'});
    const foreign = await startEmulator({batchHeaders: 'mixed'});
    const graph = clientOf(emulator, {batch: 20});
    const protocol = protocols.graph.driveCopy;
    const add = (place: GraphEmulator, id: number, version: 'v1.0' | false) =>
      place.addOperation({path: `/monitor/${id}`, version, bearer: false, script: ['completed']}).location;
    const locations = [0, 1].flatMap((id) => [add(emulator, id, 'v1.0'), add(foreign, id, false)]);
    const elsewhere = [0, 1].map((id) => {
      const path = `/own/${id}`;
      return emulator.addOperation({path, version: false, script: ['succeeded']}).location;
    });
    const pollers = [
      ...locations.map((location) => graph.watch(location, {protocol})),
      ...elsewhere.map((location) => graph.watch(location)),
    ];
    expect(await outcomesOf(pollers)).toEqual(Array(6).fill('succeeded'));
    expect([batchesOf(emulator), batchesOf(foreign)]).toEqual([[], []]);
    expect(foreign.requests.every(({headers}) => headers['authorization'] === undefined)).toBe(true);
  });

  test('but not those with different tokens', async () => {
    const emulator = await startEmulator({token: ['token-number-0', 'token-number-1']});
    let asked = 0;
    const expiresOnTimestamp = 0; // so that each poll asks for one
    const source = () => ({token: `token-number-${asked++ % 2}`, expiresOnTimestamp});
    const graph = clientOf(emulator, {batch, token: source});
    const {pollers} = watchAll(emulator, graph, Array(6).fill(['succeeded']));
    await outcomesOf(pollers);
    const used = batchesOf(emulator).map(({headers, body}) => [headers['authorization'], requestsOf(body).length]);
    const shared = new Set(used.map(([authorization]) => authorization));
    expect(used.length).toBe(shared.size);
  });
});

describe('a response in a batch is handled as if it had come by itself', () => {
  const scripts: ReadonlyArray<readonly [string, readonly OperationStep[], string]> = [
    ['429', [{http: 429, retryAfter: 0}, 'succeeded'], 'succeeded'],
    ['503', [{http: 503}, 'succeeded'], 'succeeded'],
    ['an HTML page', [{http: 502, text: '<html>'}, 'succeeded'], 'succeeded'],
    ['404', [{http: 404}, 'succeeded'], 'succeeded'],
    ['410', [{http: 410}], 'OperationNotFoundError'],
    ['401', [{http: 401}], 'UnauthorizedError'],
    ['403', [{http: 403}], 'ForbiddenError'],
    ['no operation', [{text: '"x"', times: 4}, 'succeeded'], 'succeeded'],
    ['no JSON', [{text: '{"x', times: 4}, 'succeeded'], 'succeeded'],
    ['a reset', [{fault: 'reset'}, 'succeeded'], 'succeeded'],
    ['a redirect', [{redirect: '/v1.0/users/user%40example.com/authentication/operations/end'}], 'succeeded'],
    ['failed', [{status: 'failed', detail: 'x'}], 'OperationFailedError'],
  ];

  test.each(scripts)('%s', async (_, script, outcome) => {
    const emulator = await startEmulator({batchHeaders: 'mixed'});
    emulator.addOperation({id: 'end', userId: 'user@example.com', query: '', script: ['succeeded']});
    const graph = clientOf(emulator, {batch: 10});
    const {pollers} = watchAll(emulator, graph, [script, ['succeeded']]);
    expect(await outcomesOf(pollers)).toEqual([outcome, 'succeeded']);
    expect(requestsOf(emulator.requests[0]?.body)).toHaveLength(2);
  });

  test('a claims challenge renews the token once for all', async () => {
    const emulator = await startEmulator({batchHeaders: 'mixed'});
    const asked: (string | undefined)[] = [];
    const source = ({claims}: {claims?: string}) => {
      asked.push(claims);
      return claims === undefined ? 'token-without-claims' : 'token-with-claims';
    };
    const graph = clientOf(emulator, {batch, token: source});
    const claims = '{"access_token":{}}';
    const {pollers} = watchAll(emulator, graph, Array(5).fill([{claims}, 'succeeded']));
    expect(await outcomesOf(pollers)).toEqual(Array(5).fill('succeeded'));
    expect(asked).toEqual([undefined, claims]);
  });

  test('a token that is quoted in it is in no event', async () => {
    const emulator = await startEmulator({batchHeaders: 'mixed'});
    const {pollers} = watchAll(emulator, clientOf(emulator, {batch: 10}), [
      [{status: 'succeeded', detail: `You sent ${token}`}],
      ['succeeded'],
    ]);
    const events = pollers.map(eventsOf);
    await outcomesOf(pollers);
    expect(JSON.stringify([events, pollers])).not.toContain(token);
    expect(pollers[0]?.operation?.statusDetail).toBe('You sent [token]');
  });
});

describe('a batch that fails', () => {
  test.each<[string, BatchAnswers, number]>([
    ['with 503', [{http: 503}], 1],
    ['with 500 and a page', [{http: 500, text: '<html>'}], 1],
    ['with 401', [{http: 401}], 1],
    ['by a reset', [{fault: 'reset'}], 1],
    ['by half a body', [{fault: 'truncated'}], 1],
    ['by too long a body', [{fault: 'huge'}], 1],
    ['as garbage', [{text: '{"responses": [{"id": null, "status": 200}, 5, null]}'}], 1],
    ['as an array', [{body: []}], 1],
    ['without its responses', [{body: {responses: []}}], 1],
    ['because the service has none', false, 1],
  ])('%s', async (_, answers, batches) => {
    const emulator = await startEmulator({batch: answers});
    const {operations, pollers} = watchAll(emulator, clientOf(emulator, {batch: 20}), Array(3).fill(['succeeded']));
    const retried = pollers.map(eventsOf);
    expect(await outcomesOf(pollers)).toEqual(Array(3).fill('succeeded'));
    expect([batchesOf(emulator).length, emulator.received]).toEqual([batches, batches + 3]);
    expect(operations.every(({requests}) => requests.at(-1)?.batched !== true)).toBe(true);
    expect(retried.flat().filter(({type}) => type === 'retrying')).toEqual([]);
  });

  test.each([404, 405, 501])('with %i is the last one', async (http) => {
    const emulator = await startEmulator({batch: [{http}]});
    const graph = clientOf(emulator, {batch: 10});
    await outcomesOf(watchAll(emulator, graph, Array(3).fill(['running', 'running', 'succeeded'])).pollers);
    expect(batchesOf(emulator)).toHaveLength(1);
  });

  test('to be answered is followed by single requests', async () => {
    jest.useFakeTimers();
    const emulator = await startEmulator({batch: [{fault: 'hang', times: 10}]});
    const graph = clientOf(emulator, {batch: 10});
    const {pollers} = watchAll(emulator, graph, Array(3).fill(['running', 'succeeded']), {
      ...quick,
      requestTimeout: 100,
    });
    for (const poller of pollers) skipWaits(poller, jest);
    const outcomes = outcomesOf(pollers);
    const arriving = emulator.nextRequest();
    while (jest.getTimerCount() === 0) await nextTurn();
    await jest.advanceTimersByTimeAsync(10);
    await arriving;
    await jest.advanceTimersByTimeAsync(100);
    expect(await outcomes).toEqual(Array(3).fill('succeeded'));
    expect(batchesOf(emulator)).toHaveLength(1);
  });
});

describe('a request that is given up', () => {
  test('leaves the others', async () => {
    const emulator = await startEmulator({batchHeaders: 'mixed'});
    const {operations, pollers} = watchAll(
      emulator,
      clientOf(emulator, {batch}),
      Array(3).fill([{status: 'succeeded', delay: 50}]),
    );
    await emulator.nextRequest();
    pollers[1]?.stop();
    expect(await outcomesOf(pollers)).toEqual(['succeeded', 'WatchAbortedError', 'succeeded']);
    expect([emulator.received, operations.map(({polls}) => polls)]).toEqual([1, [1, 1, 1]]);
  });

  test('before the batch is sent, with all the others: nothing is sent, no empty batch either', async () => {
    const emulator = await startEmulator({batchHeaders: 'mixed'});
    const graph = clientOf(emulator, {batch: 20});
    const {pollers} = watchAll(emulator, graph, Array(2).fill(['succeeded']));
    await Promise.resolve();
    for (const poller of pollers) poller.stop();
    await outcomesOf(pollers);
    await new Promise((resolve) => setTimeout(resolve, 40));
    expect(emulator.received).toBe(0);
    expect(await outcomesOf(watchAll(emulator, graph, Array(2).fill(['succeeded'])).pollers)).toEqual(
      Array(2).fill('succeeded'),
    );
    expect(batchesOf(emulator)).toHaveLength(1);
  });

  test('before the batch is sent is not in it; once all are given up, the batch is aborted', async () => {
    const emulator = await startEmulator({batchHeaders: 'mixed'});
    const {pollers} = watchAll(emulator, clientOf(emulator, {batch: 30}), Array(3).fill([{delay: 60_000}]));
    await Promise.resolve();
    pollers[0]?.stop();
    const {path} = await emulator.nextRequest();
    expect([path, requestsOf(emulator.requests[0]?.body).length]).toEqual(['/v1.0/$batch', 2]);
    pollers[1]?.stop();
    pollers[2]?.stop();
    await outcomesOf(pollers);
    await emulator.idle();
    expect([emulator.received, emulator.requests[0]?.aborted]).toEqual([1, true]);
  });

  test('while the batch is held back is not in it', async () => {
    const emulator = await startEmulator({batchHeaders: 'mixed'});
    const graph = clientOf(emulator, {batch: 20, concurrency: 1});
    const first = watchAll(emulator, graph, [[{status: 'succeeded', delay: 500}]]);
    await emulator.nextRequest();
    const {operations, pollers} = watchAll(emulator, graph, Array(3).fill(['succeeded']));
    await new Promise((resolve) => setTimeout(resolve, 100));
    pollers[0]?.stop();
    expect(await outcomesOf(pollers)).toEqual(['WatchAbortedError', 'succeeded', 'succeeded']);
    expect(await outcomesOf(first.pollers)).toEqual(['succeeded']);
    expect(batchesOf(emulator).map(({body}) => requestsOf(body).map(({id}) => id))).toEqual([['1', '2']]);
    expect(operations.map(({polls}) => polls)).toEqual([0, 1, 1]);
  });

  test('with all the others while it is held back says nothing about batches: the next ones are sent', async () => {
    const emulator = await startEmulator();
    const graph = clientOf(emulator, {batch: 20, concurrency: 1});
    const first = watchAll(emulator, graph, [[{status: 'succeeded', delay: 500}]]);
    await emulator.nextRequest();
    const {pollers} = watchAll(emulator, graph, Array(2).fill(['succeeded']));
    await new Promise((resolve) => setTimeout(resolve, 100));
    for (const poller of pollers) poller.stop();
    expect(await outcomesOf([...first.pollers, ...pollers])).toEqual([
      'succeeded',
      'WatchAbortedError',
      'WatchAbortedError',
    ]);
    expect(batchesOf(emulator)).toEqual([]);
    const next = watchAll(emulator, graph, Array(2).fill(['succeeded']));
    expect(await outcomesOf(next.pollers)).toEqual(['succeeded', 'succeeded']);
    expect(batchesOf(emulator)).toHaveLength(1);
  });
});

afterEach(() => void jest.useRealTimers());

/** An event without what differs from run to run. */
function shapeOf({type, attempt, operation, ...rest}: OperationEvent): unknown {
  const because = 'because' in rest ? rest.because : undefined;
  const error = 'error' in rest && rest.error.name === 'PollError' ? Reflect.get(rest.error, 'httpStatus') : undefined;
  return [type, attempt, operation?.status, operation?.percentComplete, because, error];
}

test('100 operations have the same outcomes and events with and without batches', async () => {
  const step = fc.oneof(
    {weight: 4, arbitrary: fc.constantFrom<OperationStep>('notStarted', 'running')},
    fc.record({status: fc.constant('running'), percentageComplete: fc.integer({min: 0, max: 100})}),
    fc.constantFrom<OperationStep>(
      {http: 503},
      {http: 500, text: '<html>'},
      {http: 429, retryAfter: 0},
      {http: 404},
      {text: '{}'},
      {text: ''},
      {status: 'newWord'},
      {http: 401},
    ),
  );
  const end = fc.constantFrom<OperationStep>('succeeded', 'failed', 'skipped', {http: 403}, {http: 410});
  const script = fc.tuple(fc.array(step, {maxLength: 3}), end).map(([steps, last]) => [...steps, last]);
  const scripts = fc.sample(script, {numRuns: 100, seed: 42});
  jest.useFakeTimers();
  const run = async (window: false | number) => {
    const emulator = await startEmulator({batchHeaders: 'mixed', token: [token, 'new-token']});
    const source = ({refused}: TokenRequest): string => (refused === token ? 'new-token' : token);
    const graph = clientOf(emulator, {batch: window, token: source});
    const {pollers} = watchAll(emulator, graph, scripts, {
      ...quick,
      schedule: schedules.fixed(1),
      protocol: protocols.graph.richLongRunning,
    });
    const events = pollers.map(eventsOf);
    let isOver = false;
    const ending = outcomesOf(pollers).finally(() => {
      isOver = true;
    });
    // Time passes only once all has happened that needs none: on a busy machine, too, a batch takes in all that is due.
    while (!isOver) {
      await emulator.idle();
      for (let turn = 0; turn < 20; turn += 1) await nextTurn();
      await jest.advanceTimersByTimeAsync(1);
    }
    const outcomes = await ending;
    return {requests: emulator.received, outcomes, events: events.map((each) => each.map(shapeOf))};
  };
  const apart = await run(false);
  const together = await run(30);
  expect(together.outcomes).toEqual(apart.outcomes);
  expect(together.events).toEqual(apart.events);
  expect(together.requests).toBeLessThan(apart.requests / 3);
});

test.each([
  ['all have one', [150_000, 300_000], 300_000],
  ['the first has the longest', [300_000, 150_000], 300_000],
  ['one has none', [150_000, undefined], 3_600_000],
])(
  'a batch that was throttled holds others back for the longest maxRetryAfter among its requests: %s',
  async (_, limits, expected) => {
    const [origin, base] = ['https://graph.example', 'https://graph.example/v1.0'];
    const responses = limits.map((__, id) => ({id: String(id), status: 429, headers: {'retry-after': '3600'}}));
    const limiter = new RequestLimiter(
      async () => createResponse({status: 200, headers: new Headers()}, {json: {responses}}),
      origin,
      40,
    );
    const controller = new AbortController();
    const request = (maxRetryAfter: number | undefined): TransportRequest => ({
      method: 'GET',
      headers: {accept: 'application/json', authorization: 'Bearer x'},
      maxRetryAfter,
      signal: controller.signal,
      onSent: () => {},
      onHead: () => {},
    });
    const send = batchTransport(limiter, base, 1, {});
    const before = now();
    await Promise.all(limits.map((limit, index) => send(`${base}/${index}`, request(limit))));
    const after = now();
    let until = 0;
    const onHeldBack = (time: number): void => {
      until = time;
    };
    const held = limiter.single(`${base}/a`, {...request(undefined), onHeldBack});
    expect(until).toBeGreaterThanOrEqual(before + expected);
    expect(until).toBeLessThanOrEqual(after + expected);
    controller.abort('enough');
    await expect(held).rejects.toBe('enough');
  },
);

describe('a transport with batches', () => {
  const [origin, base] = ['https://graph.example', 'https://graph.example/v1.0'];
  const never = new AbortController().signal;

  /** Sends pairs of requests by a service that answers each batch like this, and records where its requests went. */
  function batching(answer: (signal: TransportRequest['signal']) => Promise<TransportResponse>) {
    const sent: string[] = [];
    const limiter = new RequestLimiter(
      async (location, {signal}) => {
        sent.push(location.slice(origin.length));
        return location.endsWith('/$batch')
          ? answer(signal)
          : createResponse({status: 200, headers: new Headers()}, {json: {}});
      },
      origin,
      40,
    );
    const send = batchTransport(limiter, base, 50, {});
    /** Where the two requests went. */
    const sendPair = async (path: string, changes: Partial<TransportRequest> = {}): Promise<readonly string[]> => {
      const request: TransportRequest = {
        method: 'GET',
        headers: {accept: 'application/json', authorization: 'Bearer x'},
        signal: never,
        onSent: () => {},
        onHead: () => {},
        ...changes,
      };
      sent.length = 0;
      const pair = Promise.allSettled([send(origin + path, request), send(origin + path, request)]);
      await jest.advanceTimersByTimeAsync(50);
      await pair;
      return [...sent];
    };
    return {limiter, sendPair};
  }

  const responses = [0, 1].map((id) => ({id: String(id), status: 200, body: {}}));
  const accepting = async (): Promise<TransportResponse> =>
    createResponse({status: 200, headers: new Headers()}, {json: {responses}});

  beforeEach(() => void jest.useFakeTimers());

  test.each<[string, string, Partial<TransportRequest>?]>([
    ['a GET', '/v1.0/a'],
    ['a GET of another version', '/beta/a?b=c'],
    ['a path with dots within its names', '/v1.0/..a/b../c.d'],
  ])('sends %s in one', async (_, path, changes = {}) => {
    expect(await batching(accepting).sendPair(path, changes)).toEqual([
      `${path.slice(0, path.indexOf('/', 1))}/$batch`,
    ]);
  });

  test.each<[string, string, Partial<TransportRequest>?]>([
    ['another method', '/v1.0/a', {method: 'POST'}],
    ['JSON', '/v1.0/a', {json: {}}],
    ['text', '/v1.0/a', {headers: {accept: '*/*', authorization: 'Bearer x'}}],
    ['what needs no token', '/v1.0/a', {headers: {accept: 'application/json'}}],
    ['what has no version', '/a'],
    ['what has an unknown version', '/v2.0/a'],
    ['what has a version that begins alike', '/v1.0x/a'],
    ['the version itself', '/v1.0'],
    ['a fragment', '/v1.0/a#b'],
    ['a backslash', '/v1.0/a\\b'],
    ['a dot as a segment', '/v1.0/./a'],
    ['two dots as the last segment', '/v1.0/a/..'],
    ['two dots before a query', '/v1.0/a/..?b'],
  ])('sends %s in none', async (_, path, changes = {}) => {
    expect(await batching(accepting).sendPair(path, changes)).toEqual([path, path]);
  });

  test.each([
    ['none less than a minute', 59_999, ['/v1.0/a', '/v1.0/a']],
    ['one a minute', 60_000, ['/v1.0/$batch']],
  ])('sends %s after one that got no response', async (_, later, expected) => {
    const controller = new AbortController();
    const {sendPair} = batching(async (signal) => {
      controller.abort('enough');
      signal.throwIfAborted();
      return accepting();
    });
    expect(await sendPair('/v1.0/a', {signal: controller.signal})).toEqual(['/v1.0/$batch']);
    await jest.advanceTimersByTimeAsync(later);
    expect(await sendPair('/v1.0/a')).toEqual(expected);
  });

  test.each([
    [400, true],
    [403, true],
    [404, false],
    [405, false],
    [406, true],
    [500, true],
    [501, false],
    [502, true],
  ])('after one that is answered with %i, more are sent: %p', async (status, more) => {
    const {sendPair} = batching(async () => createResponse({status, headers: new Headers()}, {text: ''}));
    expect(await sendPair('/v1.0/a')).toEqual(['/v1.0/$batch', '/v1.0/a', '/v1.0/a']);
    expect((await sendPair('/v1.0/a'))[0]).toBe(more ? '/v1.0/$batch' : '/v1.0/a');
  });

  test('sends more after one that failed without having been aborted', async () => {
    let isReset = true;
    const {sendPair} = batching(async () => {
      if (isReset) throw new TypeError('reset');
      return accepting();
    });
    await sendPair('/v1.0/a');
    isReset = false;
    expect(await sendPair('/v1.0/a')).toEqual(['/v1.0/$batch']);
  });

  test('holds the next request back after one that was refused as a whole, for as long as that asked', async () => {
    const refused = createResponse({status: 429, headers: new Headers({'retry-after': '10'})}, {text: ''});
    const {limiter, sendPair} = batching(async () => refused);
    void sendPair('/v1.0/a');
    await jest.advanceTimersByTimeAsync(50);
    let heldUntil = 0;
    void limiter
      .single(`${origin}/v1.0/b`, {
        method: 'GET',
        headers: {},
        signal: never,
        onSent: () => {},
        onHead: () => {},
        onHeldBack: (until) => {
          heldUntil = until;
        },
      })
      .catch(() => {});
    await jest.advanceTimersByTimeAsync(0);
    expect(heldUntil - Date.now()).toBeGreaterThan(9000);
    expect(heldUntil - Date.now()).toBeLessThanOrEqual(10_000);
  });
});
