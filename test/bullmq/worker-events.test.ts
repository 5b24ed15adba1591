import {beforeEach, expect, test} from '@jest/globals';
import {expectTypeOf} from 'expect-type';
import ky from 'ky';
import type {OperationEvent, RunningOperation} from 'operation-poller';
import type {OperationWorker, TurnEventOf} from 'operation-poller/bullmq';
import {operationEventTypes} from '../../src/operation/events.ts';
import {now} from '../../src/shared/clock.ts';
import {Listeners} from '../../src/shared/listeners.ts';
import {Bench, describeWithRedis, holdingService, rejection, takeAway, token, until} from './setup.ts';

describeWithRedis('the events of a worker', () => {
  const bench = new Bench();
  beforeEach(() => void bench.fresh());

  function eventsOf(worker: OperationWorker): TurnEventOf<'*'>[] {
    const received: TurnEventOf<'*'>[] = [];
    worker.on('*', (event) => received.push(event));
    return received;
  }

  test('are those of a poller, also of polls that bring nothing new, with what the worker knows', async () => {
    const emulator = await bench.emulator();
    const queue = bench.queue<{user: string}>();
    const received = eventsOf(bench.worker({schedule: () => 1}));
    const before = now();
    const script = ['notStarted', {status: 'running', times: 3}, {http: 503}, 'succeeded'] as const;
    const queued = await queue.add(emulator.addOperation({script}).location, {data: {user: 'adele'}});
    await queued.result();
    expect(received.map(({type, attempt}) => `${attempt} ${type}`)).toEqual([
      ...['1 polled', '1 notStarted', '1 waiting'],
      ...['2 polled', '2 running', '2 waiting', '3 polled', '3 waiting', '4 polled', '4 waiting'],
      ...['5 retrying', '5 waiting'],
      ...['6 polled', '6 succeeded'],
    ]);
    let last = before;
    for (const event of received) {
      const {id, protocol, data, startedAt, askedAt = 0, at} = event;
      expect({id, protocol, data}).toEqual({id: queued.id, protocol: 'longRunning', data: {user: 'adele'}});
      expect(Object.isFrozen(event)).toBe(true);
      expect(startedAt).toBeGreaterThanOrEqual(before);
      expect(startedAt).toBe(received[0]?.startedAt);
      expect(askedAt).toBeGreaterThanOrEqual(event.attempt === received[0]?.attempt ? startedAt : last);
      expect(at).toBeGreaterThanOrEqual(askedAt);
      last = askedAt;
    }
    expect(JSON.stringify(received)).not.toContain(token);
  });

  test('have the type of their name', async () => {
    const worker = bench.worker();
    worker.on('running', (event) => {
      expectTypeOf(event.operation).toEqualTypeOf<RunningOperation>();
      expectTypeOf(event.id).toBeString();
      expectTypeOf(event.askedAt).toEqualTypeOf<number | undefined>();
      expectTypeOf(event.data).toBeUnknown();
    });
    expect(() => worker.on('running', 'print' as never)).toThrow('listener: expected a function, got "print"');
  });

  test('reach the listeners of their name until these unsubscribe, also when one throws', async () => {
    const emulator = await bench.emulator();
    const queue = bench.queue();
    const worker = bench.worker({schedule: () => 1});
    const reported: unknown[] = [];
    const host = globalThis as {reportError?: unknown};
    const reportError = host.reportError;
    host.reportError = (error: unknown) => reported.push(error);
    try {
      const received: string[] = [];
      worker.on('running', () => {
        throw new RangeError('mine');
      });
      const {unsubscribe} = worker.on('running', ({type}) => received.push(type));
      await (await queue.add(emulator.addOperation({script: ['running', 'succeeded']}).location)).result();
      unsubscribe();
      unsubscribe();
      await (await queue.add(emulator.addOperation({script: ['running', 'succeeded']}).location)).result();
      expect(received).toEqual(['running']);
      expect(reported).toEqual([new RangeError('mine'), new RangeError('mine')]);
      expect(bench.errors).toEqual([]);
    } finally {
      host.reportError = reportError;
    }
  });

  test('say that no request was made, where the deadline had passed', async () => {
    const emulator = await bench.emulator({script: ['running']});
    const queue = bench.queue();
    const received = eventsOf(bench.worker());
    const queued = await queue.add(emulator.addOperation().location, {totalTimeout: 100, initialDelay: 150});
    await rejection(queued.result());
    expect(emulator.received).toBe(0);
    expect(received).toMatchObject([{type: 'abandoned', reason: 'timeout', attempt: 0, askedAt: undefined}]);
  });

  test('are emitted again where the poll is made again, because Redis did not take it', async () => {
    const {http, location, requests, release} = holdingService('succeeded');
    const queue = bench.queue();
    const worker = bench.worker({recoverAfter: 60_000, http});
    const received: string[] = [];
    worker.on('succeeded', ({id}) => received.push(id));
    const queued = await queue.add(location);
    await until(() => requests() === 1);
    await takeAway(bench, [queued]);
    await until(() => requests() === 2);
    release();
    await queued.result();
    expect(received).toEqual([queued.id, queued.id]);
    expect(requests()).toBe(2);
  });

  test('are not of a poll that is handed back', async () => {
    const queue = bench.queue();
    await queue.add('https://graph.example/operations/1');
    // The token takes its time, and then the request does: together longer than a worker that closes waits. The request is made before
    // that wait is over even if both are late, since its timer is due before.
    let asked = 0;
    const slow = (): Promise<string> => {
      asked += 1;
      return new Promise((resolve) => setTimeout(() => resolve(token), 200));
    };
    let requests = 0;
    const hang = (): Promise<Response> => {
      requests += 1;
      return new Promise(() => undefined);
    };
    const http = ky.create({fetch: hang});
    const worker = bench.worker({requestTimeout: 300, token: slow, http});
    const received = eventsOf(worker);
    await until(() => asked === 1);
    await worker.close();
    expect(requests).toBe(1);
    expect(received).toEqual([]);
  });
});

test('listeners know whether there are any', () => {
  const listeners = new Listeners<OperationEvent>(operationEventTypes);
  const print = (): void => undefined;
  expect(listeners.isEmpty).toBe(true);
  const [first, second] = [listeners.add('*', print), listeners.add('running', print)];
  first.unsubscribe();
  first.unsubscribe();
  expect(listeners.isEmpty).toBe(false);
  second.unsubscribe();
  expect(listeners.isEmpty).toBe(true);
});
