import {testStoreConformance} from './store-conformance.ts';
import {testStore} from './stores.ts';

testStoreConformance(async () => {
  const store = testStore();
  return {store, reopen: async () => testStore(store.texts), dispose: async () => undefined};
});
