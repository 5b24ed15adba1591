import {afterEach, beforeEach, describe, expect, jest, test} from '@jest/globals';
import ky, {type KyInstance} from 'ky';
import {pollOperation, protocols, WatchAbortedError} from 'operation-poller';
import {createOperationClient} from 'operation-poller/client';
import {
  createOperationTracker,
  type OperationTracker,
  type OperationTrackerOptions,
  type TrackerError,
  type TurnEventOf,
} from 'operation-poller/tracker';
import type {EndedRecord} from '../../src/runner/index.ts';
import * as schedules from '../../src/schedule/schedules.ts';
import {location, tasks} from '../support/core.ts';
import {failEach, type TestStore, testStore} from './stores.ts';

const beginning = Date.UTC(2020, 2, 19, 12);
const trackers: OperationTracker[] = [];

beforeEach(() => {
  jest.useFakeTimers({now: beginning, doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate']});
});

afterEach(async () => {
  await Promise.all(trackers.splice(0).map((tracker) => tracker.close()));
  expect(jest.getTimerCount()).toBe(0);
  jest.useRealTimers();
});

/** Lets everything run that waits for no timer. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Lets time pass, a tenth of a second at a time. */
async function pass(milliseconds: number): Promise<void> {
  await settle();
  for (let passed = 0; passed < milliseconds; passed += 100) {
    await jest.advanceTimersByTimeAsync(100);
    await settle();
  }
}

interface Service {
  readonly http: KyInstance;
  /** The locations that were asked for. */
  readonly requests: string[];
  /** How many requests were aborted. */
  readonly aborted: () => number;
}

/** A service that answers each location with these statuses, one a request; the last one repeats. `'hangs'` never answers. */
function serviceOf(statuses: readonly (string | (() => Response))[]): Service {
  const asked = new Map<string, number>();
  const requests: string[] = [];
  let aborted = 0;
  const http = ky.create({
    fetch: async (input, init) => {
      const url = input instanceof Request ? input.url : String(input);
      requests.push(url);
      const count = asked.get(url) ?? 0;
      asked.set(url, count + 1);
      const status = statuses[Math.min(count, statuses.length - 1)] ?? 'running';
      if (typeof status === 'function') return status();
      if (status !== 'hangs') return Response.json({id: 'b', status});
      return new Promise((_, reject) =>
        (input instanceof Request ? input : init)?.signal?.addEventListener('abort', () => {
          aborted += 1;
          reject(new DOMException('aborted', 'AbortError'));
        }),
      );
    },
  });
  return {http, requests, aborted: () => aborted};
}

interface Kept {
  readonly ends: EndedRecord<unknown>[];
  readonly errors: TrackerError[];
  readonly options: Pick<OperationTrackerOptions, 'onEnd' | 'onError' | 'schedule' | 'protocols'>;
}

/** Options that poll every second, and keep what they are called with. */
function keep(onEnd: (ended: EndedRecord<unknown>) => unknown = () => undefined): Kept {
  const ends: EndedRecord<unknown>[] = [];
  const errors: TrackerError[] = [];
  return {
    ends,
    errors,
    options: {
      schedule: schedules.fixed(1000),
      protocols: [tasks],
      onError: (error) => errors.push(error),
      onEnd: async (ended) => {
        ends.push(ended);
        await onEnd(ended);
      },
    },
  };
}

async function track(options: OperationTrackerOptions): Promise<OperationTracker> {
  const tracker = await createOperationTracker(options);
  trackers.push(tracker);
  return tracker;
}

/** Whatever a process leaves behind when it is killed: the store's texts, and no more. */
const leftBehind = (store: TestStore): TestStore => testStore(store.texts);

const here = {protocol: tasks} as const;

describe('an operation of a tracker', () => {
  test('is stored when add resolves, watched to its end, handed over, and then removed from the store', async () => {
    const {http, requests} = serviceOf(['running', 'succeeded']);
    const {ends, errors, options} = keep();
    const store = testStore();
    const tracker = await track({http, store, ...options});
    const tracked = await tracker.add(location, {...here, key: 'adele', data: {mail: 'adele@contoso.com'}});
    expect([...store.texts.keys()]).toEqual(['adele']);
    expect(tracked).toMatchObject({key: 'adele', data: {mail: 'adele@contoso.com'}});
    expect(await tracked.status()).toBe('notStarted');
    expect(await tracked.operation()).toBeUndefined();
    await pass(100);
    expect(await tracked.status()).toBe('running');
    await pass(1000);
    const outcome = await tracked.outcome();
    expect(outcome.status).toBe('succeeded');
    expect(await tracked.result()).toMatchObject({id: 'b', status: 'succeeded'});
    expect(await tracked.abandoned()).toBeUndefined();
    expect(ends).toEqual([
      {id: tracked.id, key: 'adele', data: {mail: 'adele@contoso.com'}, outcome, signal: expect.any(AbortSignal)},
    ]);
    expect(requests).toEqual([location, location]);
    expect(store.texts.size).toBe(0);
    expect(store.calls).toEqual(['write adele', 'write adele (may be lost)', 'write adele', 'remove adele']);
    expect(await tracker.get('adele')).toBeUndefined();
    expect(errors).toEqual([]);
  });

  test('has its location as its key by default', async () => {
    const tracker = await track({http: serviceOf(['running']).http, ...keep().options});
    expect((await tracker.add(location, here)).key).toBe(location);
  });

  test('fails, is canceled or abandoned as a poller would be', async () => {
    const {http} = serviceOf(['failed']);
    const {ends, options} = keep();
    const tracker = await track({http, ...options});
    const failed = await tracker.add(location, here);
    await pass(200);
    await expect(failed.result()).rejects.toMatchObject({name: 'OperationFailedError'});
    const {http: forbidden} = serviceOf([() => new Response(null, {status: 403})]);
    const refused = await (await track({http: forbidden, ...options})).add(location, here);
    await pass(200);
    expect(await refused.abandoned()).toBe('forbidden');
    expect(ends.map(({outcome}) => outcome.status)).toEqual(['failed', 'abandoned']);
  });

  test('is in memory alone without a store, and done without an onEnd', async () => {
    const {http} = serviceOf(['succeeded']);
    const tracker = await track({http, schedule: schedules.fixed(1000), protocols: [tasks]});
    const tracked = await tracker.add(location, here);
    await pass(100);
    expect(await tracked.status()).toBe('succeeded');
    expect(await tracked.outcome()).toMatchObject({status: 'succeeded'});
    expect(await tracker.list()).toEqual([]);
  });

  test('gets its result where that is fetched', async () => {
    const service = serviceOf([
      () => Response.json({id: 'b', status: 'succeeded', resourceLocation: `${location}&r=1`}),
    ]);
    const {ends, options} = keep();
    const tracker = await track({http: service.http, ...options, fetchResult: true});
    await tracker.add(location);
    await pass(200);
    expect(ends[0]?.outcome.operation).toMatchObject({result: {id: 'b'}});
    expect(service.requests).toHaveLength(2);
  });

  test('is polled through a client', async () => {
    const client = createOperationClient({
      root: 'https://graph.example',
      token: 'a',
      http: serviceOf(['succeeded']).http,
    });
    const {ends, options} = keep();
    const tracker = await track({client, ...options});
    await tracker.add(location, here);
    await expect(tracker.add('https://elsewhere.example/b', here)).rejects.toMatchObject({
      name: 'RecordRefusedError',
      reason: 'foreignOrigin',
    });
    await pass(200);
    expect(ends).toHaveLength(1);
  });

  test('ends at its deadline', async () => {
    const {ends, options} = keep();
    const tracker = await track({http: serviceOf(['running']).http, ...options});
    await tracker.add(location, {...here, totalTimeout: 3000});
    await pass(3200);
    expect(ends[0]?.outcome).toMatchObject({status: 'abandoned', reason: 'timeout'});
  });
});

test('an operation has one result and one outcome, so that whoever catches one has caught all', async () => {
  const tracker = await track({http: serviceOf(['failed']).http, ...keep().options});
  const tracked = await tracker.add(location, here);
  expect(tracked.result()).toBe(tracked.result());
  expect(tracked.outcome()).toBe(tracked.outcome());
  await Promise.all([pass(100), expect(tracked.result()).rejects.toMatchObject({name: 'OperationFailedError'})]);
});

describe('add', () => {
  test('gives what is there under the key, also while that is being stored', async () => {
    const store = testStore();
    const tracker = await track({http: serviceOf(['running']).http, store, ...keep().options});
    const [first, second] = await Promise.all([
      tracker.add(location, {...here, key: 'a'}),
      tracker.add(location, {...here, key: 'a'}),
    ]);
    expect(second).toBe(first);
    expect(await tracker.add(location, {...here, key: 'a', data: 1})).toBe(first);
    expect(store.calls).toEqual(['write a']);
  });

  test('gives another id when the same key is added again later', async () => {
    const {ends, options} = keep();
    const tracker = await track({http: serviceOf(['succeeded']).http, ...options});
    const first = await tracker.add(location, {...here, key: 'a'});
    await pass(100);
    const second = await tracker.add(location, {...here, key: 'a'});
    await pass(100);
    expect(ends.map(({id}) => id)).toEqual([first.id, second.id]);
    expect(first.id).not.toBe(second.id);
  });

  test('rejects where the store does, and nothing is left of it', async () => {
    const service = serviceOf(['running']);
    const store = testStore();
    store.before = failEach(1, 'write');
    const {errors, options} = keep();
    const tracker = await track({http: service.http, store, ...options});
    await expect(tracker.add(location, {...here, key: 'a'})).rejects.toMatchObject({
      name: 'TrackerError',
      reason: 'store',
      message: 'The store could not write a: disk full, call 1',
    });
    await pass(5000);
    expect(await tracker.get('a')).toBeUndefined();
    expect(service.requests).toEqual([]);
    // The store may have kept it although it rejected.
    expect(store.calls).toEqual(['write a', 'remove a']);
    expect(errors).toEqual([]);
  });

  test.each([
    ['a location that is none', () => ['ftp://files.example/b', here] as const, /location/],
    ['an option that there is not', () => [location, {...here, ke: 'a'}] as const, /ke: there is no such option/],
    ['an empty key', () => [location, {...here, key: ''}] as const, /^key: expected/],
    ['a key that no store can hold', () => [location, {...here, key: '\ud800'}] as const, /^key: expected/],
    ['a location that would be such a key', () => [`${location}\ud800`, here] as const, /^key: expected/],
    [
      'a protocol that the tracker was not given',
      () => [location, {protocol: {...tasks, name: 'other'}}] as const,
      /"other"/,
    ],
  ])('refuses %s', async (_, given, message) => {
    const store = testStore();
    const tracker = await track({http: serviceOf(['running']).http, store, ...keep().options});
    const [place, options] = given();
    await expect(tracker.add(place, options)).rejects.toThrow(message);
    expect(store.calls).toEqual([]);
  });

  test('takes a resume token', async () => {
    const {http} = serviceOf(['running']);
    const poller = pollOperation(location, {http, protocol: tasks});
    await settle();
    poller.stop();
    const {ends, options} = keep();
    const tracker = await track({http: serviceOf(['succeeded']).http, ...options});
    const tracked = await tracker.add(poller.toJSON());
    expect(await tracked.status()).toBe('running');
    await pass(2000);
    expect(ends).toHaveLength(1);
  });

  test('rejects once the tracker is closed', async () => {
    const tracker = await track({http: serviceOf(['running']).http});
    await tracker.close();
    await expect(tracker.add(location)).rejects.toThrow('The tracker is closed');
    await expect(tracker.remove(location)).rejects.toThrow('The tracker is closed');
  });
});

describe('83: a poller that is added', () => {
  test('stops, and goes on in the tracker: nothing is asked twice', async () => {
    const service = serviceOf(['running', 'running', 'succeeded']);
    const poller = pollOperation(location, {http: service.http, protocol: tasks, schedule: schedules.fixed(1000)});
    const events: string[] = [];
    poller.on('*', ({type}) => events.push(type));
    await pass(300);
    const {ends, options} = keep();
    const tracker = await track({http: service.http, ...options});
    const tracked = await tracker.add(poller, {key: 'a'});
    const error = await poller.result().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(WatchAbortedError);
    expect(error).toMatchObject({cause: {message: 'handed over'}});
    expect(await tracked.status()).toBe('running');
    await pass(600);
    expect(service.requests).toHaveLength(1);
    await pass(1300);
    expect(ends).toMatchObject([{key: 'a', outcome: {status: 'succeeded'}}]);
    expect(service.requests).toHaveLength(3);
    expect(events).toEqual(['polled', 'running', 'waiting', 'abandoned']);
  });

  test('goes on where add rejects', async () => {
    const service = serviceOf(['running', 'succeeded']);
    const poller = pollOperation(location, {http: service.http, protocol: tasks, schedule: schedules.fixed(1000)});
    await pass(300);
    const store = testStore();
    store.before = failEach(1, 'write');
    const {ends, options} = keep();
    const tracker = await track({http: service.http, store, ...options});
    await expect(tracker.add(poller)).rejects.toThrow('disk full');
    await pass(1000);
    expect((await poller.result()).status).toBe('succeeded');
    expect(ends).toEqual([]);
    expect(service.requests).toHaveLength(2);
  });

  test('stops where its operation is there already, and goes on where its key is that of another', async () => {
    const service = serviceOf(['running']);
    const tracker = await track({http: service.http, ...keep().options});
    const there = await tracker.add(location, {...here, key: 'a'});
    const same = pollOperation(location, {http: service.http, protocol: tasks});
    expect(await tracker.add(same, {key: 'a'})).toBe(there);
    expect(same.abandoned).toBe('stopped');
    const other = pollOperation(`${location}2`, {http: service.http, protocol: tasks});
    expect(await tracker.add(other, {key: 'a'})).toBe(there);
    expect(other.abandoned).toBeUndefined();
    other.stop();
  });

  test('is handed over where it has ended, too', async () => {
    const service = serviceOf(['failed']);
    const poller = pollOperation(location, {http: service.http, protocol: tasks});
    await settle();
    const {ends, options} = keep();
    const tracker = await track({http: service.http, ...options});
    await tracker.add(poller);
    await pass(100);
    expect(ends).toMatchObject([{outcome: {status: 'failed'}}]);
    expect(service.requests).toHaveLength(1);
  });

  test('while it fetches its result, stops, and the tracker fetches it', async () => {
    const result = 'https://graph.example/result';
    const succeeded = (): Response => Response.json({id: 'b', status: 'succeeded', resourceLocation: result});
    const missing = serviceOf([succeeded, () => new Response(null, {status: 404})]);
    const fetchOf = (service: Service): KyInstance =>
      ky.create({
        fetch: async (input) => {
          const url = input instanceof Request ? input.url : String(input);
          service.requests.push(url);
          return url === result ? new Response(null, {status: 404}) : succeeded();
        },
      });
    const poller = pollOperation(location, {http: fetchOf(missing), protocol: tasks, fetchResult: true});
    const rejected = expect(poller.result()).rejects.toMatchObject({
      name: 'WatchAbortedError',
      cause: {message: 'handed over'},
    });
    await settle();
    const {options} = keep();
    const service = serviceOf([() => Response.json({size: 5})]);
    const tracker = await track({http: service.http, fetchResult: true, ...options});
    const before = Date.now();
    const tracked = await tracker.add(poller);
    await rejected;
    expect(Date.now()).toBe(before);
    await pass(100);
    expect(await tracked.result()).toMatchObject({result: {size: 5}});
    await pass(60_000);
    expect(missing.requests).toEqual([location, result]);
    expect(service.requests).toEqual([result]);
  });

  test.each(['https://graph.example', undefined])(
    'may have moved to an origin that is trusted, of a client at %s',
    async (root) => {
      const trustedOrigins = ['https://b.example'];
      const moved = (): Response =>
        Response.json({id: 'b', status: 'running'}, {headers: {'operation-location': 'https://b.example/c'}});
      const {http, requests} = serviceOf([moved]);
      const poller = pollOperation(location, {http, protocol: tasks, token: 'marker-token', trustedOrigins});
      await settle();
      const {ends, options} = keep();
      const service = serviceOf(['succeeded']);
      const own = {http: service.http, token: 'marker-token'};
      const transport = root === undefined ? own : {client: createOperationClient({root, ...own})};
      const tracker = await track({...transport, trustedOrigins, ...options});
      await tracker.add(poller, {key: 'a'});
      await pass(2000);
      expect(ends).toMatchObject([{key: 'a', outcome: {status: 'succeeded'}}]);
      expect([...requests, ...service.requests]).toEqual([location, 'https://b.example/c']);
    },
  );

  test('can come from a client', async () => {
    const service = serviceOf(['succeeded']);
    const client = createOperationClient({root: 'https://graph.example', http: service.http});
    const poller = client.watch(location);
    const {ends, options} = keep();
    const tracker = await track({client, ...options});
    await tracker.add(poller);
    await pass(100);
    expect(ends).toHaveLength(1);
    expect(service.requests).toHaveLength(1);
  });
});

describe('get, list, counts, wake and remove', () => {
  test('know all operations and no others', async () => {
    const tracker = await track({http: serviceOf(['running']).http, ...keep().options});
    const a = await tracker.add(location, {...here, key: 'a'});
    const b = await tracker.add(location, {...here, key: '__proto__', initialDelay: 5000});
    expect(await tracker.get('a')).toBe(a);
    expect(await tracker.get('c')).toBeUndefined();
    expect(await tracker.list()).toEqual([a, b]);
    expect(await tracker.wake('c')).toBe(false);
    expect(await tracker.remove('c')).toBe(false);
    await pass(100);
    expect(await tracker.counts()).toEqual({waiting: 2, due: 0, active: 0, ended: 0, refused: 0});
  });

  test('82: a hint makes one poll, at once, however many there are', async () => {
    const service = serviceOf(['running', 'succeeded']);
    const {ends, options} = keep();
    const tracker = await track({http: service.http, ...options});
    await tracker.add(location, {...here, key: 'a', initialDelay: 60_000});
    for (let hint = 0; hint < 1000; hint++) void tracker.wake('a');
    await settle();
    await jest.advanceTimersByTimeAsync(1);
    await settle();
    expect(service.requests).toHaveLength(1);
    expect(await tracker.wake('a')).toBe(true);
    await pass(100);
    expect(service.requests).toHaveLength(2);
    expect(ends).toHaveLength(1);
  });

  test('82: a hint during a poll makes one more, and one during a wait that the service asked for does not', async () => {
    let release = (): void => undefined;
    const service = serviceOf([
      () => {
        release();
        return Response.json({id: 'b', status: 'running'});
      },
      () => Response.json({id: 'b', status: 'running'}, {headers: {'retry-after': '3'}}),
      'succeeded',
    ]);
    const {options} = keep();
    const tracker = await track({http: service.http, ...options, schedule: schedules.fixed(60_000)});
    const hinted = new Promise<void>((resolve) => {
      release = () => void tracker.wake('a').then(() => resolve());
    });
    await tracker.add(location, {...here, key: 'a'});
    await pass(100);
    await hinted;
    await pass(100);
    expect(service.requests).toHaveLength(2);
    await tracker.wake('a');
    await pass(2000);
    expect(service.requests).toHaveLength(2);
    await pass(1100);
    expect(service.requests).toHaveLength(3);
  });

  test('remove stops watching, aborts the poll, and calls no onEnd', async () => {
    const service = serviceOf(['hangs']);
    const {ends, errors, options} = keep();
    const store = testStore();
    const tracker = await track({http: service.http, store, ...options});
    const tracked = await tracker.add(location, {...here, key: 'a'});
    await pass(100);
    expect(await tracker.counts()).toMatchObject({active: 1});
    expect(await tracker.remove('a')).toBe(true);
    expect(service.aborted()).toBe(1);
    expect(store.texts.size).toBe(0);
    expect(await tracked.outcome()).toMatchObject({
      status: 'abandoned',
      reason: 'stopped',
      error: {cause: {message: 'removed from its tracker'}},
    });
    await expect(tracked.result()).rejects.toBeInstanceOf(WatchAbortedError);
    await pass(2000);
    expect([ends, errors, service.requests.length]).toEqual([[], [], 1]);
    expect(store.texts.size).toBe(0);
  });

  test.each(['resolves', 'rejects'])(
    'what is removed while its onEnd is called stays removed when that %s',
    async (how) => {
      const finish: (() => void)[] = [];
      const {ends, options} = keep(
        () =>
          new Promise<void>((resolve, reject) => {
            finish.push(how === 'resolves' ? resolve : () => reject(new Error('too late')));
          }),
      );
      const store = testStore();
      const tracker = await track({http: serviceOf(['succeeded']).http, store, ...options});
      await tracker.add(location, {...here, key: 'a'});
      await pass(100);
      await tracker.remove('a');
      expect(store.texts.size).toBe(0);
      const again = await tracker.add(location, {...here, key: 'a', initialDelay: 60_000});
      finish[0]?.();
      await pass(5000);
      expect(ends).toHaveLength(1);
      expect(await tracker.get('a')).toBe(again);
      expect([...store.texts.keys()]).toEqual(['a']);
    },
  );

  test.each(['running', 'succeeded'] as const)(
    'what a listener of %s removes is not stored again, and nobody waits for its end',
    async (type) => {
      const {ends, options} = keep();
      const store = testStore();
      const tracker = await track({http: serviceOf([type]).http, store, ...options});
      const removed: Promise<boolean>[] = [];
      tracker.on(type, ({key}) => removed.push(tracker.remove(key)));
      const outcome = (await tracker.add(location, {...here, key: 'a'})).outcome();
      await pass(2000);
      expect(await Promise.all(removed)).toEqual([true]);
      expect(await outcome).toMatchObject({status: type === 'running' ? 'abandoned' : type});
      expect([ends, [...store.texts.keys()]]).toEqual([[], []]);
    },
  );

  test('what onError removes after its onEnd has rejected is not stored again', async () => {
    const {ends, options} = keep(() => Promise.reject(new Error('no mail server')));
    const store = testStore();
    const removed: Promise<boolean>[] = [];
    const onError = ({key = ''}: TrackerError): void => void removed.push(tracker.remove(key));
    const tracker = await track({http: serviceOf(['succeeded']).http, store, ...options, onError});
    await tracker.add(location, {...here, key: 'a'});
    await pass(5000);
    expect(await Promise.all(removed)).toEqual([true]);
    expect([ends.length, [...store.texts.keys()]]).toEqual([1, []]);
  });

  test('remove rejects where the store does, and is repeated', async () => {
    const store = testStore();
    const {errors, options} = keep();
    const tracker = await track({http: serviceOf(['running']).http, store, ...options});
    await tracker.add(location, {...here, key: 'a'});
    let failures = 0;
    store.before = (call) => {
      if (call === 'remove a' && ++failures <= 2) throw new Error('disk full');
    };
    await expect(tracker.remove('a')).rejects.toThrow('The store could not remove a: disk full');
    expect(await tracker.get('a')).toBeUndefined();
    await pass(1000);
    expect(store.texts.size).toBe(0);
    expect(errors.map(({message}) => message)).toEqual(['The store could not remove a: disk full']);
  });

  test('no more polls are made at once than may be, and an onEnd that hangs holds up none', async () => {
    const service = serviceOf(['succeeded']);
    const {ends, options} = keep(() => new Promise(() => undefined));
    const tracker = await track({http: service.http, ...options, concurrency: 2});
    for (const id of [1, 2, 3, 4, 5]) await tracker.add(`${location}${id}`, here);
    await pass(300);
    expect(service.requests).toHaveLength(5);
    expect(ends).toHaveLength(2);
    expect(await tracker.counts()).toMatchObject({ended: 5});
    const hanging = serviceOf(['hangs']);
    const other = await track({http: hanging.http, ...options, concurrency: 2});
    for (const id of [1, 2, 3]) await other.add(`${location}${id}`, here);
    await pass(300);
    expect(hanging.requests).toHaveLength(2);
    expect(await other.counts()).toMatchObject({active: 2, due: 1});
    // The ends that hang would hold up the close.
    trackers.splice(trackers.indexOf(tracker), 1);
  });

  test('a 429 with Retry-After holds back the other operations of its origin', async () => {
    const service = serviceOf([() => new Response(null, {status: 429, headers: {'retry-after': '5'}}), 'running']);
    const tracker = await track({http: service.http, ...keep().options});
    await tracker.add(location, here);
    await pass(100);
    await tracker.add(`${location}2`, here);
    await pass(4500);
    expect(service.requests).toHaveLength(1);
    await pass(1000);
    expect(service.requests).toHaveLength(3);
  });
});

describe('close', () => {
  test('aborts polls, keeps all in the store, and settles what waits', async () => {
    const service = serviceOf(['hangs']);
    const store = testStore();
    const {ends, errors, options} = keep();
    const tracker = await track({http: service.http, store, ...options});
    const tracked = await tracker.add(location, {...here, key: 'a'});
    await pass(100);
    await tracker.close();
    await tracker.close();
    expect(service.aborted()).toBe(1);
    expect([...store.texts.keys()]).toEqual(['a']);
    expect(await tracked.abandoned()).toBe('stopped');
    await expect(tracked.result()).rejects.toMatchObject({cause: {message: 'its tracker was closed'}});
    expect([ends, errors]).toEqual([[], []]);
  });

  test('waits for an onEnd that was called, aborts its signal, and removes what it has taken', async () => {
    let finish = (): void => undefined;
    const {ends, options} = keep(() => new Promise<void>((resolve) => (finish = resolve)));
    const store = testStore();
    const tracker = await track({http: serviceOf(['succeeded']).http, store, ...options});
    await tracker.add(location, {...here, key: 'a'});
    await pass(100);
    expect(ends[0]?.signal.aborted).toBe(false);
    const closing = tracker.close();
    expect(ends[0]?.signal.aborted).toBe(true);
    finish();
    await closing;
    expect(store.texts.size).toBe(0);
  });

  test('that an onEnd waits for leaves it behind after requestTimeout, and the next tracker calls it again', async () => {
    let tracker: OperationTracker | undefined;
    let isClosed = false;
    const {ends, errors, options} = keep(async () => {
      await tracker?.close();
      isClosed = true;
    });
    const store = testStore();
    tracker = await track({http: serviceOf(['succeeded']).http, store, requestTimeout: 5000, ...options});
    await tracker.add(location, {...here, key: 'a'});
    await pass(4900);
    expect([ends.length, isClosed]).toEqual([1, false]);
    await pass(200);
    expect(isClosed).toBe(true);
    expect(errors).toEqual([]);
    const {ends: again, options: others} = keep();
    await track({http: serviceOf(['succeeded']).http, store: leftBehind(store), ...others});
    await pass(100);
    expect(again.map(({id}) => id)).toEqual(ends.map(({id}) => id));
  });

  test.each(['write', 'remove', 'close'])(
    'leaves behind a store whose %s never resolves, after requestTimeout, and reports it',
    async (name) => {
      const store = {...testStore(), [name]: () => new Promise<never>(() => {})};
      const {errors, options} = keep();
      const tracker = await track({http: serviceOf(['succeeded']).http, store, requestTimeout: 5000, ...options});
      const added = tracker.add(location, here).catch(() => {});
      await pass(100);
      let isClosed = false;
      void tracker.close().then(() => (isClosed = true));
      await pass(4900);
      expect([isClosed, errors]).toEqual([false, []]);
      await pass(100);
      expect(isClosed).toBe(true);
      const message = 'The store could not be closed: it did not answer within 5000 ms';
      expect(errors).toEqual([expect.objectContaining({reason: 'store', message, key: undefined})]);
      await added;
    },
  );

  test('that leaves a store behind leaves nobody waiting for it', async () => {
    const store = testStore();
    const {options} = keep();
    const tracker = await track({http: serviceOf(['succeeded']).http, store, requestTimeout: 5000, ...options});
    const tracked = await tracker.add(location, {...here, key: 'a', initialDelay: 1000});
    await tracker.add(location, {...here, key: 'b', initialDelay: 60_000});
    store.write = () => new Promise<never>(() => {});
    store.remove = () => new Promise<never>(() => {});
    const settled: unknown[] = [];
    const waiting = [
      tracked.outcome().then(({status}) => `a ${status}`),
      tracker.remove('b'),
      tracker.add(location, {...here, key: 'c'}),
      tracker.add(location, {...here, key: 'c'}),
      tracker.get('c'),
    ].map((each) =>
      Promise.resolve(each)
        .catch(String)
        .then((value) => settled.push(value)),
    );
    await pass(2000);
    const closing = tracker.close();
    await pass(4900);
    expect(settled).toEqual([]);
    await pass(100);
    await Promise.all([closing, ...waiting]);
    const late = 'it did not answer within 5000 ms';
    expect(settled.map(String).toSorted()).toEqual([
      `TrackerError: The store could not remove b: ${late}`,
      `TrackerError: The store could not write c: ${late}`,
      `TrackerError: The store could not write c: ${late}`,
      'a succeeded',
      'undefined',
    ]);
  });

  test.each(['resolves', 'rejects'])(
    'that leaves a store behind asks nothing more of it when it %s late',
    async (how) => {
      const store = testStore();
      const {options} = keep();
      const tracker = await track({http: serviceOf(['succeeded']).http, store, requestTimeout: 5000, ...options});
      await tracker.add(location, {...here, key: 'a', initialDelay: 60_000});
      let answer = (): void => undefined;
      const late = new Promise<void>((resolve, reject) => {
        answer = how === 'resolves' ? resolve : () => reject(new Error('down'));
      });
      store.before = () => late;
      tracker.add(location, {...here, key: 'b'}).catch(() => {});
      tracker.remove('a').catch(() => {});
      // The store has been called by then: what comes in the same turn would take the place of the removal.
      await settle();
      tracker.add(location, {...here, key: 'a'}).catch(() => {});
      await pass(100);
      const closing = tracker.close();
      await pass(5000);
      await closing;
      const {calls} = store;
      const before = [...calls];
      answer();
      await pass(60_000);
      expect([before, calls]).toEqual([['write a', 'write b', 'remove a'], before]);
    },
  );

  test('that an onEnd does not wait for takes what that has done', async () => {
    const store = testStore();
    let closing: Promise<void> | undefined;
    let tracker: OperationTracker | undefined;
    const {options} = keep(() => {
      closing = tracker?.close();
    });
    tracker = await track({http: serviceOf(['succeeded']).http, store, ...options});
    await tracker.add(location, {...here, key: 'a'});
    await pass(100);
    await closing;
    expect(store.texts.size).toBe(0);
  });

  test.each(['close', 'remove'] as const)(
    '%s() at the very moment at which onEnd is due: it is not called',
    async (how) => {
      const store = testStore();
      const {ends, options} = keep(() => {
        throw new Error('not today');
      });
      const tracker = await track({http: serviceOf(['succeeded']).http, store, ...options});
      await tracker.add(location, {...here, key: 'a'});
      await pass(200);
      expect(ends).toHaveLength(1);
      jest.advanceTimersToNextTimer();
      await tracker[how]('a');
      await pass(5000);
      expect(ends).toHaveLength(1);
    },
  );

  test('tries once more what the store had rejected, and closes the store', async () => {
    const store = testStore();
    let closed = 0;
    const {options} = keep();
    const tracker = await track({
      http: serviceOf(['running']).http,
      store: {
        ...store,
        close: async () => {
          closed += 1;
        },
      },
      ...options,
    });
    await tracker.add(location, {...here, key: 'a'});
    let isDown = true;
    store.before = () => {
      if (isDown) throw new Error('down');
    };
    await pass(100);
    isDown = false;
    await tracker.close();
    expect(JSON.parse(store.texts.get('a') ?? '')).toMatchObject({token: {attempt: 1}});
    expect(closed).toBe(1);
  });

  test('settles with an end that the store rejects, which the next tracker finds again', async () => {
    const store = testStore();
    const {ends, options} = keep();
    const tracker = await track({http: serviceOf(['running', 'succeeded']).http, store, ...options});
    const tracked = await tracker.add(location, {...here, key: 'a'});
    await pass(500);
    store.before = failEach(1, 'write');
    await pass(1000);
    const outcome = tracked.outcome();
    await tracker.close();
    expect(await outcome).toMatchObject({status: 'succeeded'});
    expect(ends).toEqual([]);
    await track({http: serviceOf(['succeeded']).http, store: leftBehind(store), ...options});
    await pass(1000);
    expect(ends).toHaveLength(1);
  });

  test('comes at the end of an await using block', async () => {
    let outcome: unknown;
    {
      await using tracker = await createOperationTracker({http: serviceOf(['running']).http});
      outcome = (await tracker.add(location)).outcome();
    }
    expect(await outcome).toMatchObject({reason: 'stopped'});
  });
});

describe('84: after a crash', () => {
  test('all goes on from what was stored, and the deadline stays', async () => {
    const first = serviceOf(['running']);
    const store = testStore();
    const {options} = keep();
    const tracker = await track({http: first.http, store, ...options});
    const {id} = await tracker.add(location, {...here, key: 'a', data: 7, totalTimeout: 60_000});
    await pass(1500);
    const left = leftBehind(store);
    await tracker.close();
    const {ends, options: again} = keep();
    const next = await track({http: serviceOf(['succeeded']).http, store: left, ...again});
    const tracked = await next.get('a');
    expect(tracked).toMatchObject({id, data: 7});
    expect(await tracked?.status()).toBe('running');
    await pass(1000);
    expect(ends).toMatchObject([{id, key: 'a', data: 7, outcome: {status: 'succeeded'}}]);
    expect(left.texts.size).toBe(0);
  });

  test('an end that was stored is handed over without asking the service', async () => {
    const first = keep(() => new Promise(() => undefined));
    const store = testStore();
    const tracker = await createOperationTracker({http: serviceOf(['failed']).http, store, ...first.options});
    await tracker.add(location, {...here, key: 'a'});
    await pass(200);
    expect(first.ends).toHaveLength(1);
    const service = serviceOf(['running']);
    const {ends, options} = keep();
    const next = await track({http: service.http, store: leftBehind(store), ...options});
    const tracked = await next.get('a');
    expect(await tracked?.outcome()).toMatchObject({status: 'failed'});
    await pass(200);
    expect(ends).toMatchObject([{id: first.ends[0]?.id, outcome: {status: 'failed'}}]);
    expect(service.requests).toEqual([]);
  });

  test('an end whose next onEnd is a day ahead, because the clock was set back, is handed over at once', async () => {
    const first = keep(() => Promise.reject(new Error('no mail server')));
    const store = testStore();
    const tracker = await createOperationTracker({http: serviceOf(['failed']).http, store, ...first.options});
    await tracker.add(location, {...here, key: 'a'});
    await pass(200);
    const left = leftBehind(store);
    await tracker.close();
    const record = JSON.parse(left.texts.get('a') ?? '');
    left.texts.set('a', JSON.stringify({...record, ended: {...record.ended, dueAt: Date.now() + 86_400_000}}));
    const {ends, options} = keep();
    await track({http: serviceOf(['running']).http, store: left, ...options});
    await pass(200);
    expect(ends).toMatchObject([{key: 'a', outcome: {status: 'failed'}}]);
    expect(left.texts.size).toBe(0);
  });

  test('overdue polls are spread', async () => {
    const store = testStore();
    const tracker = await track({http: serviceOf(['running']).http, store, ...keep().options});
    for (let id = 0; id < 100; id++) await tracker.add(`${location}${id}`, {...here, initialDelay: 10_000});
    const left = leftBehind(store);
    await tracker.close();
    jest.setSystemTime(beginning + 3_600_000);
    const service = serviceOf(['running']);
    await track({http: service.http, store: left, ...keep().options, schedule: schedules.fixed(60_000)});
    await pass(300);
    expect(service.requests.length).toBeGreaterThan(5);
    expect(service.requests.length).toBeLessThan(70);
    await pass(800);
    expect(service.requests).toHaveLength(100);
  });

  test('a poll that was overdue beyond the deadline is still made, once', async () => {
    const store = testStore();
    const tracker = await track({http: serviceOf(['running']).http, store, ...keep().options});
    await tracker.add(location, {...here, totalTimeout: 5000});
    const left = leftBehind(store);
    await tracker.close();
    await pass(60_000);
    const service = serviceOf(['succeeded']);
    const {ends, options} = keep();
    await track({http: service.http, store: left, ...options});
    await pass(200);
    expect(ends).toMatchObject([{outcome: {status: 'succeeded'}}]);
  });

  test('a wall clock that is set moves no deadline, here or in the next process', async () => {
    const store = testStore();
    const tracker = await track({http: serviceOf(['running']).http, store, ...keep().options});
    await tracker.add(location, {...here, key: 'a', totalTimeout: 60_000});
    await pass(500);
    jest.setSystemTime(Date.now() + 86_400_000);
    await pass(1000);
    const {token} = JSON.parse(store.texts.get('a') ?? '');
    expect(token.deadlineAt - Date.now()).toBeLessThan(60_000);
    expect(token.deadlineAt - Date.now()).toBeGreaterThan(55_000);
  });
});

describe('85: an onEnd that rejects', () => {
  test('is called again after 1 s, 2 s and 4 s, with the same end, without asking the service, and the others go on', async () => {
    const service = serviceOf(['succeeded']);
    let calls = 0;
    const {ends, errors, options} = keep(async ({key}) => {
      if (key === 'a' && ++calls <= 3) await Promise.reject(calls === 3 ? undefined : new Error('no mail server'));
    });
    const store = testStore();
    const tracker = await track({http: service.http, store, ...options});
    const tracked = await tracker.add(location, {...here, key: 'a'});
    await tracker.add(`${location}2`, {...here, key: 'b'});
    await pass(100);
    expect(ends.map(({key}) => key)).toEqual(['a', 'b']);
    expect(await tracked.status()).toBe('succeeded');
    expect((await tracked.outcome()).status).toBe('succeeded');
    expect(await tracker.counts()).toMatchObject({ended: 1});
    await tracker.wake('a');
    await pass(800);
    expect(ends).toHaveLength(2);
    await pass(200);
    expect(ends).toHaveLength(3);
    await pass(2000);
    expect(ends).toHaveLength(4);
    await pass(4000);
    expect(ends).toHaveLength(5);
    expect(new Set(ends.filter(({key}) => key === 'a').map(({id}) => id)).size).toBe(1);
    expect(errors.map(({reason, key, message}) => [reason, key, message])).toEqual([
      ...Array(2).fill(['onEnd', 'a', 'onEnd rejected for a: no mail server']),
      ['onEnd', 'a', 'onEnd rejected for a: no reason was given'],
    ]);
    expect(service.requests).toHaveLength(2);
    expect(store.texts.size).toBe(0);
  });
});

describe('86: a store that fails', () => {
  test('loses nothing where it rejects each second write', async () => {
    const service = serviceOf(['running', 'running', 'succeeded']);
    const store = testStore();
    const {ends, errors, options} = keep();
    const tracker = await track({http: service.http, store, ...options});
    for (let id = 0; id < 10; id++) await tracker.add(`${location}${id}`, {...here, key: String(id)});
    store.before = failEach(2, '');
    await pass(10_000);
    expect(ends.map(({key}) => key).sort()).toEqual([...'0123456789']);
    expect(store.texts.size).toBe(0);
    expect(errors.length).toBeGreaterThan(5);
    expect(new Set(errors.map(({reason}) => reason))).toEqual(new Set(['store']));
  });

  test('gets an end before onEnd is called with it', async () => {
    const store = testStore();
    const {ends, options} = keep();
    const tracker = await track({http: serviceOf(['succeeded']).http, store, ...options});
    const tracked = await tracker.add(location, {...here, key: 'a'});
    let isDown = true;
    store.before = () => {
      if (isDown) throw new Error('down');
    };
    await pass(3000);
    expect(ends).toEqual([]);
    expect(await tracked.status()).toBe('succeeded');
    isDown = false;
    await pass(4000);
    expect(ends).toHaveLength(1);
  });

  test('gets the writes for one key one after another, the last one last, and none in between', async () => {
    const service = serviceOf(['running']);
    const store = testStore();
    const tracker = await track({http: service.http, store, ...keep().options});
    await tracker.add(location, {...here, key: 'a'});
    const releases: (() => void)[] = [];
    store.before = () => new Promise<void>((resolve) => releases.push(resolve));
    await pass(3500);
    expect(service.requests).toHaveLength(4);
    expect(releases).toHaveLength(1);
    releases.shift()?.();
    await settle();
    expect(releases).toHaveLength(1);
    releases.shift()?.();
    await settle();
    expect(JSON.parse(store.texts.get('a') ?? '')).toMatchObject({token: {attempt: 4}});
    store.before = () => undefined;
  });

  test('may call the tracker back: what it removes while it writes it stays removed', async () => {
    const store = testStore();
    const {ends, options} = keep();
    const tracker = await track({http: serviceOf(['running', 'running', 'succeeded']).http, store, ...options});
    let removal: Promise<boolean> | undefined;
    let busy = 0;
    let mostBusy = 0;
    store.before = async (call) => {
      busy += 1;
      mostBusy = Math.max(mostBusy, busy);
      if (call === 'write a (may be lost)') removal ??= tracker.remove('a');
      await new Promise((resolve) => setTimeout(resolve, 50));
      busy -= 1;
    };
    await Promise.all([tracker.add(location, {...here, key: 'a'}), pass(100)]);
    await pass(5000);
    expect(await removal).toBe(true);
    expect(mostBusy).toBe(1);
    expect([...store.texts.keys()]).toEqual([]);
    expect(ends).toEqual([]);
  });

  test('may answer out of order: each add resolves with its own write, and all are watched', async () => {
    const store = testStore();
    const {ends, errors, options} = keep();
    const tracker = await track({http: serviceOf(['succeeded']).http, store, ...options});
    const releases: (() => void)[] = [];
    store.before = () => new Promise<void>((resolve) => releases.push(resolve));
    const added: string[] = [];
    for (const key of 'abc') {
      const adding = tracker.add(`${location}${key}`, {...here, key});
      void adding.then(() => added.push(key));
    }
    await settle();
    for (let open = releases.splice(0).reverse(); open.length > 0; open = releases.splice(0).reverse()) {
      for (const release of open) {
        release();
        await settle();
      }
      await pass(100);
    }
    expect(added).toEqual(['c', 'b', 'a']);
    expect(ends.map(({key}) => key).sort()).toEqual(['a', 'b', 'c']);
    expect([...store.texts.keys()]).toEqual([]);
    expect(errors).toEqual([]);
  });

  test('is read again where a read fails, and refused where it goes on failing', async () => {
    const source = testStore();
    const first = await track({http: serviceOf(['running']).http, store: source, ...keep().options});
    await first.add(location, {...here, key: 'a'});
    const store = leftBehind(source);
    let reads = 0;
    store.before = (call) => {
      if (!/^(list|read)/.test(call)) return;
      reads += 1;
      if (reads % 2 === 1) throw new Error('busy');
    };
    const {errors, options} = keep();
    const creating = track({http: serviceOf(['running']).http, store, ...options});
    await pass(1000);
    expect(await (await creating).get('a')).toBeDefined();
    expect(errors.map(({message, key}) => [message, key])).toEqual([
      ['The store could not be read: busy', undefined],
      ['The store could not be read a: busy', 'a'],
    ]);
    store.before = failEach(1, '');
    const refused = createOperationTracker({store, ...options}).catch((error: unknown) => error);
    await pass(5000);
    expect(await refused).toMatchObject({name: 'TrackerError', reason: 'store'});
  });

  test('may list a key more than once, and its operation is watched once', async () => {
    const store = testStore();
    const first = await track({http: serviceOf(['running']).http, store, ...keep().options});
    await first.add(location, {...here, key: 'a'});
    await first.close();
    const {ends, options} = keep();
    const service = serviceOf(['succeeded']);
    await track({http: service.http, store: {...store, list: async () => ['a', 'b', 'a']}, ...options});
    await pass(2000);
    expect(ends).toHaveLength(1);
    expect(service.requests).toHaveLength(1);
  });

  test.each<[string, unknown, string]>([
    ['as a list', undefined, 'a list of keys, got undefined'],
    ['as strings', [5], 'a string, got 5'],
  ])('must list its keys %s', async (_, keys, expected) => {
    const store = {...testStore(), list: async () => keys as never};
    const tracker = track({store, onError: () => {}});
    const refused = expect(tracker).rejects.toMatchObject({
      name: 'TrackerError',
      message: `The store could not be read: list: expected ${expected}`,
    });
    await pass(5000);
    await refused;
  });

  test('reports to onError alone, whatever that throws', async () => {
    const thrown = new Error('a broken onError');
    const uncaught = jest.fn();
    const {reportError} = globalThis;
    globalThis.reportError = uncaught;
    try {
      const store = testStore([['a', '{']]);
      const onError = (): never => {
        throw thrown;
      };
      const tracker = await track({store, onError});
      expect(await tracker.counts()).toMatchObject({refused: 1});
      expect(uncaught).toHaveBeenCalledWith(thrown);
    } finally {
      globalThis.reportError = reportError;
    }
  });
});

describe('what a store holds that is no record', () => {
  const broken: readonly (readonly [string, string])[] = [
    ['no JSON', '{"version":'],
    ['null', 'null'],
    ['a list', '[]'],
    ['of a later version', JSON.stringify({version: 2, id: 'i', key: 'k', token: {}})],
    ['without a token', JSON.stringify({version: 1, id: 'i', key: 'k'})],
    ['deeply nested', `${'['.repeat(100_000)}${']'.repeat(100_000)}`],
  ];

  test.each(broken)('is reported and left: %s', async (_, text) => {
    const store = testStore([['k', text]]);
    const {errors, options} = keep();
    const tracker = await track({http: serviceOf(['running']).http, store, ...options});
    expect(errors).toMatchObject([{reason: 'record', key: 'k', cause: {name: 'RecordRefusedError'}}]);
    expect(await tracker.counts()).toMatchObject({refused: 1, waiting: 0});
    await expect(tracker.add(location, {...here, key: 'k'})).rejects.toThrow('remove it');
    await pass(1000);
    expect([...store.texts]).toEqual([['k', text]]);
    expect(store.calls).toEqual([]);
    expect(await tracker.remove('k')).toBe(true);
    expect(store.texts.size).toBe(0);
    await tracker.add(location, {...here, key: 'k'});
    expect(store.texts.size).toBe(1);
  });

  test('is left where its key is another, or its data are too deep', async () => {
    const source = testStore();
    const first = await track({http: serviceOf(['running']).http, store: source, ...keep().options});
    await first.add(location, {...here, key: 'a'});
    const text = source.texts.get('a') ?? '';
    const deep = `{"data":${'['.repeat(100_000)}${']'.repeat(100_000)},${text.slice(1)}`;
    const {errors, options} = keep();
    await track({
      store: testStore([
        ['b', text],
        ['a', deep],
      ]),
      ...options,
    });
    expect(errors.map(({message}) => message.replace(/record \S+ was/, 'record was'))).toEqual([
      'The store holds something that is not a record under b: The record was refused: key: it is not the key that the record is stored under',
      'The store holds something that is not a record under a: The record was refused: data: it is nested too deeply',
    ]);
  });

  test('is left, and not asked for, where its origin is foreign and not trusted', async () => {
    const source = testStore();
    const {http} = serviceOf(['running']);
    const first = await track({http, store: source, ...keep().options});
    await first.add(location, {...here, key: 'a'});
    const text = source.texts.get('a')?.replace(location, 'https://b.example/c') ?? '';
    const service = serviceOf(['succeeded']);
    const {ends, errors, options} = keep();
    const store = testStore([['a', text]]);
    const tracker = await track({http: service.http, token: 'marker-token', store, ...options});
    await pass(2000);
    expect(errors).toMatchObject([{reason: 'record', key: 'a', cause: {reason: 'foreignOrigin'}}]);
    expect([...store.texts]).toEqual([['a', text]]);
    expect([...ends, ...service.requests]).toEqual([]);
    await tracker.close();
    await track({http: service.http, token: 'marker-token', store, trustedOrigins: ['https://b.example'], ...options});
    await pass(2000);
    expect(ends).toMatchObject([{key: 'a', outcome: {status: 'succeeded'}}]);
  });

  test('is left where this tracker lacks its protocol', async () => {
    const source = testStore();
    const first = await track({http: serviceOf(['running']).http, store: source, ...keep().options});
    await first.add(location, {...here, key: 'a'});
    const store = leftBehind(source);
    const service = serviceOf(['running']);
    const errors: TrackerError[] = [];
    const tracker = await track({http: service.http, store, onError: (error) => errors.push(error)});
    await pass(1000);
    expect(errors).toMatchObject([{reason: 'record', key: 'a', cause: {reason: 'unknownProtocol'}}]);
    expect(await tracker.counts()).toMatchObject({refused: 1});
    expect(service.requests).toEqual([]);
    expect(store.texts.size).toBe(1);
  });

  test('shows no query of a location that is its key', async () => {
    const key = 'https://files.example/monitor/b?marker=1';
    const errors: TrackerError[] = [];
    await track({store: testStore([[key, '{']]), onError: (error) => errors.push(error)});
    expect(errors[0]?.key).toBe(key);
    expect(errors[0]?.message).toContain('https://files.example/monitor/b:');
    expect(JSON.stringify(errors[0]) + errors[0]?.stack).not.toContain('marker');
  });
});

describe('events', () => {
  test('are those of a poller, with what the operation was added with', async () => {
    const tracker = await track({http: serviceOf(['running', 'succeeded']).http, ...keep().options});
    const received: TurnEventOf<'*'>[] = [];
    const running: string[] = [];
    tracker.on('running', ({key, operation}) => running.push(`${key} ${operation.status}`));
    const {unsubscribe} = tracker.on('*', (event) => received.push(event));
    const {id} = await tracker.add(location, {...here, key: 'adele', data: {mail: 'adele@contoso.com'}});
    await pass(1200);
    expect(received.map(({type}) => type)).toEqual(['polled', 'running', 'waiting', 'polled', 'succeeded']);
    const known = {id, key: 'adele', data: {mail: 'adele@contoso.com'}, protocol: tasks.name, startedAt: beginning};
    for (const event of received)
      expect(event).toMatchObject({...known, askedAt: event.attempt === 1 ? beginning : beginning + 1000});
    expect(Object.isFrozen(received[0])).toBe(true);
    expect(running).toEqual(['adele running']);
    unsubscribe();
    await tracker.add(location, {...here, key: 'b'});
    await pass(100);
    expect(received).toHaveLength(5);
  });

  test('show a location that is their key without its query where no token goes, as they show the location', async () => {
    const {driveCopy} = protocols.graph;
    const copy = (): Response => Response.json({status: 'inProgress'}, {status: 202});
    const tracker = await track({http: serviceOf([copy]).http, schedule: schedules.fixed(1000)});
    const received: TurnEventOf<'*'>[] = [];
    tracker.on('*', (event) => received.push(event));
    const key = 'https://files.example/monitor/b?marker=1';
    await tracker.add(key, {protocol: driveCopy});
    await tracker.add(location, {key: 'https://example/?own=1', protocol: driveCopy});
    await pass(100);
    const monitor = 'https://files.example/monitor/b';
    expect(received.find(({location: shown}) => shown === monitor)).toMatchObject({key: monitor});
    expect(new Set(received.map((event) => event.key))).toEqual(new Set([monitor, 'https://example/']));
    expect(JSON.stringify(received)).not.toContain('marker');
    expect((await tracker.get(key))?.key).toBe(key);
    expect((await tracker.list())[0]?.key).toBe(key);
  });

  test('show a location that is their key in full where the token goes', async () => {
    const tracker = await track({http: serviceOf(['running']).http, token: 'marker-token', ...keep().options});
    const keys: string[] = [];
    tracker.on('polled', ({key}) => keys.push(key));
    await tracker.add(location, here);
    await pass(100);
    expect(new URL(location).search).not.toBe('');
    expect(keys).toEqual([location]);
  });

  test('are not emitted for what was removed during its poll', async () => {
    let answer: (() => void) | undefined;
    const answered = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const http = ky.create({
      fetch: async () => {
        await answered;
        return Response.json({id: 'b', status: 'succeeded'});
      },
    });
    const tracker = await track({http, ...keep().options});
    const received: unknown[] = [];
    tracker.on('*', (event) => received.push(event));
    await tracker.add(location, {...here, key: 'a'});
    await pass(100);
    await tracker.remove('a');
    answer?.();
    await pass(100);
    expect(received).toEqual([]);
  });

  test('have names that are checked', async () => {
    const tracker = await track({});
    const name: 'running' = JSON.parse('"runing"');
    expect(() => tracker.on(name, () => undefined)).toThrow(/Did you mean running\?$/);
  });
});

describe('an estimate', () => {
  test('is what the schedule has learned from the ends of all operations', async () => {
    const schedule = schedules.adaptive({initial: 1000, factor: 1, jitter: 'none'});
    const tracker = await track({
      http: serviceOf(['running', 'running', 'succeeded']).http,
      ...keep().options,
      schedule,
    });
    for (let count = 0; count < 12; count++) await tracker.add(`${location}&n=${count}`, here);
    await pass(3500);
    expect(await tracker.list()).toEqual([]);
    const tracked = await tracker.add(`${location}&n=last`, here);
    const {p10 = 0, p50 = 0, p90 = 0} = (await tracked.estimate()) ?? {};
    expect(p10).toBeGreaterThan(0);
    expect(p50).toBeGreaterThanOrEqual(p10);
    expect(p90).toBeGreaterThanOrEqual(p50);
    expect(p90).toBeLessThan(3000);
    await pass(900);
    expect((await tracked.estimate())?.p50).toBeLessThan(p50);
    await tracker.remove(tracked.key);
    expect(await tracked.estimate()).toBeUndefined();
  });

  test('is undefined where the schedule learns nothing', async () => {
    const tracker = await track({http: serviceOf(['running']).http, ...keep().options});
    expect(await (await tracker.add(location, here)).estimate()).toBeUndefined();
  });
});

describe('the options', () => {
  test.each([
    [
      {store: {list: () => []}},
      /^store: expected a store, with the functions list, read, write and remove, got an object$/,
    ],
    [{concurrency: 0}, /^concurrency: expected a whole number from 1 on, got 0$/],
    [{onError: 1}, /^onError: expected a function, got 1$/],
    [{onEnd: 'mail'}, /^onEnd: expected a function/],
    [{stor: 1}, /Did you mean store\?$/],
    [{signal: AbortSignal.abort()}, /^signal: there is no such option/],
    [{trustedOrigins: ['b.example']}, /^trustedOrigins: expected origins such as/],
    [{protocols: [{name: ''}]}, /name: expected a string that is not empty/],
  ])('are checked: %j', async (options, message) => {
    const given: OperationTrackerOptions = JSON.parse('{}');
    await expect(createOperationTracker(Object.assign(given, options))).rejects.toThrow(message);
  });

  test('take one transport', async () => {
    const client = createOperationClient({root: 'https://graph.example'});
    await expect(createOperationTracker({client, token: 'a'})).rejects.toThrow('token: the client has its own');
  });

  test('without an onError warn', async () => {
    const warned = jest.spyOn(console, 'warn').mockImplementation(() => undefined);
    await track({store: testStore([['a', '{']])});
    expect(warned).toHaveBeenCalledWith(expect.objectContaining({name: 'TrackerError'}));
    warned.mockRestore();
  });
});

test('a protocol of the library needs not be given', async () => {
  const {ends, options} = keep();
  const tracker = await track({http: serviceOf(['succeeded']).http, ...options});
  await tracker.add(location, {protocol: protocols.longRunning});
  await pass(100);
  expect(ends).toHaveLength(1);
});
