// "Stopping and resuming", rows 27 to 34 of the table of behaviours.

import {getEventListeners} from 'node:events';
import {describe, expect, jest, test} from '@jest/globals';
import {type AnyActorRef, createActor, toPromise} from 'xstate';
import {
  ForbiddenError,
  InvalidResumeTokenError,
  OperationCanceledError,
  OperationError,
  type OperationEvent,
  OperationFailedError,
  type OperationPoller,
  type OperationSnapshot,
  operationMachine,
  type PollOptions,
  pollOperation,
  protocols,
  type ResumeToken,
  resumeOperation,
  schedules,
  UnauthorizedError,
  WatchAbortedError,
  WatchTimeoutError,
  watchOperation,
} from '../../src/index.ts';
import type {OperationStep} from '../../src/testing/index.ts';
import {
  afterwards,
  allArrived,
  atRest,
  begin,
  checkEvents,
  countingController,
  expectFacts,
  expectPollError,
  failure,
  only,
  pendingTimers,
  quick,
  recordEvents,
  skipWaits,
  startEmulator,
  times,
  token,
  transport,
  turns,
  types,
  until,
  type Watched,
  waits,
  watch,
} from '../support/behaviours.ts';
import {runInChild} from '../support/child.ts';

const reason = new Error('the user left');

test('27: signal already aborted: no request at all, WatchAbortedError with its reason', async () => {
  const signal = AbortSignal.abort(reason);
  const watched = await watch(['succeeded'], {signal});
  const {poller, events, operation} = watched;
  const error = await failure(poller.result(), WatchAbortedError);
  expectFacts(error, watched, {location: operation.location, attempts: 0, observed: {}, status: undefined});
  expect(error.cause).toBe(reason);
  expect(error.message).toBe(`Watching ${operation.location} was aborted; the operation goes on`);
  expect(types(events)).toEqual(['abandoned']);
  expect(events[0]).toMatchObject({reason: 'aborted', error, attempt: 0});
  expect(getEventListeners(signal, 'abort')).toEqual([]);
  await atRest(watched, 0);
});

test('27: signal aborted in the turn in which watching begins: no request either', async () => {
  const emulator = await startEmulator();
  const operation = emulator.addOperation({script: ['succeeded']});
  const {controller, listeners} = countingController();
  const recording = begin(operation.location, {signal: controller.signal});
  controller.abort(reason);
  expect((await failure(recording.poller.result(), WatchAbortedError)).cause).toBe(reason);
  expect(listeners.now).toBe(0);
  await atRest({emulator, operation, ...recording}, 0);
});

interface Moment {
  readonly script: readonly OperationStep[];
  readonly options?: PollOptions;
  /** Resolves when the moment has come. */
  readonly comes: (watched: Watched) => Promise<unknown>;
  readonly requests: number;
  readonly attempts: number;
  readonly observed: Readonly<Record<string, number>>;
  readonly emitted: readonly string[];
}

const long = 60_000;

function firstEvent(poller: OperationPoller, type: OperationEvent['type']): Promise<unknown> {
  return new Promise((resolve) => poller.on(type, resolve));
}

const moments: ReadonlyArray<readonly [name: string, moment: Moment]> = [
  [
    'a wait',
    {
      script: ['running'],
      options: {schedule: schedules.fixed(long)},
      comes: ({poller}) => firstEvent(poller, 'waiting'),
      requests: 1,
      attempts: 1,
      observed: {running: 1},
      emitted: ['polled', 'running', 'waiting'],
    },
  ],
  [
    'the initial delay',
    {
      script: ['running'],
      options: {initialDelay: long},
      comes: ({events}) => until(() => events.length === 1),
      requests: 0,
      attempts: 0,
      observed: {},
      emitted: ['waiting'],
    },
  ],
  [
    'a wait for Retry-After',
    {
      script: ['running', {http: 503, retryAfter: 60}],
      comes: ({poller}) => firstEvent(poller, 'retrying').then(() => turns()),
      requests: 2,
      attempts: 2,
      observed: {running: 1, '503': 1},
      emitted: ['polled', 'running', 'waiting', 'retrying', 'waiting'],
    },
  ],
  [
    'a request',
    {
      script: ['running', {fault: 'hang'}],
      comes: ({operation}) => until(() => operation.requests.length === 2),
      requests: 2,
      attempts: 1,
      observed: {running: 1},
      emitted: ['polled', 'running', 'waiting'],
    },
  ],
  [
    "an answer's body",
    {
      script: ['running', {fault: 'hangBody'}],
      comes: ({operation}) => until(() => operation.requests.length === 2).then(() => turns()),
      requests: 2,
      attempts: 1,
      observed: {running: 1},
      emitted: ['polled', 'running', 'waiting'],
    },
  ],
  [
    'a p-retry backoff',
    {
      script: ['running', {http: 503}],
      options: {retry: {minTimeout: long, maxTimeout: long}},
      comes: ({poller}) => firstEvent(poller, 'retrying').then(() => turns()),
      requests: 2,
      attempts: 1,
      observed: {running: 1, '503': 1},
      emitted: ['polled', 'running', 'waiting', 'retrying'],
    },
  ],
  [
    'a wait for the token',
    {
      script: ['running'],
      options: {token: () => new Promise<string>(() => undefined)},
      comes: () => turns(),
      requests: 0,
      attempts: 0,
      observed: {},
      emitted: [],
    },
  ],
];

describe.each(moments)('28: during %s', (_, moment) => {
  const {script, options, comes, requests, attempts, observed, emitted} = moment;
  const facts = (watched: Watched) => ({
    location: watched.operation.location,
    attempts,
    observed,
    status: attempts === 0 ? undefined : 'running',
  });

  test('abort settles at once and leaves nothing', async () => {
    const {controller, listeners} = countingController();
    const watched = await watch(script, {...options, signal: controller.signal});
    await comes(watched);
    expect(listeners.now).toBe(1);
    controller.abort(reason);
    // At once: with no turn of the event loop in between.
    expect(types(watched.events)).toEqual([...emitted, 'abandoned']);
    expect([pendingTimers(), listeners.now]).toEqual([0, 0]);
    const error = await failure(watched.poller.result(), WatchAbortedError);
    expectFacts(error, watched, facts(watched));
    expect(error.cause).toBe(reason);
    await watched.emulator.idle();
    expect(watched.operation.requests.at(-1)?.aborted).toBe(
      requests === 0 ? undefined : (script.at(-1) as {fault?: string}).fault !== undefined,
    );
    await atRest(watched, requests);
  });

  test('stop settles at once and leaves nothing', async () => {
    const {controller, listeners} = countingController();
    const watched = await watch(script, {...options, signal: controller.signal});
    await comes(watched);
    watched.poller.stop('enough');
    expect(types(watched.events)).toEqual([...emitted, 'abandoned']);
    expect(only(watched.events, 'abandoned')[0]?.reason).toBe('stopped');
    expect([pendingTimers(), listeners.now]).toEqual([0, 0]);
    const error = await failure(watched.poller.result(), WatchAbortedError);
    expectFacts(error, watched, facts(watched));
    expect([error.cause, error.message]).toEqual([
      'enough',
      `Watching ${watched.operation.location} was stopped; the operation goes on`,
    ]);
    controller.abort(reason);
    await expect(watched.poller.result()).rejects.toBe(error);
    await atRest(watched, requests);
  });
});

test.each(['succeeded', 'failed'])('28: after {%s}: nothing', async (status) => {
  const {controller, listeners} = countingController();
  const watched = await watch(['running', status], {signal: controller.signal});
  await until(() => types(watched.events).includes(status));
  expect(listeners).toEqual({now: 0, most: 1});
  const [outcome] = await Promise.allSettled([watched.poller.result()]);
  controller.abort(reason);
  watched.poller.stop('late');
  expect(await Promise.allSettled([watched.poller.result()])).toEqual([outcome]);
  expect(watched.poller.status).toBe(status);
  expect(types(watched.events)).toEqual(['polled', 'running', 'waiting', 'polled', status]);
  await atRest(watched, 2);
});

test('28: 100 pollers on one signal: one listener for all, none left after the abort, no later request', async () => {
  const emulator = await startEmulator();
  const {controller, listeners} = countingController();
  const warnings: unknown[] = [];
  const onWarning = (warning: unknown): void => void warnings.push(warning);
  process.on('warning', onWarning);
  afterwards(() => process.off('warning', onWarning));
  const troubles: OperationStep[] = ['running', {http: 503}, {http: 429, retryAfter: 60}, {fault: 'hang'}];
  const all = Array.from({length: 100}, (_, index) => {
    const operation = emulator.addOperation({script: [troubles[index % troubles.length] ?? 'running']});
    return begin(operation.location, {
      signal: controller.signal,
      schedule: schedules.fixed(index % 2 === 0 ? 50 : long),
      retry: {minTimeout: 20, maxTimeout: 20},
    });
  });
  const results = all.map(({poller}) => failure(poller.result(), WatchAbortedError));
  await until(() => emulator.operations.every(({requests}) => requests.length > 0));
  expect(listeners).toEqual({now: 1, most: 1});
  controller.abort(reason);
  expect([listeners.now, pendingTimers()]).toEqual([0, 0]);
  for (const error of await Promise.all(results)) expect(error.cause).toBe(reason);
  await allArrived(emulator);
  const before = emulator.requests.length;
  await fetch(`${emulator.root}/fence`);
  await emulator.idle();
  expect([emulator.requests.length - before, pendingTimers(), warnings]).toEqual([1, 0, []]);
  for (const {events} of all) checkEvents(events);
});

test('28: pollers that end leave no listener on a signal that goes on', async () => {
  const {controller, listeners} = countingController();
  const scripts: OperationStep[][] = [['succeeded'], ['failed'], [{http: 403}], [{http: 401}], [{fault: 'huge'}]];
  for (const script of scripts) {
    const watched = await watch(script, {signal: controller.signal});
    await Promise.allSettled([watched.poller.result()]);
    await atRest(watched, 1);
  }
  expect(listeners).toEqual({now: 0, most: 1});
});

test('29: stop, then resume: the rest of the wait, the time budget, and events only for what is new', async () => {
  jest.useFakeTimers();
  const emulator = await startEmulator();
  const operation = emulator.addOperation({script: ['running', 'running', 'running', 'succeeded']});
  const options = {...quick, schedule: schedules.fixed(10_000), totalTimeout: 60_000};
  const first = begin(operation.location, options);
  await until(() => waits(first.events).length === 1);
  await jest.advanceTimersByTimeAsync(4000);
  first.poller.stop();
  const stored = JSON.stringify(first.poller);
  const error = await failure(first.poller.result(), WatchAbortedError);
  expect(JSON.stringify(error.resumeToken)).not.toBe('');
  expect(error.elapsed).toBe(4000);
  await jest.advanceTimersByTimeAsync(1000);

  const second = recordEvents(resumeOperation(stored, {...transport, token, schedule: schedules.fixed(10_000)}));
  expect([second.poller.status, second.poller.operation]).toEqual(['running', first.poller.operation]);
  await until(() => second.events.length === 1);
  expect(waits(second.events)).toEqual([[5000, 'resume']]);
  await jest.advanceTimersByTimeAsync(4999);
  await turns();
  expect(operation.requests).toHaveLength(1);
  skipWaits(second);
  await jest.advanceTimersByTimeAsync(1);
  await second.poller.result();
  expect(times(operation.requests)).toEqual([0, 10_000, 20_000, 30_000]);
  expect(types(second.events)).toEqual([
    'waiting',
    ...['polled', 'waiting'],
    ...['polled', 'waiting'],
    ...['polled', 'succeeded'],
  ]);
  expect(second.events.map(({attempt}) => attempt)).toEqual([1, 2, 2, 3, 3, 4, 4]);
  expect(second.poller.toJSON()).toMatchObject({
    startedAt: first.poller.toJSON().startedAt,
    deadlineAt: first.poller.toJSON().deadlineAt,
    observed: {running: 3, succeeded: 1},
  });
  await atRest({emulator, operation, ...second}, 4);
});

test('29: the time budget keeps running while nobody watches', async () => {
  jest.useFakeTimers();
  const emulator = await startEmulator();
  const operation = emulator.addOperation({script: ['running']});
  const first = begin(operation.location, {schedule: schedules.fixed(10_000), totalTimeout: 60_000});
  await until(() => waits(first.events).length === 1);
  const stored = first.poller.toJSON();
  first.poller.stop();
  await jest.advanceTimersByTimeAsync(45_000);
  expect(stored.answer).toEqual(only(first.events, 'polled').at(-1)?.answer);

  const second = recordEvents(resumeOperation(stored, {...transport, token, schedule: schedules.fixed(10_000)}));
  skipWaits(second);
  const error = await failure(second.poller.result(), WatchTimeoutError);
  expect(error.elapsed).toBe(60_000);
  expect(times(operation.requests)).toEqual([0, 45_000, 55_000, 59_000]);
  await atRest({emulator, operation, ...second}, 4);
});

test('29: a budget used up while nobody watched: polled once more, and an end is noticed', async () => {
  jest.useFakeTimers();
  const emulator = await startEmulator();
  const operation = emulator.addOperation({script: ['running', 'succeeded']});
  const first = begin(operation.location, {schedule: schedules.fixed(10_000), totalTimeout: 60_000});
  await until(() => waits(first.events).length === 1);
  first.poller.stop();
  await jest.advanceTimersByTimeAsync(3_600_000);
  const second = recordEvents(resumeOperation(first.poller.toJSON(), {...transport, token}));
  expect((await second.poller.result()).status).toBe('succeeded');
  expect(types(second.events)).toEqual(['polled', 'succeeded']);
  await atRest({emulator, operation, ...second}, 2);
});

test('29: a budget used up while nobody watched: a failure is not retried', async () => {
  jest.useFakeTimers();
  const emulator = await startEmulator();
  const operation = emulator.addOperation({script: [{status: 'running', retryAfter: 60}, {http: 503}]});
  const first = begin(operation.location);
  await until(() => waits(first.events).length === 1);
  first.poller.stop();
  await jest.advanceTimersByTimeAsync(3_600_000);
  const second = recordEvents(resumeOperation(first.poller.toJSON(), {...transport, token}));
  const error = await failure(second.poller.result(), WatchTimeoutError);
  expectPollError(error.cause, {kind: 'http', transient: true, httpStatus: 503});
  expect(types(second.events)).toEqual(['abandoned']);
  await atRest({emulator, operation, ...second}, 2);
});

test('29: a shorter totalTimeout on resuming: no wait beyond it', async () => {
  jest.useFakeTimers();
  const emulator = await startEmulator();
  const operation = emulator.addOperation({script: [{status: 'running', retryAfter: 600}]});
  const first = begin(operation.location);
  await until(() => waits(first.events).length === 1);
  first.poller.stop();
  const second = recordEvents(resumeOperation(first.poller.toJSON(), {...transport, token, totalTimeout: 5000}));
  skipWaits(second);
  const error = await failure(second.poller.result(), WatchTimeoutError);
  expect(error.elapsed).toBe(5000);
  await atRest({emulator, operation, ...second}, 2);
});

test.each([
  ['the last poll', 1, [4000, 500]],
  ['the deadline', 2, [200]],
])('29: stop during the wait for %s, then resume', async (_, wait, delays) => {
  jest.useFakeTimers();
  const emulator = await startEmulator();
  const operation = emulator.addOperation({script: [{status: 'running', retryAfter: 60}]});
  const first = begin(operation.location, {totalTimeout: 5000});
  await until(() => waits(first.events).length === 1);
  if (wait === 2) {
    await jest.advanceTimersByTimeAsync(4500);
    await until(() => waits(first.events).length === 2);
  }
  await jest.advanceTimersByTimeAsync(wait === 1 ? 500 : 300);
  first.poller.stop();
  const second = recordEvents(resumeOperation(first.poller.toJSON(), {...transport, token}));
  skipWaits(second);
  const error = await failure(second.poller.result(), WatchTimeoutError);
  expect(times(operation.requests)).toEqual([0, 4500]);
  expect(waits(second.events).map(([delay]) => delay)).toEqual(delays);
  expect(error.elapsed).toBe(5000);
  await atRest({emulator, operation, ...second}, 2);
});

test('29: after a time-out: a new time budget', async () => {
  jest.useFakeTimers();
  const emulator = await startEmulator();
  const operation = emulator.addOperation({script: [{status: 'running', until: 8000}, 'succeeded']});
  const options = {schedule: schedules.fixed(1000), totalTimeout: 5000};
  const first = begin(operation.location, options);
  skipWaits(first);
  const {resumeToken} = await failure(first.poller.result(), WatchTimeoutError);
  const second = recordEvents(resumeOperation(resumeToken!, {...transport, ...options, token}));
  skipWaits(second);
  await second.poller.result();
  expect(second.poller.toJSON()).toMatchObject({startedAt: first.poller.toJSON().endedAt});
  expect(Date.now() - first.poller.toJSON().startedAt).toBe(8000);
});

test('29: stop, then resume in another process', async () => {
  const watched = await watch(['running', 'running', {status: 'succeeded', detail: 'ResetSuccess'}], {
    schedule: schedules.fixed(long),
  });
  const {poller, operation} = watched;
  await poller.waitFor('running');
  await turns();
  poller.stop();
  const stored = {...JSON.parse(JSON.stringify(poller)), dueAt: Date.now()};
  const {code, out, err} = await runInChild(
    `
    const poller = resumeOperation(JSON.stringify(given), quick);
    const seen = [poller.status];
    poller.on('*', ({type, attempt}) => seen.push(type + attempt));
    const {statusDetail, createdDateTime} = await poller.result();
    seen.push(statusDetail, createdDateTime instanceof Date);
    console.log(JSON.stringify(seen));
  `,
    stored,
  );
  expect([code, err]).toEqual([0, '']);
  expect(JSON.parse(out)).toEqual([
    'running',
    ...['polled2', 'waiting2', 'polled3', 'succeeded3'],
    'ResetSuccess',
    true,
  ]);
  expect(operation.requests).toHaveLength(3);
});

const facts = (error: OperationError) => ({
  name: error.name,
  message: error.message,
  operation: error.operation,
  location: error.location,
  attempts: error.attempts,
  elapsed: error.elapsed,
  observed: error.observed,
  requestId: error.requestId,
  clientRequestId: error.clientRequestId,
  date: error.date,
  cause: error.cause,
  resumeToken: error.resumeToken,
});

test('30: the resume token of {succeeded}: the same outcome, no request', async () => {
  const script: OperationStep[] = [
    'running',
    {status: 'succeeded', detail: 'ResetSuccess', resourceLocation: 'https://a.example/b'},
  ];
  const watched = await watch(script);
  const operation = await watched.poller.result();
  const resumed = recordEvents(resumeOperation(JSON.stringify(watched.poller), {totalTimeout: 1, initialDelay: 5000}));
  const again = await resumed.poller.result();
  expect(again).toEqual(operation);
  expect(again.createdDateTime).toEqual(operation.createdDateTime);
  expect([Object.isFrozen(again), Object.isFrozen(again.raw), again.createdDateTime instanceof Date]).toEqual([
    true,
    true,
    true,
  ]);
  expect([resumed.poller.status, resumed.events]).toEqual(['succeeded', []]);
  expect(resumed.poller.toJSON()).toEqual(watched.poller.toJSON());
  await atRest({...watched, ...resumed}, 2);
});

test.each<[string, abstract new (...given: never[]) => OperationError]>([
  ['failed', OperationFailedError],
  ['skipped', OperationCanceledError],
])('30: the resume token of {%s}: the same error class and fields, no request', async (status, kind) => {
  const watched = await watch(['running', {status, detail: 'PolicyViolation', error: {code: 'a', message: 'b'}}]);
  const error = await failure(watched.poller.result(), kind);
  for (const stored of [JSON.stringify(watched.poller), JSON.stringify(error.resumeToken)]) {
    const resumed = recordEvents(resumeOperation(stored, {signal: AbortSignal.abort('late')}));
    const again = await failure(resumed.poller.result(), kind);
    expect(facts(again)).toEqual(facts(error));
    expect(resumed.events).toEqual([]);
    await atRest({...watched, ...resumed}, 2);
  }
});

test('30: the token of an abandoned watch resumes it instead', async () => {
  const watched = await watch(['running', {http: 403}]);
  const error = await failure(watched.poller.result(), ForbiddenError);
  watched.operation.rescript(['succeeded']);
  for (const stored of [watched.poller.toJSON(), error.resumeToken!]) {
    const resumed = recordEvents(resumeOperation(stored, quick));
    expect((await resumed.poller.result()).status).toBe('succeeded');
  }
  expect(watched.operation.requests).toHaveLength(4);
});

/** The resume token of an operation that is running, as JSON has it. */
function runningToken(): Record<string, unknown> {
  const poller = pollOperation('https://graph.example/operations/b?c=d', {initialDelay: 1000});
  const stored = JSON.parse(JSON.stringify(poller)) as Record<string, unknown>;
  poller.stop();
  return stored;
}

const badTokens: ReadonlyArray<
  readonly [name: string, spoil: (token: Record<string, unknown>) => unknown, says: RegExp]
> = [
  ['truncated', (stored) => JSON.stringify(stored).slice(0, -20), /not JSON; was it truncated/],
  ['empty', () => '', /not JSON/],
  ['null', () => null, /the token is not an object/],
  ['undefined', () => undefined, /the token is not an object/],
  ['a list', (stored) => [stored], /the token is not an object/],
  ['a number', () => 5, /the token is not an object/],
  ['JSON text of a number', () => '5', /the token is not an object/],
  ['{}', () => ({}), /its kind is undefined, not "operation-poller"/],
  ['of a later version', (stored) => ({...stored, version: 2}), /version 2, this library reads version 1/],
  [
    'of another kind',
    (stored) => ({...stored, kind: 'shopping-list'}),
    /its kind is "shopping-list", not "operation-poller"/,
  ],
  ['with an unknown field', (stored) => ({...stored, admin: true}), /unknown field, "admin"/],
  [
    'with __proto__',
    (stored) => JSON.stringify(stored).replace('{', '{"__proto__": {"polluted": true}, '),
    /unknown field, "__proto__"/,
  ],
  ['with constructor', (stored) => ({...stored, constructor: 1}), /unknown field, "constructor"/],
  [
    'with a file location',
    (stored) => ({...stored, location: 'file:///etc/passwd'}),
    /location is not an absolute http/,
  ],
  [
    'with a javascript location',
    (stored) => ({...stored, location: 'javascript:alert(1)'}),
    /location is not an absolute/,
  ],
  ['with a relative location', (stored) => ({...stored, location: '/operations/b'}), /location is not an absolute/],
  [
    'with credentials in its location',
    (stored) => ({...stored, location: 'https://a:b@c.example/'}),
    /location is not/,
  ],
  ['without a location', ({location: _, ...stored}) => stored, /location is not an absolute/],
  [
    'with a token origin that is no origin',
    (stored) => ({...stored, tokenOrigin: 'https://graph.example/x'}),
    /tokenOrigin is not an origin/,
  ],
  ['with a time that is none', (stored) => ({...stored, dueAt: 'soon'}), /dueAt is not a time/],
  ['with a time beyond all dates', (stored) => ({...stored, startedAt: 1e300}), /startedAt is not a time/],
  ['with a negative count', (stored) => ({...stored, attempt: -1}), /attempt is not a count/],
  [
    'with a highest status that is none',
    (stored) => ({...stored, highestStatus: 'other'}),
    /highestStatus is not a status/,
  ],
  ['with counts that are none', (stored) => ({...stored, observed: {running: 'x'}}), /observed is not counts/],
  ['with an unknown reason', (stored) => ({...stored, abandoned: 'bored', endedAt: 1}), /abandoned is not a reason/],
  ['that ended without an end', (stored) => ({...stored, endedAt: 1}), /endedAt and the status do not agree/],
  [
    'with an operation without a status',
    (stored) => ({...stored, operation: {raw: {}, rawStatus: 'x'}}),
    /its operation's status/,
  ],
  [
    'with an unknown field in its operation',
    (stored) => ({...stored, operation: {status: 'running', rawStatus: 'running', raw: {}, password: 'x'}}),
    /its operation has an unknown field, "password"/,
  ],
  [
    'with an operation that is nested too deeply',
    (stored) => {
      let raw: unknown = {};
      for (let depth = 0; depth < 200; depth += 1) raw = {raw};
      return {...stored, operation: {status: 'running', rawStatus: 'running', raw}};
    },
    /nested too deeply/,
  ],
  ['of an unknown protocol', (stored) => ({...stored, protocol: 'cooking'}), /its protocol is "cooking"/],
];

describe('31: a resume token', () => {
  test.each(badTokens)('%s: InvalidResumeTokenError that says so', (_, spoil, says) => {
    const stored = spoil(runningToken());
    let error: unknown;
    try {
      resumeOperation(stored as ResumeToken, quick).stop();
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(InvalidResumeTokenError);
    expect(error).toBeInstanceOf(OperationError);
    const {name, message, ...rest} = error as InvalidResumeTokenError;
    expect(name).toBe('InvalidResumeTokenError');
    expect(message).toMatch(/^Invalid resume token: /);
    expect(message).toMatch(says);
    expect(rest).toMatchObject({operation: undefined, location: undefined, attempts: 0, elapsed: 0, observed: {}});
    expect((error as InvalidResumeTokenError).resumeToken).toBeUndefined();
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  test('of another protocol than the options: InvalidResumeTokenError', () => {
    const protocol = protocols.define({name: 'renders', status: '/state', words: {done: 'succeeded'}});
    const resume = (): OperationPoller => resumeOperation(runningToken() as unknown as ResumeToken, {protocol});
    expect(resume).toThrow(
      new InvalidResumeTokenError(
        'Invalid resume token: its protocol is "longRunning", that of the options is "renders"',
      ),
    );
  });

  test('as it should be is taken', () => {
    const poller = resumeOperation(runningToken() as unknown as ResumeToken, {initialDelay: 1000});
    expect(poller.toJSON()).toEqual(runningTokenOf(poller));
    poller.stop();
  });

  test('whose location a token must not go to is refused at the call', () => {
    const stored = {
      ...runningToken(),
      location: 'http://graph.example/operations/b',
      tokenOrigin: 'http://graph.example',
    };
    expect(() => resumeOperation(stored as unknown as ResumeToken, {token})).toThrow(TypeError);
  });
});

function runningTokenOf(poller: OperationPoller): unknown {
  return expect.objectContaining({
    location: 'https://graph.example/operations/b?c=d',
    attempt: poller.toJSON().attempt,
  });
}

test('32: a listener throws: polling goes on, the others get the event, the error is reported', async () => {
  const reported: unknown[] = [];
  const host = globalThis as {reportError?: unknown};
  const before = host.reportError;
  host.reportError = (error: unknown) => reported.push(error);
  afterwards(() => {
    host.reportError = before;
  });
  const emulator = await startEmulator();
  const operation = emulator.addOperation({script: ['running', 'succeeded']});
  const poller = pollOperation(operation.location, quick);
  const calls: string[] = [];
  const thrown: unknown[] = [];
  const fails = (name: string) => (event: OperationEvent) => {
    const error = new Error(`${name} fails at ${event.type}`);
    thrown.push(error);
    throw error;
  };
  poller.on('running', () => void calls.push('first'));
  poller.on('running', fails('second'));
  poller.on('running', () => void calls.push('third'));
  poller.on('*', fails('any'));
  const recording = recordEvents(poller);
  expect((await poller.result()).status).toBe('succeeded');
  expect(calls).toEqual(['first', 'third']);
  expect(types(recording.events)).toEqual(['polled', 'running', 'waiting', 'polled', 'succeeded']);
  expect(reported).toEqual(thrown);
  expect(reported).toHaveLength(6);
  await atRest({emulator, operation, ...recording}, 2);
});

test('33: an event, its operation, its body and its dates cannot be changed', async () => {
  const emulator = await startEmulator();
  const operation = emulator.addOperation({
    script: [
      {http: 503},
      {status: 'new', location: '/v1.0/users/x'},
      {status: 'running', fields: {deep: {list: [{word: 'kept'}]}}, error: {code: 'a'}},
      {status: 'failed', error: {code: 'a', message: 'b'}},
    ],
    createdDateTime: '2020-03-19T12:01:03.45Z',
  });
  const {poller, events} = begin(operation.location);
  await Promise.allSettled([poller.result()]);
  expect(new Set(types(events))).toEqual(
    new Set(['retrying', 'polled', 'unknownStatus', 'waiting', 'running', 'failed']),
  );
  for (const event of events) {
    expect(deeplyFrozen(event)).toEqual([]);
    expect(() => Object.assign(event, {type: 'mine'})).toThrow(TypeError);
    expect(() => Object.assign(event, {mine: true})).toThrow(TypeError);
    const {operation: known} = event;
    if (known === undefined) continue;
    expect(() => Object.assign(known, {status: 'succeeded'})).toThrow(TypeError);
    expect(() => known.createdDateTime?.setFullYear(1999)).toThrow(TypeError);
    expect(known.createdDateTime?.toISOString()).toBe('2020-03-19T12:01:03.450Z');
  }
  expect(poller.operation?.raw).toMatchObject({status: 'failed'});
});

/** Paths to what is not frozen in an event: anything but errors, which are not the event's own. */
function deeplyFrozen(value: unknown, path = 'event'): string[] {
  if (typeof value !== 'object' || value === null || value instanceof Error || value instanceof Date) return [];
  const inner = Reflect.ownKeys(value).flatMap((key) =>
    deeplyFrozen(Reflect.get(value, key), `${path}.${String(key)}`),
  );
  return Object.isFrozen(value) ? inner : [path, ...inner];
}

test('33: a resume token that is changed changes nothing in the poller', async () => {
  const watched = await watch(['running'], {schedule: schedules.fixed(long)});
  const {poller} = watched;
  await poller.waitFor('running');
  await turns();
  const before = JSON.stringify(poller);
  const stored = poller.toJSON();
  Object.assign(stored, {location: 'https://evil.example/', attempt: 99});
  try {
    Object.assign(stored.observed, {running: 99});
    Object.assign(stored.operation as object, {status: 'succeeded'});
  } catch {
    // Frozen is as good as a copy.
  }
  expect(JSON.stringify(poller)).toBe(before);
});

describe('34: the machine restored from a persisted snapshot in the middle of a wait', () => {
  /** Starts an actor that is stopped after the test, and collects its events. */
  function start<Started extends AnyActorRef & {start(): unknown}>(
    actor: Started,
  ): {actor: Started; events: OperationEvent[]} {
    const events: OperationEvent[] = [];
    actor.on('*', (event: unknown) => events.push(event as OperationEvent));
    actor.start();
    afterwards(() => (actor as unknown as {stop(): void}).stop());
    return {actor, events};
  }

  const options = {...transport, token, schedule: schedules.fixed(10_000)};

  test.each([
    ['in memory', (snapshot: unknown) => snapshot],
    ['as JSON', (snapshot: unknown) => JSON.parse(JSON.stringify(snapshot))],
  ])('%s: polls again in time', async (_, store) => {
    jest.useFakeTimers();
    const emulator = await startEmulator();
    const operation = emulator.addOperation({script: ['running', 'running', 'succeeded']});
    const input = {location: operation.location, ...options};
    const first = start(createActor(operationMachine, {input}));
    await until(() => types(first.events).includes('waiting'));
    await jest.advanceTimersByTimeAsync(4000);
    const stored = store(first.actor.getPersistedSnapshot());
    first.actor.stop();
    expect(pendingTimers()).toBe(0);
    await jest.advanceTimersByTimeAsync(1000);

    const machine = operationMachine.provide({actors: {watch: watchOperation(options)}});
    const second = start(createActor(machine, {snapshot: stored as OperationSnapshot, input}));
    expect(second.actor.getSnapshot().value).toBe('running');
    const done = toPromise(second.actor);
    await turns();
    await jest.advanceTimersByTimeAsync(4999);
    await turns();
    expect(operation.requests).toHaveLength(1);
    await jest.advanceTimersByTimeAsync(1);
    await until(() => types(second.events).filter((type) => type === 'waiting').length === 2);
    await jest.advanceTimersByTimeAsync(10_000);
    const outcome = await done;
    expect(outcome).toMatchObject({status: 'succeeded', operation: {status: 'succeeded', id: operation.id}});
    expect(times(operation.requests)).toEqual([0, 10_000, 20_000]);
    expect(types(second.events)).toEqual(['waiting', 'polled', 'waiting', 'polled', 'succeeded']);
    expect(waits(second.events)).toEqual([
      [5000, 'resume'],
      [10_000, 'schedule'],
    ]);
    expect(second.actor.getSnapshot()).toMatchObject({status: 'done', value: 'succeeded'});
    await atRest(
      {
        emulator,
        operation,
        poller: begin(operation.location, {signal: AbortSignal.abort()}).poller,
        events: second.events,
      },
      3,
    );
  });

  test('as JSON: dates are dates again, and the operation is frozen', async () => {
    const emulator = await startEmulator();
    const operation = emulator.addOperation({script: ['running']});
    const first = start(createActor(operationMachine, {input: {location: operation.location, ...options}}));
    await until(() => types(first.events).includes('waiting'));
    const stored = JSON.parse(JSON.stringify(first.actor.getPersistedSnapshot()));
    first.actor.stop();
    const second = start(
      createActor(operationMachine, {snapshot: stored, input: {location: operation.location, ...options}}),
    );
    const restored = second.actor.getSnapshot().context.operation;
    expect(restored).toEqual(first.actor.getSnapshot().context.operation);
    expect([restored?.createdDateTime instanceof Date, Object.isFrozen(restored)]).toEqual([true, true]);
  });

  test('due long ago: polls at once', async () => {
    jest.useFakeTimers();
    const emulator = await startEmulator();
    const operation = emulator.addOperation({script: ['running', 'succeeded']});
    const input = {location: operation.location, ...options, totalTimeout: false} as const;
    const first = start(createActor(operationMachine, {input}));
    await until(() => types(first.events).includes('waiting'));
    const stored = JSON.parse(JSON.stringify(first.actor.getPersistedSnapshot()));
    first.actor.stop();
    await jest.advanceTimersByTimeAsync(3_600_000);
    const machine = operationMachine.provide({actors: {watch: watchOperation(options)}});
    const second = start(createActor(machine, {snapshot: stored, input}));
    expect(await toPromise(second.actor)).toMatchObject({status: 'succeeded'});
    expect(types(second.events)).toEqual(['polled', 'succeeded']);
  });

  test('without a token to go on with: unauthorized, not failed', async () => {
    const emulator = await startEmulator();
    const operation = emulator.addOperation({script: ['running']});
    const input = {location: operation.location, ...transport, token, schedule: schedules.fixed(10)};
    const first = start(createActor(operationMachine, {input}));
    await until(() => types(first.events).includes('waiting'));
    const stored = JSON.parse(JSON.stringify(first.actor.getPersistedSnapshot()));
    first.actor.stop();
    const second = start(createActor(operationMachine, {snapshot: stored, input: {location: operation.location}}));
    const outcome = await toPromise(second.actor);
    expect(outcome).toMatchObject({status: 'abandoned', reason: 'unauthorized', operation: {status: 'running'}});
    expect((outcome as {error?: unknown}).error).toBeInstanceOf(UnauthorizedError);
    expect(second.actor.getSnapshot().value).toBe('abandoned');
  });
});
