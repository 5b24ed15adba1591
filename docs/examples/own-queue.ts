// A queue of your own: a table of records, and loops that lease what is due.
import {setTimeout as sleep} from 'node:timers/promises';
import {schedules} from 'operation-poller';
import {createRecord, dueAtOf, type OperationRecord, type TurnOptions, takeTurn} from 'operation-poller/runner';
import {startGraphEmulator} from 'operation-poller/testing';

// Stands in for Microsoft Graph.
await using emulator = await startGraphEmulator({token: 'an-access-token'});
const adele = emulator.addOperation({script: ['notStarted', {status: 'running', times: 3}, 'failed']});
const diego = emulator.addOperation({script: ['succeeded']});

// Stands in for a table of your database.
const table = new Map<string, {readonly record: string; readonly dueAt: number; leasedUntil: number}>();
const put = (record: OperationRecord, dueAt: number): unknown =>
  table.set(record.key, {record: JSON.stringify(record), dueAt, leasedUntil: 0});

const options: TurnOptions<{readonly mail: string}> = {
  token: () => 'an-access-token',
  schedule: schedules.fixed(100),
  onEnd: ({key, outcome, data}) => console.log(`mail to ${data?.mail}: the reset of ${key} ${outcome.status}`),
};

async function work(lease = 60_000): Promise<void> {
  while (table.size > 0) {
    const now = Date.now();
    // In SQL: update … set leased_until = … where due_at <= now and leased_until <= now … returning record
    const row = [...table.values()].find(({dueAt, leasedUntil}) => dueAt <= now && leasedUntil <= now);
    if (row === undefined) await sleep(5);
    else {
      row.leasedUntil = now + lease;
      // What it throws leaves the row as it is: it is taken again when its lease has run out.
      const turn = await takeTurn(JSON.parse(row.record), options, now).catch(console.error);
      if (turn?.error !== undefined) console.error(turn.error);
      if (turn !== undefined && 'done' in turn) table.delete(turn.record.key);
      else if (turn !== undefined) put(turn.record, turn.dueAt);
    }
  }
}

for (const [key, {location}] of Object.entries({adele, diego})) {
  const record = createRecord(location, {key, data: {mail: `${key}@contoso.com`}});
  put(record, dueAtOf(record));
}
await Promise.all([work(), work()]);
