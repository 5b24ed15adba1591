// "Trouble on the way", rows 13 to 26 of the table of behaviours.

import {gzipSync} from 'node:zlib';
import {describe, expect, jest, test} from '@jest/globals';
import {
  ForbiddenError,
  OperationNotFoundError,
  type PollError,
  type PollErrorKind,
  type PollOptions,
  ProtocolError,
  resumeOperation,
  schedules,
  type TokenRequest,
  UnauthorizedError,
  UnreachableError,
  WatchTimeoutError,
} from '../../src/index.ts';
import type {OperationStep, StepAnswer} from '../../src/testing/index.ts';
import {
  answered,
  atRest,
  begin,
  expectFacts,
  expectPollError,
  failure,
  fakeHttp,
  hanging,
  only,
  pendingTimers,
  quick,
  recordEvents,
  settlesWithin,
  skipWaits,
  startEmulator,
  startServer,
  timeOut,
  times,
  token,
  turns,
  types,
  until,
  waits,
  watch,
  wrapTransport,
} from '../support/behaviours.ts';
import {takeClosedPort} from '../support/closed-port.ts';

const longestTimer = 2 ** 31 - 1;

test('13: {running} → 503 → {succeeded}: succeeded, retrying once, never failed', async () => {
  const watched = await watch(['running', {http: 503}, 'succeeded']);
  const {poller, events, operation} = watched;
  const statuses: string[] = [];
  poller.on('*', () => statuses.push(poller.status));
  await poller.result();
  expect(types(events)).toEqual(['polled', 'running', 'waiting', 'retrying', 'polled', 'succeeded']);
  const [retrying] = only(events, 'retrying');
  expect(retrying).toMatchObject({attempt: 2, delay: 1, location: operation.location, operation: {status: 'running'}});
  expectPollError(retrying?.error, {kind: 'http', transient: true, httpStatus: 503, code: 'serviceNotAvailable'});
  expect(statuses).toEqual(['running', 'running', 'running', 'running', 'succeeded', 'succeeded']);
  expect(poller.toJSON()).toMatchObject({attempt: 2, observed: {running: 1, '503': 1, succeeded: 1}});
  await atRest(watched, 3);
});

test('13: {running} → 503 [RA: 0.12] → {succeeded}: the wait is that of the next poll', async () => {
  const watched = await watch(['running', {http: 503, retryAfter: 0.12}, 'succeeded']);
  await watched.poller.result();
  expect(types(watched.events)).toEqual(['polled', 'running', 'waiting', 'retrying', 'waiting', 'polled', 'succeeded']);
  expect(waits(watched.events)).toEqual([
    [1, 'schedule'],
    [120, 'retryAfter'],
  ]);
  const [retrying] = only(watched.events, 'retrying');
  expect(retrying).toMatchObject({attempt: 2, delay: 120, error: {httpStatus: 503, retryAfter: 120}});
  await atRest(watched, 3);
});

test('14: {running} → 429 [RA: 3] → {succeeded}: the next request is 3 s later, and none before', async () => {
  jest.useFakeTimers();
  const watched = await watch(['running', {http: 429, retryAfter: 3}, 'succeeded'], {schedule: schedules.fixed(10)});
  const {poller, events, emulator, operation} = watched;
  await until(() => waits(events).length === 1);
  await jest.advanceTimersByTimeAsync(10);
  await until(() => waits(events).length === 2);
  expect(waits(events)[1]).toEqual([3000, 'retryAfter']);
  await jest.advanceTimersByTimeAsync(2999);
  await turns();
  expect(operation.requests).toHaveLength(2);
  const arriving = emulator.nextRequest();
  await jest.advanceTimersByTimeAsync(1);
  await arriving;
  await poller.result();
  expect(times(operation.requests)).toEqual([0, 10, 3010]);
  expect(types(events)).toEqual(['polled', 'running', 'waiting', 'retrying', 'waiting', 'polled', 'succeeded']);
  expectPollError(only(events, 'retrying')[0]?.error, {
    kind: 'http',
    transient: true,
    httpStatus: 429,
    code: 'TooManyRequests',
  });
  await atRest(watched, 3);
});

test('14: 429 [RA: 3] twenty times is no reason to abandon the watch', async () => {
  jest.useFakeTimers();
  const watched = await watch([{http: 429, retryAfter: 3, times: 20}, 'succeeded']);
  skipWaits(watched);
  await watched.poller.result();
  expect(times(watched.operation.requests)).toEqual(Array.from({length: 21}, (_, index) => 3000 * index));
  await atRest(watched, 21);
});

interface Trouble {
  readonly step?: StepAnswer;
  readonly error: {readonly kind: PollErrorKind; readonly httpStatus?: number; readonly code?: unknown};
}

const transient: ReadonlyArray<readonly [name: string, trouble: Trouble]> = [
  ['408', {step: {http: 408}, error: {kind: 'http', httpStatus: 408}}],
  ['429', {step: {http: 429}, error: {kind: 'http', httpStatus: 429}}],
  ['500 with an empty body', {step: {http: 500, text: ''}, error: {kind: 'http', httpStatus: 500}}],
  ['502 with HTML', {step: {http: 502, text: '<html>Bad Gateway</html>'}, error: {kind: 'http', httpStatus: 502}}],
  ['503 with truncated JSON', {step: {http: 503, fault: 'truncated'}, error: {kind: 'http', httpStatus: 503}}],
  ['504', {step: {http: 504}, error: {kind: 'http', httpStatus: 504}}],
  ['509', {step: {http: 509}, error: {kind: 'http', httpStatus: 509}}],
  [
    'connection reset',
    {step: {fault: 'reset'}, error: {kind: 'network', code: expect.stringMatching(/ECONNRESET|UND_ERR_SOCKET/)}},
  ],
  ['request timeout', {step: {fault: 'hang'}, error: {kind: 'timeout'}}],
  ['request timeout in the middle of the body', {step: {fault: 'hangBody'}, error: {kind: 'timeout'}}],
];

describe('15: transient', () => {
  test.each(transient)('%s', async (_, {step, error}) => {
    const isHanging = step?.fault === 'hang' || step?.fault === 'hangBody';
    if (isHanging) jest.useFakeTimers();
    const watched = await watch(['running', step ?? {}, 'succeeded'], isHanging ? {requestTimeout: 400} : {});
    const {events, operation} = watched;
    if (isHanging) {
      skipWaits(watched);
      await timeOut(operation, 2, 400);
    }
    await watched.poller.result();
    expect(types(events)).toEqual(['polled', 'running', 'waiting', 'retrying', 'polled', 'succeeded']);
    expectPollError(only(events, 'retrying')[0]?.error, {...error, transient: true});
    const kind = error.httpStatus === undefined ? error.kind : String(error.httpStatus);
    expect(watched.poller.toJSON().observed).toEqual({running: 1, [kind]: 1, succeeded: 1});
    if (isHanging) {
      await watched.emulator.idle();
      expect(operation.requests.map(({aborted}) => aborted)).toEqual([false, true, false]);
    }
    await atRest(watched, 3);
  });

  test('DNS failure', async () => {
    let count = 0;
    const http = wrapTransport((transport) => (location, request) => {
      return transport(++count === 2 ? 'http://operations.invalid/' : location, request);
    });
    const watched = await watch(['running', 'succeeded'], {http});
    await watched.poller.result();
    expect(types(watched.events)).toEqual(['polled', 'running', 'waiting', 'retrying', 'polled', 'succeeded']);
    expectPollError(only(watched.events, 'retrying')[0]?.error, {
      kind: 'network',
      transient: true,
      code: 'ENOTFOUND',
    });
    expect(count).toBe(3);
    await atRest(watched, 2);
  });

  test('nobody listens there', async () => {
    using closed = await takeClosedPort();
    let count = 0;
    const http = wrapTransport((transport) => (location, request) => {
      return transport(++count === 2 ? closed.root : location, request);
    });
    const watched = await watch(['running', 'succeeded'], {http});
    await watched.poller.result();
    expect(types(watched.events)).toEqual(['polled', 'running', 'waiting', 'retrying', 'polled', 'succeeded']);
    expectPollError(only(watched.events, 'retrying')[0]?.error, {
      kind: 'network',
      transient: true,
      code: 'ECONNREFUSED',
    });
    await atRest(watched, 2);
  });
});

test.each([400, 405, 409, 418, 501])(
  '15: %i is not transient: a failed poll, without retries within it',
  async (http) => {
    const watched = await watch(['running', {http}, 'succeeded']);
    await watched.poller.result();
    expect(types(watched.events)).toEqual([
      'polled',
      'running',
      'waiting',
      'retrying',
      'waiting',
      'polled',
      'succeeded',
    ]);
    expectPollError(only(watched.events, 'retrying')[0]?.error, {kind: 'http', transient: false, httpStatus: http});
    await atRest(watched, 3);
  },
);

test('16: 503 without end: UnreachableError, as many requests as configured, resumable', async () => {
  const watched = await watch(['running', {http: 503}], {
    consecutiveFailures: 2,
    retry: {...quick.retry, retries: 1},
  });
  const {poller, events, operation} = watched;
  const error = await failure(poller.result(), UnreachableError);
  expectFacts(error, watched, {
    location: operation.location,
    attempts: 3,
    observed: {running: 1, '503': 4},
    status: 'running',
  });
  expectPollError(error.cause, {kind: 'http', transient: true, httpStatus: 503, code: 'serviceNotAvailable'});
  expect(error.clientRequestId).toBe(operation.requests[4]?.headers['client-request-id']);
  expect(error.message).toBe(
    `${operation.location} could not be reached in 2 polls in a row: ` +
      'GET answered 503: serviceNotAvailable, The service is temporarily unavailable.',
  );
  expect(types(events)).toEqual([
    'polled',
    'running',
    'waiting',
    ...['retrying', 'retrying', 'waiting'],
    ...['retrying', 'abandoned'],
  ]);
  expect(only(events, 'abandoned')[0]).toMatchObject({reason: 'unreachable', error, operation: {status: 'running'}});
  await expect(poller.result()).rejects.toBe(error);
  await atRest(watched, 5);

  operation.rescript(['running', 'succeeded']);
  const resumed = recordEvents(resumeOperation(JSON.stringify(error.resumeToken), quick));
  expect((await resumed.poller.result()).status).toBe('succeeded');
  expect(types(resumed.events)).toEqual(['polled', 'waiting', 'polled', 'succeeded']);
  expect(resumed.poller.toJSON().observed).toEqual({running: 2, '503': 4, succeeded: 1});
  await atRest({...watched, ...resumed}, 7);
});

test('16: 503 without end, by default: 5 polls of 4 requests', async () => {
  const watched = await watch([{http: 503}], {retry: {minTimeout: 1, maxTimeout: 1}});
  const error = await failure(watched.poller.result(), UnreachableError);
  expectFacts(error, watched, {
    location: watched.operation.location,
    attempts: 5,
    observed: {'503': 20},
    status: undefined,
  });
  await atRest(watched, 20);
});

test('16: 503 [RA: 0] without end is limited just as well', async () => {
  const watched = await watch([{http: 503, retryAfter: 0}], {
    consecutiveFailures: 2,
    retry: {...quick.retry, retries: 1},
  });
  const error = await failure(watched.poller.result(), UnreachableError);
  expect(error.observed).toEqual({'503': 4});
  expectPollError(error.cause, {kind: 'http', transient: true, httpStatus: 503});
  await atRest(watched, 4);
});

test('16: resets without end: the last cause is the network', async () => {
  const watched = await watch([{fault: 'reset'}], {consecutiveFailures: 1, retry: {...quick.retry, retries: 2}});
  const error = await failure(watched.poller.result(), UnreachableError);
  expectFacts(error, watched, {
    location: watched.operation.location,
    attempts: 1,
    observed: {network: 3},
    status: undefined,
  });
  expectPollError(error.cause, {kind: 'network', transient: true});
  expect([error.requestId, error.clientRequestId, error.date]).toEqual([undefined, undefined, undefined]);
  await atRest(watched, 3);
});

test('16: 503, 503, {running} and so on: a good answer resets the failures', async () => {
  const trouble: OperationStep[] = [{http: 503, times: 2}, 'running'];
  const watched = await watch([...trouble, ...trouble, ...trouble, 'succeeded'], {
    consecutiveFailures: 3,
    retry: {retries: 0},
  });
  await watched.poller.result();
  await atRest(watched, 10);
});

/** A token function that returns what the test sets, and the requests it got. */
function tokens(give: (request: TokenRequest) => string): {
  readonly token: (request: TokenRequest) => Promise<string>;
  readonly asked: TokenRequest[];
} {
  const asked: TokenRequest[] = [];
  const source = async (request: TokenRequest): Promise<string> => {
    asked.push(request);
    return give(request);
  };
  return {token: source, asked};
}

/** A new token for each that was refused. */
const renewed = ({forceRefresh}: TokenRequest): string => (forceRefresh ? 'new-token' : token);

/** As {@link watch}, with a service that takes these tokens. */
async function watchWithTokens(script: readonly OperationStep[], source: PollOptions['token']) {
  const emulator = await startEmulator({token: [token, 'new-token']});
  const operation = emulator.addOperation({script});
  return {emulator, operation, ...begin(operation.location, {token: source})};
}

test('17: {running} → 401 → {running} with a new token: the function is called once more, with forceRefresh', async () => {
  const emulator = await startEmulator({token: ['old-token', 'new-token']});
  const operation = emulator.addOperation({script: ['running', {http: 401}, 'running', 'succeeded']});
  let current = 'old-token';
  const {token: source, asked} = tokens(({forceRefresh}) => {
    if (forceRefresh) current = 'new-token';
    return current;
  });
  const recording = begin(operation.location, {token: source});
  await recording.poller.result();
  expect(asked.map(({forceRefresh, claims}) => [forceRefresh, claims])).toEqual([
    [false, undefined],
    [false, undefined],
    [true, undefined],
    [false, undefined],
  ]);
  expect(asked.every(({signal}) => signal instanceof AbortSignal)).toBe(true);
  expect(operation.requests.map(({headers}) => headers['authorization'])).toEqual([
    'Bearer old-token',
    'Bearer old-token',
    'Bearer new-token',
    'Bearer new-token',
  ]);
  expect(types(recording.events)).toEqual(['polled', 'running', 'waiting', 'polled', 'waiting', 'polled', 'succeeded']);
  await atRest({emulator, operation, ...recording}, 4);
});

const claims = '{"access_token":{"nbf":{"essential":true,"value":"1604106651"},"name":"Zoë ✓"}}';
const challenge = `error="insufficient_claims", claims="${Buffer.from(claims).toString('base64')}"`;

test.each<[string, StepAnswer]>([
  ['as Graph sends it', {claims}],
  [
    'in the second of two headers',
    {http: 401, headers: {'www-authenticate': ['PoP nonce="a"', `Bearer ${challenge}`]}},
  ],
  [
    'with its fields in another order, in base64url',
    {
      http: 401,
      headers: {
        'www-authenticate': `bearer CLAIMS="${Buffer.from(claims).toString('base64url')}", error="insufficient_claims"`,
      },
    },
  ],
])('17: a claims challenge %s: the callback gets the decoded claims', async (_, step) => {
  const {token: source, asked} = tokens(renewed);
  const watched = await watchWithTokens(['running', step, 'succeeded'], source);
  await watched.poller.result();
  expect(asked.map(({forceRefresh, claims: given}) => [forceRefresh, given])).toEqual([
    [false, undefined],
    [false, undefined],
    [true, claims],
  ]);
  expect(types(watched.events)).toEqual(['polled', 'running', 'waiting', 'polled', 'succeeded']);
  await atRest(watched, 3);
});

test('18: {running} → 401 twice: UnauthorizedError, resumable', async () => {
  const {token: source, asked} = tokens(renewed);
  const watched = await watchWithTokens(['running', {http: 401}], source);
  const {poller, events, operation} = watched;
  const error = await failure(poller.result(), UnauthorizedError);
  expectFacts(error, watched, {
    location: operation.location,
    attempts: 2,
    observed: {running: 1, '401': 1},
    status: 'running',
  });
  expectPollError(error.cause, {
    kind: 'http',
    transient: false,
    httpStatus: 401,
    code: 'InvalidAuthenticationToken',
  });
  expect(error.clientRequestId).toBe(operation.requests[2]?.headers['client-request-id']);
  expect(asked.map(({forceRefresh}) => forceRefresh)).toEqual([false, false, true]);
  expect(types(events)).toEqual(['polled', 'running', 'waiting', 'abandoned']);
  expect(only(events, 'abandoned')[0]).toMatchObject({reason: 'unauthorized', error});
  await atRest(watched, 3);

  operation.rescript(['succeeded']);
  expect(error.resumeToken).toBeDefined();
  const resumed = recordEvents(resumeOperation(error.resumeToken!, quick));
  expect((await resumed.poller.result()).status).toBe('succeeded');
  await atRest({...watched, ...resumed}, 4);
});

test('18: 401, and the token callback gives the refused token again: no second request, and the error says so', async () => {
  const {token: source, asked} = tokens(() => token);
  const watched = await watch(['running', {http: 401}], {token: source});
  const error = await failure(watched.poller.result(), UnauthorizedError);
  expect(error.message).toContain('the option token gave the token that was refused, which was not sent again');
  expect(asked).toMatchObject([{forceRefresh: false}, {forceRefresh: false}, {forceRefresh: true, refused: token}]);
  await atRest(watched, 2);
});

test('18: 401 with a token that cannot be refreshed: one request', async () => {
  const watched = await watch(['succeeded'], {token: 'stale-token'});
  const error = await failure(watched.poller.result(), UnauthorizedError);
  expectFacts(error, watched, {
    location: watched.operation.location,
    attempts: 1,
    observed: {'401': 1},
    status: undefined,
  });
  await atRest(watched, 1);
});

test('18: 401 without any token: one request, without Authorization', async () => {
  const watched = await watch(['succeeded'], {token: undefined});
  await failure(watched.poller.result(), UnauthorizedError);
  expect(watched.operation.requests[0]?.headers).not.toHaveProperty('authorization');
  await atRest(watched, 1);
});

test('18: a token callback that fails: UnauthorizedError in the end, and no request', async () => {
  const watched = await watch(['succeeded'], {
    token: () => {
      throw new TypeError('no account');
    },
    consecutiveFailures: 3,
  });
  const error = await failure(watched.poller.result(), UnauthorizedError);
  expectFacts(error, watched, {
    location: watched.operation.location,
    attempts: 3,
    observed: {token: 3},
    status: undefined,
  });
  expectPollError(error.cause, {kind: 'token', transient: false});
  expect(types(watched.events)).toEqual(['retrying', 'waiting', 'retrying', 'waiting', 'abandoned']);
  await atRest(watched, 0);
});

test('18: a token callback that never answers is limited by requestTimeout and by the deadline', async () => {
  const watched = await watch(['succeeded'], {
    token: () => new Promise<string>(() => undefined),
    requestTimeout: 10,
    consecutiveFailures: 2,
  });
  const error = await failure(watched.poller.result(), UnauthorizedError);
  expect(error.observed).toEqual({token: 2});
  await atRest(watched, 0);
});

test('18: {running} → 403: ForbiddenError at once, without a retry', async () => {
  const {token: source, asked} = tokens(() => token);
  const watched = await watch(['running', {http: 403}, 'succeeded'], {token: source});
  const {poller, events, operation} = watched;
  const error = await failure(poller.result(), ForbiddenError);
  expectFacts(error, watched, {
    location: operation.location,
    attempts: 2,
    observed: {running: 1, '403': 1},
    status: 'running',
  });
  expectPollError(error.cause, {
    kind: 'http',
    transient: false,
    httpStatus: 403,
    code: 'Authorization_RequestDenied',
  });
  expect(types(events)).toEqual(['polled', 'running', 'waiting', 'abandoned']);
  expect(only(events, 'abandoned')[0]).toMatchObject({reason: 'forbidden', error});
  expect(asked).toHaveLength(2);
  await atRest(watched, 2);
});

test.each([
  [401, UnauthorizedError],
  [403, ForbiddenError],
])('18: %i with an operation as its body is refused all the same', async (http, kind) => {
  const watched = await watch([{http, body: {id: 'b', status: 'succeeded'}}]);
  await failure<Error>(watched.poller.result(), kind);
  expect(types(watched.events)).toEqual(['abandoned']);
  await atRest(watched, 1);
});

test('19: 404, 404, {running} within notFoundGrace: running', async () => {
  jest.useFakeTimers();
  const watched = await watch([{http: 404, times: 2}, 'running', 'succeeded'], {schedule: schedules.fixed(10_000)});
  skipWaits(watched);
  await watched.poller.result();
  const {events, operation} = watched;
  expect(types(events)).toEqual([
    ...['retrying', 'waiting'],
    ...['retrying', 'waiting'],
    ...['polled', 'running', 'waiting'],
    ...['polled', 'succeeded'],
  ]);
  expectPollError(only(events, 'retrying')[0]?.error, {kind: 'http', transient: false, httpStatus: 404});
  expect(times(operation.requests)).toEqual([0, 10_000, 20_000, 30_000]);
  expect(watched.poller.toJSON().observed).toEqual({'404': 2, running: 1, succeeded: 1});
  await atRest(watched, 4);
});

test('19: an operation that becomes visible after 29 s', async () => {
  jest.useFakeTimers();
  const emulator = await startEmulator();
  const operation = emulator.addOperation({script: ['succeeded'], visibleAfter: 29_000});
  const recording = begin(operation.location, {schedule: schedules.fixed(1500)});
  skipWaits(recording);
  await recording.poller.result();
  await atRest({emulator, operation, ...recording}, 21);
});

test('19: 404 beyond notFoundGrace: OperationNotFoundError', async () => {
  jest.useFakeTimers();
  const watched = await watch([{http: 404}], {schedule: schedules.fixed(10_000)});
  skipWaits(watched);
  const error = await failure(watched.poller.result(), OperationNotFoundError);
  const {events, operation} = watched;
  expectFacts(error, watched, {
    location: operation.location,
    attempts: 4,
    observed: {'404': 4},
    status: undefined,
    elapsed: 30_000,
  });
  expectPollError(error.cause, {kind: 'http', transient: false, httpStatus: 404, code: 'itemNotFound'});
  expect(times(operation.requests)).toEqual([0, 10_000, 20_000, 30_000]);
  expect(types(events)).toEqual([...Array(3).fill(['retrying', 'waiting']).flat(), 'abandoned']);
  expect(only(events, 'abandoned')[0]).toMatchObject({reason: 'notFound', error});
  await atRest(watched, 4);
});

test('19: {running} → 404: OperationNotFoundError after the grace period, last known operation kept', async () => {
  jest.useFakeTimers();
  const watched = await watch(['running', {http: 404}], {schedule: schedules.fixed(10_000)});
  skipWaits(watched);
  const error = await failure(watched.poller.result(), OperationNotFoundError);
  expectFacts(error, watched, {
    location: watched.operation.location,
    attempts: 5,
    observed: {running: 1, '404': 4},
    status: 'running',
    elapsed: 40_000,
  });
  expect(types(watched.events)).toEqual([
    'polled',
    'running',
    'waiting',
    ...Array(3).fill(['retrying', 'waiting']).flat(),
    'abandoned',
  ]);
  await atRest(watched, 5);
});

test('19: 404 → {running} → 404: each run of them has its own grace period', async () => {
  jest.useFakeTimers();
  const missing = {http: 404, times: 3};
  const watched = await watch([missing, 'running', missing, 'succeeded'], {schedule: schedules.fixed(10_000)});
  skipWaits(watched);
  expect((await watched.poller.result()).status).toBe('succeeded');
  await atRest(watched, 8);
});

test('19: notFoundGrace: 0: the first 404 ends it; 410 ends it at once too', async () => {
  const missing = await watch([{http: 404}], {notFoundGrace: 0});
  await failure(missing.poller.result(), OperationNotFoundError);
  await atRest(missing, 1);
  const gone = await watch(['running', {http: 410}]);
  const error = await failure(gone.poller.result(), OperationNotFoundError);
  expectFacts(error, gone, {
    location: gone.operation.location,
    attempts: 2,
    observed: {running: 1, '410': 1},
    status: 'running',
  });
  await atRest(gone, 2);
});

const unreadable: ReadonlyArray<readonly [name: string, step: StepAnswer]> = [
  ['{}', {body: {}}],
  ['[]', {body: []}],
  ['[{"status": "succeeded"}]', {body: [{id: 'b', status: 'succeeded'}]}],
  ['null', {body: null}],
  ['"x"', {body: 'x'}],
  ['"succeeded"', {body: 'succeeded'}],
  ['true', {body: true}],
  ['5', {body: 5}],
  ['truncated JSON', {fault: 'truncated', status: 'succeeded'}],
  ['HTML', {text: '<html><body>succeeded</body></html>', headers: {'content-type': 'text/html'}}],
  ['an empty body', {text: ''}],
  ['{status: null}', {body: {id: 'b', status: null}}],
  ['{status: 5}', {body: {id: 'b', status: 5}}],
  ['{status: {}}', {body: {id: 'b', status: {succeeded: true}}}],
  ['{status: ["succeeded"]}', {body: {id: 'b', status: ['succeeded']}}],
  ['{error: …}', {body: {error: {code: 'generalException', message: 'No.'}}}],
  ['204', {http: 204, text: ''}],
];

describe('20: protocol trouble, counted as failed polls: 200 with', () => {
  test.each(unreadable)('%s', async (_, step) => {
    const watched = await watch([step], {consecutiveFailures: 3});
    const {poller, events, operation} = watched;
    const error = await failure(poller.result(), ProtocolError);
    expectFacts(error, watched, {
      location: operation.location,
      attempts: 3,
      observed: {protocol: 3},
      status: undefined,
    });
    expectPollError(error.cause, {kind: 'protocol', transient: false, httpStatus: step.http ?? 200});
    expect((error.cause as PollError).message).toMatch(/^The response cannot be read as an operation: /);
    expect(types(events)).toEqual(['retrying', 'waiting', 'retrying', 'waiting', 'abandoned']);
    expect(only(events, 'abandoned')[0]).toMatchObject({reason: 'protocol', error});
    await atRest(watched, 3);
  });

  test.each(unreadable)('%s, once: survived', async (_, step) => {
    const watched = await watch(['running', step, 'succeeded'], {consecutiveFailures: 2});
    await watched.poller.result();
    expect(types(watched.events)).toEqual([
      'polled',
      'running',
      'waiting',
      'retrying',
      'waiting',
      'polled',
      'succeeded',
    ]);
    expect(watched.poller.toJSON().observed).toEqual({running: 1, protocol: 1, succeeded: 1});
    await atRest(watched, 3);
  });
});

const mebibyte = 1024 * 1024;

test.each(['huge', 'endless'] as const)(
  "21: {running} → 200 with a body that is '%s': ProtocolError at once, little memory, the connection is closed",
  async (fault) => {
    const watched = await watch(['running', {fault, status: 'succeeded'}]);
    const {poller, events, operation, emulator} = watched;
    await poller.waitFor('running');
    const before = process.memoryUsage().arrayBuffers;
    let most = before;
    // In every turn of the event loop.
    const measure = setInterval(() => {
      most = Math.max(most, process.memoryUsage().arrayBuffers);
    }, 1);
    const error = await failure(poller.result(), ProtocolError).finally(() => clearInterval(measure));
    expect(Math.max(most, process.memoryUsage().arrayBuffers) - before).toBeLessThan(10 * mebibyte);
    expectFacts(error, watched, {
      location: operation.location,
      attempts: 2,
      observed: {running: 1, protocol: 1},
      status: 'running',
    });
    expectPollError(error.cause, {kind: 'protocol', transient: false, httpStatus: 200});
    expect((error.cause as PollError).message).toContain('a body of more than 1048576 bytes');
    expect(types(events)).toEqual(['polled', 'running', 'waiting', 'abandoned']);
    await emulator.idle();
    expect(operation.requests.map(({aborted}) => aborted)).toEqual([false, true]);
    await atRest(watched, 2);
  },
);

test.each([
  ['503', {http: 503}],
  ['404', {http: 404}],
  ['401', {http: 401}],
])('21: %s with a body that never ends: its connection is closed too', async (_, {http}) => {
  const watched = await watch([{http, fault: 'endless'}]);
  await failure(watched.poller.result(), ProtocolError);
  await watched.emulator.idle();
  expect(watched.operation.requests.map(({aborted}) => aborted)).toEqual([true]);
  await atRest(watched, 1);
});

test('21: 200 with a few bytes that unpack to many', async () => {
  const packed = gzipSync(Buffer.alloc(20 * mebibyte, ' '));
  const server = await startServer((_, response) => {
    response.writeHead(200, {'content-encoding': 'gzip', 'content-length': packed.length});
    response.end(packed);
  });
  const {poller, events} = begin(`${server.root}/operations/b`);
  await failure(poller.result(), ProtocolError);
  expect(types(events)).toEqual(['abandoned']);
  expect(server.requests).toHaveLength(1);
});

test('21: reading stops as soon as the body is too long, not at its end', async () => {
  // So no limit of time ends it.
  jest.useFakeTimers();
  const packed = gzipSync(Buffer.alloc(20 * mebibyte, ' '));
  let closed = false;
  const server = await startServer((_, response) => {
    response.once('close', () => {
      closed = true;
    });
    // A small length is announced, and half of it never arrives.
    response.writeHead(200, {'content-encoding': 'gzip', 'content-length': packed.length});
    response.write(packed.subarray(0, packed.length / 2));
  });
  const {poller} = begin(`${server.root}/operations/b`, {consecutiveFailures: 1, retry: {retries: 0}});
  await failure(poller.result(), ProtocolError);
  await until(() => closed);
});

test('21: a body of 1 MiB to the byte is read', async () => {
  const body = JSON.stringify({id: 'b', status: 'succeeded'});
  const watched = await watch([{text: body.padEnd(mebibyte)}]);
  expect((await watched.poller.result()).id).toBe('b');
  await atRest(watched, 1);
  const over = await watch([{text: body.padEnd(mebibyte + 1)}]);
  await failure(over.poller.result(), ProtocolError);
  await atRest(over, 1);
});

test('22: a request that never answers, totalTimeout 1 s: WatchTimeoutError at 1 s, the request is aborted', async () => {
  jest.useFakeTimers();
  const emulator = await startEmulator();
  const operation = emulator.addOperation({script: [{fault: 'hang'}]});
  const arriving = emulator.nextRequest();
  const watched = {emulator, operation, ...begin(operation.location, {totalTimeout: 1000})};
  const {poller, events} = watched;
  await arriving;
  await jest.advanceTimersByTimeAsync(999);
  await turns();
  expect([poller.status, events, operation.requests[0]?.aborted]).toEqual(['notStarted', [], false]);
  const rejected = failure(poller.result(), WatchTimeoutError);
  await jest.advanceTimersByTimeAsync(1);
  const error = await rejected;
  expectFacts(error, watched, {
    location: operation.location,
    attempts: 1,
    observed: {timeout: 1},
    status: undefined,
    elapsed: 1000,
  });
  expect(error.message).toBe(`${operation.location} had not ended within 1000 ms: no status was seen`);
  expect(types(events)).toEqual(['abandoned']);
  expect(events[0]).toMatchObject({reason: 'timeout', error});
  await emulator.idle();
  expect(operation.requests[0]?.aborted).toBe(true);
  await atRest(watched, 1);
});

test('22: the same after {running}', async () => {
  jest.useFakeTimers();
  const watched = await watch(['running', {fault: 'hang'}], {totalTimeout: 800});
  skipWaits(watched);
  const rejected = failure(watched.poller.result(), WatchTimeoutError);
  await timeOut(watched.operation, 2, 799);
  const error = await rejected;
  expect([error.elapsed, error.operation?.status, error.observed]).toEqual([800, 'running', {running: 1, timeout: 1}]);
  await atRest(watched, 2);
});

test('22: the same on a real clock', async () => {
  const {poller} = await watch([{fault: 'hang'}], {totalTimeout: 800});
  const error = await settlesWithin(1700, failure(poller.result(), WatchTimeoutError));
  expect(error.elapsed).toBeGreaterThanOrEqual(800);
  expect([error.operation, error.observed]).toEqual([undefined, {timeout: 1}]);
});

test('22: 503 without end, totalTimeout 600 ms, a long backoff: no wait beyond the deadline', async () => {
  jest.useFakeTimers();
  const watched = await watch([{http: 503}], {
    totalTimeout: 600,
    retry: {minTimeout: 60_000, maxTimeout: 60_000},
    schedule: schedules.fixed(20),
    consecutiveFailures: 100,
  });
  skipWaits(watched);
  const error = await failure(watched.poller.result(), WatchTimeoutError);
  expect(error.attempts).toBeGreaterThan(1);
  expect([error.elapsed, error.observed]).toEqual([600, {'503': error.attempts}]);
  await atRest(watched, error.attempts);
});

test('23: {running} [RA: 60], totalTimeout 5 s: one last poll shortly before 5 s, then WatchTimeoutError', async () => {
  jest.useFakeTimers();
  const watched = await watch([{status: 'running', retryAfter: 60}], {totalTimeout: 5000});
  const {poller, events, operation} = watched;
  skipWaits(watched);
  const error = await failure(poller.result(), WatchTimeoutError);
  expectFacts(error, watched, {
    location: operation.location,
    attempts: 2,
    observed: {running: 2},
    status: 'running',
    elapsed: 5000,
  });
  expect(error.cause).toBeUndefined();
  expect(error.message).toBe(`${operation.location} had not ended within 5000 ms: it is running`);
  expect(types(events)).toEqual(['polled', 'running', 'waiting', 'polled', 'waiting', 'abandoned']);
  expect(waits(events)).toEqual([
    [4500, 'deadline'],
    [500, 'deadline'],
  ]);
  expect(times(operation.requests)).toEqual([0, 4500]);
  await atRest(watched, 2);
});

test('23: the last poll finds {succeeded}', async () => {
  jest.useFakeTimers();
  const watched = await watch([{status: 'running', retryAfter: 60}, 'succeeded'], {totalTimeout: 5000});
  skipWaits(watched);
  expect((await watched.poller.result()).status).toBe('succeeded');
  expect(times(watched.operation.requests)).toEqual([0, 4500]);
  await atRest(watched, 2);
});

test('23: 429 [RA: 60], totalTimeout 5 s: the same', async () => {
  jest.useFakeTimers();
  const watched = await watch(['running', {http: 429, retryAfter: 60}], {totalTimeout: 5000});
  skipWaits(watched);
  const error = await failure(watched.poller.result(), WatchTimeoutError);
  expect([error.elapsed, error.observed]).toEqual([5000, {running: 1, '429': 2}]);
  expect(times(watched.operation.requests)).toEqual([0, 1, 4500]);
  await atRest(watched, 3);
});

test.each([
  ['longer than totalTimeout', 60_000, [4500, 500]],
  ['that ends just when the last poll is due', 4500, [4500, 500]],
  ['that ends between the last poll and totalTimeout', 4800, [4500, 500]],
  ['that leaves time for one more poll', 4499, [4499, 1, 500]],
])('23: an initial delay %s: one last poll, then WatchTimeoutError', async (_, initialDelay, delays) => {
  jest.useFakeTimers();
  const emulator = await startEmulator();
  const operation = emulator.addOperation({script: ['running']});
  const options = {initialDelay, totalTimeout: 5000, schedule: schedules.fixed(60_000)};
  const watched = {emulator, operation, ...begin(operation.location, options)};
  skipWaits(watched);
  const error = await failure(watched.poller.result(), WatchTimeoutError);
  expect(waits(watched.events).map(([delay]) => delay)).toEqual(delays);
  expect([error.elapsed, error.observed]).toEqual([5000, {running: delays.length - 1}]);
  await atRest(watched, delays.length - 1);
});

/** A server that sends the head of its answer at once, and the body when the test says so. */
async function slowBody(): Promise<{
  root: string;
  finish: (text: string) => void;
  http: PollOptions['http'];
  gotHead: () => boolean;
}> {
  let finish: (text: string) => void = () => undefined;
  let gotHead = false;
  const server = await startServer((_, response) => {
    response.writeHead(200, {'content-type': 'application/json'});
    response.write('{"id": "b", ');
    finish = (text) => response.end(text);
  });
  const http = wrapTransport((transport) => (location, request) => {
    const onHead = (): void => {
      gotHead = true;
      request.onHead();
    };
    return transport(location, {...request, onHead});
  });
  return {root: server.root, finish: (text) => finish(text), http, gotHead: () => gotHead};
}

test('24: {succeeded} is on its way when the deadline passes, and is read: succeeded', async () => {
  jest.useFakeTimers();
  const {root, finish, http, gotHead} = await slowBody();
  const {poller, events} = begin(`${root}/operations/b`, {http, totalTimeout: 1000});
  await until(gotHead);
  await turns();
  await jest.advanceTimersByTimeAsync(5000);
  expect(events).toEqual([]);
  finish('"status": "succeeded"}');
  expect((await poller.result()).status).toBe('succeeded');
  expect(types(events)).toEqual(['polled', 'succeeded']);
  expect(pendingTimers()).toBe(0);
});

test('24: {running} is on its way when the deadline passes: it is announced, then WatchTimeoutError', async () => {
  jest.useFakeTimers();
  const {root, finish, http, gotHead} = await slowBody();
  const {poller, events} = begin(`${root}/operations/b`, {http, totalTimeout: 1000});
  await until(gotHead);
  await turns();
  await jest.advanceTimersByTimeAsync(5000);
  finish('"status": "running"}');
  const error = await failure(poller.result(), WatchTimeoutError);
  expect([error.operation?.status, error.attempts, error.observed]).toEqual(['running', 1, {running: 1}]);
  expect(types(events).filter((type) => type !== 'waiting')).toEqual(['polled', 'running', 'abandoned']);
  expect(pendingTimers()).toBe(0);
});

test('24: what is on its way when the deadline passes is waited for no longer than requestTimeout', async () => {
  jest.useFakeTimers();
  const {root, http, gotHead} = await slowBody();
  const {poller, events} = begin(`${root}/operations/b`, {http, totalTimeout: 1000, requestTimeout: 3000});
  const rejected = failure(poller.result(), WatchTimeoutError);
  await until(gotHead);
  await turns();
  await jest.advanceTimersByTimeAsync(2999);
  expect(events).toEqual([]);
  await jest.advanceTimersByTimeAsync(1);
  const error = await rejected;
  expect([error.elapsed, error.observed]).toEqual([3000, {timeout: 1}]);
  expect(pendingTimers()).toBe(0);
});

const start = Date.UTC(2030, 0, 1);
const httpDate = (seconds: number): string => new Date(start + seconds * 1000).toUTCString();

const retryAfters: ReadonlyArray<readonly [name: string, value: string, delay: number, because: string]> = [
  ['0', '0', 7, 'schedule'],
  ['0.001', '0.001', 7, 'schedule'],
  ['0.1', '0.1', 100, 'retryAfter'],
  ['-1', '-1', 7, 'schedule'],
  ['1.5', '1.5', 1500, 'retryAfter'],
  ['2.128', '2.128', 2128, 'retryAfter'],
  ['soon', 'soon', 7, 'schedule'],
  ['1e3', '1e3', 7, 'schedule'],
  ['0x10', '0x10', 7, 'schedule'],
  ['10, 20', '10, 20', 20_000, 'retryAfter'],
  ['an HTTP-date in the past', httpDate(-90), 7, 'schedule'],
  ['an HTTP-date in the future', httpDate(90), 90_000, 'retryAfter'],
  ['an ISO date', new Date(start + 90_000).toISOString(), 7, 'schedule'],
  ['400 nines', '9'.repeat(400), 7, 'schedule'],
  ['what a timer can just hold', '2147483.647', longestTimer, 'retryAfter'],
  ['what a timer can just not hold', '2147483.648', 7, 'schedule'],
];

describe('25: {running} with a Retry-After of', () => {
  test.each(retryAfters)('%s', async (_, retryAfter, delay, because) => {
    jest.useFakeTimers({now: start});
    const timer = jest.spyOn(globalThis, 'setTimeout');
    const watched = await watch([{status: 'running', retryAfter}, 'succeeded'], {
      schedule: schedules.fixed(7),
      totalTimeout: false,
    });
    skipWaits(watched);
    await watched.poller.result();
    expect(waits(watched.events)).toEqual([[delay, because]]);
    expect(times(watched.operation.requests)).toEqual([0, delay]);
    expect(timer.mock.calls.every(([, time]) => Number(time) <= longestTimer)).toBe(true);
    await atRest(watched, 2);
  });

  test.each([429, 503])('1.5 on a %i: just so', async (http) => {
    jest.useFakeTimers({now: start});
    const watched = await watch(['running', {http, retryAfter: 1.5}, 'succeeded'], {schedule: schedules.fixed(7)});
    skipWaits(watched);
    await watched.poller.result();
    expect(waits(watched.events)).toEqual([
      [7, 'schedule'],
      [1500, 'retryAfter'],
    ]);
    await atRest(watched, 3);
  });
});

test('25: no timer over 2^31−1 ms, whatever the options say', async () => {
  jest.useFakeTimers({now: start});
  const timer = jest.spyOn(globalThis, 'setTimeout');
  const month = 30 * 24 * 3_600_000;
  const {http, requests} = fakeHttp((request, count) => (count === 1 ? answered('running') : hanging(request)));
  const recording = begin('https://graph.example/operations/b', {
    http,
    schedule: schedules.fixed(month),
    totalTimeout: 12 * month,
    requestTimeout: 2 * month,
  });
  await until(() => waits(recording.events).length === 1);
  await jest.advanceTimersByTimeAsync(2000);
  expect(requests).toHaveLength(1);
  await jest.advanceTimersByTimeAsync(month);
  expect(requests).toHaveLength(2);
  recording.poller.stop();
  const delays = timer.mock.calls.map(([, delay]) => Number(delay));
  expect(Math.max(...delays)).toBe(longestTimer);
  expect(pendingTimers()).toBe(0);
});

test('25: an initial delay over 2^31−1 ms is waited out in full', async () => {
  jest.useFakeTimers({now: start});
  const month = 30 * 24 * 3_600_000;
  const {http, requests} = fakeHttp(() => answered('succeeded'));
  const {poller} = begin('https://graph.example/operations/b', {http, initialDelay: month, totalTimeout: false});
  await turns();
  await jest.advanceTimersByTimeAsync(month - 1);
  expect(requests).toHaveLength(0);
  await jest.advanceTimersByTimeAsync(1);
  await poller.result();
  expect(requests).toHaveLength(1);
});

test("26: {running} [RA: 30] → {running}: the second wait is the schedule's, not 30 s", async () => {
  jest.useFakeTimers();
  const watched = await watch([{status: 'running', retryAfter: 30}, 'running', 'succeeded'], {
    schedule: schedules.sequence([5, 7]),
  });
  skipWaits(watched);
  await watched.poller.result();
  expect(waits(watched.events)).toEqual([
    [30_000, 'retryAfter'],
    [7, 'schedule'],
  ]);
  expect(times(watched.operation.requests)).toEqual([0, 30_000, 30_007]);
  await atRest(watched, 3);
});
