// A queue on PostgreSQL: one table, and workers in any number of processes. A lease is a due_at in the future.
import {setTimeout as sleep} from 'node:timers/promises';
import {dueAtOf, type OperationRecord, type TurnOptions, takeTurn, wakeRecord} from 'operation-poller/runner';
import type {Sql} from 'postgres';

export async function createTable(sql: Sql): Promise<void> {
  await sql`create table operations (key text primary key, record text not null, due_at bigint not null)`;
  await sql`create index on operations (due_at)`;
}

export async function add(sql: Sql, record: OperationRecord): Promise<void> {
  await sql`
    insert into operations values (${record.key}, ${JSON.stringify(record)}, ${Math.ceil(dueAtOf(record))})
    on conflict (key) do nothing`;
}

/** Takes the turns that are due, several at once, until the signal aborts. */
export async function work<Data, Result = unknown>(
  sql: Sql,
  options: TurnOptions<Data, Result>,
  {
    lease = 60_000,
    concurrency = 10,
    pause = 50,
    clock = Date.now,
    onError = (error: unknown) => console.error(error),
  } = {},
): Promise<void> {
  let active = 0;
  const take = async (stored: string, leasedUntil: number): Promise<void> => {
    const turn = await takeTurn(JSON.parse(stored), options, clock());
    if (turn.error !== undefined) onError(turn.error);
    // Once its lease has run out, somebody else has the row, and this changes nothing.
    const {key} = turn.record;
    if ('done' in turn) await sql`delete from operations where key = ${key} and due_at = ${leasedUntil}`;
    else {
      await sql`
        update operations set record = ${JSON.stringify(turn.record)}, due_at = ${Math.ceil(turn.dueAt)}
        where key = ${key} and due_at = ${leasedUntil}`;
    }
  };
  while (options.signal?.aborted !== true) {
    const now = clock();
    const leasedUntil = now + lease;
    const due = await sql<{record: string}[]>`
      update operations set due_at = ${leasedUntil} where key in (
        select key from operations where due_at <= ${now} order by due_at limit ${concurrency - active}
        for update skip locked
      ) returning record`.catch(onError);
    for (const {record} of due ?? []) {
      active += 1;
      // What it throws leaves the row as it is: it is taken again when its lease has run out.
      void take(record, leasedUntil)
        .catch(onError)
        .finally(() => {
          active -= 1;
        });
    }
    if (due === undefined || due.length === 0 || active === concurrency) await sleep(pause);
  }
}

/** After a hint. A row whose turn is being taken is left to it: it is being polled now. */
export async function wake(sql: Sql, key: string, now: number): Promise<void> {
  await sql.begin(async (transaction) => {
    const [row] = await transaction<{record: string; due_at: number}[]>`
      select record, due_at::float8 from operations where key = ${key} for update`;
    if (row === undefined) return;
    const record: OperationRecord = JSON.parse(row.record);
    if (row.due_at !== Math.ceil(dueAtOf(record))) return;
    const woken = wakeRecord(record, now);
    await transaction`
      update operations set record = ${JSON.stringify(woken)}, due_at = ${Math.ceil(dueAtOf(woken))} where key = ${key}`;
  });
}
