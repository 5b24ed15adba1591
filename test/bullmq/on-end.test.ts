import {once} from 'node:events';
import {beforeEach, expect, jest, test} from '@jest/globals';
import {Job} from 'bullmq';
import {OperationFailedError, type WatchTimeoutError} from 'operation-poller';
import type {OperationWorker} from 'operation-poller/bullmq';
import type {EndedRecord} from 'operation-poller/runner';
import {jobOf} from '../../src/bullmq/job.ts';
import {Publisher} from '../../src/bullmq/publisher.ts';
import {removeJob} from '../../src/bullmq/remove-job.ts';
import {processClock} from '../../src/shared/clock.ts';
import {
  Bench,
  describeWithRedis,
  holdingService,
  jobIdOf,
  longerThanStalls,
  startWorkerProcess,
  takeAway,
  until,
} from './setup.ts';

interface Data {
  readonly user: string;
}

describeWithRedis('onEnd', () => {
  const bench = new Bench();
  beforeEach(() => void bench.fresh());

  /** An `onEnd` that keeps what it gets, and rejects as often as given. */
  const keepEnds = (rejections = 0) => {
    const ends: EndedRecord<Data>[] = [];
    const onEnd = async (ended: EndedRecord<Data>): Promise<void> => {
      ends.push(ended);
      if (ends.length <= rejections) throw new Error(`no mail server, ${ends.length}`);
    };
    return {ends, onEnd};
  };

  test('gets the outcome of what was added with handOver, once, and of nothing else', async () => {
    const emulator = await bench.emulator();
    const queue = bench.queue<Data>();
    const {ends, onEnd} = keepEnds();
    bench.worker<Data>({onEnd});
    const add = (script: Parameters<typeof emulator.addOperation>[0], key: string) =>
      queue.add(emulator.addOperation(script).location, {handOver: true, key, data: {user: key}});
    const succeeded = await add({script: ['running', 'succeeded']}, 'a');
    const failed = await add({script: ['failed']}, 'b');
    const abandoned = await queue.add(emulator.addOperation({script: ['running']}).location, {
      handOver: true,
      totalTimeout: 200,
    });
    const others = await queue.add(emulator.addOperation({script: ['succeeded']}).location);
    const queued = [succeeded, failed, abandoned];
    const outcomes = await Promise.all([...queued, others].map((operation) => operation.outcome()));
    await until(async () => (await queue.counts()).ended === 4);
    expect(outcomes.map(({status}) => status)).toEqual(['succeeded', 'failed', 'abandoned', 'succeeded']);
    for (const [index, {id, key, data}] of queued.entries()) {
      const [ended, ...more] = ends.filter((end) => end.id === id);
      expect(more).toEqual([]);
      expect(ended).toMatchObject({id, key, data});
      expect(ended?.outcome).toEqual(outcomes[index]);
      expect(ended?.signal.aborted).toBe(false);
    }
    expect(ends).toHaveLength(3);
    expect((outcomes[1] as {error: Error}).error).toBeInstanceOf(OperationFailedError);
    expect((outcomes[2] as {error: WatchTimeoutError}).error.name).toBe('WatchTimeoutError');
    expect(await abandoned.abandoned()).toBe('timeout');
    expect(await succeeded.abandoned()).toBeUndefined();
    expect(await queue.counts()).toEqual({waiting: 0, due: 0, active: 0, ended: 4, failed: 0});
    expect(bench.errors).toEqual([]);
  });

  test('85: is called again after a rejection, later each time, with the same id and without asking the service', async () => {
    const emulator = await bench.emulator({script: ['running', 'succeeded']});
    const queue = bench.queue<Data>();
    const {ends, onEnd} = keepEnds(2);
    const times: number[] = [];
    let goOn = (): void => undefined;
    const seen = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    bench.worker<Data>({
      onEnd: async (ended) => {
        times.push(Date.now());
        if (times.length > 1) await seen;
        await onEnd(ended);
      },
    });
    const queued = await queue.add(emulator.addOperation().location, {handOver: true});
    await until(() => ends.length === 1);
    // The others go on in the meantime, and what is known of this one can be read.
    const other = await queue.add(emulator.addOperation().location);
    expect((await other.result()).status).toBe('succeeded');
    expect(ends).toHaveLength(1);
    expect(await queued.status()).toBe('succeeded');
    expect((await queue.list()).map(({id}) => id)).toEqual([queued.id]);
    // Whoever waits for the result does not wait for it.
    expect((await queued.result()).status).toBe('succeeded');
    expect(ends).toHaveLength(1);
    goOn();
    await until(async () => (await queue.counts()).ended === 1 + 1);
    expect(ends.map(({id}) => id)).toEqual([queued.id, queued.id, queued.id]);
    const [first = 0, second = 0, third = 0] = times;
    expect(second - first).toBeGreaterThanOrEqual(1000);
    expect(third - second).toBeGreaterThanOrEqual(2000);
    expect(emulator.operations[0]?.requests).toHaveLength(2);
    expect(bench.errors.map(({message}) => message)).toEqual(['no mail server, 1', 'no mail server, 2']);
  });

  test('85: is called again, with the same id, when its process was killed in it', async () => {
    const emulator = await bench.emulator({script: ['succeeded']});
    const queue = bench.queue<Data>();
    const child = await startWorkerProcess(bench, {hangsInOnEnd: true});
    // It may come before the answer to `add`.
    const called = once(child, 'message');
    const queued = await queue.add(emulator.addOperation().location, {handOver: true});
    const [id] = await called;
    expect(id).toBe(queued.id);
    child.kill('SIGKILL');
    const {ends, onEnd} = keepEnds();
    bench.worker<Data>({onEnd, recoverAfter: longerThanStalls});
    await until(async () => (await queue.counts()).ended === 1);
    expect((await queued.result()).status).toBe('succeeded');
    expect(ends.map((end) => end.id)).toEqual([queued.id]);
    expect(emulator.received).toBe(1);
    expect(bench.errors).toEqual([]);
  });

  test('85: may run twice at once where the lock was lost, and the job is done once', async () => {
    const emulator = await bench.emulator({script: ['succeeded']});
    const queue = bench.queue<Data>();
    const ids: string[] = [];
    let release: (() => void) | undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const onEnd = ({id}: EndedRecord<Data>): Promise<void> => {
      ids.push(id);
      return held;
    };
    bench.worker<Data>({onEnd, recoverAfter: 60_000});
    const queued = await queue.add(emulator.addOperation().location, {handOver: true});
    await until(() => ids.length === 1);
    await takeAway(bench, [queued]);
    await until(() => ids.length === 2);
    release?.();
    await until(async () => (await queue.counts()).ended === 1);
    expect((await queued.result()).status).toBe('succeeded');
    expect(ids).toEqual([queued.id, queued.id]);
    expect(emulator.received).toBe(1);
    expect(await queue.counts()).toMatchObject({ended: 1, failed: 0});
  });

  test('88: is left to others by a worker that has none, which reports it', async () => {
    const emulator = await bench.emulator({script: ['succeeded']});
    const queue = bench.queue<Data>();
    const without = bench.worker();
    const queued = await queue.add(emulator.addOperation().location, {handOver: true});
    await until(() => bench.errors.length > 0);
    expect(bench.errors[0]).toMatchObject({
      name: 'JobSkippedError',
      id: queued.id,
      reason: 'noOnEnd',
      protocol: 'longRunning',
    });
    expect(bench.errors[0]?.message).toContain('this worker has no onEnd');
    expect(emulator.received).toBe(0);
    // It takes the others.
    const other = await queue.add(emulator.addOperation().location);
    expect((await other.result()).status).toBe('succeeded');
    await without.close();
    const {ends, onEnd} = keepEnds();
    bench.worker<Data>({onEnd});
    await until(() => ends.length > 0);
    expect(ends.map(({id}) => id)).toEqual([queued.id]);
  });

  test('is not called for what remove() has ended, nor again for what it removes once that has rejected', async () => {
    const emulator = await bench.emulator();
    const queue = bench.queue<Data>();
    const {ends, onEnd} = keepEnds(Number.POSITIVE_INFINITY);
    bench.worker<Data>({onEnd});
    const waiting = await queue.add(emulator.addOperation({script: ['running']}).location, {
      handOver: true,
      initialDelay: 60_000,
    });
    const ended = await queue.add(emulator.addOperation({script: ['succeeded']}).location, {handOver: true});
    await until(() => ends.length > 0);
    await until(async () => (await queue.counts()).active === 0);
    for (const queued of [ended, waiting]) {
      expect(await queue.remove(queued.key)).toBe(true);
      expect(await Job.fromId(bench.raw(), jobIdOf(queued))).toBeUndefined();
    }
    // It is called again after a second, more than once where this process stands still for so long.
    const calls = ends.length;
    expect(ends.map(({id}) => id)).toEqual(Array(calls).fill(ended.id));
    await new Promise((resolve) => setTimeout(resolve, 1100));
    expect(ends).toHaveLength(calls);
  });

  test('is called for an end that is stored, whatever remove() is asked for before: that stops nothing', async () => {
    const service = holdingService('succeeded');
    const queue = bench.queue<Data>();
    const {ends, onEnd} = keepEnds();
    bench.worker<Data>({http: service.http, onEnd});
    const queued = await queue.add(service.location, {handOver: true});
    await until(() => service.requests() === 1);
    const raw = bench.raw();
    await raw.pause();
    // It waits for the poll that is under way, and finds its end.
    const removing = queue.remove(queued.key);
    service.release();
    expect((await queued.outcome()).status).toBe('succeeded');
    expect(await removing).toBe(false);
    expect(await queue.remove(queued.id)).toBe(false);
    expect(ends).toHaveLength(0);
    await raw.resume();
    await until(async () => (await queue.counts()).ended === 1);
    expect(ends.map(({id, outcome}) => [id, outcome.status])).toEqual([[queued.id, 'succeeded']]);
  });

  test('that no worker has keeps a stored end from being removed; one that does nothing gets rid of it', async () => {
    const service = holdingService('succeeded');
    const queue = bench.queue<Data>();
    const {ends, onEnd} = keepEnds();
    const last = bench.worker<Data>({http: service.http, onEnd});
    const queued = await queue.add(service.location, {handOver: true});
    await until(() => service.requests() === 1);
    const raw = bench.raw();
    await raw.pause();
    service.release();
    await queued.outcome();
    await last.close();
    await raw.resume();
    bench.worker<Data>();
    await until(() => bench.errors.length > 0);
    expect(bench.errors[0]).toMatchObject({name: 'JobSkippedError', reason: 'noOnEnd'});
    expect(await queue.remove(queued.key)).toBe(false);
    // Unlike where there is no such job.
    expect((await (await queue.get(queued.key))?.outcome())?.status).toBe('succeeded');
    bench.worker<Data>({onEnd: () => undefined});
    await until(async () => (await queue.counts()).ended === 1);
    expect([ends, service.requests()]).toEqual([[], 1]);
  });

  test('is called for an end that a worker stores between the look of remove() and the removal', async () => {
    const service = holdingService('succeeded');
    const queue = bench.queue<Data>();
    const {ends, onEnd} = keepEnds();
    const worker = bench.worker<Data>({http: service.http, onEnd});
    const queued = await queue.add(service.location, {handOver: true, initialDelay: 60_000});
    const raw = bench.raw();
    const publisher = new Publisher(bench.engine);
    bench.opened(publisher, () => publisher.close());
    const read = raw.backend.getJobData.bind(raw.backend);
    let isFirst = true;
    jest.spyOn(raw.backend, 'getJobData').mockImplementation(async (id) => {
      const data = await read(id);
      if (isFirst) {
        isFirst = false;
        await queue.wake(queued.key);
        await until(() => service.requests() === 1);
        await raw.pause();
        service.release();
        await queued.outcome();
      }
      return data;
    });
    expect(await removeJob(raw, jobOf(queued.id), publisher, processClock)).toBe(false);
    await raw.resume();
    await until(async () => (await queue.counts()).ended === 1);
    expect(ends).toHaveLength(1);
    await worker.close();
  });

  test('is called where the removal of a job broke off: it is watched on, however it waited', async () => {
    const emulator = await bench.emulator();
    const queue = bench.queue<Data>();
    const raw = bench.raw();
    await raw.pause();
    const add = (key: string, options: {initialDelay?: number; priority?: number}) =>
      queue.add(emulator.addOperation({script: ['succeeded']}).location, {key, handOver: true, ...options});
    const added = await Promise.all([
      add('wait', {}),
      add('prioritized', {priority: 1}),
      add('delayed', {initialDelay: 300_000}),
    ]);
    const backend: {remove(): Promise<number>} = Object.getPrototypeOf(raw.backend);
    const removal = jest.spyOn(backend, 'remove').mockRejectedValue(new Error('the process ended'));
    for (const {key} of added) await expect(queue.remove(key)).rejects.toThrow('the process ended');
    removal.mockRestore();
    const {ends, onEnd} = keepEnds();
    bench.worker<Data>({onEnd});
    await raw.resume();
    for (const {key} of added) expect(await queue.wake(key)).toBe(true);
    await until(async () => (await queue.counts()).ended === 3);
    expect(ends.map(({key}) => key).sort()).toEqual(['delayed', 'prioritized', 'wait']);
  });

  test('is called where a worker took the job between the delay and the removal: that is tried again', async () => {
    const service = holdingService('succeeded');
    const queue = bench.queue<Data>();
    const {ends, onEnd} = keepEnds();
    bench.worker<Data>({http: service.http, onEnd});
    const queued = await queue.add(service.location, {handOver: true, initialDelay: 60_000});
    const raw = bench.raw();
    const publisher = new Publisher(bench.engine);
    bench.opened(publisher, () => publisher.close());
    const remove = raw.backend.remove.bind(raw.backend);
    jest.spyOn(raw.backend, 'remove').mockImplementationOnce(async (...given) => {
      await queue.wake(queued.key);
      await until(() => service.requests() === 1);
      const removed = await remove(...given);
      service.release();
      return removed;
    });
    expect(await removeJob(raw, jobOf(queued.id), publisher, processClock)).toBe(false);
    await until(async () => (await queue.counts()).ended === 1);
    expect(ends.map(({outcome}) => outcome.status)).toEqual(['succeeded']);
  });

  test('that awaits the removal of its own operation goes on: its watching is over', async () => {
    const emulator = await bench.emulator({script: ['succeeded']});
    const queue = bench.queue<Data>();
    const removals: boolean[] = [];
    bench.worker<Data>({onEnd: async ({key}) => removals.push(await queue.remove(key))});
    const queued = await queue.add(emulator.addOperation().location, {handOver: true});
    await until(async () => (await queue.counts()).ended === 1);
    expect(removals).toEqual([false]);
    expect(await queued.status()).toBe('succeeded');
  });

  test('that is running when its operation is removed stays its own: false, and once it has rejected, true', async () => {
    const emulator = await bench.emulator({script: ['succeeded']});
    const queue = bench.queue<Data>();
    let calls = 0;
    let reject = (_: Error): void => undefined;
    const onEnd = (): Promise<never> => {
      calls += 1;
      return new Promise((_, fail) => {
        reject = fail;
      });
    };
    bench.worker<Data>({onEnd});
    const queued = await queue.add(emulator.addOperation().location, {handOver: true});
    await until(() => calls === 1);
    expect(await queue.remove(queued.key)).toBe(false);
    // It would be called again after a second, which may be over before the removal.
    await bench.raw().pause();
    reject(new Error('no mail server'));
    await until(async () => (await queue.counts()).active === 0);
    expect(await queue.remove(queued.key)).toBe(true);
    expect(await Job.fromId(bench.raw(), jobIdOf(queued))).toBeUndefined();
    expect(calls).toBe(1);
  });

  test('is left behind after requestTimeout where it awaits the close of its worker, and called again by another', async () => {
    const emulator = await bench.emulator({script: ['succeeded']});
    const queue = bench.queue<Data>();
    const {ends, onEnd} = keepEnds();
    let isClosed = false;
    // On a busy machine the poll itself takes more than one request of 200 ms.
    let received = 0;
    const worker: OperationWorker = bench.worker<Data>({
      requestTimeout: 200,
      onEnd: async (ended) => {
        received = emulator.received;
        await onEnd(ended);
        await worker.close();
        isClosed = true;
      },
    });
    const {id} = await queue.add(emulator.addOperation().location, {handOver: true});
    await until(() => isClosed);
    expect(await queue.counts()).toMatchObject({active: 0, ended: 0});
    bench.worker<Data>({onEnd});
    await until(async () => (await queue.counts()).ended === 1);
    expect(ends.map((ended) => ended.id)).toEqual([id, id]);
    expect(emulator.received).toBe(received);
    expect(bench.errors).toEqual([]);
  });

  test('is handed back when the worker closes before it resolves: its signal aborts', async () => {
    const emulator = await bench.emulator({script: ['succeeded']});
    const queue = bench.queue<Data>();
    const aborted: unknown[] = [];
    const onEnd = ({signal}: EndedRecord<Data>): Promise<void> =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          aborted.push(signal.reason);
          reject(signal.reason);
        });
        begun += 1;
      });
    let begun = 0;
    const worker = bench.worker<Data>({onEnd, requestTimeout: 200});
    const queued = await queue.add(emulator.addOperation().location, {handOver: true});
    await until(() => begun === 1);
    await worker.close();
    expect(aborted).toHaveLength(1);
    expect(await queue.counts()).toMatchObject({active: 0, ended: 0});
    const {ends, onEnd: next} = keepEnds();
    bench.worker<Data>({onEnd: next});
    await until(() => ends.length > 0);
    expect(ends.map(({id}) => id)).toEqual([queued.id]);
  });
});
