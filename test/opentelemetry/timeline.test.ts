import {describe, expect, test} from '@jest/globals';
import fc from 'fast-check';
import {urlAttributes} from '../../src/opentelemetry/attributes.ts';
import {endingOf} from '../../src/opentelemetry/outcome.ts';
import {beginTimeline, follow, type Piece} from '../../src/opentelemetry/timeline.ts';
import {WatchTimeoutError} from '../../src/operation/errors.ts';
import type {OperationEvent} from '../../src/operation/events.ts';
import {location, operationOf, pollError} from '../support/core.ts';

const base = {operation: undefined, location} as const;

function pieces(events: readonly OperationEvent[]): Piece[] {
  let timeline = beginTimeline(1000, 0);
  return events.flatMap((event) => {
    const followed = follow(timeline, event);
    timeline = followed.timeline;
    return followed.pieces;
  });
}

describe('a timeline', () => {
  test('counts the wait after a failed poll once', () => {
    const error = pollError(429, {retryAfter: 50});
    const made = pieces([
      {...base, type: 'retrying', at: 1010, attempt: 1, error, delay: 50},
      {...base, type: 'waiting', at: 1010, attempt: 1, delay: 50, because: 'retryAfter'},
      {...base, type: 'polled', at: 1070, attempt: 2},
    ]);
    expect(made).toMatchObject([
      {is: 'poll', from: 1000, to: 1010, error: '429'},
      {is: 'wait', from: 1010, to: 1060, because: 'retryAfter', throttled: true},
      {is: 'poll', from: 1060, to: 1070, error: undefined},
    ]);
  });

  test('ends at the deadline with a wait, and no poll', () => {
    const made = pieces([
      {...base, type: 'polled', at: 1010, attempt: 1},
      {...base, type: 'waiting', at: 1010, attempt: 1, delay: 90, because: 'deadline'},
      {...base, type: 'abandoned', at: 1105, attempt: 1, reason: 'timeout', error: new WatchTimeoutError('')},
    ]);
    expect(made).toMatchObject([{is: 'poll'}, {is: 'wait', from: 1010, to: 1100, because: 'deadline'}]);
  });

  test('is without gaps and overlaps, whatever is told and whatever the clock does', () => {
    const at = fc.integer({min: 0, max: 5000});
    const delay = fc.integer({min: 0, max: 500});
    const attempt = fc.integer({min: 0, max: 9});
    const event: fc.Arbitrary<OperationEvent> = fc.oneof(
      fc.record({at, attempt}).map((told) => ({...base, ...told, type: 'polled' as const})),
      fc
        .record({at, attempt, delay, because: fc.constantFrom('schedule' as const, 'retryAfter' as const)})
        .map((told) => ({...base, ...told, type: 'waiting' as const})),
      fc
        .record({at, attempt, delay, error: fc.constantFrom(pollError(429), pollError(503), pollError(undefined))})
        .map((told) => ({...base, ...told, type: 'retrying' as const})),
      fc
        .record({at, attempt, reason: fc.constantFrom('timeout' as const, 'stopped' as const)})
        .map((told) => ({...base, ...told, type: 'abandoned' as const, error: new WatchTimeoutError('')})),
    );
    fc.assert(
      fc.property(fc.array(event, {maxLength: 30}), (events) => {
        let last = 1000;
        for (const {from, to} of pieces(events)) {
          expect(from).toBeGreaterThanOrEqual(last);
          expect(to).toBeGreaterThanOrEqual(from);
          last = to;
        }
        expect(last).toBeLessThanOrEqual(Math.max(1000, ...events.map((told) => told.at)));
      }),
    );
  });
});

describe('the delay of detection', () => {
  test.each([
    ['2020-01-01T00:00:00Z', 2.5],
    ['2020-01-01T00:01:00Z', undefined],
    [undefined, undefined],
  ])('of an operation that changed at %s is %s', (changed, detection) => {
    const operation = {
      ...operationOf('failed'),
      ...(changed === undefined ? {} : {lastActionDateTime: new Date(changed)}),
    };
    const at = Date.parse('2020-01-01T00:00:02.500Z');
    expect(endingOf({type: 'failed', operation, location, attempt: 1, at})?.detection).toBe(detection);
  });
});

describe('the attributes of a URL', () => {
  test.each([
    [
      'https://host.example/a?b=c#d',
      {'url.full': 'https://host.example/a', 'server.address': 'host.example', 'server.port': 443},
    ],
    ['http://u:p@[::1]:81/a', {'url.full': 'http://[::1]:81/a', 'server.address': '[::1]', 'server.port': 81}],
    ['nothing', {}],
  ])('of %s', (url, attributes) => {
    expect(urlAttributes(url)).toEqual(attributes);
  });

  test('never hold what follows the path', () => {
    fc.assert(
      fc.property(fc.webUrl({withQueryParameters: true, withFragments: true}), (url) => {
        const [shown] = Object.values(urlAttributes(url));
        expect(String(shown)).not.toMatch(/[?#]/);
      }),
    );
  });
});
