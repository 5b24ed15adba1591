import {describe, expect, jest, test} from '@jest/globals';
import {createOperationTracker} from 'operation-poller/tracker';
import * as schedules from '../../src/schedule/schedules.ts';
import {location} from '../support/core.ts';
import {beginning, here, keep, leftBehind, pass, serviceOf, track} from './setup.ts';
import {testStore} from './stores.ts';

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

  test('what somebody has made due in the year 9999 is polled: it would sleep for ever', async () => {
    const store = testStore();
    const tracker = await track({http: serviceOf(['running']).http, store, ...keep().options});
    await tracker.add(location, {...here, key: 'a', totalTimeout: false});
    const left = leftBehind(store);
    const record = JSON.parse(left.texts.get('a') ?? '');
    left.texts.set('a', JSON.stringify({...record, token: {...record.token, dueAt: Date.UTC(9999, 0)}}));
    const {ends, options} = keep();
    await track({http: serviceOf(['succeeded']).http, store: left, ...options});
    await pass(200);
    expect(ends).toMatchObject([{key: 'a', outcome: {status: 'succeeded'}}]);
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
