import {randomUUID} from 'node:crypto';
import {createRecord} from 'operation-poller/runner';
import {kitTurnOptions, type RunnerInstanceOptions, type TestedRunner} from 'operation-poller/testing';
import postgres, {type Sql} from 'postgres';
import {add, createTable, wake, work} from '../../../docs/examples/postgres-queue.ts';

/** The queue of the documents on a PostgreSQL server, with a schema of its own. Each instance has its own connections. */
export async function openPostgresQueue(url: string): Promise<TestedRunner> {
  const schema = `kit_${randomUUID().replaceAll('-', '')}`;
  const connect = (): Sql =>
    postgres(url, {max: 3, connection: {search_path: schema}, onnotice: () => {}, fetch_types: false});
  const sql = connect();
  await sql`create schema ${sql(schema)}`;
  await createTable(sql);
  const kills = new Set<() => Promise<void>>();
  return {
    start: async (instance: RunnerInstanceOptions) => {
      const own = connect();
      const killing = new AbortController();
      const {lease, clockAhead} = instance;
      const clock = (): number => Date.now() + clockAhead;
      const options = {...kitTurnOptions(instance), signal: killing.signal};
      const working = work(own, options, {lease, clock, pause: 20, onError: () => {}});
      const kill = async (): Promise<void> => {
        killing.abort();
        // Its connections are cut at once: what has not been written by now never is.
        await own.end({timeout: 0});
        await working;
      };
      kills.add(kill);
      return {kill};
    },
    add: (location, options) => add(sql, createRecord(location, options)),
    wake: (key) => wake(sql, key, Date.now()),
    stored: async () => JSON.stringify(await sql`select * from operations`),
    close: async () => {
      await Promise.all([...kills].map((kill) => kill()));
      await sql`drop schema ${sql(schema)} cascade`;
      await sql.end();
    },
  };
}
