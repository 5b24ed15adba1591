// A queue of your own: a table of records, and loops that lease what is due.
import {setTimeout as sleep} from 'node:timers/promises';
import {dueAtOf, type OperationRecord, type TurnOptions, takeTurn, wakeRecord} from 'operation-poller/runner';

/** Stands in for a table of your database: rows by their keys. */
export type Table = Map<string, {record: string; dueAt: number; leasedUntil: number}>;

const columns = (record: OperationRecord) => ({record: JSON.stringify(record), dueAt: dueAtOf(record)});

export function add(table: Table, record: OperationRecord): void {
  // In SQL: insert … on conflict (key) do nothing
  if (!table.has(record.key)) table.set(record.key, {...columns(record), leasedUntil: 0});
}

export function wake(table: Table, key: string, now: number): void {
  const row = table.get(key);
  // In SQL: in one transaction, with select … for update
  if (row !== undefined) Object.assign(row, columns(wakeRecord(JSON.parse(row.record), now)));
}

/** Takes the turns that are due, one at a time, until the signal aborts. */
export async function work<Data, Result = unknown>(
  table: Table,
  options: TurnOptions<Data, Result>,
  {lease = 60_000, clock = Date.now, onError = console.error as (error: unknown) => void} = {},
): Promise<void> {
  while (options.signal?.aborted !== true) {
    const now = clock();
    // In SQL: update … set leased_until = … where due_at <= now and leased_until <= now … returning record
    const row = [...table.values()].find(({dueAt, leasedUntil}) => dueAt <= now && leasedUntil <= now);
    if (row === undefined) await sleep(20);
    else {
      const leasedUntil = now + lease;
      row.leasedUntil = leasedUntil;
      // What it throws leaves the row as it is: it is taken again when its lease has run out.
      const turn = await takeTurn(JSON.parse(row.record), options, now).catch(onError);
      if (turn?.error !== undefined) onError(turn.error);
      // Somebody else has the row once its lease has run out. In SQL: … where key = … and leased_until = …
      if (turn === undefined || row.leasedUntil !== leasedUntil) continue;
      if ('done' in turn) table.delete(turn.record.key);
      else Object.assign(row, {record: JSON.stringify(turn.record), dueAt: turn.dueAt, leasedUntil: 0});
    }
  }
}
