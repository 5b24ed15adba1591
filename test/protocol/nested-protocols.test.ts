import {expect, test} from '@jest/globals';
import ky from 'ky';
import {createOperationClient} from 'operation-poller/client';
import {createRecord, takeTurn} from 'operation-poller/runner';
import {createOperationTracker} from 'operation-poller/tracker';
import {InvalidResumeTokenError} from '../../src/operation/errors.ts';
import {resumeOperation} from '../../src/poll-operation.ts';
import * as protocols from '../../src/protocol/protocols.ts';
import {protocolWithin} from '../../src/protocol/start.ts';

const root = 'https://service.example';
const {statusMonitor} = protocols.azure;
const keyed = protocols.define({...statusMonitor, name: 'vision', authorization: {header: 'X-Api-Key'}});
const key = 'MARKERkey-0123456789';

/** A service that answers a start by a location alone, and then that its operation is running. It keeps the headers of polls. */
function service() {
  const polls: Record<string, string>[] = [];
  const http = ky.create({
    retry: 0,
    fetch: async (input) => {
      const {method, headers} = new Request(input);
      if (method === 'POST') return new Response(null, {status: 202, headers: {location: `${root}/jobs/1`}});
      const {authorization, 'x-api-key': apiKey} = Object.fromEntries(headers);
      polls.push({...(authorization && {authorization}), ...(apiKey && {'x-api-key': apiKey})});
      return Response.json({}, {status: 202});
    },
  });
  return {http, polls};
}

/** Starts an operation to which a location alone leads, and polls it once. */
async function started() {
  const {http, polls} = service();
  const client = createOperationClient({root, token: key, http});
  const {poller} = await client.start(keyed, {path: '/jobs'});
  await poller?.waitFor('running');
  poller?.stop(new Error('enough'));
  return {http, polls, client, token: JSON.stringify(poller)};
}

test.each(['locationOnly', 'resource'] as const)('the %s of a protocol sends the token as that does', (field) => {
  expect(keyed[field]).toMatchObject({name: `vision.${field}`, authorization: {header: 'X-Api-Key'}});
  expect(keyed[field]).toEqual({...statusMonitor[field], ...keyed[field]});
  const own = {name: 'own', authorization: 'bearer', status: '/state', words: {ok: 'succeeded'}} as const;
  expect(protocols.define({...keyed, [field]: own})[field]).toEqual(own);
  expect(protocols.define({...statusMonitor, name: 'other'})[field]).toEqual(statusMonitor[field]);
});

test('what is within one within it sends the token so, too', () => {
  expect(keyed.locationOnly?.resource).toMatchObject({
    name: 'vision.locationOnly.resource',
    authorization: {header: 'X-Api-Key'},
  });
});

test('what has the name of the protocol around it gets one of its own, by which a resumed operation is read', async () => {
  const fields = {name: 'jobs', status: '/status', words: {done: 'succeeded'}} as const;
  const other = {...fields, words: {done: 'running', over: 'succeeded'}} as const;
  const protocol = protocols.define({...fields, locationOnly: {...other, resource: other}, resource: other});
  const {locationOnly, resource} = protocol;
  const names = [locationOnly, locationOnly?.resource, resource].map((each) => each?.name);
  expect(names).toEqual(['jobs.locationOnly', 'jobs.locationOnly.resource', 'jobs.resource']);
  const http = ky.create({
    fetch: async (input) =>
      new Request(input).method === 'POST'
        ? new Response(null, {status: 202, headers: {location: `${root}/jobs/1`}})
        : Response.json({status: 'done'}),
  });
  const client = createOperationClient({root, http});
  const {poller} = await client.start(protocol, {path: '/jobs'});
  poller?.stop(new Error('enough'));
  const resumed = client.resume(JSON.stringify(poller), {protocol});
  await new Promise((resolve) => resumed.on('polled', resolve));
  expect(resumed.status).toBe('running');
  resumed.stop(new Error('enough'));
});

test('a key goes in its own header where a location alone leads to the operation, and after a resume', async () => {
  const {http, polls, client, token} = await started();
  const resumed = [
    resumeOperation(token, {protocol: keyed, token: key, http}),
    resumeOperation(token, {...(keyed.locationOnly && {protocol: keyed.locationOnly}), token: key, http}),
    client.resume(token, {protocol: keyed}),
  ];
  for (const poller of resumed) {
    poller.wake();
    await new Promise((resolve) => poller.on('polled', resolve));
    poller.stop(new Error('enough'));
  }
  expect(polls).toEqual(Array.from({length: 4}, () => ({'x-api-key': key})));
});

test('a runner that is given a protocol knows those within it', async () => {
  const {polls, client, token} = await started();
  const record = createRecord(JSON.parse(token), {protocol: keyed}, Date.now());
  const {record: next} = await takeTurn(record, {client, protocols: [keyed]}, Date.now() + 60_000);
  expect(next.token.protocol).toBe('vision.locationOnly');
  expect(polls).toEqual([{'x-api-key': key}, {'x-api-key': key}]);
});

test('a tracker that is given a protocol knows those within it, where a token is added', async () => {
  const {polls, client, token} = await started();
  const store = {list: async () => [], read: async () => undefined, write: async () => {}, remove: async () => {}};
  const tracker = await createOperationTracker({store, client, protocols: [keyed]});
  const polled = new Promise((resolve) => tracker.on('polled', resolve));
  await tracker.add(JSON.parse(token), {key: 'a'});
  await tracker.wake('a');
  await polled;
  await tracker.close();
  expect(polls).toEqual([{'x-api-key': key}, {'x-api-key': key}]);
});

test('of two protocols with one name, a runner takes the one that it was given by itself', async () => {
  const other = protocols.define({...statusMonitor, name: 'other'});
  const location = protocols.define({...protocols.azure.location, authorization: {header: 'X-Api-Key'}});
  expect(other.locationOnly?.name).toBe(location.name);
  const {http, polls} = service();
  const record = createRecord(`${root}/jobs/1`, {protocol: location}, Date.now());
  await takeTurn(record, {token: key, http, protocols: [other, location]}, Date.now() + 60_000);
  expect(polls).toEqual([{'x-api-key': key}]);
});

test('a protocol is found within another one by its name alone', async () => {
  const {token} = await started();
  expect(protocolWithin(keyed, 'vision.locationOnly.resource')).toBe(keyed.locationOnly?.resource);
  expect(protocolWithin(keyed, 'azure.location')).toBeUndefined();
  expect(() => resumeOperation(token, {protocol: statusMonitor, token: key})).toThrow(InvalidResumeTokenError);
});
