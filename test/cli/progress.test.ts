import {afterEach, beforeEach, describe, expect, jest, test} from '@jest/globals';
import {fitted, LiveLine} from '../../src/cli/live-line.ts';
import {painter} from '../../src/cli/paint.ts';
import {beginProgress, livePieces, type Piece, type Progress, plainLine, withEvent} from '../../src/cli/progress.ts';
import {PollError, UnreachableError} from '../../src/operation/errors.ts';
import type {OperationEvent} from '../../src/operation/events.ts';
import {operationOf, pollError} from '../support/core.ts';
import {fakeShell, shown} from './shells.ts';

const base = {location: 'https://graph.example/operations/1', attempt: 1, at: 10_000, operation: undefined};
const answer = {httpStatus: 200, clientRequestId: 'c'};
const running = operationOf('running', {percentComplete: 42.7});

function lineAfter(events: readonly OperationEvent[], now: number): string {
  const progress = events.reduce<Progress>(withEvent, beginProgress(5000, 30_000));
  const clock = new Date(10_000).toTimeString().slice(0, 8);
  return livePieces(progress, now)
    .map(([, text]) => text.replace(clock, 'CLOCK'))
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
    ['before anything is known', [], 'watching | 5s | asking'],
    ['after an answer', [polled], 'running 42 % | 5s | HTTP 200 at CLOCK | asking'],
    [
      'in a wait',
      [polled, {type: 'waiting', ...base, delay: 2100, because: 'schedule'}],
      'running 42 % | 5s | HTTP 200 at CLOCK | next poll in 3s',
    ],
    [
      'in a wait that the service asked for',
      [polled, {type: 'waiting', ...base, delay: 30_000, because: 'retryAfter'}],
      'running 42 % | 5s | HTTP 200 at CLOCK | next poll in 30s | told to wait 30s',
    ],
    [
      'throttled',
      [polled, throttled, {type: 'waiting', ...base, delay: 5000, because: 'retryAfter'}],
      'running 42 % | 5s | HTTP 429 at CLOCK | next poll in 5s | throttled: TooMany',
    ],
    [
      'without a connection',
      [{type: 'retrying', ...base, error: pollError(undefined, {code: 'ENOTFOUND'}), delay: 500}],
      'watching | 5s | next poll in 1s | no connection: ENOTFOUND',
    ],
    ['after trouble', [throttled, polled], 'running 42 % | 5s | HTTP 200 at CLOCK | asking'],
    [
      'while the service does not know it yet',
      [missing, {type: 'waiting', ...base, delay: 2000, because: 'schedule'}],
      'watching | 5s | not known to the service yet, giving up in 30s | HTTP 404 at CLOCK | next poll in 2s | ResourceNotFound',
    ],
    [
      'while the service does not know it yet, for some time',
      [{...missing, at: 3500}, missing],
      'watching | 5s | not known to the service yet, giving up in 24s | HTTP 404 at CLOCK | asking | ResourceNotFound',
    ],
    [
      'when the service has forgotten it, and the grace is over',
      [polled, {...missing, at: -25_000}, missing],
      'running 42 % | 5s | no longer known to the service, giving up at the next 404 | HTTP 404 at CLOCK | asking | ResourceNotFound',
    ],
    ['when the service knows it after all', [missing, polled], 'running 42 % | 5s | HTTP 200 at CLOCK | asking'],
  ] satisfies ReadonlyArray<readonly [string, readonly OperationEvent[], string]>)('%s', (_, events, line) => {
    expect(lineAfter(events, 10_000)).toBe(line);
  });

  test('counts down', () => {
    const events: OperationEvent[] = [polled, {type: 'waiting', ...base, delay: 3000, because: 'schedule'}];
    const seen = [10_001, 11_000, 12_500, 13_000].map((now) => lineAfter(events, now).split(' | ')[3]);
    expect(seen).toEqual(['next poll in 3s', 'next poll in 2s', 'next poll in 1s', 'asking']);
  });

  test('is cut to the width of the terminal', () => {
    const pieces: Piece[] = [
      ['active', 'running'],
      ['plain', '12s'],
      ['faint', 'asking'],
    ];
    const widths = [0, 3, 7, 9, 10, 100].map((width) =>
      fitted(pieces, width)
        .map(([, text]) => text)
        .join(''),
    );
    expect(widths).toEqual(['', 'run', 'running', 'running  ', 'running  1', 'running  12s  asking']);
  });

  describe('on a terminal', () => {
    beforeEach(() => void jest.useFakeTimers());
    afterEach(() => void jest.useRealTimers());

    test('is drawn in place, when it changes, and leaves nothing', () => {
      const {stderr, said} = fakeShell({terminal: true, columns: 8});
      let second = 0;
      const line = new LiveLine(
        stderr,
        (_, text) => text,
        () => [['plain', `${second}s and more`]],
      );
      line.draw();
      jest.advanceTimersByTime(1000);
      expect(said().stderr).toBe('\u001b[1G0s and \u001b[0K');
      second = 1;
      jest.advanceTimersByTime(200);
      expect(shown(said().stderr)).toBe('1s and ');
      line.end();
      expect(shown(said().stderr)).toBe('');
      expect(jest.getTimerCount()).toBe(0);
    });

    test('that ends before it was drawn writes nothing', () => {
      const {stderr, said} = fakeShell({terminal: true});
      new LiveLine(
        stderr,
        (_, text) => text,
        () => [],
      ).end();
      expect(said().stderr).toBe('');
    });
  });
});

describe('a line for a log', () => {
  const error = (kind: PollError['kind']): PollError => new PollError('x', {kind, transient: true});

  test.each([
    [{type: 'running', ...base, operation: operationOf('running')}, 'running'],
    [{type: 'progress', ...base, operation: running, percentComplete: 42.7}, 'running 42 %'],
    [throttled, 'throttled: HTTP 429 TooMany, next poll in 5s'],
    [{type: 'retrying', ...base, error: pollError(503), delay: 250}, 'HTTP 503, next poll in 250ms'],
    [
      {...missing, delay: 2000},
      'HTTP 404 ResourceNotFound, next poll in 2s, not known to the service yet, giving up in 30s',
    ],
    [{type: 'retrying', ...base, error: error('timeout'), delay: 1000}, 'no answer in time, next poll in 1s'],
    [
      {type: 'retrying', ...base, error: error('protocol'), delay: 1000},
      'an answer that cannot be read, next poll in 1s',
    ],
    [{type: 'retrying', ...base, error: error('token'), delay: 1000}, 'no token to be had, next poll in 1s'],
    [{type: 'retrying', ...base, error: error('network'), delay: 1000}, 'no connection, next poll in 1s'],
    [{type: 'waiting', ...base, delay: 30_000, because: 'retryAfter'}, 'told to wait 30s'],
    [{type: 'waiting', ...base, delay: 30_000, because: 'resume'}, 'next poll in 30s'],
    [{type: 'waiting', ...base, delay: 30_000, because: 'schedule'}, undefined],
    [{type: 'unknownStatus', ...base, rawStatus: 'odd\u001b'}, 'unknown status "odd\\u001b", watching on'],
    [{type: 'relocated', ...base, from: 'https://a/', to: 'https://b/'}, 'moved to https://b/'],
    [{type: 'stalled', ...base, since: 0}, 'no change for 10s'],
    [polled, undefined],
    [{type: 'abandoned', ...base, reason: 'unreachable', error: new UnreachableError('x')}, undefined],
  ] satisfies ReadonlyArray<readonly [OperationEvent, string | undefined]>)('%j', (event, line) => {
    expect(plainLine(event, undefined, withEvent(beginProgress(0, 30_000), event))).toBe(line);
  });

  test('does not tell the same wait twice', () => {
    expect(
      plainLine({type: 'waiting', ...base, delay: 5000, because: 'retryAfter'}, 'retrying', beginProgress(0, 30_000)),
    ).toBeUndefined();
  });
});

describe('colours', () => {
  test.each([
    ['on a terminal that has them', {terminal: true, colors: true}, true, true],
    ['not with --no-color', {terminal: true, colors: true}, false, false],
    ['not with NO_COLOR', {terminal: true, colors: true, env: {NO_COLOR: '1'}}, true, false],
    ['not on a terminal without', {terminal: true}, true, false],
    ['not in a pipe', {colors: true}, true, false],
  ])('%s', (_, given, wanted, coloured) => {
    const shell = fakeShell(given);
    const paint = painter(shell.stderr, wanted, shell.env);
    expect(paint('bad', 'x')).toBe(coloured ? '\u001b[31mx\u001b[39m' : 'x');
    expect(paint('plain', 'x')).toBe('x');
  });
});
