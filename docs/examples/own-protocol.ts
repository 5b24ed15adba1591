// A service that represents its operations differently from Microsoft Graph: a protocol is data.
import {pollOperation, protocols, schedules} from 'operation-poller';
import {startGraphEmulator} from 'operation-poller/testing';

const renders = protocols.define({
  name: 'renders',
  status: '/job/state',
  words: {queued: 'notStarted', rendering: 'running', done: 'succeeded', broken: 'failed', discarded: 'canceled'},
  id: '/job/number',
  percentComplete: '/job/progress',
  result: '/image',
  error: '/job/problem',
  minimumInterval: 20,
});

// Stands in for the service: the emulator can send any body.
await using emulator = await startGraphEmulator({token: 'an-access-token'});
const {location} = emulator.addOperation({
  script: [
    {body: {job: {number: 'r-7', state: 'queued'}}},
    {body: {job: {number: 'r-7', state: 'Rendering', progress: 40}}},
    {body: {job: {number: 'r-7', state: 'Rendering', progress: '80'}}},
    {body: {job: {number: 'r-7', state: 'done', progress: 100}, image: {width: 640, height: 480}}},
  ],
});

const poller = pollOperation(location, {protocol: renders, token: 'an-access-token', schedule: schedules.fixed(1)});
poller.on('waiting', ({delay}) => console.log(`wait ${delay} ms`));
poller.on('progress', ({percentComplete, operation}) => console.log(`${operation.status} ${percentComplete} %`));

const {id, rawStatus, result} = await poller.result();
console.log(id, rawStatus, result);
