import {expect, test} from '@jest/globals';
import ky from 'ky';
import {createOperationWorker} from 'operation-poller/bullmq';
import {createGraphClient} from 'operation-poller/graph';
import {WorkerSettings} from '../../src/bullmq/worker-settings.ts';
import {firstState} from '../../src/options/first-state.ts';
import {readOptions} from '../../src/options/settings.ts';
import {thrownBy} from '../support/core.ts';

const state = firstState('https://graph.example/operations/1', readOptions(), 0);

test('a protocol name from Redis makes no message arbitrarily long', () => {
  const protocol = 'x'.repeat(500_000);
  expect(thrownBy(() => new WorkerSettings({}, {}).of('op-1', {...state, protocol}))).toMatchObject({
    name: 'JobSkippedError',
    message: `Job op-1 was skipped: this worker has no protocol "${'x'.repeat(40)}"`,
    reason: 'unknownProtocol',
    protocol,
  });
});

test.each([
  ['token', {token: 'mine'}],
  ['http', {http: ky}],
])('%s is refused beside a Graph client, which has its own', (name, option) => {
  const graph = createGraphClient({token: 'a-token'});
  const options = {name: 'a', connection: {host: 'redis'}, graph, ...option};
  expect(() => createOperationWorker(options)).toThrow(
    new TypeError(`${name}: the Graph client has its own; give one of the two`),
  );
});
