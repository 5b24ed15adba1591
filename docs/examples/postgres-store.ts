// A tracker's store in PostgreSQL: a table for each tracker.
import type {OperationStore} from 'operation-poller/tracker';
import type {Pool} from 'pg';

/** @param table its name: not from outside, because it becomes part of the SQL */
export async function postgresStore(pool: Pool, table = 'operations'): Promise<OperationStore> {
  // Text, not jsonb: what comes back is what was written.
  await pool.query(`create table if not exists ${table} (key text primary key, record text not null)`);
  return {
    list: async () => {
      const {rows} = await pool.query<{key: string}>(`select key from ${table}`);
      return rows.map(({key}) => key);
    },
    read: async (key) => {
      const {rows} = await pool.query<{record: string}>(`select record from ${table} where key = $1`, [key]);
      return rows[0]?.record;
    },
    write: (key, text) =>
      pool.query(
        `insert into ${table} (key, record) values ($1, $2) on conflict (key) do update set record = excluded.record`,
        [key, text],
      ),
    remove: (key) => pool.query(`delete from ${table} where key = $1`, [key]),
  };
}
