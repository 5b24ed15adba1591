// fetchOperation: one GET, one Operation.

import {getEventListeners} from 'node:events';
import {describe, expect, jest, test} from '@jest/globals';
import {
  ForbiddenError,
  fetchOperation,
  OperationError,
  OperationNotFoundError,
  type PollErrorKind,
  type PollOptions,
  ProtocolError,
  protocols,
  UnauthorizedError,
  UnknownStatusError,
  UnreachableError,
  WatchAbortedError,
} from '../../src/index.ts';
import {now} from '../../src/shared/clock.ts';
import type {EmulatedOperation, GraphEmulator, OperationStep} from '../../src/testing/index.ts';
import {expectPollError, failure, pendingTimers, startEmulator, timeOut, token, until} from '../support/behaviours.ts';

/** Of the request that is not answered, in milliseconds. */
const requestTimeout = 400;

async function one(step: OperationStep): Promise<{emulator: GraphEmulator; operation: EmulatedOperation}> {
  const emulator = await startEmulator();
  return {emulator, operation: emulator.addOperation({script: [step, 'succeeded']})};
}

async function atRest(emulator: GraphEmulator, operation: EmulatedOperation, requests: number): Promise<void> {
  await fetch(`${emulator.root}/fence`);
  await emulator.idle();
  expect([operation.requests.length, pendingTimers()]).toEqual([requests, 0]);
}

test.each([
  ['notStarted', 'notStarted'],
  ['Running', 'running'],
  ['succeeded', 'succeeded'],
  ['failed', 'failed'],
  ['skipped', 'canceled'],
])('{%s}: the operation, one GET', async (word, status) => {
  const {emulator, operation} = await one({status: word, detail: 'Detail', resourceLocation: 'https://a.example/b'});
  const fetched = await fetchOperation(operation.location, {token});
  expect(fetched).toMatchObject({
    id: operation.id,
    status,
    rawStatus: word,
    statusDetail: 'Detail',
    resourceLocation: 'https://a.example/b',
    raw: {id: operation.id, status: word},
  });
  expect([fetched.createdDateTime instanceof Date, Object.isFrozen(fetched), Object.isFrozen(fetched.raw)]).toEqual([
    true,
    true,
    true,
  ]);
  const [request] = operation.requests;
  expect(request).toMatchObject({
    method: 'GET',
    headers: {authorization: `Bearer ${token}`, accept: 'application/json'},
  });
  expect(request?.path).toBe(operation.location.slice(emulator.root.length));
  await atRest(emulator, operation, 1);
});

test('{failed} is returned with its error, not thrown', async () => {
  const {operation} = await one({status: 'failed', error: {code: 'a', innerError: {code: 'b'}, message: 'c'}});
  expect(await fetchOperation(operation.location, {token})).toMatchObject({
    status: 'failed',
    error: {code: 'b', message: 'c'},
  });
});

test('an operation of another protocol', async () => {
  const protocol = protocols.define({
    name: 'renders',
    status: '/state',
    words: {done: 'succeeded'},
    percentComplete: '/progress',
    result: '/image',
  });
  const {operation} = await one({body: {id: 7, state: 'DONE', progress: '80.5', image: {url: 'u'}}});
  expect(await fetchOperation(operation.location, {token, protocol})).toMatchObject({
    id: '7',
    status: 'succeeded',
    percentComplete: 80.5,
    result: {url: 'u'},
  });
});

interface Wrong {
  readonly step: OperationStep;
  readonly kind: abstract new (...given: never[]) => OperationError;
  readonly cause?: {readonly kind: PollErrorKind; readonly transient: boolean; readonly httpStatus?: number};
  readonly observed: Readonly<Record<string, number>>;
  readonly options?: PollOptions;
}

const http = (httpStatus: number, transient = false) => ({kind: 'http', transient, httpStatus}) as const;

const wrongs: ReadonlyArray<readonly [name: string, wrong: Wrong]> = [
  ['401', {step: {http: 401}, kind: UnauthorizedError, cause: http(401), observed: {'401': 1}}],
  ['403', {step: {http: 403}, kind: ForbiddenError, cause: http(403), observed: {'403': 1}}],
  ['404', {step: {http: 404}, kind: OperationNotFoundError, cause: http(404), observed: {'404': 1}}],
  ['410', {step: {http: 410}, kind: OperationNotFoundError, cause: http(410), observed: {'410': 1}}],
  ['500', {step: {http: 500, text: ''}, kind: UnreachableError, cause: http(500, true), observed: {'500': 1}}],
  ['503', {step: {http: 503}, kind: UnreachableError, cause: http(503, true), observed: {'503': 1}}],
  [
    '503 [RA: 60]',
    {step: {http: 503, retryAfter: 60}, kind: UnreachableError, cause: http(503, true), observed: {'503': 1}},
  ],
  ['429', {step: {http: 429}, kind: UnreachableError, cause: http(429, true), observed: {'429': 1}}],
  [
    '429 [RA: 60]',
    {step: {http: 429, retryAfter: 60}, kind: UnreachableError, cause: http(429, true), observed: {'429': 1}},
  ],
  [
    'a reset',
    {step: {fault: 'reset'}, kind: UnreachableError, cause: {kind: 'network', transient: true}, observed: {network: 1}},
  ],
  [
    'no answer in time',
    {
      step: {fault: 'hang'},
      kind: UnreachableError,
      cause: {kind: 'timeout', transient: true},
      observed: {timeout: 1},
      options: {requestTimeout},
    },
  ],
  ['400', {step: {http: 400}, kind: ProtocolError, cause: http(400), observed: {'400': 1}}],
  [
    'HTML',
    {
      step: {text: '<html>'},
      kind: ProtocolError,
      cause: {kind: 'protocol', transient: false, httpStatus: 200},
      observed: {protocol: 1},
    },
  ],
  [
    'a huge body',
    {
      step: {fault: 'huge'},
      kind: ProtocolError,
      cause: {kind: 'protocol', transient: false, httpStatus: 200},
      observed: {protocol: 1},
    },
  ],
  ['an unknown word', {step: 'somethingNew', kind: UnknownStatusError, observed: {unknownStatus: 1}}],
];

describe('one request, one error:', () => {
  test.each(wrongs)('%s', async (_, {step, kind, cause, observed, options}) => {
    const {emulator, operation} = await one(step);
    if (options?.requestTimeout === requestTimeout) jest.useFakeTimers();
    const begun = now();
    const rejected = failure(fetchOperation(operation.location, {token, ...options}), kind);
    if (options?.requestTimeout === requestTimeout) await timeOut(operation, 1, requestTimeout);
    const error = await rejected;
    expect(error).toBeInstanceOf(OperationError);
    expect([error.location, error.attempts, error.observed, error.operation]).toEqual([
      operation.location,
      1,
      observed,
      undefined,
    ]);
    expect(error.elapsed).toBeLessThanOrEqual(now() - begun);
    expect(error.resumeToken).toMatchObject({location: operation.location, attempt: 1});
    if (cause === undefined) expect(error.cause).toBeUndefined();
    else expectPollError(error.cause, cause);
    await atRest(emulator, operation, 1);
  });

  test('an unknown word has its rawStatus', async () => {
    const {operation} = await one('somethingNew');
    const error = await failure(fetchOperation(operation.location, {token}), UnknownStatusError);
    expect(error.rawStatus).toBe('somethingNew');
  });

  test("the options about waiting and failures don't matter", async () => {
    const {emulator, operation} = await one({http: 503});
    const options: PollOptions = {
      token,
      retry: {retries: 5, minTimeout: 1},
      consecutiveFailures: 9,
      totalTimeout: 1,
      notFoundGrace: 60_000,
      unknownStatus: 'keepPolling',
    };
    await failure(fetchOperation(operation.location, options), UnreachableError);
    await atRest(emulator, operation, 1);
    const unknown = await one('somethingNew');
    await failure(fetchOperation(unknown.operation.location, options), UnknownStatusError);
    const missing = await one({http: 404});
    await failure(fetchOperation(missing.operation.location, options), OperationNotFoundError);
  });

  test('an initial delay does not matter either', async () => {
    const {operation} = await one('running');
    expect(await fetchOperation(operation.location, {token, initialDelay: 60_000})).toMatchObject({status: 'running'});
  });
});

test('a 401 is answered with a new token, once', async () => {
  const emulator = await startEmulator({token: [token, 'new-token']});
  const operation = emulator.addOperation({script: [{claims: '{"a": 1}'}, 'succeeded']});
  const asked: unknown[] = [];
  const fetched = await fetchOperation(operation.location, {
    token: ({forceRefresh, claims}) => {
      asked.push([forceRefresh, claims]);
      return forceRefresh ? 'new-token' : token;
    },
  });
  expect([fetched.status, asked]).toEqual([
    'succeeded',
    [
      [false, undefined],
      [true, '{"a": 1}'],
    ],
  ]);
  await atRest(emulator, operation, 2);
});

test('a token callback that fails: UnauthorizedError, no request', async () => {
  const {emulator, operation} = await one('running');
  const error = await failure(
    fetchOperation(operation.location, {token: () => Promise.reject(new Error('no account'))}),
    UnauthorizedError,
  );
  expectPollError(error.cause, {kind: 'token', transient: false});
  await atRest(emulator, operation, 0);
});

test('a signal that is aborted: WatchAbortedError with its reason, no request', async () => {
  const {emulator, operation} = await one('running');
  const reason = new Error('enough');
  const error = await failure(
    fetchOperation(operation.location, {token, signal: AbortSignal.abort(reason)}),
    WatchAbortedError,
  );
  expect([error.cause, error.attempts, error.observed]).toEqual([reason, 0, {}]);
  await atRest(emulator, operation, 0);
});

test('a signal that aborts during the request: rejects at once, and nothing is left', async () => {
  const {emulator, operation} = await one({fault: 'hang'});
  const controller = new AbortController();
  const promise = failure(fetchOperation(operation.location, {token, signal: controller.signal}), WatchAbortedError);
  await until(() => operation.requests.length === 1);
  controller.abort('enough');
  expect((await promise).cause).toBe('enough');
  expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
  await emulator.idle();
  expect(operation.requests[0]?.aborted).toBe(true);
  await atRest(emulator, operation, 1);
});

test('a signal keeps no listener after the answer', async () => {
  const {operation} = await one('running');
  const {signal} = new AbortController();
  await fetchOperation(operation.location, {token, signal});
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});

test('bad options reject with what pollOperation would throw', async () => {
  await expect(fetchOperation('ftp://a.example/')).rejects.toThrow(TypeError);
  await expect(fetchOperation('https://a.example/', {requestTimeout: 0})).rejects.toThrow(RangeError);
  await expect(fetchOperation('https://a.example/', {tokn: 'x'} as PollOptions)).rejects.toThrow(
    /^tokn: there is no such option/,
  );
});

test('needs no timer to pass', async () => {
  const {operation} = await one('running');
  jest.useFakeTimers();
  expect((await fetchOperation(operation.location, {token})).status).toBe('running');
  expect(jest.getTimerCount()).toBe(0);
});
