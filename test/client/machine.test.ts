import {expect, test} from '@jest/globals';
import ky from 'ky';
import {operationMachine, schedules, watchOperation} from 'operation-poller';
import {createOperationClient} from 'operation-poller/client';
import {createActor, toPromise, waitFor} from 'xstate';
import {startEmulator} from '../testing/emulators.ts';

const schedule = schedules.fixed(100);

test('83: a machine polls with the token of a client', async () => {
  const emulator = await startEmulator({token: 'of-the-client'});
  const client = createOperationClient({root: emulator.root, token: 'of-the-client'});
  const machine = operationMachine.provide({actors: {watch: watchOperation({client, schedule})}});
  const {location} = emulator.addOperation({script: ['running', 'succeeded']});
  const actor = createActor(machine, {input: {location}}).start();
  expect(await toPromise(actor)).toMatchObject({status: 'succeeded'});
  expect(emulator.requests).toHaveLength(2);
});

test('a key of a client in the location is in no snapshot, and a machine without that client refuses to go on', async () => {
  const key = 'marker-key-0123456789';
  const urls: string[] = [];
  const http = ky.create({
    fetch: async (input) => {
      urls.push(input instanceof Request ? input.url : String(input));
      return Response.json({id: 'b', status: 'running'});
    },
  });
  const client = createOperationClient({root: 'https://service.example', headers: {'x-api-key': key}, http});
  const begun = operationMachine.provide({actors: {watch: watchOperation({client, schedule})}});
  const location = `https://service.example/b?key=${key}`;
  const actor = createActor(begun, {input: {location}}).start();
  await waitFor(actor, ({value}) => value === 'running');
  const stored = JSON.stringify(actor.getPersistedSnapshot());
  actor.stop();
  expect([urls, stored.includes(key)]).toEqual([[location], false]);
  const machine = operationMachine.provide({actors: {watch: watchOperation({http, schedule})}});
  const alone = createActor(machine, {snapshot: JSON.parse(stored), input: {location}});
  const errors: unknown[] = [];
  alone.subscribe({error: (error) => errors.push(error)});
  alone.start();
  expect(errors).toEqual([expect.objectContaining({message: expect.stringMatching(/^headers: expected x-api-key/)})]);
  expect(urls).toHaveLength(1);
});

test('an operation that is not on the origin of the client is not asked for', async () => {
  const emulator = await startEmulator();
  const client = createOperationClient({root: 'https://elsewhere.example', token: 'of-the-client'});
  const machine = operationMachine.provide({actors: {watch: watchOperation({client})}});
  const actor = createActor(machine, {input: {location: emulator.addOperation().location}});
  const errors: unknown[] = [];
  actor.subscribe({error: (error) => errors.push(error)});
  actor.start();
  expect(errors).toEqual([expect.objectContaining({message: expect.stringMatching(/^location: expected one on/)})]);
  expect(emulator.requests).toEqual([]);
});

test('a client is checked, and has the token', () => {
  expect(() => watchOperation({client: {}})).toThrow('client: expected a client of this package');
  const client = createOperationClient({root: 'https://elsewhere.example'});
  expect(() => watchOperation({client, token: 'a'})).toThrow('token: the client has its own; give one of the two');
});
