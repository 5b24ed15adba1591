import {describe, expect, test} from '@jest/globals';
import {initialProgress, liveSegments, logLine, type Progress, updateProgress} from '../../src/cli/progress.ts';
import {UnreachableError} from '../../src/operation/errors.ts';
import type {OperationEvent} from '../../src/operation/events.ts';
import {PollError} from '../../src/operation/poll-error.ts';
import {operationOf, pollError} from '../support/core.ts';

const base = {location: 'https://graph.example/operations/1', attempt: 1, at: 10_000, operation: undefined};
const answer = {httpStatus: 200, clientRequestId: 'c'};
const running = operationOf('running', {percentComplete: 42.7});

function lineAfter(events: readonly OperationEvent[], now: number): string {
  const progress = events.reduce<Progress>(updateProgress, initialProgress(5000, 30_000));
  const clock = new Date(10_000).toTimeString().slice(0, 8);
  return liveSegments(progress, now)
    .map(({text}) => text.replace(clock, 'CLOCK'))
    .join(' | ');
}

const polled: OperationEvent = {type: 'polled', ...base, operation: running, answer};
const throttled: OperationEvent = {type: 'retrying', ...base, error: pollError(429, {code: 'TooMany'}), delay: 5000};

const missing = {
  type: 'retrying',
  ...base,
  error: pollError(404, {code: 'ResourceNotFound'}),
  delay: 0,
} satisfies OperationEvent;

describe('the live line', () => {
  test.each([
    ['before the first event', [], 'watching | 5s | polling'],
    ['after a response', [polled], 'running 42% | 5s | HTTP 200 at CLOCK | polling'],
    [
      'during a wait',
      [polled, {type: 'waiting', ...base, delay: 2100, because: 'schedule'}],
      'running 42% | 5s | HTTP 200 at CLOCK | next poll in 3s',
    ],
    [
      'during a wait that the service asked for',
      [polled, {type: 'waiting', ...base, delay: 30_000, because: 'retryAfter'}],
      'running 42% | 5s | HTTP 200 at CLOCK | next poll in 30s | asked to wait 30s',
    ],
    [
      'throttled',
      [polled, throttled, {type: 'waiting', ...base, delay: 5000, because: 'retryAfter'}],
      'running 42% | 5s | HTTP 429 at CLOCK | next poll in 5s | throttled: TooMany',
    ],
    [
      'without a connection',
      [{type: 'retrying', ...base, error: pollError(undefined, {code: 'ENOTFOUND'}), delay: 500}],
      'watching | 5s | next poll in 1s | no connection: ENOTFOUND',
    ],
    ['after a problem', [throttled, polled], 'running 42% | 5s | HTTP 200 at CLOCK | polling'],
    [
      'while the service does not know it yet',
      [missing, {type: 'waiting', ...base, delay: 2000, because: 'schedule'}],
      'watching | 5s | not known to the service yet | giving up in 30s | HTTP 404 at CLOCK | next poll in 2s | ResourceNotFound',
    ],
    [
      'after the service has not known it for some time',
      [{...missing, at: 3500}, missing],
      'watching | 5s | not known to the service yet | giving up in 24s | HTTP 404 at CLOCK | polling | ResourceNotFound',
    ],
    [
      'when the service has forgotten it, and the grace is over',
      [polled, {...missing, at: -25_000}, missing],
      'running 42% | 5s | no longer known to the service | giving up at the next 404 | HTTP 404 at CLOCK | polling | ResourceNotFound',
    ],
    ['once the service knows it after all', [missing, polled], 'running 42% | 5s | HTTP 200 at CLOCK | polling'],
  ] satisfies ReadonlyArray<readonly [string, readonly OperationEvent[], string]>)('%s', (_, events, line) => {
    expect(lineAfter(events, 10_000)).toBe(line);
  });

  describe('with an estimate', () => {
    const estimated = (at: number, p50: number): OperationEvent => ({
      ...polled,
      at,
      remaining: {p10: 0, p50, p90: p50 + 15_000},
    });

    test.each([
      [10_000, '[#---------] | about 25s left | at most 40s'],
      [22_500, '[#####-----] | about 13s left | at most 28s'],
      [34_500, '[#########-] | about 1s left | at most 16s'],
      [35_000, '[#########-] | at most 15s'],
      [50_000, '[#########-] | longer than usual'],
    ])('shows the end, at %d ms', (now, shown) => {
      expect(lineAfter([estimated(10_000, 25_000), throttled], now)).toContain(`s | ${shown} | HTTP`);
    });

    test('has a bar that never goes back, whatever later estimates say', () => {
      const events = [estimated(10_000, 10_000), estimated(18_000, 30_000), estimated(30_000, 90_000)];
      const bars = Array.from({length: 60}, (_, second) => {
        const now = 10_000 + 1000 * second;
        const line = lineAfter(
          events.filter(({at}) => at <= now),
          now,
        );
        return /\[(#*)/.exec(line)?.[1]?.length ?? Number.NaN;
      });
      expect(bars).toEqual(bars.toSorted((one, other) => one - other));
      expect([bars[0], bars.at(-1)]).toEqual([3, 9]);
    });
  });

  test('counts down', () => {
    const events: OperationEvent[] = [polled, {type: 'waiting', ...base, delay: 3000, because: 'schedule'}];
    const seen = [10_001, 11_000, 12_500, 13_000].map((now) => lineAfter(events, now).split(' | ')[3]);
    expect(seen).toEqual(['next poll in 3s', 'next poll in 2s', 'next poll in 1s', 'polling']);
  });
});

describe('a line for a log', () => {
  const error = (kind: PollError['kind']): PollError => new PollError('x', {kind, transient: true});

  test.each([
    [{type: 'running', ...base, operation: operationOf('running')}, 'running'],
    [{type: 'progress', ...base, operation: running, percentComplete: 42.7}, 'running 42%'],
    [throttled, 'throttled: HTTP 429 TooMany, next poll in 5s'],
    [{type: 'retrying', ...base, error: pollError(503), delay: 250}, 'HTTP 503, next poll in 250ms'],
    [
      {...missing, delay: 2000},
      'HTTP 404 ResourceNotFound, next poll in 2s, not known to the service yet, giving up in 30s',
    ],
    [{type: 'retrying', ...base, error: error('timeout'), delay: 1000}, 'request timed out, next poll in 1s'],
    [{type: 'retrying', ...base, error: error('protocol'), delay: 1000}, 'unreadable response, next poll in 1s'],
    [{type: 'retrying', ...base, error: error('token'), delay: 1000}, 'no access token, next poll in 1s'],
    [{type: 'retrying', ...base, error: error('network'), delay: 1000}, 'no connection, next poll in 1s'],
    [{type: 'waiting', ...base, delay: 30_000, because: 'retryAfter'}, 'asked to wait 30s'],
    [{type: 'waiting', ...base, delay: 30_000, because: 'resume'}, 'next poll in 30s'],
    [{type: 'waiting', ...base, delay: 30_000, because: 'schedule'}, undefined],
    [{type: 'unknownStatus', ...base, rawStatus: 'odd\u001b'}, 'unknown status "odd\\u001b", still watching'],
    [{type: 'relocated', followed: true, ...base, from: 'https://a/', to: 'https://b/'}, 'moved to https://b/'],
    [{type: 'stalled', ...base, since: 0}, 'no change for 10s'],
    [polled, undefined],
    [{type: 'abandoned', ...base, reason: 'unreachable', error: new UnreachableError('x')}, undefined],
  ] satisfies ReadonlyArray<readonly [OperationEvent, string | undefined]>)('%j', (event, line) => {
    expect(logLine(event, undefined, updateProgress(initialProgress(0, 30_000), event))).toBe(line);
  });

  test('does not report the same wait twice', () => {
    expect(
      logLine({type: 'waiting', ...base, delay: 5000, because: 'retryAfter'}, 'retrying', initialProgress(0, 30_000)),
    ).toBeUndefined();
  });
});

describe('a duration', () => {});
