// "Reaching the end", rows 1 to 12 of the table of behaviours.

import {expect, jest, test} from '@jest/globals';
import {
  OperationCanceledError,
  OperationFailedError,
  protocols,
  UnknownStatusError,
  WatchTimeoutError,
} from '../../src/index.ts';
import {
  atRest,
  expectFacts,
  failure,
  only,
  quick,
  skipWaits,
  times,
  turns,
  types,
  until,
  waits,
  watch,
} from '../support/behaviours.ts';
import {runInChild} from '../support/child.ts';

/** A service of your own, with words that Graph's preset does not have. */
const renders = protocols.define({
  name: 'renders',
  status: '/status',
  words: {
    inProgress: 'running',
    completed: 'succeeded',
    succeeded: 'succeeded',
    failed: 'failed',
    canceled: 'canceled',
  },
});

test('1: {notStarted} → {running} → {succeeded}: each announced once, three requests, none after', async () => {
  const watched = await watch(['notStarted', 'running', {status: 'succeeded', detail: 'ResetSuccess'}, 'failed']);
  const {poller, events, operation} = watched;
  const result = await poller.result();
  expect(result).toMatchObject({
    id: operation.id,
    status: 'succeeded',
    rawStatus: 'succeeded',
    statusDetail: 'ResetSuccess',
  });
  expect(result.createdDateTime).toBeInstanceOf(Date);
  expect([poller.operation, poller.status]).toEqual([result, 'succeeded']);
  expect(types(events)).toEqual([
    'polled',
    'notStarted',
    'waiting',
    'polled',
    'running',
    'waiting',
    'polled',
    'succeeded',
  ]);
  expect(events.map(({attempt}) => attempt)).toEqual([1, 1, 1, 2, 2, 2, 3, 3]);
  expect(events.map((event) => event.operation?.status)).toEqual([
    ...Array(3).fill('notStarted'),
    ...Array(3).fill('running'),
    ...Array(2).fill('succeeded'),
  ]);
  expect(new Set(events.map(({location}) => location))).toEqual(new Set([operation.location]));
  expect(events.map(({answer}) => answer?.httpStatus)).toEqual(Array(8).fill(200));
  const ids = operation.requests.map(({headers}) => headers['client-request-id']);
  expect(new Set(ids).size).toBe(3);
  expect(only(events, 'polled').map(({answer}) => answer?.clientRequestId)).toEqual(ids);
  expect(operation.requests.map(({method, body}) => [method, body])).toEqual(Array(3).fill(['GET', undefined]));
  await atRest(watched, 3);
});

test('2: {running} ×50 → {succeeded}: one running event, 51 polled', async () => {
  const watched = await watch([{status: 'running', times: 50}, 'succeeded']);
  await watched.poller.result();
  const {events} = watched;
  expect(types(events)).toEqual([
    'polled',
    'running',
    'waiting',
    ...Array(49).fill(['polled', 'waiting']).flat(),
    'polled',
    'succeeded',
  ]);
  expect(only(events, 'polled')).toHaveLength(51);
  expect(watched.poller.toJSON().observed).toEqual({running: 50, succeeded: 1});
  await atRest(watched, 51);
});

test('3: {succeeded} at the first poll: resolves with one request', async () => {
  const watched = await watch(['succeeded', 'running']);
  expect((await watched.poller.result()).status).toBe('succeeded');
  expect(types(watched.events)).toEqual(['polled', 'succeeded']);
  await atRest(watched, 1);
});

test('4: {running} → {failed, statusDetail}: OperationFailedError with the detail, the same one each time', async () => {
  const watched = await watch(['running', {status: 'failed', detail: 'PolicyViolation'}, 'succeeded']);
  const {poller, events, operation} = watched;
  const error = await failure(poller.result(), OperationFailedError);
  expectFacts(error, watched, {
    location: operation.location,
    attempts: 2,
    observed: {running: 1, failed: 1},
    status: 'failed',
  });
  expect(error.operation.statusDetail).toBe('PolicyViolation');
  expect(error.message).toBe(`Operation ${operation.id} failed: PolicyViolation`);
  expect(error.cause).toBeUndefined();
  const [, last] = only(events, 'polled');
  expect([error.requestId, error.clientRequestId, error.date]).toEqual([
    last?.answer?.requestId,
    operation.requests[1]?.headers['client-request-id'],
    last?.answer?.date,
  ]);
  expect(error.requestId).toMatch(/./);
  for (let again = 0; again < 3; again += 1) await expect(poller.result()).rejects.toBe(error);
  await expect(poller.waitFor('succeeded')).rejects.toBe(error);
  expect(types(events)).toEqual(['polled', 'running', 'waiting', 'polled', 'failed']);
  await atRest(watched, 2);
});

test('4: {running} → {failed} with an error object: its most specific code', async () => {
  const error = {code: 'UnknownError', message: 'No.', innerError: {code: 'passwordBanned'}};
  const watched = await watch(['running', {status: 'failed', error}]);
  const failed = await failure(watched.poller.result(), OperationFailedError);
  expect(failed.operation.error).toEqual({code: 'passwordBanned', message: 'No.'});
  expect(failed.message).toBe(`Operation ${watched.operation.id} failed: passwordBanned, No.`);
});

test('4: {running} → {failed}, and nobody asked for the result: no unhandled rejection', async () => {
  const watched = await watch(['running', 'failed']);
  await until(() => types(watched.events).includes('failed'));
  await turns();
  await atRest(watched, 2);
});

test('4: nor one that ends a process', async () => {
  const {code, out, err} = await runInChild(`
    const emulator = await startGraphEmulator();
    const {location} = emulator.addOperation({script: ['running', 'failed']});
    pollOperation(location, quick).on('failed', () => emulator.stop());
    process.once('exit', () => console.log('ended by itself'));
  `);
  expect([code, out, err]).toEqual([0, 'ended by itself\n', '']);
});

test('5: {running} → {canceled}: OperationCanceledError, with partial results in raw', async () => {
  const watched = await watch(['inProgress', {status: 'canceled', fields: {pages: [1, 2]}}], {protocol: renders});
  const error = await failure(watched.poller.result(), OperationCanceledError);
  expect(error).not.toBeInstanceOf(OperationFailedError);
  expectFacts(error, watched, {
    location: watched.operation.location,
    attempts: 2,
    observed: {running: 1, canceled: 1},
    status: 'canceled',
  });
  expect(error.operation.raw).toMatchObject({status: 'canceled', pages: [1, 2]});
  expect(error.message).toBe(`Operation ${watched.operation.id} was canceled`);
  expect(types(watched.events)).toEqual(['polled', 'running', 'waiting', 'polled', 'canceled']);
  await atRest(watched, 2);
});

test("5: {running} → {skipped} under Graph's preset is canceled too", async () => {
  const watched = await watch(['running', {status: 'skipped', detail: 'NotNeeded'}]);
  const error = await failure(watched.poller.result(), OperationCanceledError);
  expect([error.operation.status, error.operation.rawStatus, error.operation.statusDetail]).toEqual([
    'canceled',
    'skipped',
    'NotNeeded',
  ]);
  await atRest(watched, 2);
});

test('6: 200 {failed}: failed', async () => {
  const watched = await watch([{http: 200, status: 'failed'}]);
  await failure(watched.poller.result(), OperationFailedError);
  expect(types(watched.events)).toEqual(['polled', 'failed']);
  await atRest(watched, 1);
});

test('6: 202 {completed}: succeeded', async () => {
  const watched = await watch(
    [
      {http: 202, status: 'inProgress'},
      {http: 202, status: 'completed'},
    ],
    {protocol: renders},
  );
  expect((await watched.poller.result()).rawStatus).toBe('completed');
  expect(types(watched.events)).toEqual(['polled', 'running', 'waiting', 'polled', 'succeeded']);
  await atRest(watched, 2);
});

test.each([404, 410, 500, 503])('6: %i {failed}: the body beats the HTTP status', async (http) => {
  const watched = await watch([{http, body: {id: 'b', status: 'failed', statusDetail: 'PolicyViolation'}}]);
  const error = await failure(watched.poller.result(), OperationFailedError);
  expect(error.operation.statusDetail).toBe('PolicyViolation');
  await atRest(watched, 1);
});

test.each([
  ['Running', 'Succeeded', undefined],
  ['RUNNING', 'SUCCEEDED', undefined],
  ['inprogress', 'COMPLETED', renders],
])('7: {%s} → {%s}: read without regard to case', async (running, succeeded, protocol) => {
  const watched = await watch([running, running, succeeded], {protocol});
  const result = await watched.poller.result();
  expect([result.status, result.rawStatus]).toEqual(['succeeded', succeeded]);
  expect(types(watched.events)).toEqual(['polled', 'running', 'waiting', 'polled', 'waiting', 'polled', 'succeeded']);
  expect(only(watched.events, 'running')[0]?.operation.rawStatus).toBe(running);
  await atRest(watched, 3);
});

test('8: {notStarted} → {running} → {notStarted} → {succeeded}: no error, no second notStarted event', async () => {
  const watched = await watch(['notStarted', 'running', 'notStarted', 'succeeded']);
  const {poller, events} = watched;
  await poller.result();
  expect(types(events).filter((type) => type !== 'waiting')).toEqual([
    'polled',
    'notStarted',
    'polled',
    'running',
    'polled',
    'polled',
    'succeeded',
  ]);
  expect(only(events, 'polled').map(({operation}) => operation?.status)).toEqual([
    'notStarted',
    'running',
    'notStarted',
    'succeeded',
  ]);
  expect(poller.toJSON().observed).toEqual({notStarted: 2, running: 1, succeeded: 1});
  await atRest(watched, 4);
});

test('8: {running} → {notStarted} → {running} → {succeeded}: neither is announced again', async () => {
  const watched = await watch(['running', 'notStarted', 'running', 'succeeded']);
  await watched.poller.result();
  expect(types(watched.events).filter((type) => type !== 'waiting' && type !== 'polled')).toEqual([
    'running',
    'succeeded',
  ]);
  await atRest(watched, 4);
});

test('9: {succeeded} → anything: nothing is asked any more', async () => {
  const watched = await watch(['succeeded', {http: 500, times: 5}, 'running']);
  const {poller} = watched;
  const result = await poller.result();
  expect(await poller.result()).toBe(result);
  expect(await poller.waitFor('running')).toBe(result);
  const seen: unknown[] = [];
  for await (const operation of poller) seen.push(operation);
  expect(seen).toEqual([result]);
  poller.stop('late');
  expect([poller.status, await poller.result()]).toEqual(['succeeded', result]);
  await atRest(watched, 1);
});

test.each(['NotSucceeded', 'FailoverInProgress', 'Completed', 'succeeded.', 'toString', '__proto__', ''])(
  '10: {%s} under the longRunning preset is an unknown word',
  async (word) => {
    const watched = await watch(['running', word, word, 'succeeded']);
    const {poller, events} = watched;
    const [unknown] = await Promise.all([
      new Promise((resolve) => {
        poller.on('unknownStatus', (event) => resolve([event.rawStatus, event.operation?.status, poller.status]));
      }),
      poller.result(),
    ]);
    expect(unknown).toEqual([word, 'running', 'running']);
    expect(types(events)).toEqual([
      'polled',
      'running',
      'waiting',
      'polled',
      'unknownStatus',
      'waiting',
      'polled',
      'waiting',
      'polled',
      'succeeded',
    ]);
    expect(poller.toJSON().observed).toEqual({running: 1, unknownStatus: 2, succeeded: 1});
    await atRest(watched, 4);
  },
);

test('11: {unknownFutureValue}, {somethingNew}: announced once per word, polled until the deadline', async () => {
  jest.useFakeTimers();
  const {schedule} = {schedule: () => 40};
  const watched = await watch(['unknownFutureValue', 'somethingNew', 'unknownFutureValue', 'somethingNew'], {
    schedule,
    totalTimeout: 100,
  });
  skipWaits(watched);
  const error = await failure(watched.poller.result(), WatchTimeoutError);
  const {events, operation} = watched;
  expectFacts(error, watched, {
    location: operation.location,
    attempts: 4,
    observed: {unknownStatus: 4},
    status: undefined,
    elapsed: 100,
  });
  const words = '; unknown status "unknownFutureValue"; unknown status "somethingNew"';
  expect(error.message).toBe(`${operation.location} had not ended within 100 ms: no status was seen${words}`);
  // The deadline has no answer of its own: the error has the head of the last one.
  const {requestId, clientRequestId, date} = only(events, 'polled').at(-1)?.answer ?? {};
  expect(clientRequestId).toBe(operation.requests[3]?.headers['client-request-id']);
  expect(error).toMatchObject({requestId, clientRequestId, date});
  expect(types(events)).toEqual([
    'polled',
    'unknownStatus',
    'waiting',
    'polled',
    'unknownStatus',
    'waiting',
    'polled',
    'waiting',
    'polled',
    'waiting',
    'abandoned',
  ]);
  expect(only(events, 'unknownStatus').map(({rawStatus}) => rawStatus)).toEqual(['unknownFutureValue', 'somethingNew']);
  expect(times(operation.requests)).toEqual([0, 40, 80, 90]);
  expect(waits(events)).toEqual([
    [40, 'schedule'],
    [40, 'schedule'],
    [10, 'deadline'],
    [10, 'deadline'],
  ]);
  await atRest(watched, 4);
});

test("11: {running} → {somethingNew} with unknownStatus: 'fail': UnknownStatusError", async () => {
  const watched = await watch(['running', 'somethingNew', 'succeeded'], {unknownStatus: 'fail'});
  const error = await failure(watched.poller.result(), UnknownStatusError);
  expectFacts(error, watched, {
    location: watched.operation.location,
    attempts: 2,
    observed: {running: 1, unknownStatus: 1},
    status: 'running',
  });
  expect([error.rawStatus, error.cause]).toEqual(['somethingNew', undefined]);
  expect(error.message).toBe(`${watched.operation.location} has the unknown status "somethingNew"`);
  expect(types(watched.events)).toEqual(['polled', 'running', 'waiting', 'polled', 'unknownStatus', 'abandoned']);
  expect(only(watched.events, 'abandoned')[0]).toMatchObject({reason: 'unknownStatus', error});
  await atRest(watched, 2);
});

test('12: result() three times, then, catch and finally mixed: one poller, one outcome, callbacks once each', async () => {
  const watched = await watch(['running', 'succeeded'], {schedule: quick.schedule});
  const {poller} = watched;
  const calls: string[] = [];
  const note = (name: string) => (): void => void calls.push(name);
  const promises = [poller.result(), poller.result(), poller.result()] as const;
  const derived = [
    promises[0].then(note('then')),
    promises[1].catch(note('catch')),
    promises[2].finally(note('finally')),
    promises[0].then(note('then again'), note('rejected')),
  ];
  const outcomes = await Promise.all(promises);
  await Promise.all(derived);
  expect(new Set(outcomes)).toEqual(new Set([poller.operation]));
  expect(calls.toSorted()).toEqual(['finally', 'then', 'then again']);
  await atRest(watched, 2);
});

test('12: the same for an operation that fails', async () => {
  const watched = await watch(['running', 'failed']);
  const {poller} = watched;
  const calls: string[] = [];
  const note = (name: string) => (): void => void calls.push(name);
  const errors: unknown[] = [];
  await Promise.all([
    poller.result().then(note('then'), (error) => errors.push(error)),
    poller.result().catch((error) => errors.push(error)),
    poller
      .result()
      .finally(note('finally'))
      .catch((error) => errors.push(error)),
  ]);
  expect(errors).toHaveLength(3);
  expect(new Set(errors).size).toBe(1);
  expect(calls).toEqual(['finally']);
  await atRest(watched, 2);
});
