import type {OperationStore, WriteHint} from '../../src/tracker/index.ts';

/** A store that a test can look into and disturb. */
export interface TestStore extends OperationStore {
  readonly texts: Map<string, string>;
  /** What was called, in order: `write key`, `write key (may be lost)`, `remove key`. */
  readonly calls: string[];
  /** Called before each call takes effect; what it throws, the store rejects with. */
  before: (call: string) => unknown;
}

/** A store in memory. */
export function testStore(texts: Iterable<readonly [string, string]> = []): TestStore {
  const store: TestStore = {
    texts: new Map(texts),
    calls: [],
    before: () => undefined,
    list: async () => {
      await store.before('list');
      return [...store.texts.keys()];
    },
    read: async (key) => {
      await store.before(`read ${key}`);
      return store.texts.get(key);
    },
    write: async (key: string, text: string, hint?: WriteHint) => {
      const call = `write ${key}${hint?.mayBeLost === true ? ' (may be lost)' : ''}`;
      store.calls.push(call);
      await store.before(call);
      store.texts.set(key, text);
    },
    remove: async (key) => {
      store.calls.push(`remove ${key}`);
      await store.before(`remove ${key}`);
      store.texts.delete(key);
    },
  };
  return store;
}

/** Throws at each so many-eth call that begins so. */
export function failEach(count: number, beginning: string): (call: string) => void {
  let calls = 0;
  return (call) => {
    if (!call.startsWith(beginning)) return;
    calls += 1;
    if (calls % count === 0) throw new Error(`disk full, call ${calls}`);
  };
}
