import {expect, test} from '@jest/globals';
import {OperationError, WatchAbortedError} from '../../src/operation/errors.ts';
import {waitForStatus} from '../../src/polling/wait-for-status.ts';
import {location, operationOf} from '../support/core.ts';
import {createSource} from './watch-source.ts';

const running = operationOf('running');
const succeeded = operationOf('succeeded');

test('a status that is known already: nobody listens', async () => {
  const {source, listeners} = createSource(running);
  const reached = waitForStatus(source, 'notStarted');
  expect(listeners()).toBe(0);
  expect(await reached).toBe(running);
});

test('the report that reaches it, or a later status; nobody listens after that', async () => {
  for (const operation of [running, operationOf('failed')]) {
    const {source, report, listeners} = createSource();
    const reached = waitForStatus(source, 'running');
    report(operationOf('notStarted'));
    expect(listeners()).toBe(2);
    report(operation);
    expect(await reached).toBe(operation);
    expect(listeners()).toBe(0);
  }
});

test('an end before that rejects, and nobody listens after it', async () => {
  const {source, end, listeners} = createSource();
  const reached = waitForStatus(source, 'running');
  const error = new WatchAbortedError('stopped');
  end({status: 'abandoned', reason: 'stopped', operation: undefined, error});
  await expect(reached).rejects.toBe(error);
  expect(listeners()).toBe(0);
});

test('another end than the one that was asked for rejects', async () => {
  const {source, end} = createSource();
  const reached = waitForStatus(source, 'failed');
  end({status: 'succeeded', operation: succeeded});
  const error: unknown = await reached.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(OperationError);
  expect(error).toMatchObject({message: `${location} succeeded, so it will never be failed`, location});
});
