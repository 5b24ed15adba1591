import {describe, expect, jest, test} from '@jest/globals';
import {pollOperation, protocols} from 'operation-poller';
import {createOperationClient} from 'operation-poller/client';
import {createOperationTracker, type OperationTrackerOptions} from 'operation-poller/tracker';
import * as schedules from '../../src/schedule/schedules.ts';
import {location, tasks} from '../support/core.ts';
import {here, keep, pass, serviceOf, settle, track} from './setup.ts';
import {failEach, testStore} from './stores.ts';

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
    [
      'data that JSON would not keep',
      () => [location, {...here, data: {at: new Map()}}] as const,
      /^data\.at: expected what JSON can express, got an object of the class Map$/,
    ],
    ['an empty key', () => [location, {...here, key: ''}] as const, /^key: expected/],
    ['a key that no store can hold', () => [location, {...here, key: '\ud800'}] as const, /^key: expected/],
    ['a location that would be such a key', () => [`${location}\ud800`, here] as const, /^key: expected/],
    [
      'a protocol that the tracker was not given',
      () => [location, {protocol: protocols.define({...tasks, name: 'other'})}] as const,
      /"other"/,
    ],
    ['null as a protocol', () => [location, {protocol: JSON.parse('null')}] as const, /^protocol: expected .*null$/],
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
    [{concurrency: 1.5}, /^concurrency: expected a whole number from 1 on, got 1.5$/],
    [{onError: 1}, /^onError: expected a function, got 1$/],
    [{onEnd: 'mail'}, /^onEnd: expected a function/],
    [{stor: 1}, /Did you mean store\?$/],
    [{signal: AbortSignal.abort()}, /^signal: there is no such option/],
    [{trustedOrigins: ['b.example']}, /^trustedOrigins: expected origins such as/],
    [
      {protocols: [{name: 'own'}]},
      /^protocol: expected a protocol such as protocols.longRunning or what protocols.define returns, got an object$/,
    ],
  ])('are checked: %j', async (options, message) => {
    const given: OperationTrackerOptions = JSON.parse('{}');
    await expect(createOperationTracker(Object.assign(given, options))).rejects.toThrow(message);
  });

  test.each([
    ['a token', {token: 'a-token'}],
    ['a client with one', {client: createOperationClient({root: 'https://graph.example', token: 'a-token'})}],
  ])('are checked before anything is watched: an origin that %s may not go to', async (_, options) => {
    const trustedOrigins = ['http://b.example'];
    await expect(createOperationTracker({...options, trustedOrigins})).rejects.toThrow(
      /^trustedOrigins: expected https, or http on this machine, because a token goes there/,
    );
  });

  test('take an origin without https where no token goes there', async () => {
    const client = createOperationClient({root: 'https://graph.example'});
    for (const options of [{}, {client}]) await track({...options, trustedOrigins: ['http://b.example']});
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
