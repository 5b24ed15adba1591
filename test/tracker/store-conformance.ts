import {afterAll, beforeAll, describe, expect, test} from '@jest/globals';
import type {OperationStore} from '../../src/tracker/index.ts';

/** A store of a kind, and how to get at what another process would find there. */
export interface StoreUnderTest {
  readonly store: OperationStore;
  /** A store over the same place, as after a restart; the one before is used no more. */
  reopen(): Promise<OperationStore>;
  /** Leaves nothing behind. */
  dispose(): Promise<unknown>;
}

/** What a tracker takes for granted of its store. */
export function testStoreConformance(open: () => Promise<StoreUnderTest>): void {
  describe('is a store', () => {
    let opened: StoreUnderTest;
    let store: OperationStore;

    beforeAll(async () => {
      opened = await open();
      store = opened.store;
    });

    afterAll(() => opened.dispose());

    test('that has nothing at first', async () => {
      expect(await store.list()).toEqual([]);
      expect(await store.read('a')).toBeUndefined();
      await store.remove('a');
    });

    test('that gives back what was written, the last of it', async () => {
      await store.write('a', '{"n":1}');
      await store.write('a', '{"n":2}', {mayBeLost: true});
      await store.write('b', '{"n":3}');
      expect(await store.read('a')).toBe('{"n":2}');
      expect([...(await store.list())].sort()).toEqual(['a', 'b']);
    });

    test('that forgets what was removed, and takes it again', async () => {
      await store.remove('a');
      expect(await store.read('a')).toBeUndefined();
      expect(await store.list()).toEqual(['b']);
      await store.write('a', '{}');
      expect(await store.read('a')).toBe('{}');
      await store.remove('a');
      await store.remove('b');
    });

    test.each([
      ['a location', 'https://graph.example/operations/b?x=%2F&y=(1)'],
      ['a quote, a percent sign and a backslash', `'; drop table operations; -- "%_\\`],
      ['the name of a property', '__proto__'],
      ['letters beyond ASCII', 'Zoë – 操作 🔑'],
      ['spaces and case', ' A a '],
      ['colons', 'operations:1:2'],
      ['500 characters', 'k'.repeat(500)],
    ])('whose keys may hold %s', async (_, key) => {
      const text = JSON.stringify({key, nested: [null, true, 1.5, 'ü🔑\\"\n'.repeat(3)]});
      await store.write(key, text);
      expect(await store.read(key)).toBe(text);
      expect(await store.list()).toEqual([key]);
      await store.remove(key);
      expect(await store.list()).toEqual([]);
    });

    test('that takes a record of 1 MB', async () => {
      const text = JSON.stringify({data: 'ä'.repeat(500_000)});
      await store.write('large', text);
      expect(await store.read('large')).toBe(text);
      await store.remove('large');
    });

    test('that takes 500 keys at once, and has them after a restart', async () => {
      const keys = Array.from({length: 500}, (_, count) => `key ${count}`);
      await Promise.all(keys.map((key) => store.write(key, JSON.stringify({key}))));
      await Promise.all(keys.filter((_, count) => count % 5 === 0).map((key) => store.remove(key)));
      const left = keys.filter((_, count) => count % 5 !== 0);
      store = await opened.reopen();
      expect([...(await store.list())].sort()).toEqual(left.sort());
      const texts = await Promise.all(left.map((key) => store.read(key)));
      expect(texts).toEqual(left.map((key) => JSON.stringify({key})));
    });
  });
}
