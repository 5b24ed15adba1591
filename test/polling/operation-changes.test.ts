import {expect, test} from '@jest/globals';
import {WatchAbortedError} from '../../src/operation/errors.ts';
import {operationChanges} from '../../src/polling/operation-changes.ts';
import {operationOf} from '../support/core.ts';
import {createSource} from './watch-source.ts';

const running = operationOf('running');
const half = operationOf('running', {percentComplete: 50});
const succeeded = operationOf('succeeded');

test('what is known, then each change, then the end; nobody listens after that', async () => {
  const {source, report, end, listeners} = createSource(running);
  const changes = operationChanges(source);
  expect(await changes.next()).toEqual({done: false, value: running});
  report(operationOf('running'));
  report(half);
  report(operationOf('running', {percentComplete: 50}));
  report(succeeded);
  end({status: 'succeeded', operation: succeeded});
  expect([(await changes.next()).value, (await changes.next()).value]).toEqual([half, succeeded]);
  expect(listeners()).toBe(2);
  expect(await changes.next()).toEqual({done: true, value: undefined});
  expect(listeners()).toBe(0);
});

test('a change that is waited for comes at once, and so does the end', async () => {
  const {source, report, end} = createSource();
  const changes = operationChanges(source);
  for (const operation of [running, half, succeeded]) {
    const next = changes.next();
    report(operation);
    expect(await next).toEqual({done: false, value: operation});
  }
  const last = changes.next();
  end({status: 'succeeded', operation: succeeded});
  expect(await last).toEqual({done: true, value: undefined});
});

test('an end that is no success comes after the last change', async () => {
  const {source, report, end, listeners} = createSource();
  const changes = operationChanges(source);
  const first = changes.next();
  report(running);
  const error = new WatchAbortedError('stopped');
  end({status: 'abandoned', reason: 'stopped', operation: running, error});
  expect((await first).value).toBe(running);
  await expect(changes.next()).rejects.toBe(error);
  expect(listeners()).toBe(0);
});

test('leaving the loop removes the listeners', async () => {
  const {source, listeners} = createSource(running);
  for await (const operation of operationChanges(source)) {
    expect([operation, listeners()]).toEqual([running, 2]);
    break;
  }
  expect(listeners()).toBe(0);
});
