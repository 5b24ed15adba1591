// A service that is not Microsoft Graph: start an operation with an API key, watch it, fetch what it produced.
import {OperationNotStartedError, protocols, schedules} from 'operation-poller';
import {createOperationClient} from 'operation-poller/client';
import {startGraphEmulator} from 'operation-poller/testing';

// Stands in for the service: a PUT of an export is answered with 202 and the location of a job.
await using service = await startGraphEmulator();
const open = {version: false, bearer: false} as const;
const file = service.addResource({...open, path: '/v2/files/7', script: [{fields: {rows: 1200}}]});
service.addStart({
  ...open,
  path: '/v2/exports/2024',
  method: 'PUT',
  starts: {
    ...open,
    path: '/v2/jobs/{id}',
    script: ['running', {status: 'succeeded', resourceLocation: file.location}],
  },
});

const client = createOperationClient({
  root: `${service.root}/v2`,
  headers: {'x-api-key': 'a-key-of-the-service'}, // goes to this service with each request, and nowhere else
});

try {
  const {poller, answer} = await client.start(
    protocols.longRunning, // or the protocol of your service
    {method: 'PUT', path: '/exports/2024', body: {format: 'csv'}},
    {fetchResult: true, schedule: schedules.fixed(10)},
  );
  console.log(`answered with ${answer.httpStatus}`);
  if (poller === undefined) console.log('accepted, but the service does not say where the operation is');
  else {
    poller.on('running', ({attempt}) => console.log(`running, as poll ${attempt} found`));
    const {status, result} = await poller.result();
    console.log(status, result);
  }
} catch (error) {
  if (error instanceof OperationNotStartedError) console.error('Started all the same?', error.mayHaveStarted);
  else throw error;
}

const withKey = service.requests.filter(({headers}) => headers['x-api-key'] === 'a-key-of-the-service');
console.log(`${withKey.length} of ${service.requests.length} requests with the key`);
