import {describe, expect, test} from '@jest/globals';
import {CliError, toCliError} from '../../src/cli/cli-error.ts';
import {
  InvalidResumeTokenError,
  type OperationError,
  OperationNotStartedError,
  ProtocolError,
  ResultUnavailableError,
  UnknownStatusError,
} from '../../src/operation/errors.ts';
import {PollError} from '../../src/operation/poll-error.ts';
import {pollError} from '../support/core.ts';
import {hostileValues} from '../support/hostile.ts';

describe('an error as a CLI error', () => {
  const notStarted = (cause: unknown, mayHaveStarted = false): OperationError =>
    new OperationNotStartedError('not started', mayHaveStarted, {cause});

  test.each([
    ['a protocol error', new ProtocolError('x'), 7],
    ['a result that is unavailable', new ResultUnavailableError('x'), 7],
    ['an unknown status', new UnknownStatusError('x', 'y'), 7],
    ['an invalid resume token', new InvalidResumeTokenError('x'), 2],
    ['a wrong option', new TypeError('x'), 2],
    ['an option out of range', new RangeError('x'), 2],
    ['a refused start', notStarted(pollError(403, {transient: false})), 5],
    ['a start without a token', notStarted(new PollError('x', {kind: 'token', transient: false})), 5],
    ['a start for an unknown user', notStarted(pollError(404, {transient: false})), 6],
    ['a start that the service declines', notStarted(pollError(400, {transient: false})), 1],
    ['a throttled start', notStarted(pollError(429)), 7],
    ['a start without a response', notStarted(pollError(undefined), true), 7],
    ['a start that failed for an unknown reason', notStarted(undefined), 7],
    ['a bug in the command', new Error('x'), 70],
    ['something other than an error', 'x', 70],
    ['a CLI error', new CliError('x', 'y', 3), 3],
  ])('%s', (_, error, exitCode) => {
    const cliError = toCliError(error);
    expect(cliError.exitCode).toBe(exitCode);
    expect(cliError.hint).not.toBe('');
  });

  test.each(hostileValues)('%s is a bug in the command too', (_, thrown) => {
    expect(toCliError(thrown)).toMatchObject({exitCode: 70, message: expect.stringMatching(/^unexpected: ./)});
  });

  test('names both options that may be wrong where responses cannot be read', () => {
    expect(toCliError(new ProtocolError('x')).hint).toMatch(/--protocol .* or --protocol-file/);
  });

  test('says whether the operation may have started', () => {
    expect(toCliError(notStarted(undefined, true)).hint).toContain('may have started');
    expect(toCliError(notStarted(undefined, false)).hint).toContain('Nothing was started');
  });
});
