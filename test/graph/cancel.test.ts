import {expect, jest, test} from '@jest/globals';
import {pollOperation} from '../../src/index.ts';
import {defineProtocol} from '../../src/protocol/define-protocol.ts';
import {longRunning} from '../../src/protocol/long-running.ts';
import {startEmulator} from '../testing/emulators.ts';
import {clientOf, quick, rejectionOf, token} from './clients.ts';

const byDelete = defineProtocol({
  ...longRunning,
  name: 'byDelete',
  words: {...longRunning.words, canceled: 'canceled'},
  cancel: {method: 'DELETE'},
});
const byPost = defineProtocol({...byDelete, name: 'byPost', cancel: {method: 'POST', suffix: ':cancel'}});

test.each([
  ['DELETE', byDelete, ''],
  ['POST', byPost, ':cancel'],
] as const)('%s, and watching goes on until the service says canceled', async (method, protocol, suffix) => {
  const emulator = await startEmulator({token});
  const onCancel = [{status: 'running', times: 2}, 'canceled'];
  const path = "/things('a')/1";
  const operation = emulator.addOperation({path, script: ['running'], query: 'a=b', cancelable: true, onCancel});
  const poller = clientOf(emulator).watch(operation.location, {protocol, ...quick});
  await poller.waitFor('running');
  await poller.cancel();
  await expect(poller.result()).rejects.toMatchObject({name: 'OperationCanceledError'});
  const [sent] = operation.requests.filter((request) => request.method !== 'GET');
  expect([sent?.method, sent?.path, sent?.headers['authorization']]).toEqual([
    method,
    `/v1.0${path}${suffix}?a=b`,
    `Bearer ${token}`,
  ]);
  await poller.cancel();
  expect(operation.requests.filter((request) => request.method !== 'GET')).toHaveLength(1);
});

test('an operation that succeeds all the same has succeeded', async () => {
  const emulator = await startEmulator();
  const script = {script: ['running'], cancelable: true, onCancel: ['succeeded']};
  const poller = clientOf(emulator).watch(emulator.addOperation(script).location, {protocol: byDelete, ...quick});
  await poller.waitFor('running');
  await poller.cancel();
  expect((await poller.result()).status).toBe('succeeded');
});

test('stopping to watch never cancels', async () => {
  const emulator = await startEmulator();
  const operation = emulator.addOperation({script: ['running'], cancelable: true});
  const poller = clientOf(emulator).watch(operation.location, {protocol: byDelete, ...quick});
  await poller.waitFor('running');
  poller.stop();
  await rejectionOf(poller.result());
  await emulator.idle();
  expect(operation.requests.every(({method}) => method === 'GET')).toBe(true);
});

test('a watch that timed out can still cancel', async () => {
  const emulator = await startEmulator();
  const operation = emulator.addOperation({script: ['running'], cancelable: true});
  const poller = clientOf(emulator).watch(operation.location, {protocol: byDelete, ...quick, totalTimeout: 60});
  await expect(poller.result()).rejects.toMatchObject({name: 'WatchTimeoutError'});
  await poller.cancel();
  expect(operation.requests.at(-1)?.method).toBe('DELETE');
});

test('a cancellation that is refused rejects, and watching goes on', async () => {
  const emulator = await startEmulator();
  const operation = emulator.addOperation({path: '/things/1', script: ['running']});
  emulator.addStart({path: '/things/1', method: 'DELETE', answer: {http: 409, error: {code: 'TooLate'}}});
  const poller = clientOf(emulator).watch(operation.location, {protocol: byDelete, ...quick});
  await poller.waitFor('running');
  expect(await rejectionOf(poller.cancel())).toMatchObject({name: 'PollError', httpStatus: 409, code: 'TooLate'});
  operation.rescript(['succeeded']);
  expect((await poller.result()).status).toBe('succeeded');
});

test('a redirected cancellation is none, and a protocol without a way says so', async () => {
  const emulator = await startEmulator();
  const {location} = emulator.addOperation({path: '/things/1', script: ['running']});
  emulator.addStart({path: '/things/1', method: 'DELETE', answer: {http: 302, redirect: '/elsewhere'}});
  const poller = clientOf(emulator).watch(location, {protocol: byDelete, ...quick});
  expect(await rejectionOf(poller.cancel())).toMatchObject({httpStatus: 302});
  poller.stop();
  const other = clientOf(emulator).watch(location, quick);
  await expect(other.cancel()).rejects.toThrow(/^cancel: the protocol longRunning has no way to cancel/);
  other.stop();
});

test('a cancellation whose token comes just as its time is over is not sent', async () => {
  const emulator = await startEmulator();
  const operation = emulator.addOperation({script: ['running'], cancelable: true});
  jest.useFakeTimers();
  const slow = () => new Promise<string>((resolve) => setTimeout(resolve, 5000, token));
  const waits = {initialDelay: 60_000, requestTimeout: 5000};
  const poller = pollOperation(operation.location, {protocol: byDelete, token: slow, ...waits});
  const rejection = rejectionOf(poller.cancel());
  await jest.advanceTimersByTimeAsync(5001);
  expect(await rejection).toMatchObject({name: 'PollError', kind: 'timeout', httpStatus: undefined});
  poller.stop();
  jest.useRealTimers();
  await emulator.idle();
  expect(operation.requests).toEqual([]);
});
