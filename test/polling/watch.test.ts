import {afterEach, beforeEach, describe, expect, jest, test} from '@jest/globals';
import ky from 'ky';
import type {OperationEvent} from '../../src/operation/events.ts';
import {readOptions} from '../../src/options/settings.ts';
import {Watch} from '../../src/polling/watch.ts';
import * as schedules from '../../src/schedule/schedules.ts';
import {beginning, operationOf, stateOf, tasks} from '../support/core.ts';

beforeEach(() => {
  jest.useFakeTimers({now: beginning, doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate']});
});

afterEach(() => {
  expect(jest.getTimerCount()).toBe(0);
  jest.useRealTimers();
});

/** Watches a service that gives these bodies, one a poll, and gives the operations that the polls read. */
async function operationsOf(bodies: readonly object[], state = stateOf()) {
  const left = [...bodies];
  const http = ky.create({fetch: async () => Response.json({id: 'b', status: 'running', ...left.shift()})});
  const events: OperationEvent[] = [];
  const settings = readOptions({protocol: tasks, http, schedule: schedules.fixed(1000)});
  const watch = new Watch(state, settings, (change) => void events.push(...change.events), undefined);
  for (let count = 0; left.length > 0; count++) {
    await jest.advanceTimersByTimeAsync(count === 0 ? 0 : 1000);
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
  watch.stop('stopped', undefined);
  return events.flatMap(({type, operation}) => (type === 'polled' ? [operation] : []));
}

describe('the operation of a watch', () => {
  test('is the same object at every poll whose answer is equal', async () => {
    const [first, ...others] = await operationsOf(Array(6).fill({more: {list: [1, 2]}}));
    expect(first).toMatchObject({status: 'running', raw: {more: {list: [1, 2]}}});
    expect(others).toHaveLength(5);
    expect(others.every((operation) => operation === first)).toBe(true);
  });

  test('is another object after an answer that differs in anything', async () => {
    const bodies = [{}, {more: 1}, {more: 1}, {}, {more: [1]}, {more: [1]}];
    const operations = await operationsOf(bodies);
    expect(operations.map((operation) => operations.indexOf(operation))).toEqual([0, 1, 1, 3, 4, 4]);
  });

  test('is read anew at the first poll after a restart', async () => {
    const restored = operationOf('running');
    const [first, second] = await operationsOf([{}, {}], stateOf({operation: restored}));
    expect(first).toEqual(restored);
    expect(first).not.toBe(restored);
    expect(second).toBe(first);
  });
});

test('the first poll needs no timer, however many watches begin together', async () => {
  let requests = 0;
  const http = ky.create({
    fetch: async () => {
      requests++;
      return Response.json({id: 'b', status: 'running'});
    },
  });
  const settings = readOptions({protocol: tasks, http, schedule: schedules.fixed(1000)});
  // From 500 immediate polls on, all watches counted, others go through a timer.
  const watches = Array.from({length: 501}, () => new Watch(stateOf(), settings, () => undefined, undefined));
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
  expect(requests).toBe(watches.length);
  for (const watch of watches) watch.stop('stopped', undefined);
});
