// One loop instead of listeners: each change of an operation, as it happens.
import {OperationFailedError, pollOperation, schedules} from 'operation-poller';
import {startGraphEmulator} from 'operation-poller/testing';

// Stands in for Microsoft Graph: three polls find the operation running; the loop sees it once.
await using emulator = await startGraphEmulator({token: 'an-access-token'});
const {location} = emulator.addOperation({
  script: ['notStarted', {status: 'running', times: 3}, {status: 'failed', detail: 'PolicyViolation'}],
});

const poller = pollOperation(location, {token: 'an-access-token', schedule: schedules.fixed(10)});

await poller.waitFor('running');
console.log(`it has begun: ${poller.status}`);

try {
  for await (const {status, statusDetail} of poller) {
    console.log(statusDetail === undefined ? status : `${status}: ${statusDetail}`);
  }
} catch (error) {
  // The loop ends as result() does: it throws unless the operation succeeded.
  if (!(error instanceof OperationFailedError)) throw error;
  console.log(`${error.name} after ${error.attempts} polls`);
}
