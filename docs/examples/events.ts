// Every event that a poller emits while it watches: changes, polls, waits, and failures along the way.
import {type OperationEvent, pollOperation, schedules} from 'operation-poller';
import {startGraphEmulator} from 'operation-poller/testing';

// Stands in for Microsoft Graph: the first response is lost, and a later request is throttled.
await using emulator = await startGraphEmulator({token: 'an-access-token'});
const {location} = emulator.addOperation({
  script: [{fault: 'reset'}, 'running', {http: 429, retryAfter: 0.2}, 'waitingForApproval', 'succeeded'],
});

function describe(event: OperationEvent): string {
  switch (event.type) {
    case 'waiting':
      return `${event.delay} ms, because of the ${event.because}`;
    case 'retrying':
      return `in ${event.delay} ms, after ${event.error.httpStatus ?? event.error.kind}`;
    case 'unknownStatus':
      return event.rawStatus;
    case 'abandoned':
      return event.reason;
    default:
      return event.operation?.status ?? 'nothing known yet';
  }
}

const poller = pollOperation(location, {
  token: 'an-access-token',
  schedule: schedules.fixed(10),
  retry: {minTimeout: 10, randomize: false},
});

// One listener for all events; the type narrows the payload.
poller.on('*', (event) => console.log(`poll ${event.attempt}: ${event.type}: ${describe(event)}`));

// A listener for one event; it can be removed.
const {unsubscribe} = poller.on('succeeded', () => console.log('never printed'));
unsubscribe();

const operation = await poller.result();
console.log(`the result: ${operation.status}`);
