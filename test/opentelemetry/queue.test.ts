import {beforeEach, expect, test} from '@jest/globals';
import {instrument} from 'operation-poller/opentelemetry';
import {Bench, describeWithRedis, token, until} from '../bullmq/setup.ts';
import {endedBefore, startTelemetry} from './telemetry.ts';

describeWithRedis("a queue's events", () => {
  const bench = new Bench();
  beforeEach(() => void bench.fresh());

  test('report only outcomes, until they are unsubscribed', async () => {
    const telemetry = startTelemetry();
    const events = await bench.events();
    const {unsubscribe} = instrument(events, telemetry.options);
    const ended: string[] = [];
    events.on('*', ({type}) => ended.push(type));
    const emulator = await bench.emulator();
    const queue = bench.queue();
    bench.worker({schedule: () => 1});
    const ends = ['succeeded', 'failed'].map((status) => ({status, ...endedBefore}));
    for (const end of ends) await queue.add(emulator.addOperation({script: ['running', end]}).location);
    await until(() => ended.includes('succeeded') && ended.includes('failed'));
    const outcomes = await telemetry.measured('operation.outcomes');
    expect(outcomes).toHaveLength(2);
    expect(outcomes).toContainEqual({by: {'operation.outcome': 'succeeded'}, value: 1, sum: undefined});
    const failed = {'operation.outcome': 'failed', 'error.type': 'OperationFailedError'};
    expect(outcomes).toContainEqual({by: failed, value: 1, sum: undefined});
    const delays = await telemetry.measured('operation.detection.delay');
    expect(delays.reduce((sum, {value}) => sum + value, 0)).toBe(2);
    expect(await telemetry.measured('operation.polls')).toEqual([]);
    expect(telemetry.spans()).toEqual([]);
    expect(await telemetry.exported()).not.toContain(token);

    unsubscribe();
    ended.length = 0;
    await queue.add(emulator.addOperation({script: ['succeeded']}).location);
    await until(() => ended.includes('succeeded'));
    expect(await telemetry.measured('operation.outcomes')).toEqual(outcomes);
    await telemetry.stop();
  });
});
