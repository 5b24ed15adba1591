// Watches two operations with the queue of own-queue.ts.
import {schedules} from 'operation-poller';
import {createRecord} from 'operation-poller/runner';
import {startGraphEmulator} from 'operation-poller/testing';
import {add, type Table, work} from './own-queue.ts';

// Stands in for Microsoft Graph.
await using emulator = await startGraphEmulator({token: 'an-access-token'});
const adele = emulator.addOperation({script: ['notStarted', {status: 'running', times: 3}, 'failed']});
const diego = emulator.addOperation({script: ['succeeded']});

const table: Table = new Map();
for (const [key, {location}] of Object.entries({adele, diego})) {
  add(table, createRecord(location, {key, data: {mail: `${key}@contoso.com`}}));
}
const shutdown = new AbortController();
let waiting = table.size;
const loop = (): Promise<void> =>
  work<{readonly mail: string}>(table, {
    token: () => 'an-access-token',
    schedule: schedules.fixed(100),
    onEnd: ({key, outcome, data}) => {
      console.log(`mail to ${data?.mail}: the reset of ${key} ${outcome.status}`);
      waiting -= 1;
      if (waiting === 0) setImmediate(() => shutdown.abort());
    },
    signal: shutdown.signal,
  });
await Promise.all([loop(), loop()]);
