import {afterEach, beforeEach, expect, test} from '@jest/globals';
import {SpanKind} from '@opentelemetry/api';
import {pollOperation, schedules} from 'operation-poller';
import {instrument} from 'operation-poller/opentelemetry';
import {createOperationTracker} from 'operation-poller/tracker';
import {startEmulator} from '../testing/emulators.ts';
import {startTelemetry} from './telemetry.ts';

let telemetry: ReturnType<typeof startTelemetry>;
beforeEach(() => {
  telemetry = startTelemetry();
});
afterEach(() => telemetry.stop());

test('a tracker has a span for each poll, and one for the watch at its end, as a worker has', async () => {
  const emulator = await startEmulator({script: ['running', {http: 503}, 'succeeded']});
  await using tracker = await createOperationTracker({token: 'a', schedule: schedules.fixed(100)});
  const {unsubscribe} = instrument(tracker, telemetry.options);
  const tracked = await tracker.add(emulator.addOperation().location);
  await tracked.result();
  expect(telemetry.spans('operation.poll').map(({attributes}) => attributes['http.response.status_code'])).toEqual([
    200, 503, 200,
  ]);
  const [watch, ...others] = telemetry.spans('operation.watch');
  expect(watch).toMatchObject({kind: SpanKind.INTERNAL, attributes: {'operation.id': tracked.id}});
  expect(others).toEqual([]);
  unsubscribe();
  await (await tracker.add(emulator.addOperation({script: ['succeeded']}).location)).result();
  expect(telemetry.spans('operation.watch')).toHaveLength(1);
});

test('a poller that is handed over to a tracker counts once: its own watch ends without an outcome', async () => {
  const emulator = await startEmulator({script: ['running', 'succeeded']});
  await using tracker = await createOperationTracker({token: 'a', schedule: schedules.fixed(5)});
  instrument(tracker, telemetry.options);
  const poller = pollOperation(emulator.addOperation().location, {token: 'a'});
  instrument(poller, telemetry.options);
  await poller.waitFor('running');
  const tracked = await tracker.add(poller);
  await tracked.result();
  const by = {'operation.protocol': 'longRunning', 'operation.outcome': 'succeeded'};
  expect(await telemetry.measured('operation.outcomes')).toEqual([{by, value: 1, sum: undefined}]);
  expect(await telemetry.measured('operation.duration')).toMatchObject([{by, value: 1}]);
  expect(await telemetry.measured('operation.in_progress')).toMatchObject([{value: 0}]);
  const outcomes = telemetry.spans('operation.watch').map(({attributes}) => attributes['operation.outcome']);
  expect(outcomes).toEqual([undefined, 'succeeded']);
});

test('a poller that its user stops with the words of a hand-over counts as abandoned', async () => {
  const emulator = await startEmulator({script: ['running']});
  const poller = pollOperation(emulator.addOperation().location, {token: 'a'});
  instrument(poller, telemetry.options);
  await poller.waitFor('running');
  poller.stop(new Error('handed over'));
  const by = {'operation.protocol': 'longRunning', 'operation.outcome': 'abandoned'};
  expect(await telemetry.measured('operation.outcomes')).toEqual([{by, value: 1, sum: undefined}]);
});

test('a poller whose hand-over was refused counts as abandoned when it is stopped', async () => {
  const emulator = await startEmulator({script: ['running']});
  await using tracker = await createOperationTracker({token: 'a'});
  await tracker.add(emulator.addOperation().location, {key: 'known'});
  const poller = pollOperation(emulator.addOperation().location, {token: 'a'});
  instrument(poller, telemetry.options);
  await poller.waitFor('running');
  await tracker.add(poller, {key: 'known'});
  poller.stop();
  expect(await telemetry.measured('operation.outcomes')).toMatchObject([{by: {'operation.outcome': 'abandoned'}}]);
});
