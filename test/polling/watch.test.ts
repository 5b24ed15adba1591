import {afterEach, beforeEach, describe, expect, jest, test} from '@jest/globals';
import ky from 'ky';
import type {OperationEvent} from '../../src/operation/events.ts';
import {readOptions, type Settings} from '../../src/options/settings.ts';
import {Watch} from '../../src/polling/watch.ts';
import type {Schedule} from '../../src/schedule/schedule.ts';
import * as schedules from '../../src/schedule/schedules.ts';
import {longestTimer} from '../../src/shared/timers.ts';
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

/** Lets everything run that waits for no timer. */
async function settle(turns = 5): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Settings for a service that is always running, and the number of its requests; after 3000 it answers no more. */
function running(schedule: Schedule) {
  const counts = {requests: 0};
  const http = ky.create({
    fetch: async () => {
      counts.requests++;
      return counts.requests > 3000 ? new Promise(() => {}) : Response.json({id: 'b', status: 'running'});
    },
  });
  return {settings: readOptions({protocol: tasks, http, schedule, totalTimeout: false}), counts};
}

const watchAlone = (settings: Settings) =>
  new Watch(stateOf({deadlineAt: undefined}), settings, () => undefined, undefined);

describe('waits of 0 ms', () => {
  test('need no timer at first, but one after many polls', async () => {
    const {settings, counts} = running(schedules.fixed(0));
    const watch = watchAlone(settings);
    await settle(2000);
    expect(Math.abs(counts.requests - 500)).toBeLessThan(10);
    await jest.advanceTimersByTimeAsync(1);
    await settle(100);
    expect(counts.requests).toBeGreaterThan(510);
    watch.stop('stopped', undefined);
  });

  test('need one earlier where others watch as well, but not where they have watched', async () => {
    const {settings, counts} = running(schedules.fixed(0));
    const watches = Array.from({length: 100}, () => watchAlone(settings));
    await settle(100);
    expect(Math.abs(counts.requests - 600)).toBeLessThan(110);
    for (const watch of watches) watch.stop('stopped', undefined);
    counts.requests = 0;
    const watch = watchAlone(settings);
    await settle(300);
    expect(counts.requests).toBeGreaterThan(50);
    watch.stop('stopped', undefined);
  });
});

test.each([longestTimer, longestTimer + 1, 2 * longestTimer + 1])(
  'a wait of %i ms ends when it is over, and not a millisecond earlier',
  async (wait) => {
    const {settings, counts} = running(schedules.fixed(wait));
    const watch = watchAlone(settings);
    await settle();
    await jest.advanceTimersByTimeAsync(wait - 1);
    await settle();
    expect(counts.requests).toBe(1);
    await jest.advanceTimersByTimeAsync(1);
    await settle();
    expect(counts.requests).toBe(2);
    watch.stop('stopped', undefined);
  },
);

test('a watch that goes on when its poll was due sets no timer of a negative time, of which Node warns', async () => {
  const {settings, counts} = running(schedules.fixed(1000));
  const watch = watchAlone(settings);
  await settle();
  await watch.pause();
  await jest.advanceTimersByTimeAsync(5000);
  const setTimeout = jest.spyOn(globalThis, 'setTimeout');
  watch.resume();
  expect(setTimeout.mock.calls.map(([, delay]) => delay)).toEqual([0]);
  setTimeout.mockRestore();
  await jest.advanceTimersByTimeAsync(0);
  await settle();
  expect(counts.requests).toBe(2);
  watch.stop('stopped', undefined);
});

test('a watch that is paused and goes on before it has begun, begins once', async () => {
  const {settings, counts} = running(schedules.fixed(1000));
  const watch = watchAlone(settings);
  void watch.pause();
  watch.resume();
  await settle();
  expect([counts.requests, jest.getTimerCount()]).toEqual([1, 1]);
  watch.stop('stopped', undefined);
});

test('a hint in the very millisecond in which a request left makes one more poll', async () => {
  const {settings, counts} = running(schedules.fixed(1000));
  const watch = watchAlone(settings);
  await Promise.resolve();
  watch.wake();
  await settle();
  await jest.advanceTimersByTimeAsync(0);
  await settle();
  expect(counts.requests).toBe(2);
  watch.stop('stopped', undefined);
});

test('an error that no poll may throw is reported to the host', async () => {
  const reportError = jest.fn();
  Object.defineProperty(globalThis, 'reportError', {value: reportError, configurable: true});
  const error = new Error('a bug of ours');
  const {settings} = running(schedules.fixed(1000));
  const broken = Object.defineProperty({...settings}, 'stalledAfter', {
    get: () => {
      throw error;
    },
  });
  const watch = watchAlone(broken);
  await settle();
  Reflect.deleteProperty(globalThis, 'reportError');
  expect(reportError.mock.calls).toEqual([[error]]);
  watch.stop('stopped', undefined);
});
