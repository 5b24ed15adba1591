// A tracker's store in whatever Keyv has an adapter for. The adapter must be able to list its keys, and must last.
import type Keyv from 'keyv';
import type {OperationStore} from 'operation-poller/tracker';

export function keyvStore(keyv: Keyv<string>): OperationStore {
  // By default Keyv emits what its adapter throws, and says that all is well.
  keyv.throwOnErrors = true;
  return {
    list: async () => {
      if (keyv.iterator === undefined) throw new Error('This adapter of Keyv cannot list its keys');
      const keys: string[] = [];
      for await (const [key] of keyv.iterator({})) keys.push(key);
      return keys;
    },
    read: (key) => keyv.get(key),
    write: async (key, text) => {
      if (!(await keyv.set(key, text))) throw new Error('Keyv did not set it');
    },
    remove: (key) => keyv.delete(key),
  };
}
