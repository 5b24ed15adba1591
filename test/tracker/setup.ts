import {afterEach, beforeEach, expect, jest} from '@jest/globals';
import ky, {type KyInstance} from 'ky';
import {
  createOperationTracker,
  type OperationTracker,
  type OperationTrackerOptions,
  type TrackerError,
} from 'operation-poller/tracker';
import type {EndedRecord} from '../../src/runner/index.ts';
import * as schedules from '../../src/schedule/schedules.ts';
import {tasks} from '../support/core.ts';
import {type TestStore, testStore} from './stores.ts';

export const beginning = Date.UTC(2020, 2, 19, 12);
/** Those that are closed after the test. */
export const trackers: OperationTracker[] = [];

beforeEach(() => {
  jest.useFakeTimers({now: beginning, doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate']});
});

afterEach(async () => {
  await Promise.all(trackers.splice(0).map((tracker) => tracker.close()));
  expect(jest.getTimerCount()).toBe(0);
  jest.useRealTimers();
});

/** Lets everything run that waits for no timer. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Lets time pass, a tenth of a second at a time. */
export async function pass(milliseconds: number): Promise<void> {
  await settle();
  for (let passed = 0; passed < milliseconds; passed += 100) {
    await jest.advanceTimersByTimeAsync(100);
    await settle();
  }
}

export interface Service {
  readonly http: KyInstance;
  /** The locations that were asked for. */
  readonly requests: string[];
  /** How many requests were aborted. */
  readonly aborted: () => number;
}

/** A service that answers each location with these statuses, one a request; the last one repeats. `'hangs'` never answers. */
export function serviceOf(statuses: readonly (string | (() => Response))[]): Service {
  const asked = new Map<string, number>();
  const requests: string[] = [];
  let aborted = 0;
  const http = ky.create({
    fetch: async (input, init) => {
      const url = input instanceof Request ? input.url : String(input);
      requests.push(url);
      const count = asked.get(url) ?? 0;
      asked.set(url, count + 1);
      const status = statuses[Math.min(count, statuses.length - 1)] ?? 'running';
      if (typeof status === 'function') return status();
      if (status !== 'hangs') return Response.json({id: 'b', status});
      return new Promise((_, reject) =>
        (input instanceof Request ? input : init)?.signal?.addEventListener('abort', () => {
          aborted += 1;
          reject(new DOMException('aborted', 'AbortError'));
        }),
      );
    },
  });
  return {http, requests, aborted: () => aborted};
}

export interface Kept {
  readonly ends: EndedRecord<unknown>[];
  readonly errors: TrackerError[];
  readonly options: Pick<OperationTrackerOptions, 'onEnd' | 'onError' | 'schedule' | 'protocols'>;
}

/** Options that poll every second, and keep what they are called with. */
export function keep(onEnd: (ended: EndedRecord<unknown>) => unknown = () => undefined): Kept {
  const ends: EndedRecord<unknown>[] = [];
  const errors: TrackerError[] = [];
  return {
    ends,
    errors,
    options: {
      schedule: schedules.fixed(1000),
      protocols: [tasks],
      onError: (error) => errors.push(error),
      onEnd: async (ended) => {
        ends.push(ended);
        await onEnd(ended);
      },
    },
  };
}

export async function track(options: OperationTrackerOptions): Promise<OperationTracker> {
  const tracker = await createOperationTracker(options);
  trackers.push(tracker);
  return tracker;
}

/** Whatever a process leaves behind when it is killed: the store's texts, and no more. */
export const leftBehind = (store: TestStore): TestStore => testStore(store.texts);

export const here = {protocol: tasks} as const;
