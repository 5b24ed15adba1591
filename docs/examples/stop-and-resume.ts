// Watching that outlives the process: stop, store the resume token, continue elsewhere.
import {pollOperation, resumeOperation, schedules, WatchAbortedError} from 'operation-poller';
import {startGraphEmulator} from 'operation-poller/testing';

// Stands in for Microsoft Graph.
await using emulator = await startGraphEmulator({token: 'an-access-token'});
const operation = emulator.addOperation({script: ['notStarted', {status: 'running', times: 2}, 'succeeded']});

// Stands in for a database.
const database = new Map<string, string>();

const shutdown = new AbortController();
const first = pollOperation(operation.location, {
  token: 'an-access-token',
  schedule: schedules.fixed(300),
  signal: shutdown.signal,
});
first.on('*', ({type}) => console.log(`first:  ${type}`));
try {
  await first.waitFor('running');
  shutdown.abort('SIGTERM');
  await first.result();
} catch (error) {
  if (!(error instanceof WatchAbortedError)) throw error;
  console.log(`stopped by ${error.cause} after ${error.attempts} polls`);
  database.set('reset of adele', JSON.stringify(error.resumeToken));
}

// Later, in another process: the access token is passed again, everything else is in the resume token.
const stored = database.get('reset of adele');
if (stored === undefined) throw new Error('nothing to resume');
const second = resumeOperation(stored, {token: 'an-access-token', schedule: schedules.fixed(10)});
second.on('*', ({type}) => console.log(`second: ${type}`));
const {status} = await second.result();
console.log(`${status} after ${operation.polls} polls in all`);
