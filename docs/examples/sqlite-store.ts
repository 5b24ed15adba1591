// A tracker's store in SQLite, which Node has from version 22.13 on.
import {DatabaseSync} from 'node:sqlite';
import type {OperationStore} from 'operation-poller/tracker';

export function sqliteStore(file: string): OperationStore {
  const database = new DatabaseSync(file);
  // With the log, a write is one append, and with `full` it is on the disk when it returns. Another process waits for its turn.
  database.exec('pragma journal_mode = wal; pragma synchronous = full; pragma busy_timeout = 5000');
  database.exec('create table if not exists operations (key text primary key, record text not null) without rowid');
  const keys = database.prepare('select key from operations');
  const record = database.prepare('select record from operations where key = ?');
  const write = database.prepare('insert or replace into operations (key, record) values (?, ?)');
  const remove = database.prepare('delete from operations where key = ?');
  return {
    list: async () => keys.all().map(({key}) => String(key)),
    read: async (key) => {
      const found = record.get(key)?.['record'];
      return typeof found === 'string' ? found : undefined;
    },
    write: async (key, text) => write.run(key, text),
    remove: async (key) => remove.run(key),
    close: async () => database.close(),
  };
}
