import {expect, test} from '@jest/globals';
import {WatchAbortedError} from 'operation-poller';
import {createOperationEvents, createOperationQueue, createOperationWorker} from 'operation-poller/bullmq';
import {startGraphEmulator} from 'operation-poller/testing';
import {findRedis, startRedis} from '../support/redis.ts';
import {describeWithRedis, rejection, until} from './setup.ts';

describeWithRedis('a Redis that is gone for good', () => {
  test('holds up neither the close of a queue, its worker and its events for ever, nor who waits for a result', async () => {
    // Not that of `REDIS_URL`, which is not ours to end.
    const redis = await startRedis(findRedis() ?? {}, true);
    const emulator = await startGraphEmulator({script: ['running']});
    const common = {name: 'gone', connection: {host: redis.host, port: redis.port}, onError: () => {}};
    const queue = createOperationQueue(common);
    const events = createOperationEvents(common);
    const worker = createOperationWorker({...common, schedule: () => 20, requestTimeout: 500});
    await events.ready();
    const queued = await queue.add(emulator.addOperation().location);
    const result = rejection(queued.result());
    await until(() => emulator.received > 3);
    await redis.stop();
    const started = performance.now();
    await Promise.all([queue.close(), events.close(), worker.close()]);
    expect(performance.now() - started).toBeLessThan(15_000);
    expect(await result).toBeInstanceOf(WatchAbortedError);
    await emulator.stop();
  });
});
