import {afterEach, beforeEach, describe, expect, jest, test} from '@jest/globals';
import {LazyAbortController} from '../../src/shared/abort.ts';
import {doublingDelay, endsWithin, longestTimer, pause, timerDelay} from '../../src/shared/timers.ts';

test.each([
  [-5, 0],
  [0, 0],
  [0.2, 1],
  [5, 5],
  [longestTimer, 2_147_483_647],
  [longestTimer + 1, 2_147_483_647],
  [Infinity, 2_147_483_647],
])('a timer of %p ms is set for %p ms', (delay, expected) => {
  expect(timerDelay(delay)).toBe(expected);
});

describe('a pause', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  const signals = {
    'an AbortSignal': () => {
      const controller = new AbortController();
      return {controller, signal: controller.signal};
    },
    'a controller of our own': () => {
      const controller = new LazyAbortController();
      return {controller, signal: controller};
    },
  };

  test.each(Object.entries(signals))('lasts as long as asked, under %s', async (_, make) => {
    const {controller, signal} = make();
    const done = jest.fn();
    const paused = pause(99.5, signal).then(done);
    await jest.advanceTimersByTimeAsync(99);
    expect(done).not.toHaveBeenCalled();
    await jest.advanceTimersByTimeAsync(1);
    await paused;
    expect(done).toHaveBeenCalledTimes(1);
    // It no longer listens: an abort would set no timer and reject nothing.
    controller.abort('late');
    expect(jest.getTimerCount()).toBe(0);
  });

  test.each(Object.entries(signals))('ends with the reason of %s, and leaves no timer', async (_, make) => {
    const {controller, signal} = make();
    const paused = pause(1e9, signal);
    controller.abort('enough');
    await expect(paused).rejects.toBe('enough');
    expect(jest.getTimerCount()).toBe(0);
  });

  test.each(Object.entries(signals))('with %s that has aborted does not begin', async (_, make) => {
    const {controller, signal} = make();
    controller.abort('enough');
    await expect(pause(1e9, signal)).rejects.toBe('enough');
    expect(jest.getTimerCount()).toBe(0);
  });

  test('beyond what a timer can hold is as long as one can', async () => {
    const done = jest.fn();
    void pause(1e12, new LazyAbortController()).then(done);
    await jest.advanceTimersByTimeAsync(longestTimer - 1);
    expect(done).not.toHaveBeenCalled();
    await jest.advanceTimersByTimeAsync(1);
    expect(done).toHaveBeenCalledTimes(1);
  });

  test('limits how long work is awaited', async () => {
    const hanging = endsWithin(500, new Promise(() => {}));
    expect(await endsWithin(500, Promise.resolve())).toBe(true);
    await expect(endsWithin(500, Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect(jest.getTimerCount()).toBe(1);
    await jest.advanceTimersByTimeAsync(500);
    expect(await hanging).toBe(false);
  });
});

test.each([
  [1, 100],
  [2, 200],
  [9, 25_600],
  [10, 30_000],
  [5000, 30_000],
])('after %p failures a delay that doubles is %p ms', (failures, delay) => {
  expect(doublingDelay(100, 30_000, failures)).toBe(delay);
});
