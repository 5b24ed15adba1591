import {describe, expect, jest, test} from '@jest/globals';
import {createOperationTracker, type OperationTracker} from 'operation-poller/tracker';
import {location} from '../support/core.ts';
import {here, keep, leftBehind, pass, serviceOf, settle, track} from './setup.ts';
import {failEach, testStore} from './stores.ts';

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
