import {afterEach, beforeEach, expect, test} from '@jest/globals';
import {pollOperation, schedules} from 'operation-poller';
import {type GraphEmulator, startGraphEmulator} from 'operation-poller/testing';

let emulator: GraphEmulator;

beforeEach(async () => {
  emulator = await startGraphEmulator({token: 'test-token'});
});

afterEach(() => emulator.stop());

test('a throttled poll does not end the watch', async () => {
  const operation = emulator.addOperation({
    script: ['running', {http: 429, retryAfter: 0}, {status: 'succeeded', detail: 'ResetSuccess'}],
  });

  const poller = pollOperation(operation.location, {
    token: 'test-token',
    schedule: schedules.fixed(1),
    retry: {minTimeout: 1},
  });
  const {status, statusDetail} = await poller.result();

  expect([status, statusDetail]).toEqual(['succeeded', 'ResetSuccess']);
  expect(operation.polls).toBe(3);
  expect(operation.requests.every(({headers}) => headers['authorization'] === 'Bearer test-token')).toBe(true);
});
