import {afterEach, beforeEach, describe, expect, jest, test} from '@jest/globals';
import fc from 'fast-check';
import ky from 'ky';
import {type DurableHost, watchDurably} from 'operation-poller/durable';
import {PollError} from '../../src/operation/poll-error.ts';
import {beginning, location, tasks} from '../support/core.ts';

beforeEach(() => {
  jest.useFakeTimers({now: beginning, doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate']});
});
afterEach(() => void jest.useRealTimers());

/** Lets time pass until work is over. */
async function play<Value>(work: Promise<Value>): Promise<Value> {
  let isOver = false;
  const settled = work.finally(() => {
    isOver = true;
  });
  settled.catch(() => undefined);
  while (!isOver) {
    await jest.advanceTimersByTimeAsync(10);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return await settled;
}

/** An engine on this machine, which keeps the times that its steps record. */
function engine(): {readonly host: DurableHost; readonly times: number[]} {
  const times: number[] = [];
  const host: DurableHost = {
    run: async (_, work) => {
      const recorded = await work();
      times.push(Number(Object(recorded).at));
      return recorded;
    },
    sleep: (_, milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
    now: () => Date.now(),
  };
  return {host, times};
}

/** An operation that goes on, at a service whose second answer never comes. The wall clock is set when each is asked for. */
function silentService(steps: readonly number[], set: (step: number) => void) {
  let requests = 0;
  return ky.create({
    fetch: async (input, init) => {
      const {signal} = input instanceof Request ? input : (init ?? {});
      const step = steps[requests++];
      setTimeout(() => set(step ?? 0), 20);
      if (requests === 1) {
        await new Promise((resolve) => setTimeout(resolve, 40));
        return Response.json({id: 'b', status: 'running'});
      }
      return await new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
    },
  });
}

describe('whatever is done to the wall clock', () => {
  const step = fc.oneof(fc.integer({min: -999, max: 0}), fc.integer({min: -7_200_000, max: 0}), fc.constant(0));

  test('a time-out has the request as its cause that was under way, and no time that is recorded goes back', async () => {
    await fc.assert(
      fc.asyncProperty(step, step, step, async (before, first, last) => {
        const set = (by: number) => jest.setSystemTime(Date.now() + by);
        set(before);
        const {host, times} = engine();
        const http = silentService([first, last], set);
        const options = {protocol: tasks, http, totalTimeout: 5000, requestTimeout: 60_000, schedule: () => 60_000};
        const outcome = await play(watchDurably(host, location, options));
        expect(outcome).toMatchObject({status: 'abandoned', reason: 'timeout', error: {attempts: 2}});
        expect(Object(outcome).error.cause).toBeInstanceOf(PollError);
        expect(times).toEqual(times.toSorted((one, other) => one - other));
      }),
      {numRuns: 30},
    );
  });

  test('a result is waited for no longer than notFoundGrace', async () => {
    await fc.assert(
      fc.asyncProperty(step, async (by) => {
        const {host} = engine();
        let asked = 0;
        const http = ky.create({
          fetch: async (input) => {
            const {url} = input instanceof Request ? input : {url: String(input)};
            if (url === location)
              return Response.json({id: 'b', status: 'succeeded', resourceLocation: `${location}/r`});
            asked += 1;
            if (asked === 2) jest.setSystemTime(Date.now() + by);
            return Response.json({}, {status: 404});
          },
        });
        const begun = performance.now();
        const options = {protocol: tasks, http, fetchResult: true, notFoundGrace: 3000};
        const outcome = await play(watchDurably(host, location, options));
        expect(outcome).toMatchObject({status: 'abandoned', reason: 'result'});
        expect(performance.now() - begun).toBeLessThanOrEqual(3500);
        expect(Object(outcome).error.elapsed).toBeGreaterThanOrEqual(0);
      }),
      {numRuns: 20},
    );
  });
});
