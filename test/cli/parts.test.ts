import {describe, expect, test} from '@jest/globals';
import fc from 'fast-check';
import {called} from '../../src/cli/called.ts';
import {Complaint, complaintOf} from '../../src/cli/cli-error.ts';
import {readDuration, showDuration} from '../../src/cli/duration.ts';
import {eventJson} from '../../src/cli/event-json.ts';
import {assignment, quoted} from '../../src/cli/quote.ts';
import {jsonLine, jsonText, visible} from '../../src/cli/terminal.ts';
import {
  InvalidResumeTokenError,
  type OperationError,
  OperationNotStartedError,
  PollError,
  ProtocolError,
  ResultUnavailableError,
  UnknownStatusError,
  UnreachableError,
} from '../../src/operation/errors.ts';
import {operationOf, pollError} from '../support/core.ts';

describe('a duration', () => {
  test.each([
    ['500ms', 500],
    ['5s', 5000],
    ['1.5s', 1500],
    ['10m', 600_000],
    ['2h', 7_200_000],
    ['0.5ms', 1],
  ])('%s is %d ms', (text, milliseconds) => {
    expect(readDuration(text)).toBe(milliseconds);
  });

  test.each([
    '',
    '5',
    's',
    '5 s',
    '-5s',
    '+5s',
    '5S',
    '5d',
    '1e3s',
    '0s',
    '0.1ms',
    '.5s',
    '5.s',
    '5s ',
    '9999999999s',
    'Infinitys',
  ])('%j is none', (text) => {
    expect(readDuration(text)).toBeUndefined();
  });

  test('is what its number and unit make', () => {
    const units = {ms: 1, s: 1000, m: 60_000, h: 3_600_000};
    fc.assert(
      fc.property(fc.integer({min: 1, max: 999_999_999}), fc.constantFrom('ms', 's', 'm', 'h'), (number, unit) => {
        expect(readDuration(`${number}${unit}`)).toBe(number * units[unit]);
      }),
    );
  });

  test('is no text that does not say one, and never less than a millisecond', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const read = readDuration(text);
        expect(read === undefined || (Number.isSafeInteger(read) && read >= 1 && /^\d/.test(text))).toBe(true);
      }),
    );
  });

  test.each([
    [-3, '0s'],
    [0, '0s'],
    [1, '1ms'],
    [999, '999ms'],
    [1000, '1s'],
    [59_400, '59s'],
    [60_000, '1m 00s'],
    [125_000, '2m 05s'],
    [3_725_000, '1h 02m 05s'],
    [360_000_000, '100h 00m 00s'],
  ])('%d ms is shown as %s', (milliseconds, text) => {
    expect(showDuration(milliseconds)).toBe(text);
  });
});

describe('what comes from elsewhere', () => {
  test('commands no terminal', () => {
    expect(visible('a\u001b[2Jb\u0007\r\n\u009b\u202ec')).toBe('a\\u001b[2Jb\\u0007\\u000d\\u000a\\u009b\\u202ec');
    expect(visible('Grüße, 日本')).toBe('Grüße, 日本');
  });

  test('is the same JSON, whatever it holds', () => {
    fc.assert(
      fc.property(fc.json(), fc.string({unit: 'binary'}), (json, text) => {
        const value: unknown = [JSON.parse(json), text, {[text]: 1}];
        for (const written of [jsonLine(value), jsonText(value)]) {
          expect(JSON.parse(written)).toEqual(JSON.parse(JSON.stringify(value)));
          expect(written.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u2028\u2029\u202e]/u);
        }
        expect(jsonLine(value)).not.toContain('\n');
      }),
    );
  });

  test.each([
    ['copy.resume', 'copy.resume'],
    ['', "''"],
    ['a b', "'a b'"],
    ["it's; rm -rf", "'it'\\''s; rm -rf'"],
    ['https://h/x?a=1&b=2', "'https://h/x?a=1&b=2'"],
  ])('is quoted for a shell: %s', (text, word) => {
    expect(quoted(text, 'linux')).toBe(word);
  });

  test.each([
    ['copy.resume', 'copy.resume'],
    ['', "''"],
    ['C:\\a b\\copy.resume', '"C:\\a b\\copy.resume"'],
    ["https://h/teams('a')?b=1&c=2", '"https://h/teams(\'a\')?b=1&c=2"'],
    ["https://h/'$(calc)&x", "'https://h/''$(calc)&x'"],
    ['a`b\u2019', "'a`b\u2019\u2019'"],
    ['a"b', "'a\"b'"],
    ['a b\\', "'a b\\'"],
  ])('is quoted for PowerShell: %s', (text, word) => {
    expect(quoted(text, 'win32')).toBe(word);
  });

  test('is put into a variable', () => {
    expect(assignment('T', 'x', 'linux')).toBe('export T=x');
    expect(assignment('T', 'x', 'win32')).toBe("$env:T = 'x'");
  });
});

test('what is to be pasted is called as the command was', () => {
  expect(called({env: {npm_command: 'exec'}})).toBe('npx operation-poller');
  expect(called({env: {}})).toBe('operation-poller');
});

describe('an event as JSON', () => {
  const location = 'https://graph.example/operations/1';
  const base = {location, attempt: 2, at: 0, operation: undefined};

  test('has times as texts and no body of an answer', () => {
    const operation = operationOf('succeeded', {
      secret: 'in the body',
      result: 'of the operation',
      createdDateTime: '2020-03-19T12:01:03Z',
      resourceLocation: 'https://files.example/x?signature=1',
    });
    expect(JSON.parse(JSON.stringify(eventJson({type: 'succeeded', ...base, operation})))).toEqual({
      type: 'succeeded',
      at: '1970-01-01T00:00:00.000Z',
      location,
      attempt: 2,
      operation: {
        id: 'b',
        status: 'succeeded',
        rawStatus: 'succeeded',
        createdDateTime: '2020-03-19T12:01:03.000Z',
        resourceLocation: 'https://files.example/x',
      },
    });
  });

  test('shows a resource on the same origin whole, and none that is no URL', () => {
    const shownAs = (resourceLocation: string): unknown =>
      eventJson({type: 'polled', ...base, operation: operationOf('running', {resourceLocation})})['operation'];
    expect(shownAs('/items/1?a=b')).toMatchObject({resourceLocation: 'https://graph.example/items/1?a=b'});
    expect(shownAs('javascript:alert(1)')).toMatchObject({resourceLocation: undefined});
  });

  test('has errors as their facts', () => {
    const error = pollError(429, {code: 'TooManyRequests', retryAfter: 5000});
    expect(eventJson({type: 'retrying', ...base, error, delay: 5000})).toMatchObject({
      delay: 5000,
      error: {
        name: 'PollError',
        message: 'It answered 429',
        kind: 'http',
        httpStatus: 429,
        code: 'TooManyRequests',
        retryAfter: 5000,
      },
    });
    const abandoned = eventJson({
      type: 'abandoned',
      ...base,
      reason: 'unreachable',
      error: new UnreachableError('gone'),
    });
    expect(abandoned).toMatchObject({reason: 'unreachable', error: {name: 'UnreachableError', message: 'gone'}});
    expect(abandoned['error']).not.toHaveProperty('kind');
    expect(eventJson({type: 'stalled', ...base, since: 1000})).toMatchObject({since: '1970-01-01T00:00:01.000Z'});
  });
});

describe('an error as a complaint', () => {
  const notStarted = (cause: unknown, mayHaveStarted = false): OperationError =>
    new OperationNotStartedError('not started', mayHaveStarted, {cause});

  test.each([
    ['a protocol error', new ProtocolError('x'), 7],
    ['a result that cannot be had', new ResultUnavailableError('x'), 7],
    ['a word that is unknown', new UnknownStatusError('x', 'y'), 7],
    ['a resume token that is none', new InvalidResumeTokenError('x'), 2],
    ['an option that is wrong', new TypeError('x'), 2],
    ['an option out of its limits', new RangeError('x'), 2],
    ['a start that is refused', notStarted(pollError(403, {transient: false})), 5],
    ['a start without a token', notStarted(new PollError('x', {kind: 'token', transient: false})), 5],
    ['a start for nobody', notStarted(pollError(404, {transient: false})), 6],
    ['a start that the service will not make', notStarted(pollError(400, {transient: false})), 1],
    ['a start that is throttled', notStarted(pollError(429)), 7],
    ['a start without an answer', notStarted(pollError(undefined), true), 7],
    ['a start that went wrong in an unknown way', notStarted(undefined), 7],
    ['a fault of the command', new Error('x'), 70],
    ['something that is no error', 'x', 70],
    ['a complaint', new Complaint('x', 'y', 3), 3],
  ])('%s', (_, error, exitCode) => {
    const complaint = complaintOf(error);
    expect(complaint.exitCode).toBe(exitCode);
    expect(complaint.hint).not.toBe('');
  });

  test('says whether the start may have arrived', () => {
    expect(complaintOf(notStarted(undefined, true)).hint).toContain('may have started');
    expect(complaintOf(notStarted(undefined, false)).hint).toContain('Nothing was started');
  });
});
