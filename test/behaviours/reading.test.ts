// "Reading", rows 60 (a 403 that throttles), and 65 to 70 of the table of behaviours.

import {describe, expect, test} from '@jest/globals';
import {createGraphClient} from '../../src/graph/index.ts';
import {
  ForbiddenError,
  OperationCanceledError,
  OperationFailedError,
  type PollError,
  type PollOptions,
  ProtocolError,
  pollOperation,
  protocols,
  ResultUnavailableError,
  resumeOperation,
} from '../../src/index.ts';
import {
  begin,
  failure,
  only,
  quick,
  type Recording,
  startEmulator,
  startServer,
  token,
  transport,
  types,
  waits,
} from '../support/behaviours.ts';

/** One response: a status with headers and a body, which is sent as it is where it is no JSON. */
interface Scripted {
  readonly http?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly bytes?: string | Buffer;
}

/** Polls a server that gives one response after the other, the last one again and again. */
async function poll(
  script: readonly Scripted[],
  options: PollOptions = {},
): Promise<
  Recording & {readonly requests: Awaited<ReturnType<typeof startServer>>['requests']; readonly root: string}
> {
  const {root, requests} = await startServer((_, response, count) => {
    const {http = 200, headers = {}, body, bytes} = script[Math.min(count, script.length) - 1] ?? {};
    response.writeHead(http, {'content-type': 'application/json', ...headers});
    response.end(bytes ?? (body === undefined ? '' : JSON.stringify(body)));
  });
  return {...begin(`${root}/operations/a`, options), requests, root};
}

const tasks = {
  name: 'tasks',
  status: '/status',
  words: {waiting: 'notStarted', busy: 'running', done: 'succeeded', broken: 'failed'},
} as const;

describe('60: a 403 that throttles is no ForbiddenError', () => {
  const done = {body: {name: 'operations/1', done: true}};
  const reasons = (reason: string) => ({error: {code: 403, message: 'Slow down', errors: [{domain: 'x', reason}]}});
  const protocol = protocols.google.longrunning;

  test.each([
    ['rateLimitExceeded', reasons('rateLimitExceeded')],
    ['userRateLimitExceeded', reasons('userRateLimitExceeded')],
    ['a status', {error: {code: 403, status: 'RESOURCE_EXHAUSTED'}}],
    ['a detail', {error: {code: 403, status: 'PERMISSION_DENIED', details: [{reason: 'RATE_LIMIT_EXCEEDED'}]}}],
  ])('with %s of Google: retried', async (_, body) => {
    const {poller, events} = await poll([{http: 403, body}, done], {protocol});
    await poller.result();
    expect(types(events)).toEqual(['retrying', 'polled', 'succeeded']);
    expect(only(events, 'retrying')[0]?.error).toMatchObject({httpStatus: 403, transient: true, throttled: true});
  });

  test('with Retry-After: deferred for as long, as a 429 is, and counted as nothing', async () => {
    const {poller, events} = await poll(
      [{http: 403, headers: {'retry-after': '1'}}, {body: {id: 'a', status: 'succeeded'}}],
      {consecutiveFailures: 1},
    );
    await poller.result();
    expect(types(events)).toEqual(['retrying', 'waiting', 'polled', 'succeeded']);
    expect(waits(events)).toEqual([[1000, 'retryAfter']]);
  });

  test('a code of a protocol of your own, with any HTTP status', async () => {
    const own = protocols.define({...tasks, throttlingCodes: ['SlowDown'], error: '/fault'});
    const {poller, events} = await poll(
      [
        {http: 403, body: {error: {code: 'x', innerError: {code: 'slowdown'}}}},
        {http: 400, body: {fault: 'SlowDown'}},
        {body: {id: 'a', status: 'done'}},
      ],
      {protocol: own},
    );
    await poller.result();
    expect(types(events)).toEqual(['retrying', 'retrying', 'polled', 'succeeded']);
  });

  test('such a code where the protocol has the code of an error', async () => {
    const own = protocols.define({...tasks, throttlingCodes: ['ThrottlingException'], errorCode: '/__type'});
    const {poller, events} = await poll(
      [
        {http: 400, body: {__type: 'ThrottlingException'}},
        {http: 403, body: {__type: 'throttlingexception'}},
        {body: {id: 'a', status: 'done'}},
      ],
      {protocol: own},
    );
    await poller.result();
    expect(only(events, 'retrying').map(({error}) => error.throttled)).toEqual([true, true]);
  });

  test.each([
    ['another reason', reasons('dailyLimitExceeded')],
    ['no body', undefined],
  ])('but %s is one', async (_, body) => {
    const {poller, requests} = await poll([{http: 403, body}, done], {protocol});
    await failure(poller.result(), ForbiddenError);
    expect(requests).toHaveLength(1);
  });
});

describe('65: an operation of Azure that only a Location leads to', () => {
  const protocol = protocols.azure.location;
  const resource = {id: '/things/a', name: 'a'};

  test("Azure's own words at /status count", async () => {
    const {poller, events, requests} = await poll(
      [{body: {status: 'InProgress'}}, {body: {provisioningState: 'Updating'}}, {body: {status: 'Succeeded'}}],
      {protocol},
    );
    expect(await poller.result()).toMatchObject({status: 'succeeded', rawStatus: 'Succeeded'});
    expect(only(events, 'unknownStatus')).toEqual([]);
    expect(requests).toHaveLength(3);
  });

  test.each([
    ['{status: Failed}', {status: 'Failed'}, OperationFailedError],
    ['{status: Canceled}', {status: 'Canceled'}, OperationCanceledError],
    ['{provisioningState: Failed}', {provisioningState: 'Failed'}, OperationFailedError],
  ])('%s under 200 is no success, and its error is kept', async (_, body, kind) => {
    const error = {code: 'Conflict', message: 'The name is taken.'};
    const {poller} = await poll([{body: {...body, error}}], {protocol});
    expect((await failure<Error>(poller.result(), kind)) as OperationFailedError).toMatchObject({operation: {error}});
  });

  test.each([
    ['a status of its own', {...resource, status: 'Online'}],
    ['a state that has succeeded, and a status of its own', {provisioningState: 'Succeeded', status: 'Failed'}],
  ])('a resource with %s is the result', async (_, body) => {
    const {poller} = await poll([{http: 202}, {body}], {protocol});
    expect(await poller.result()).toMatchObject({status: 'succeeded', result: body});
  });
});

describe('66: words', () => {
  test('Completed at a monitor of Azure is succeeded', async () => {
    const {poller, events} = await poll([{body: {status: 'Running'}}, {body: {status: 'Completed'}}], {
      protocol: protocols.azure.statusMonitor,
    });
    expect(await poller.result()).toMatchObject({status: 'succeeded', rawStatus: 'Completed'});
    expect(types(events)).toEqual(['polled', 'running', 'waiting', 'polled', 'succeeded']);
  });

  test.each(['keepPolling', 'fail'] as const)(
    'one that only otherWords gives a meaning is emitted once, and fails nothing under %s',
    async (unknownStatus) => {
      const {poller, events} = await poll(
        ['Validating', 'Validating', 'Verifying', 'Validating', 'Succeeded'].map((status) => ({body: {status}})),
        {protocol: protocols.azure.statusMonitor, unknownStatus},
      );
      await poller.result();
      expect(only(events, 'unknownStatus').map(({rawStatus, attempt}) => [rawStatus, attempt])).toEqual([
        ['Validating', 1],
        ['Verifying', 3],
      ]);
      expect(types(events).filter((type) => type !== 'waiting' && type !== 'polled')).toEqual([
        'unknownStatus',
        'running',
        'unknownStatus',
        'succeeded',
      ]);
    },
  );

  test('one is not emitted again after a resume, and one that ends the operation is emitted before the end', async () => {
    const protocol = protocols.define({...tasks, otherWords: 'failed'});
    const {poller, events} = await poll([{body: {status: 'busy'}}, {body: {status: 'odd'}}], {protocol});
    await failure(poller.result(), OperationFailedError);
    expect(types(events).slice(-3)).toEqual(['polled', 'unknownStatus', 'failed']);
    expect(poller.toJSON()).toMatchObject({unknownWords: ['odd']});

    const {azure} = protocols;
    const running = await poll([{body: {status: 'odd'}}, {body: {status: 'odd'}}, {body: {status: 'Succeeded'}}], {
      protocol: azure.statusMonitor,
    });
    await running.poller.waitFor('running');
    running.poller.stop();
    const resumed = resumeOperation(running.poller.toJSON(), quick);
    const later: string[] = [];
    resumed.on('unknownStatus', ({rawStatus}) => later.push(rawStatus));
    await resumed.result();
    expect(later).toEqual([]);
  });
});

describe('67: headers of polls', () => {
  const prefer = 'include-unknown-enum-members';

  test.each([protocols.longRunning, ...Object.values({...protocols.graph})])(
    'each poll by $name asks for all members of enumerations',
    async (protocol) => {
      const {poller, requests} = await poll([{http: 503}, {http: 400}], {
        protocol: protocols.define({...protocol, minimumInterval: 0, maximumInterval: 1}),
        consecutiveFailures: 1,
      });
      await poller.result().catch(() => undefined);
      expect(requests.map(({headers}) => headers['prefer'])).toEqual([prefer, prefer]);
    },
  );

  test('also in the parts of a batch', async () => {
    const emulator = await startEmulator();
    const {http} = transport;
    const client = createGraphClient({root: emulator.root, token, ...(http === undefined ? {} : {http})});
    const operations = [1, 2].map(() => emulator.addOperation({script: ['succeeded']}));
    await Promise.all(operations.map(async ({location}) => client.watch(location).result()));
    const polls = operations.flatMap(({requests}) => requests);
    expect(polls.map(({headers}) => headers['prefer'])).toEqual([prefer, prefer]);
    expect(emulator.requests.some(({path}) => path.endsWith('/$batch'))).toBe(true);
  });

  test('those of a protocol of your own; the ones that each request has stay', async () => {
    const protocol = protocols.define({...tasks, pollHeaders: {'X-Api-Version': '2', Accept: 'text/html'}});
    const {poller, requests} = await poll([{body: {status: 'done'}}], {protocol});
    await poller.result();
    expect(requests[0]?.headers).toMatchObject({'x-api-version': '2', accept: 'application/json'});
  });

  test('no others send any', async () => {
    const {poller, requests} = await poll([{body: {status: 'done'}}], {protocol: protocols.define(tasks)});
    await poller.result();
    expect(requests[0]?.headers['prefer']).toBeUndefined();
  });
});

describe('68: numbers', () => {
  test('as status words and ids, "20%", seconds and milliseconds since 1970', async () => {
    const protocol = protocols.define({
      ...tasks,
      words: {0: 'notStarted', 1: 'running', 2: 'succeeded'},
      percentComplete: '/progress',
      createdDateTime: '/created',
      lastActionDateTime: '/changed',
    });
    const facts = {id: 42, progress: '20%', created: 1_700_000_000, changed: 1_700_000_000_123};
    const {poller, events} = await poll(
      [0, 1, 2].map((status) => ({body: {...facts, status}})),
      {protocol},
    );
    expect(await poller.result()).toMatchObject({
      id: '42',
      status: 'succeeded',
      rawStatus: '2',
      percentComplete: 20,
      createdDateTime: new Date('2023-11-14T22:13:20Z'),
      lastActionDateTime: new Date('2023-11-14T22:13:20.123Z'),
    });
    expect(types(events).filter((type) => !['polled', 'waiting', 'progress'].includes(type))).toEqual([
      'notStarted',
      'running',
      'succeeded',
    ]);
  });

  test('a number that is no word of the protocol is a response that cannot be read', async () => {
    const protocol = protocols.define({...tasks, words: {1: 'running', 2: 'succeeded'}, otherWords: 'running'});
    const {poller} = await poll([{body: {id: 'a', status: 5}}], {protocol, consecutiveFailures: 2});
    expect((await failure(poller.result(), ProtocolError)).observed).toEqual({protocol: 2});
  });

  test("Google's code 0 is no error, its code 1 means canceled", async () => {
    const protocol = protocols.google.longrunning;
    const name = 'operations/1';
    const none = {code: 0, message: ''};
    const fine = await poll([{body: {name, error: none}}, {body: {name, done: true, error: none, response: {a: 1}}}], {
      protocol,
    });
    expect(await fine.poller.result()).toMatchObject({status: 'succeeded', result: {a: 1}});
    expect(types(fine.events)).toContain('running');
    const {poller} = await poll([{body: {name, done: true, error: {code: 1, message: 'Stopped'}}}], {protocol});
    const {operation} = await failure(poller.result(), OperationCanceledError);
    expect(operation.error).toEqual({code: '1', message: 'Stopped'});
  });
});

describe('69: what fetch and browsers read', () => {
  const done = {id: 'a', status: 'succeeded'};
  /** What Node writes as these bytes. */
  const raw = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

  test.each(['é', '日本', '🙂', 'ÿ¿', 'Ã©'])('a redirect and a move to %s in raw UTF-8', async (word) => {
    const {poller, requests} = await poll([
      {http: 302, headers: {location: raw(`/to/${word}`)}},
      {body: {id: 'a', status: 'running'}, headers: {'operation-location': raw(`/on/${word}?q=${word}`)}},
      {body: done},
    ]);
    await poller.result();
    const encoded = encodeURIComponent(word);
    expect(requests.map(({url}) => url)).toEqual(['/operations/a', `/to/${encoded}`, `/on/${encoded}?q=${encoded}`]);
  });

  test('a location that fetch gave, and one that was decoded', async () => {
    const {root, requests} = await startServer((_, response) => response.end(JSON.stringify(done)));
    for (const word of [raw('é'), 'é', raw('日'), '日']) await pollOperation(`${root}/${word}`, quick).result();
    expect(requests.map(({url}) => url)).toEqual(['/%C3%A9', '/%C3%A9', '/%E6%97%A5', '/%E6%97%A5']);
  });

  test('a location that a gateway has repeated', async () => {
    const {root, requests} = await startServer((_, response) => response.end(JSON.stringify(done)));
    const {poller} = begin(`${root}/a?b, ${root}/a?b`, quick);
    await poller.result();
    expect([poller.location, requests.map(({url}) => url)]).toEqual([`${root}/a?b`, ['/a?b']]);
  });

  test.each([
    ['with its length', {}],
    ['in chunks', {'transfer-encoding': 'chunked'}],
  ])('a byte order mark, %s', async (_, headers) => {
    const {poller} = await poll([{bytes: `\uFEFF${JSON.stringify(done)}`, headers}]);
    expect(await poller.result()).toMatchObject(done);
  });

  test.each(['\r\n', ' ', '\uFEFF', '\uFEFF\r\n\t'])('a body of %j is empty', async (bytes) => {
    const {poller} = await poll([{http: 202, bytes}, {bytes}], {protocol: protocols.azure.location});
    expect(await poller.result()).toMatchObject({status: 'succeeded', rawStatus: '200', raw: null});
    const unreadable = await poll([{bytes}], {consecutiveFailures: 1});
    const error = await failure(unreadable.poller.result(), ProtocolError);
    expect(error.message).toContain('got null');
  });

  test('a list as the whole body of a result', async () => {
    const list = [{id: 1}, {id: 2}];
    const byStatus = await poll([{http: 202}, {body: list}], {protocol: protocols.azure.location});
    expect(await byStatus.poller.result()).toMatchObject({status: 'succeeded', result: list});
    expect(await resumeOperation(byStatus.poller.toJSON()).result()).toMatchObject({result: list});
    const fetched = await poll([{body: {...done, resourceLocation: '/result'}}, {body: list}], {fetchResult: true});
    expect(await fetched.poller.result()).toMatchObject({status: 'succeeded', result: list});
  });
});

describe('70: a result of 3 MB', () => {
  const size = 3_000_000;
  const long = {id: 'a', status: 'succeeded', result: 'x'.repeat(size)};
  const why = 'a body of more than 1048576 bytes, the most that the option maxResponseSize allows';

  test.each([
    ['with its length', {}],
    ['in chunks', {'transfer-encoding': 'chunked'}],
  ])(
    'inside the answer, %s: the error names the option and the size, and a resume with more goes on',
    async (_, headers) => {
      const protocol = protocols.define({...protocols.longRunning, name: 'long', result: '/result'});
      const {poller} = await poll([{body: long, headers}], {protocol});
      const error = await failure(poller.result(), ProtocolError);
      expect(error.message).toContain(why);
      const {resumeToken} = error;
      const resumed = resumeOperation(resumeToken ?? '', {...quick, protocol, maxResponseSize: 4_000_000});
      expect(await resumed.result()).toMatchObject({result: long.result});
    },
  );

  test('fetched: the same', async () => {
    const script = [{body: {id: 'a', status: 'succeeded', resourceLocation: '/result'}}, {body: long}];
    const {poller} = await poll(script, {fetchResult: true});
    const error = await failure(poller.result(), ResultUnavailableError);
    expect(error.message).toContain(why);
    expect((error.cause as PollError).transient).toBe(false);
    const options = {...quick, fetchResult: true, maxResponseSize: 4_000_000};
    expect(await resumeOperation(error.resumeToken ?? '', options).result()).toMatchObject({result: long});
  });

  test('a small one', async () => {
    const {poller} = await poll([{body: {id: 'a', status: 'succeeded'}}], {maxResponseSize: 10});
    expect((await failure(poller.result(), ProtocolError)).message).toContain('more than 10 bytes');
  });

  test('in the parts of a batch, for each operation by itself', async () => {
    const emulator = await startEmulator();
    const {http} = transport;
    const client = createGraphClient({root: emulator.root, token, ...(http === undefined ? {} : {http})});
    const [one, other] = [1, 2].map(() => emulator.addOperation({script: [{body: long}]}));
    const refused = failure(client.watch(one?.location ?? '').result(), ProtocolError);
    const read = client.watch(other?.location ?? '', {maxResponseSize: 4_000_000}).result();
    expect((await refused).message).toContain(why);
    expect(await read).toMatchObject({raw: {result: long.result}});
  });
});
