// A tracker's store in PostgreSQL: a table for each tracker.
import type {OperationStore} from 'operation-poller/tracker';
import type {Sql} from 'postgres';

export async function postgresStore(sql: Sql, name = 'operations'): Promise<OperationStore> {
  const table = sql(name);
  // Text, not jsonb: what comes back is what was written.
  await sql`create table if not exists ${table} (key text primary key, record text not null)`;
  return {
    list: async () => (await sql<{key: string}[]>`select key from ${table}`).map(({key}) => key),
    read: async (key) => (await sql<{record: string}[]>`select record from ${table} where key = ${key}`)[0]?.record,
    write: async (key, text) => {
      await sql`insert into ${table} (key, record) values (${key}, ${text})
        on conflict (key) do update set record = excluded.record`;
    },
    remove: async (key) => {
      await sql`delete from ${table} where key = ${key}`;
    },
  };
}
