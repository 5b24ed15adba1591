import {expect, test} from '@jest/globals';
import ky from 'ky';
import {createOperationClient} from '../../src/client/operation-client.ts';
import {notStarted} from '../../src/client/start-request.ts';
import {OperationNotStartedError} from '../../src/operation/errors.ts';
import {PollError} from '../../src/operation/poll-error.ts';
import {longRunning} from '../../src/protocol/long-running.ts';
import {withUnreadableHeader} from '../support/hostile.ts';

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

test.each([
  [300, true],
  [399, true],
  [400, false],
  [499, false],
  [500, true],
])('a request that was answered with HTTP %i may have started the operation: %p', (httpStatus, expected) => {
  const answer = {httpStatus, clientRequestId: 'c'};
  const cause = new PollError('It answered', {kind: 'http', transient: false, answer});
  expect(notStarted(cause, true)).toMatchObject({mayHaveStarted: expected, clientRequestId: 'c'});
});

test.each<[string, unknown, boolean, string]>([
  [
    'a network that says nothing more',
    new PollError('No answer', {kind: 'network', transient: true}),
    true,
    'No answer',
  ],
  ['no token', new PollError('No token', {kind: 'token', transient: false}), false, 'No token'],
  ['an error of another kind', new Error('aborted'), true, 'aborted'],
  ['the reason of an abort', 'enough', true, 'enough'],
])('a request that left and ended because of %s may have started the operation', (_, cause, mayHaveStarted, why) => {
  const error = notStarted(cause, true);
  const outcome = mayHaveStarted ? 'Whether the operation was started is not known' : 'The operation was not started';
  expect(error).toMatchObject({mayHaveStarted, cause, message: `${outcome}: ${why}`});
});

test.each(['request-id', 'retry-after'])(
  'a start fails with a PollError where the mock of fetch throws for %s',
  async (header) => {
    const fetch = async (): Promise<Response> => withUnreadableHeader(new Response(null, {status: 202}), header);
    const client = createOperationClient({root: 'https://api.example', http: ky.create({fetch})});
    const error: unknown = await client.start(longRunning, {path: '/exports'}).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(OperationNotStartedError);
    expect(error).toMatchObject({mayHaveStarted: true, cause: {message: 'No answer: Error: not readable'}});
    expect(Object(error).cause).toBeInstanceOf(PollError);
  },
);

test('a start that is aborted has the reason of the abort as its cause', async () => {
  const controller = new AbortController();
  const fetch = async (): Promise<Response> => {
    controller.abort('enough');
    return Response.json({});
  };
  const client = createOperationClient({root: 'https://api.example', http: ky.create({fetch})});
  const started = client.start(longRunning, {path: '/exports'}, {signal: controller.signal});
  await expect(started).rejects.toMatchObject({name: 'OperationNotStartedError', cause: 'enough'});
});
