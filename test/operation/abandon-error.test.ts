import {describe, expect, test} from '@jest/globals';
import {type AbandonFacts, abandonError} from '../../src/operation/abandon-error.ts';
import {type AbandonReason, abandonReasons, type WatchState} from '../../src/operation/state.ts';
import {beginning, location, stateOf} from '../support/core.ts';
import {answer, running, succeeded} from './states.ts';

/** The error 5 seconds after the beginning. */
const after5s = (reason: AbandonReason, state: WatchState, facts: AbandonFacts = {}) =>
  abandonError(reason, state, beginning + 5000, facts);

const refused = {cause: new Error(`GET ${location} answered 403`)};

describe('the error of an abandoned watch', () => {
  test.each<[AbandonReason, WatchState, AbandonFacts, string, string]>([
    ['timeout', stateOf(), {}, 'WatchTimeoutError', 'L had not ended within 5000 ms: no status was seen'],
    ['timeout', running, {}, 'WatchTimeoutError', 'L had not ended within 5000 ms: it is running'],
    // The words may well have been an end.
    [
      'timeout',
      {...running, unknownWords: ['"done"', 'over']},
      {},
      'WatchTimeoutError',
      'L had not ended within 5000 ms: it is running; unknown status "\\"done\\""; unknown status "over"',
    ],
    ['aborted', running, {}, 'WatchAbortedError', 'Watching L was aborted; the operation goes on'],
    ['stopped', stateOf(), {}, 'WatchAbortedError', 'Watching L was stopped; the operation goes on'],
    ['stopped', succeeded, {}, 'WatchAbortedError', 'Watching L was stopped'],
    ['unauthorized', running, {}, 'UnauthorizedError', 'There is no valid token for L'],
    ['unauthorized', running, refused, 'UnauthorizedError', 'There is no valid token for L: GET answered 403'],
    ['forbidden', running, refused, 'ForbiddenError', 'This caller may not read L: GET answered 403'],
    ['notFound', running, {}, 'OperationNotFoundError', 'There is no operation at L'],
    ['unreachable', stateOf({failures: 3}), {}, 'UnreachableError', 'L could not be reached in 3 polls in a row'],
    ['protocol', running, {cause: 'text'}, 'ProtocolError', 'L does not respond as its protocol says'],
    ['result', succeeded, {}, 'ResultUnavailableError', 'L succeeded, but its result could not be fetched'],
    ['unknownStatus', running, {word: 'odd'}, 'UnknownStatusError', 'L has the unknown status "odd"'],
  ])('%s: case %#', (reason, state, facts, name, message) => {
    expect(after5s(reason, state, facts)).toMatchObject({
      name,
      message: message.replace('L', location),
      attempts: state.attempt,
      elapsed: 5000,
      operation: state.operation,
    });
  });

  test.each([...abandonReasons] as AbandonReason[])('%s has the token of a watch that ended so, then', (reason) => {
    const ended = {abandoned: reason, endedAt: beginning + 5000, answer};
    expect(after5s(reason, running, {answer}).resumeToken).toMatchObject(ended);
    // What ended by itself was not abandoned later.
    const {resumeToken} = after5s(reason, succeeded, {answer});
    expect([resumeToken?.abandoned, resumeToken?.endedAt]).toEqual([undefined, succeeded.endedAt]);
  });

  test('has an unknown word of its own, and an empty one where there is none', () => {
    expect(after5s('unknownStatus', running, {word: 'odd'})).toHaveProperty('rawStatus', 'odd');
    expect(after5s('unknownStatus', running)).toHaveProperty('rawStatus', '');
  });

  test('names a location of any length once, of a longer one the first 600 characters in the cause', () => {
    for (const [length, left] of [
      [600, ''],
      [601, 'x'],
    ] as const) {
      const redactedLocation = 'https://graph.example/'.padEnd(length, 'x');
      const cause = new Error(`GET ${redactedLocation.slice(0, 600)} failed at ${redactedLocation}`);
      const {message} = after5s('notFound', stateOf({redactedLocation}), {cause});
      expect(message).toBe(`There is no operation at ${redactedLocation}: GET failed at …${left}`);
    }
  });

  test.each([
    ['has an object for a message', Object.assign(new Error(), {message: {code: 1}})],
    ['is a revoked proxy', revoked()],
  ])('has the reason of an abort as its cause, without looking at it: one that %s', (_, cause) => {
    const error = after5s('aborted', running, {cause});
    expect(error.message).toBe(`Watching ${location} was aborted; the operation goes on`);
    expect(error.cause === cause).toBe(true);
  });

  test('was watched for 0 ms where the clock is behind the beginning', () => {
    expect(abandonError('timeout', stateOf(), beginning - 1, {}).elapsed).toBe(0);
  });
});

function revoked(): object {
  const {proxy, revoke} = Proxy.revocable({}, {});
  revoke();
  return proxy;
}
