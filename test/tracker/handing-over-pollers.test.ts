import {describe, expect, test} from '@jest/globals';
import ky, {type KyInstance} from 'ky';
import {pollOperation, WatchAbortedError} from 'operation-poller';
import {createOperationClient} from 'operation-poller/client';
import * as schedules from '../../src/schedule/schedules.ts';
import {location, tasks} from '../support/core.ts';
import {here, keep, pass, type Service, serviceOf, settle, track} from './setup.ts';
import {failEach, testStore} from './stores.ts';

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

  test('whose protocol the tracker lacks goes on, and the error says what is missing', async () => {
    const service = serviceOf(['running']);
    const poller = pollOperation(location, {http: service.http, protocol: tasks});
    const tracker = await track({...keep().options, protocols: []});
    await expect(tracker.add(poller)).rejects.toThrow('there is none named "tasks" here; give it among protocols');
    expect(poller.abandoned).toBeUndefined();
    poller.stop();
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
