import {describe, expect, test} from '@jest/globals';
import fc from 'fast-check';
import {reduceTimeline, type Segment, startTimeline} from '../../src/opentelemetry/timeline.ts';
import {WatchTimeoutError} from '../../src/operation/errors.ts';
import type {OperationEvent} from '../../src/operation/events.ts';
import {location, pollError} from '../support/core.ts';

const base = {operation: undefined, location} as const;

function segmentsOf(events: readonly OperationEvent[]): Segment[] {
  let timeline = startTimeline(1000, 0);
  return events.flatMap((event) => {
    const reduced = reduceTimeline(timeline, event);
    timeline = reduced.timeline;
    return reduced.segments;
  });
}

describe('a timeline', () => {
  test('counts the wait after a failed poll once', () => {
    const error = pollError(429, {retryAfter: 50});
    const segments = segmentsOf([
      {...base, type: 'retrying', at: 1010, attempt: 1, error, delay: 50},
      {...base, type: 'waiting', at: 1010, attempt: 1, delay: 50, because: 'retryAfter'},
      {...base, type: 'polled', at: 1070, attempt: 2},
    ]);
    expect(segments).toMatchObject([
      {is: 'poll', from: 1000, to: 1010, error: '429'},
      {is: 'wait', from: 1010, to: 1060, cause: 'retryAfter', throttled: true},
      {is: 'poll', from: 1060, to: 1070, error: undefined},
    ]);
  });

  test('ends with a wait at the deadline, not with a poll', () => {
    const segments = segmentsOf([
      {...base, type: 'polled', at: 1010, attempt: 1},
      {...base, type: 'waiting', at: 1010, attempt: 1, delay: 90, because: 'deadline'},
      {...base, type: 'abandoned', at: 1105, attempt: 1, reason: 'timeout', error: new WatchTimeoutError('')},
    ]);
    expect(segments).toMatchObject([{is: 'poll'}, {is: 'wait', from: 1010, to: 1100, cause: 'deadline'}]);
  });

  test('never has an overlap, whatever the events and the clock', () => {
    const at = fc.integer({min: 0, max: 5000});
    const delay = fc.integer({min: 0, max: 500});
    const attempt = fc.integer({min: 0, max: 9});
    const event: fc.Arbitrary<OperationEvent> = fc.oneof(
      fc.record({at, attempt}).map((fields) => ({...base, ...fields, type: 'polled' as const})),
      fc
        .record({at, attempt, delay, because: fc.constantFrom('schedule' as const, 'retryAfter' as const)})
        .map((fields) => ({...base, ...fields, type: 'waiting' as const})),
      fc
        .record({at, attempt, delay, error: fc.constantFrom(pollError(429), pollError(503), pollError(undefined))})
        .map((fields) => ({...base, ...fields, type: 'retrying' as const})),
      fc
        .record({at, attempt, reason: fc.constantFrom('timeout' as const, 'stopped' as const)})
        .map((fields) => ({...base, ...fields, type: 'abandoned' as const, error: new WatchTimeoutError('')})),
    );
    fc.assert(
      fc.property(fc.array(event, {maxLength: 30}), (events) => {
        let last = 1000;
        for (const {from, to} of segmentsOf(events)) {
          expect(from).toBeGreaterThanOrEqual(last);
          expect(to).toBeGreaterThanOrEqual(from);
          last = to;
        }
        expect(last).toBeLessThanOrEqual(Math.max(1000, ...events.map((each) => each.at)));
      }),
    );
  });
});
