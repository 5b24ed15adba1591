import {describe, expect, jest, test} from '@jest/globals';
import {protocols, type Schedule, schedules} from '../../src/index.ts';
import {estimateRemaining} from '../../src/polling/estimate-remaining.ts';
import {begin, only, skipWaits, startEmulator} from '../support/behaviours.ts';
import {beginning, operationOf, stateOf} from '../support/core.ts';

const operation = operationOf('succeeded');

/** A schedule that has learned from a hundred operations of about 30 s. */
function learned(): Schedule {
  const schedule = schedules.adaptive();
  for (let index = 0; index < 100; index++) schedule.ended({after: 29_900, elapsed: 30_000 + index, operation});
  return schedule;
}

describe('87: how long an operation is likely to go on', () => {
  test('is not known before anything was learned', async () => {
    const emulator = await startEmulator();
    const {location} = emulator.addOperation({script: [{status: 'running', percentageComplete: 10}, 'succeeded']});
    const {poller, events} = begin(location, {
      schedule: Object.assign(() => 1, {estimate: schedules.adaptive().estimate}),
    });
    expect(poller.estimate()).toBeUndefined();
    await poller.result();
    expect(events.some((event) => 'remaining' in event)).toBe(false);
  });

  test('is in the events polled, progress and waiting, and asked of the poller at any time', async () => {
    jest.useFakeTimers();
    const emulator = await startEmulator();
    const {location} = emulator.addOperation({script: [{status: 'running', percentageComplete: 10}, 'succeeded']});
    const recording = begin(location, {
      protocol: protocols.graph.richLongRunning,
      schedule: learned(),
      initialDelay: 10_000,
    });
    const {poller, events} = recording;
    await jest.advanceTimersByTimeAsync(0);
    const before = poller.estimate();
    expect(before?.p50).toBeGreaterThan(28_000);
    expect(before?.p50).toBeLessThan(32_000);
    expect(only(events, 'waiting')[0]?.remaining).toEqual(before);
    await jest.advanceTimersByTimeAsync(4000);
    expect(poller.estimate()?.p50).toBeCloseTo((before?.p50 ?? 0) - 4000, 6);
    skipWaits(recording);
    await jest.advanceTimersByTimeAsync(6000);
    await poller.result();
    const carrying = events.filter((event) => 'remaining' in event).map(({type}) => type);
    expect(new Set(carrying)).toEqual(new Set(['waiting', 'polled', 'progress']));
    // The poll that found the end has nothing to estimate, and neither has the poller.
    expect(only(events, 'polled').at(-1)).not.toHaveProperty('remaining');
    expect(poller.estimate()).toBeUndefined();
    const [progress] = only(events, 'progress');
    expect(progress?.remaining).toEqual(only(events, 'polled')[0]?.remaining);
    expect(Object.isFrozen(progress?.remaining)).toBe(true);
  });

  test.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('broken');
      },
    ],
    ['gives nonsense', () => ({p10: 3, p50: 2, p90: 1})],
    ['gives less than nothing', () => ({p10: -1, p50: 2, p90: 3})],
    ['gives quantiles out of order', () => ({p10: 2, p50: 1, p90: 3})],
    ['gives the later two out of order', () => ({p10: 1, p50: 3, p90: 2})],
    ['gives no end', () => ({p10: 1, p50: 2, p90: Number.POSITIVE_INFINITY})],
    ['gives no numbers', () => ({})],
    ['gives text', () => ({p10: '1', p50: '2', p90: '3'})],
  ])('of a schedule that %s is not known, which is reported', async (_, estimate) => {
    const reported: unknown[] = [];
    const before = globalThis.reportError;
    globalThis.reportError = (error) => void reported.push(error);
    const emulator = await startEmulator();
    const {location} = emulator.addOperation({script: ['running', 'succeeded']});
    const schedule = Object.assign(() => 1, {estimate}) as unknown as Schedule;
    const {poller} = begin(location, {schedule});
    expect(poller.estimate()).toBeUndefined();
    await poller.result();
    expect(reported.length).toBeGreaterThan(0);
    globalThis.reportError = before;
  });

  test.each([
    ['since the operation was first known', 5000, 5000],
    ['never less than nothing, when the clock was set back', -5000, 0],
  ])('is asked for by the time %s', (_, elapsed, expected) => {
    const asked: number[] = [];
    const schedule = Object.assign(() => 1, {estimate: (time: number) => void asked.push(time)});
    estimateRemaining(stateOf(), schedule, beginning + elapsed);
    expect(asked).toEqual([expected]);
  });

  test('may be nothing, and the same for all quantiles', () => {
    const none = {p10: 0, p50: 0, p90: 0};
    expect(
      estimateRemaining(
        stateOf(),
        Object.assign(() => 1, {estimate: () => none}),
        beginning,
      ),
    ).toEqual(none);
  });
});
