import {mkdtempSync, rmSync} from 'node:fs';
import {builtinModules} from 'node:module';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, test} from '@jest/globals';
import Keyv from 'keyv';
import postgres from 'postgres';
import {keyvStore} from '../../docs/examples/keyv-store.ts';
import {postgresStore} from '../../docs/examples/postgres-store.ts';
import {findPostgres, startPostgres, type TestPostgres} from '../support/postgres-server.ts';
import {testStoreConformance} from '../tracker/store-conformance.ts';

const programs = findPostgres();

(programs === undefined ? describe.skip : describe)('the store in PostgreSQL', () => {
  let server: TestPostgres;

  beforeAll(async () => {
    server = await startPostgres(programs ?? '');
  }, 60_000);

  afterAll(() => server.stop());

  testStoreConformance(async () => {
    let sql = postgres(server.url, {onnotice: () => {}});
    return {
      store: await postgresStore(sql),
      reopen: async () => {
        await sql.end();
        sql = postgres(server.url, {onnotice: () => {}});
        return postgresStore(sql);
      },
      dispose: () => sql.end(),
    };
  });
});

// Node 20 has no SQLite; Node 22 prefixes its name.
const hasSqlite =
  builtinModules.some((name) => /^(node:)?sqlite$/.test(name)) || Number(process.versions.node.split('.')[0]) >= 22;
if (!hasSqlite) {
  process.stderr.write(
    `\n*** THE TESTS OF THE SQLITE STORE ARE SKIPPED: Node ${process.version} has no node:sqlite.\n\n`,
  );
}

(hasSqlite ? describe : describe.skip)('the store in SQLite', () => {
  const folder = mkdtempSync(join(tmpdir(), 'operation-poller-sqlite-'));

  afterAll(() => rmSync(folder, {recursive: true, force: true}));

  testStoreConformance(async () => {
    const {sqliteStore} = await import('../../docs/examples/sqlite-store.ts');
    const file = join(folder, 'operations.db');
    let store = sqliteStore(file);
    return {
      store,
      reopen: async () => {
        await store.close?.();
        store = sqliteStore(file);
        return store;
      },
      dispose: async () => store.close?.(),
    };
  });
});

describe('the store in Keyv', () => {
  testStoreConformance(async () => {
    const place = new Map();
    return {
      store: keyvStore(new Keyv({store: place})),
      reopen: async () => keyvStore(new Keyv({store: place})),
      dispose: async () => undefined,
    };
  });

  test('rejects with what its adapter rejects with', async () => {
    const adapter = {
      get: () => undefined,
      set: () => Promise.reject(new Error('down')),
      delete: () => true,
      clear: () => undefined,
    };
    const keyv = new Keyv({store: adapter});
    keyv.on('error', () => undefined);
    await expect(keyvStore(keyv).write('a', '{}')).rejects.toThrow('down');
  });

  test('refuses an adapter that cannot list its keys', async () => {
    const adapter = {get: () => undefined, set: () => undefined, delete: () => true, clear: () => undefined};
    await expect(keyvStore(new Keyv({store: adapter})).list()).rejects.toThrow('cannot list its keys');
  });
});
