import {describe, expect, test} from '@jest/globals';
import {InvalidResumeTokenError} from '../../src/operation/errors.ts';
import {writeResumeToken} from '../../src/operation/resume-token.ts';
import {resumeOperation} from '../../src/poll-operation.ts';
import {answer, canceled, failed, succeeded, token} from '../operation/states.ts';
import {location, tasks, thrownBy} from '../support/core.ts';

describe('what is no resume token is refused (row 31)', () => {
  test('of another protocol than that of the options', () => {
    expect(thrownBy(() => resumeOperation(token))).toEqual(
      new InvalidResumeTokenError(
        'Invalid resume token: its protocol is "tasks", that of the options is "longRunning"',
      ),
    );
  });
});

describe('the token of an operation that has ended gives the same outcome again (row 30)', () => {
  test('succeeded', async () => {
    const poller = resumeOperation(JSON.stringify(writeResumeToken(succeeded)), {protocol: tasks});
    expect(await poller.result()).toEqual(succeeded.operation);
  });

  test.each([
    ['failed', failed, 'OperationFailedError', 'Operation b failed: b, m'],
    ['canceled', canceled, 'OperationCanceledError', 'Operation b was canceled'],
  ])('%s', async (_, state, name, message) => {
    const original = writeResumeToken(state);
    const poller = resumeOperation(original, {protocol: tasks});
    await expect(poller.result()).rejects.toMatchObject({
      name,
      message,
      operation: state.operation,
      location,
      attempts: 1,
      elapsed: 1000,
      observed: {[name === 'OperationFailedError' ? 'failed' : 'canceled']: 1},
      requestId: 'r',
      clientRequestId: 'c',
      date: answer.date,
      resumeToken: original,
    });
  });
});
