import {expect, test} from '@jest/globals';
import {notStarted} from '../../src/client/start-request.ts';
import {PollError} from '../../src/operation/poll-error.ts';

test.each([
  ['ECONNREFUSED', false],
  ['ENOTFOUND', false],
  ['UND_ERR_CONNECT_TIMEOUT', false],
  ['ECONNRESET', true],
  ['ETIMEDOUT', true],
  ['UND_ERR_SOCKET', true],
])('a request that left and ended with %s may have started the operation: %p', (code, expected) => {
  const cause = new PollError(`No answer: ${code}`, {kind: 'network', transient: true, code});
  expect(notStarted(cause, true)).toMatchObject({mayHaveStarted: expected, cause});
  expect(notStarted(cause, false).mayHaveStarted).toBe(false);
});
