import {describe, expect, jest, test} from '@jest/globals';
import {createOperationTracker, type TrackerError} from 'operation-poller/tracker';
import {location} from '../support/core.ts';
import {hostileValues} from '../support/hostile.ts';
import {here, keep, leftBehind, pass, serviceOf, settle, track} from './setup.ts';
import {failEach, testStore} from './stores.ts';

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

  test.each(hostileValues)('rejects with %s, as onEnd does: both are reported and repeated', async (_, reason) => {
    const store = testStore();
    let rejections = 0;
    const {ends, errors, options} = keep(() => (rejections++ === 0 ? Promise.reject(reason) : undefined));
    const tracker = await track({http: serviceOf(['running', 'succeeded']).http, store, ...options});
    await tracker.add(location, {...here, key: 'a'});
    let writes = 0;
    store.before = (call) => (call.startsWith('write') && writes++ === 0 ? Promise.reject(reason) : undefined);
    await pass(5000);
    expect(ends).toHaveLength(2);
    expect(store.texts.size).toBe(0);
    expect(errors.map((error) => error.reason)).toEqual(['store', 'onEnd']);
    // Compared by identity: `toEqual` reads the message of an error.
    expect(errors.every(({cause}) => cause === reason)).toBe(true);
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
      'The store holds something that is not a record under a: The record was refused: data: expected what JSON can express, got one that it cannot: RangeError: it contains itself, or is nested over 100 deep',
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
