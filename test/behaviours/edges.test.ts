// "Waits and clocks" and where requests go: rows 57 to 59, 61, 63, and 71 to 73 of the table of behaviours.

import {once} from 'node:events';
import type {ServerResponse} from 'node:http';
import {Worker} from 'node:worker_threads';
import {describe, expect, jest, test} from '@jest/globals';
import ky, {type KyInstance, type Options} from 'ky';
import {createGraphClient, type GraphClient} from '../../src/graph/index.ts';
import {
  fetchOperation,
  OperationFailedError,
  type PollOptions,
  ProtocolError,
  pollOperation,
  protocols,
  resumeOperation,
  schedules,
  UnauthorizedError,
  UnreachableError,
  WatchTimeoutError,
} from '../../src/index.ts';
import {now} from '../../src/shared/clock.ts';
import {
  afterwards,
  answered,
  begin,
  failure,
  fakeHttp,
  only,
  quick,
  type Recording,
  recordEvents,
  settlesWithin,
  startEmulator,
  startServer,
  type TestServer,
  token,
  transport,
  turns,
  types,
  until,
  waits,
} from '../support/behaviours.ts';
import {testTogether} from '../support/test-together.ts';

/** One response; its body is sent as it is where it is a string. */
interface Scripted {
  readonly http?: number;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: unknown;
}

const running = {id: 'a', status: 'running'};
const succeeded = {id: 'a', status: 'succeeded'};
const day = 24 * 3_600_000;
const location = 'https://graph.example/operations/b';

/** A server that gives one response after the other, the last one again and again. */
function serve(...script: readonly Scripted[]): Promise<TestServer> {
  return startServer((_, response, count) => send(response, script[Math.min(count, script.length) - 1]));
}

function send(response: ServerResponse, {http = 200, headers = {}, body}: Scripted = {}): void {
  response.writeHead(http, {'content-type': 'application/json', ...headers});
  response.end(typeof body === 'string' ? body : body === undefined ? '' : JSON.stringify(body));
}

/** Polls such a server. */
async function poll(
  script: readonly Scripted[],
  options: PollOptions = {},
): Promise<Recording & {readonly server: TestServer}> {
  const server = await serve(...script);
  return {...begin(`${server.root}/operations/a`, options), server};
}

/** A client whose polls take no time, on the transport of these tests. */
function clientOf(root: string, batch: boolean | number = false): GraphClient {
  const {http} = transport;
  return createGraphClient({root, token, batch, ...(http === undefined ? {} : {http})});
}

/**
 * Polls such a server for a second, and on until the first request has arrived.
 *
 * @returns how many requests there may be: one at once, and one more after each 100 ms of the time that it was, by the library's clock
 */
async function pollForASecond(
  ...given: Parameters<typeof poll>
): Promise<Awaited<ReturnType<typeof poll>> & {readonly most: number}> {
  const begun = now();
  const polled = await poll(...given);
  await new Promise((resolve) => setTimeout(resolve, 1000));
  await until(() => polled.server.requests.length > 0);
  polled.poller.stop();
  return {...polled, most: 1 + Math.floor((now() - begun) / 100)};
}

describe('57: a wait under 100 ms that the service asks for is the schedule’s', () => {
  const noWaits: ReadonlyArray<readonly [Readonly<Record<string, string>>]> = [
    [{'retry-after': '0'}],
    [{'retry-after': '0.001'}],
    [{'retry-after': '0.099'}],
    [{'retry-after': '-1'}],
    [{'retry-after': '0, 0'}],
    [{'retry-after': new Date(Date.now() - day).toUTCString()}],
    [{'retry-after-ms': '0'}],
    [{'x-ms-retry-after-ms': '99'}],
  ];

  testTogether(noWaits, '%j without end: at most ten requests a second by the default schedule', async (headers) => {
    const {events, server, most} = await pollForASecond([{body: running, headers}], {schedule: undefined});
    expect(server.requests.length).toBeLessThanOrEqual(most);
    expect(waits(events).every(([delay, because]) => delay >= 100 && because === 'schedule')).toBe(true);
  });

  testTogether([[429], [503]], 'the same under %i without end', async (http) => {
    const {server, most} = await pollForASecond([{http, headers: {'retry-after': '0'}}], {
      schedule: undefined,
      retry: {},
      consecutiveFailures: 1000,
    });
    expect(server.requests.length).toBeLessThanOrEqual(most);
  });

  test("with the protocol's minimumInterval, over which any other wait wins", async () => {
    const protocol = protocols.define({...protocols.longRunning, name: 'slow', minimumInterval: 300});
    const {events, poller} = await poll(
      [
        {body: running, headers: {'retry-after': '0'}},
        {body: running, headers: {'retry-after': '0.1'}},
        {body: succeeded},
      ],
      {protocol},
    );
    await poller.result();
    expect(waits(events)).toEqual([
      [300, 'schedule'],
      [100, 'retryAfter'],
    ]);
  });

  test.each([1, 200])(
    'a schedule of no waits and a fetch that answers at once leave the event loop its turns: %i',
    async (count) => {
      // A loop without turns would go on for ever: it ends after so many requests, and has had no turn by then.
      const enough = 2500;
      const {http, requests} = fakeHttp((_, answers) => {
        if (answers === enough) for (const {poller} of watched) poller.stop();
        return answered('running', {'retry-after': '0'});
      });
      const watched = Array.from({length: count}, () => begin(location, {http, schedule: schedules.fixed(0)}));
      let ticks = 0;
      const ticking = setInterval(() => ++ticks, 1);
      await until(() => ticks > 2 || requests.length >= enough);
      clearInterval(ticking);
      for (const {poller} of watched) poller.stop();
      expect(ticks).toBeGreaterThan(2);
      expect(requests.length).toBeGreaterThan(5);
    },
  );
});

describe('58: a wait until a date', () => {
  const skews: ReadonlyArray<readonly [string, number]> = [
    ['a minute behind', -60_000],
    ['ten minutes ahead', 600_000],
    ['a year behind', -365 * day],
  ];

  /** The headers of a server whose clock is wrong by so much, which asks for a wait of so many seconds. */
  const headersAt = (skew: number, wait: number, age = 0): Record<string, string> => {
    const time = Math.floor((Date.now() + skew) / 1000) * 1000;
    return {
      date: new Date(time - age * 1000).toUTCString(),
      'retry-after': new Date(time + wait * 1000).toUTCString(),
      ...(age === 0 ? {} : {age: String(age)}),
    };
  };

  testTogether(skews, 'is measured by the clock of the service, which is %s', async (_, skew) => {
    const {poller, events} = await poll([{body: running, headers: headersAt(skew, 1)}, {body: succeeded}]);
    await poller.result();
    expect(waits(events)).toEqual([[1000, 'retryAfter']]);
  });

  test('less the age of the answer', async () => {
    const headers = {...headersAt(-600_000, 1, 2)};
    const {poller, events} = await poll([{body: running, headers}, {body: succeeded}]);
    await poller.result();
    expect(waits(events)).toEqual([[1000, 'retryAfter']]);
  });

  test('without a readable Date: by our clock', async () => {
    const now = Date.UTC(2030, 0, 1);
    jest.useFakeTimers({now});
    const headers = {date: 'today', 'retry-after': new Date(now + 60_000).toUTCString()};
    const {events} = await poll([{body: running, headers}]);
    await until(() => waits(events).length === 1);
    expect(waits(events)).toEqual([[60_000, 'retryAfter']]);
  });

  test.each(skews)("in a part of a batch: by the batch's own Date, %s", async (_, skew) => {
    const {date = '', ...headers} = headersAt(skew, 7);
    const graph = await batched((id) => ({id, status: 200, headers, body: running}), {headers: {date}});
    const [first, second] = graph.recordings;
    await until(() => waits(first.events).length === 1 && waits(second.events).length === 1);
    expect([...waits(first.events), ...waits(second.events)]).toEqual([
      [7000, 'retryAfter'],
      [7000, 'retryAfter'],
    ]);
  });
});

describe('59: Retry-After', () => {
  test.each<[string, Scripted, number]>([
    ['on truncated JSON', {body: '{"status":', headers: {'retry-after': '9'}}, 9000],
    ['on a page', {body: '<html>', headers: {'retry-after': '9'}}, 9000],
    ['twice in one header', {body: running, headers: {'retry-after': '2, 2'}}, 2000],
    ['in two headers', {body: running, headers: {'retry-after': ['2', '3']}}, 3000],
    ['as retry-after-ms', {body: running, headers: {'retry-after-ms': '1234'}}, 1234],
    ['as x-ms-retry-after-ms', {body: running, headers: {'x-ms-retry-after-ms': '1234'}}, 1234],
    ['in hours', {body: running, headers: {'retry-after': '36000'}}, 36_000_000],
  ])('%s counts', async (_, answer, wait) => {
    const {events} = await poll([answer], {totalTimeout: false});
    await until(() => waits(events).length === 1);
    expect(waits(events)).toEqual([[wait, 'retryAfter']]);
  });

  test.each([
    ['200', {body: running}],
    ['429', {http: 429}],
    ['503', {http: 503}],
    ['a page', {body: '<html>'}],
  ])('of hours on %s is limited by maxRetryAfter', async (_, answer: Scripted) => {
    const {poller, events, server} = await poll([{...answer, headers: {'retry-after': '36000'}}, {body: succeeded}], {
      maxRetryAfter: 150,
    });
    await poller.result();
    expect(waits(events)).toEqual([[150, 'retryAfter']]);
    expect(server.requests).toHaveLength(2);
  });

  test('of hours holds a client’s other operations no longer than maxRetryAfter either', async () => {
    const emulator = await startEmulator();
    const graph = clientOf(emulator.root);
    const throttled = emulator.addOperation({script: [{http: 429, retryAfter: 36_000}, 'succeeded']});
    const other = emulator.addOperation({script: ['succeeded']});
    const first = recordEvents(graph.watch(throttled.location, {...schedule, maxRetryAfter: 300}));
    await until(() => waits(first.events).length === 1);
    const second = recordEvents(graph.watch(other.location, schedule));
    await Promise.all([first.poller.result(), second.poller.result()]);
    expect(second.poller.status).toBe('succeeded');
  });
});

const schedule = {schedule: quick.schedule, retry: quick.retry};

describe('61: the wall clock is set', () => {
  const start = Date.UTC(2030, 0, 1);

  test.each([
    ['back', -day],
    ['forward', day],
  ])('%s by a day: waits and deadlines stay', async (_, jump) => {
    jest.useFakeTimers({now: start});
    const {http, requests} = fakeHttp((_request, count) =>
      answered('running', count === 1 ? {'retry-after': '10'} : {}),
    );
    const {poller, events} = begin(location, {http, schedule: schedules.fixed(45_000), totalTimeout: 60_000});
    await until(() => waits(events).length === 1);
    jest.setSystemTime(start + jump);
    await jest.advanceTimersByTimeAsync(9999);
    expect(requests).toHaveLength(1);
    await jest.advanceTimersByTimeAsync(1);
    await until(() => waits(events).length === 2);
    expect(requests).toHaveLength(2);
    jest.setSystemTime(start - jump);
    await jest.advanceTimersByTimeAsync(49_000);
    expect(poller.status).toBe('running');
    await jest.advanceTimersByTimeAsync(1000);
    const error = await failure(poller.result(), WatchTimeoutError);
    expect(error.elapsed).toBe(60_000);
  });

  test.each([
    ['back', -day],
    ['forward', day],
  ])('%s by a day: a request still has its time, no more and no less', async (_, jump) => {
    jest.useFakeTimers({now: start});
    const {http, requests} = fakeHttp(() => new Promise(() => undefined));
    const {events} = begin(location, {http, requestTimeout: 5000, retry: {...quick.retry, retries: 1}});
    await until(() => requests.length === 1);
    jest.setSystemTime(start + jump);
    await jest.advanceTimersByTimeAsync(4999);
    expect(only(events, 'retrying')).toEqual([]);
    await jest.advanceTimersByTimeAsync(1);
    expect(only(events, 'retrying')).toHaveLength(1);
  });

  test.each([
    ['back', -day],
    ['forward', day],
  ])('%s by a day: a resume goes on with the rest of the wait and of the time, by the new clock', async (_, jump) => {
    jest.useFakeTimers({now: start});
    const {http, requests} = fakeHttp((_request, count) =>
      answered(count < 3 ? 'running' : 'succeeded', count === 1 ? {'retry-after': '10'} : {}),
    );
    const options = {http, schedule: schedules.fixed(100_000), totalTimeout: 60_000};
    const before = begin(location, options);
    await until(() => waits(before.events).length === 1);
    jest.setSystemTime(start + jump);
    await jest.advanceTimersByTimeAsync(4000);
    before.poller.stop();
    const stored = JSON.stringify(before.poller);
    // Wall times of the new clock, so that another process can read them.
    expect(JSON.parse(stored)).toMatchObject({
      dueAt: start + jump + 10_000,
      deadlineAt: start + jump + 60_000,
    });
    const after = recordEvents(resumeOperation(stored, {...quick, ...options}));
    await until(() => waits(after.events).length === 1);
    expect(waits(after.events)).toEqual([[6000, 'resume']]);
    await jest.advanceTimersByTimeAsync(5999);
    expect(requests).toHaveLength(1);
    await jest.advanceTimersByTimeAsync(1);
    await until(() => waits(after.events).length === 2);
    expect(requests).toHaveLength(2);
    // The last poll is just before the deadline, which is 60 s after the start.
    await jest.advanceTimersByTimeAsync(50_000);
    expect((await after.poller.result()).status).toBe('succeeded');
  });

  test('back by a day: a Graph client is held no longer than the service asked', async () => {
    jest.useFakeTimers({now: start});
    const {http, requests} = fakeHttp((_request, count) =>
      count === 1 ? new Response('', {status: 429, headers: {'retry-after': '10'}}) : answered('succeeded'),
    );
    const graph = createGraphClient({token, http, batch: false});
    const [first, second] = [1, 2].map((id) => recordEvents(graph.watch(`${graph.root}/v1.0/x/${id}`, schedule)));
    await until(() => waits(first!.events).length === 1);
    await turns();
    jest.setSystemTime(start - day);
    await jest.advanceTimersByTimeAsync(11_500);
    await Promise.all([first!.poller.result(), second!.poller.result()]);
    expect(requests.length).toBeLessThanOrEqual(4);
  });
});

test('61: a process that stood still makes the overdue poll at once, retried as any where its connection is gone', async () => {
  // In a thread of its own, which goes on: it closes the connection, and wakes us when the next poll is overdue.
  const gate = new Int32Array(new SharedArrayBuffer(4));
  const service = new Worker(
    `const {createServer} = require('node:http');
    const {parentPort, workerData: gate} = require('node:worker_threads');
    let connections = 0;
    const open = () => Atomics.store(gate, 0, 1) && Atomics.notify(gate, 0);
    const server = createServer(({socket}, response) => {
      response.end(JSON.stringify({id: 'a', status: connections === 1 ? 'running' : 'succeeded', connections}));
      setTimeout(() => socket.destroy(), 50);
      setTimeout(open, 250);
    });
    server.on('connection', () => ++connections);
    server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));`,
    {eval: true, workerData: gate},
  );
  afterwards(() => service.terminate());
  const [port] = await once(service, 'message');
  const {poller, events} = begin(`http://127.0.0.1:${port}/a`, {schedule: schedules.fixed(100)});
  await until(() => waits(events).length === 1);
  Atomics.wait(gate, 0, 0, 10_000);
  expect((await poller.result()).raw).toMatchObject({connections: 2});
  expect(waits(events)).toEqual([[100, 'schedule']]);
});

describe('63: a client holds the requests to an origin for hours', () => {
  /** A client that was told to come back in ten hours. */
  async function held(): Promise<{graph: GraphClient; other: string; received: () => number}> {
    const emulator = await startEmulator();
    const graph = clientOf(emulator.root);
    const throttled = emulator.addOperation({script: [{http: 429, retryAfter: 36_000}]});
    const {events} = recordEvents(graph.watch(throttled.location, {...schedule, totalTimeout: false}));
    await until(() => waits(events).length === 1);
    return {graph, other: emulator.addOperation().location, received: () => emulator.received};
  }

  test('totalTimeout ends each operation in time, with its cause, and waiting tells why', async () => {
    const {graph, other, received} = await held();
    const {poller, events} = recordEvents(graph.watch(other, {...schedule, totalTimeout: 300}));
    const error = await settlesWithin(2000, failure(poller.result(), WatchTimeoutError));
    expect(error.elapsed).toBeGreaterThanOrEqual(300);
    expect(String(error.cause)).toMatch(/No answer within \d+ ms: held back until \d{4}-\d\d-\d\dT/);
    const [waiting] = only(events, 'waiting');
    expect(waiting).toMatchObject({because: 'heldBack'});
    expect(waiting?.delay).toBeGreaterThan(35_000_000);
    expect(received()).toBe(1);
  });

  test('getOperation is limited by its own time-outs', async () => {
    const {graph, other, received} = await held();
    const id = other.split('/').at(-1)?.split('?')[0] ?? '';
    const asking = graph.getOperation('a', id, {requestTimeout: 200});
    const error = await settlesWithin(3000, failure(asking, UnreachableError));
    expect(error.message).toContain('held back until');
    expect(received()).toBe(1);
  });

  test('a poller that is stopped is not held', async () => {
    const {graph, other, received} = await held();
    const {poller, events} = recordEvents(graph.watch(other, schedule));
    await until(() => only(events, 'waiting').length === 1);
    poller.stop();
    await expect(poller.result()).rejects.toMatchObject({name: 'WatchAbortedError'});
    expect(received()).toBe(1);
  });
});

/** Two operations of a client in one batch, whose parts are answered so; single requests are answered as succeeded. */
async function batched(
  answer: (id: string, count: number) => unknown,
  envelope: Omit<Scripted, 'body'> = {},
): Promise<{readonly recordings: readonly [Recording, Recording]; readonly requests: TestServer['requests']}> {
  let batches = 0;
  const {root, requests} = await startServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => {
      text += chunk;
    });
    request.on('end', () => {
      if (!request.url?.endsWith('/$batch')) return send(response, {body: succeeded});
      batches += 1;
      const {requests: parts} = JSON.parse(text) as {requests: Array<{id: string}>};
      send(response, {...envelope, body: {responses: parts.map(({id}) => answer(id, batches))}});
    });
  });
  const graph = clientOf(root, 50);
  const watch = (name: string): Recording => recordEvents(graph.watch(`${root}/v1.0/operations/${name}`, schedule));
  return {recordings: [watch('a'), watch('b')], requests};
}

const innerError = {code: 'a', message: 'outer', innererror: {code: 'b', message: 'inner', innererror: {code: 'c'}}};

describe('71: a good body and a Location on a foreign host', () => {
  test.each(['location', 'operation-location', 'azure-asyncoperation'])(
    'in %s: the report counts, the move is not followed',
    async (name) => {
      const foreign = await serve({body: succeeded});
      const protocol = protocols.define({...protocols.longRunning, name: 'moving', moveHeaders: [name]});
      const move = {[name]: `${foreign.root}/operations/a?q=1`};
      const {poller, events, server} = await poll(
        [
          {body: running, headers: move},
          {body: running, headers: move},
          {body: succeeded, headers: move},
        ],
        {protocol},
      );
      expect(await poller.result()).toMatchObject({status: 'succeeded'});
      expect(only(events, 'relocated')[0]).toMatchObject({followed: false, to: foreign.root});
      expect(types(events)).toEqual(expect.arrayContaining(['running', 'succeeded']));
      expect(foreign.requests).toEqual([]);
      expect(server.requests.map(({url}) => url)).toEqual(Array(3).fill('/operations/a'));
    },
  );

  test('that is no http or https URL', async () => {
    const {poller, events} = await poll([
      {body: running, headers: {'operation-location': 'javascript:alert(1)'}},
      {body: succeeded},
    ]);
    await poller.result();
    expect(only(events, 'relocated')).toMatchObject([{followed: false}]);
  });
});

describe('72: a ky instance', () => {
  const secret = 'SECRET-of-the-instance';
  const instances: ReadonlyArray<readonly [string, (root: string) => Options]> = [
    ['with a key in its headers', () => ({headers: {'x-api-key': secret, authorization: `Key ${secret}`}})],
    ['with a cookie', () => ({headers: {cookie: `a=${secret}`}, credentials: 'include'})],
    ['with a key in its query', () => ({searchParams: {key: secret}})],
    [
      'with a hook that adds a key',
      () => ({hooks: {beforeRequest: [({request}) => request.headers.set('x-api-key', secret)]}}),
    ],
  ];
  const instanceOf = (options: Options): KyInstance => (transport.http ?? ky).extend(options);
  const shows = ({requests}: TestServer): boolean => JSON.stringify(requests).includes(secret);
  /** What a foreign host has been sent is ours alone. */
  const expectClean = (foreign: TestServer): void => {
    expect(foreign.requests.length).toBeGreaterThan(0);
    expect(shows(foreign)).toBe(false);
    for (const {headers} of foreign.requests) {
      expect(headers).toMatchObject({accept: 'application/json', 'client-request-id': expect.any(String)});
      expect(headers.authorization).toBeUndefined();
    }
  };

  test.each(['https://elsewhere.example/api', 'v1/', '/'])(
    'with the prefix %j: the location as it stands',
    async (prefix) => {
      const server = await serve({body: succeeded});
      const path = "/teams('a')/operations('b')?aadgdc=BY01P&sig=a%2Bb%2f";
      await pollOperation(server.root + path, {...quick, http: instanceOf({prefix})}).result();
      expect(server.requests.map(({url}) => url)).toEqual([path]);
    },
  );

  test('with a base URL: the location as it stands', async () => {
    const server = await serve({body: succeeded});
    const http = instanceOf({baseUrl: 'https://elsewhere.example/api/'});
    await pollOperation(`${server.root}/a`, {...quick, http}).result();
    expect(server.requests.map(({url}) => url)).toEqual(['/a']);
  });

  describe.each(instances)('%s', (_, options) => {
    test.each([302, 307])('sends it at home and not abroad after a %i', async (http) => {
      const foreign = await serve({body: succeeded});
      const home = await serve({http, headers: {location: `${foreign.root}/operations/a?own=1`}});
      await pollOperation(`${home.root}/a`, {
        ...quick,
        token: undefined,
        http: instanceOf(options(home.root)),
      }).result();
      expect(shows(home)).toBe(true);
      expectClean(foreign);
      expect(foreign.requests[0]?.url).toBe('/operations/a?own=1');
    });

    test('nor with a token, nor on the way back to a third host', async () => {
      const third = await serve({body: succeeded});
      const foreign = await serve({http: 302, headers: {location: `${third.root}/operations/a`}});
      const home = await serve({http: 302, headers: {location: `${foreign.root}/operations/a`}});
      await pollOperation(`${home.root}/a`, {...quick, http: instanceOf(options(home.root))}).result();
      expectClean(foreign);
      expectClean(third);
    });

    test('nor where an operation moves abroad', async () => {
      const foreign = await serve({body: succeeded});
      const home = await serve({body: running, headers: {'operation-location': `${foreign.root}/operations/a`}});
      const protocol = protocols.define({...protocols.longRunning, name: 'moving', foreignHosts: true});
      await pollOperation(`${home.root}/a`, {...quick, protocol, http: instanceOf(options(home.root))}).result();
      expectClean(foreign);
    });

    test('nor to the monitor of a drive copy, nor where its result is', async () => {
      const foreign = await serve({http: 202, body: {status: 'inProgress'}}, {body: {status: 'completed'}});
      const protocol = protocols.graph.driveCopy;
      const given = {...quick, protocol, http: instanceOf(options(foreign.root))};
      await pollOperation(`${foreign.root}/monitor`, given).result();
      expectClean(foreign);
    });

    test('nor where the result of an operation is', async () => {
      const foreign = await serve({body: {name: 'made'}});
      const home = await serve({body: {...succeeded, resourceLocation: `${foreign.root}/made`}});
      const given = {...quick, fetchResult: true, http: instanceOf(options(home.root))};
      await pollOperation(`${home.root}/a`, given)
        .result()
        .catch(() => undefined);
      expectClean(foreign);
    });

    test('but to trusted origins', async () => {
      const trusted = await serve({body: succeeded});
      const home = await serve({http: 302, headers: {location: `${trusted.root}/operations/a`}});
      const given = {...quick, trustedOrigins: [trusted.root], http: instanceOf(options(home.root))};
      await pollOperation(`${home.root}/a`, given).result();
      expect(shows(trusted)).toBe(true);
    });
  });
});

describe('72: a 401, 403 or 410 of a foreign host after a redirect', () => {
  test.each([401, 403, 410])('%i is trouble of that poll', async (http) => {
    const foreign = await serve({http});
    const {poller, events} = await poll([{http: 302, headers: {location: `${foreign.root}/login`}}, {body: succeeded}]);
    await poller.result();
    expect(types(events)).toEqual(['retrying', 'waiting', 'polled', 'succeeded']);
    expect(only(events, 'retrying')[0]?.error).toMatchObject({httpStatus: http, ends: undefined});
  });

  test.each([401, 403])('%i without end: not unauthorized, not forbidden', async (http) => {
    const foreign = await serve({http});
    const {poller, server} = await poll([{http: 302, headers: {location: `${foreign.root}/login`}}], {
      consecutiveFailures: 2,
    });
    expect((await failure(poller.result(), ProtocolError)).observed).toEqual({[http]: 2});
    await failure(fetchOperation(`${server.root}/operations/a`, quick), ProtocolError);
  });

  test.each([401, 404, 410])('%i is no success where a protocol says that of a missing resource', async (http) => {
    const foreign = await serve({http});
    const protocol = protocols.define({...protocols.longRunning, name: 'deleting', notFoundSucceeds: true});
    const {poller} = await poll([{http: 302, headers: {location: `${foreign.root}/x`}}, {http: 404}], {protocol});
    await poller.result();
    expect(poller.toJSON().observed).toMatchObject({[http]: expect.any(Number)});
  });

  test('a 401 at home is unauthorized, also after a redirect there', async () => {
    const {poller} = await poll([{http: 302, headers: {location: '/login'}}, {http: 401}]);
    await failure(poller.result(), UnauthorizedError);
  });
});

describe('73: a batch', () => {
  test.each([207, 400, 403, 429, 500, 503])('whose own status is %i: its parts are read', async (http) => {
    const {recordings, requests} = await batched((id) => ({id, status: 200, body: succeeded}), {http});
    for (const {poller} of recordings) expect(await poller.result()).toMatchObject(succeeded);
    expect(requests).toHaveLength(1);
  });

  test.each([0, -1, 99, 600, 1e9, 200.5])('with parts of the status %d: trouble of that poll', async (status) => {
    const {recordings} = await batched((id, count) => ({id, status: count === 1 ? status : 200, body: succeeded}));
    for (const {poller, events} of recordings) {
      expect(await poller.result()).toMatchObject(succeeded);
      const [first] = only(events, 'retrying');
      expect(first?.error).toMatchObject({kind: 'protocol', message: expect.stringContaining(`HTTP status ${status}`)});
    }
  });

  test.each(['200', null, undefined, {}])(
    'with parts of the status %j: each is asked for by itself',
    async (status) => {
      const {recordings, requests} = await batched((id) => ({id, status, body: succeeded}));
      for (const {poller} of recordings) expect(await poller.result()).toMatchObject(succeeded);
      expect(requests.length).toBe(3);
    },
  );

  test('with an error in parts: the innermost code, and its own message', async () => {
    const {recordings} = await batched((id, count) =>
      count === 1 ? {id, status: 500, body: {error: innerError}} : {id, status: 200, body: succeeded},
    );
    for (const {poller, events} of recordings) {
      await poller.result();
      const error = only(events, 'retrying')[0]?.error;
      expect(error).toMatchObject({
        httpStatus: 500,
        code: 'c',
        message: expect.stringContaining('answered 500: c, inner'),
      });
    }
  });

  test('not in a batch: the innermost code with a message of its own', async () => {
    const {poller} = await poll([{body: {id: 'a', status: 'failed', error: innerError}}]);
    const {operation} = await failure(poller.result(), OperationFailedError);
    expect(operation.error).toEqual({code: 'c', message: 'inner'});
  });
});
