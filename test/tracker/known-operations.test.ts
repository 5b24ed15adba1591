import {describe, expect, jest, test} from '@jest/globals';
import {WatchAbortedError} from 'operation-poller';
import type {TrackerError} from 'operation-poller/tracker';
import * as schedules from '../../src/schedule/schedules.ts';
import {location} from '../support/core.ts';
import {here, keep, pass, serviceOf, settle, track, trackers} from './setup.ts';
import {testStore} from './stores.ts';

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

  test('list what is stored while the store does not answer for another key, which get and wake wait for', async () => {
    const store = testStore();
    const tracker = await track({http: serviceOf(['running']).http, store, ...keep().options});
    const a = await tracker.add(location, {...here, key: 'a'});
    let release = (): void => undefined;
    store.before = (call) =>
      call === 'write b' ? new Promise<void>((resolve) => { release = resolve; }) : undefined; // biome-ignore format: short
    const adding = tracker.add(location, {...here, key: 'b', initialDelay: 60_000});
    const known: unknown[] = [];
    void tracker.list().then((listed) => known.push(listed));
    void tracker.get('a').then((got) => known.push(got));
    void tracker.wake('a').then((woken) => known.push(woken));
    void tracker.get('b').then((got) => known.push(['b', got]));
    void tracker.wake('b').then((woken) => known.push(['b', woken]));
    await settle();
    expect(known).toEqual([[a], a, true]);
    release();
    const b = await adding;
    await settle();
    expect(known.slice(3)).toEqual([['b', b], ['b', true]]); // biome-ignore format: short
    expect(await tracker.list()).toEqual([a, b]);
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

  test('remove drops no end that is stored: it stops nothing, and onEnd is called', async () => {
    const {ends, options} = keep();
    const store = testStore();
    const tracker = await track({http: serviceOf(['succeeded']).http, store, ...options});
    const tracked = await tracker.add(location, {...here, key: 'a'});
    const removed = tracked.outcome().then(() => tracker.remove('a'));
    await pass(100);
    expect(await removed).toBe(false);
    await pass(100);
    expect([ends.map(({outcome}) => outcome.status), store.texts.size]).toEqual([['succeeded'], 0]);
    expect(await tracker.remove('a')).toBe(false);
  });

  test('remove drops no end that a crash has left in the store', async () => {
    const first = testStore();
    const finish: (() => void)[] = [];
    const hanging = keep(() => new Promise<void>((resolve) => void finish.push(resolve)));
    const before = await track({http: serviceOf(['succeeded']).http, store: first, ...hanging.options});
    await before.add(location, {...here, key: 'a'});
    await pass(100);
    const {ends, options} = keep();
    const store = testStore([...first.texts]);
    const tracker = await track({store, ...options});
    expect(await tracker.remove('a')).toBe(false);
    await pass(100);
    expect([ends.length, store.texts.size]).toEqual([1, 0]);
    finish[0]?.();
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
