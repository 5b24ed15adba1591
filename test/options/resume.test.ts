import {describe, expect, jest, test} from '@jest/globals';
import {InvalidResumeTokenError} from '../../src/operation/errors.ts';
import {readResumeToken} from '../../src/operation/read-resume-token.ts';
import {writeResumeToken} from '../../src/operation/resume-token.ts';
import {lastPollAt, type WatchState} from '../../src/operation/state.ts';
import type {PollOptions} from '../../src/options/poll-options.ts';
import {resumeWatching} from '../../src/options/resume.ts';
import {resumeOperation} from '../../src/poll-operation.ts';
import {longRunning} from '../../src/protocol/long-running.ts';
import {abandoned, answer, canceled, failed, succeeded, token, troubled} from '../operation/states.ts';
import {beginning, location, stateOf, tasks, thrownBy} from '../support/core.ts';

describe('a watch that is resumed', () => {
  const now = beginning + 3_600_000;
  const over: WatchState = {...abandoned, failures: 3, deferredAttempts: 1, missingSince: beginning};
  const open = {abandoned: undefined, endedAt: undefined};
  const forgiven = {failures: 0, deferredAttempts: 0, missingSince: undefined};
  const anew = {startedAt: now, dueAt: now, deadlineAt: now + 900_000};

  test.each<[string, WatchState, PollOptions, Partial<WatchState>]>([
    ['goes on as it was', troubled, {}, {}],
    ['has another deadline where one is given', troubled, {totalTimeout: 5000}, {deadlineAt: beginning + 5000}],
    ['has no deadline where none is wanted', troubled, {totalTimeout: false}, {deadlineAt: undefined}],
    ['after a time-out starts over, with a new deadline', over, {}, {...open, ...forgiven, ...anew}],
    [
      'after a time-out starts over, with the deadline that is given',
      over,
      {totalTimeout: 5000},
      {...open, ...forgiven, ...anew, deadlineAt: now + 5000},
    ],
    [
      'after a time-out starts over, and is not kept from polling by the wait that the service asked for before',
      {...over, notBefore: now + 60_000},
      {},
      {...open, ...forgiven, ...anew, notBefore: undefined},
    ],
    [
      'after it was abandoned otherwise keeps its wait and its deadline, and forgives failures',
      {...over, abandoned: 'unreachable'},
      {},
      {...open, ...forgiven},
    ],
    [
      'after it was abandoned for an answer that asks for a wait keeps that wait',
      {...over, abandoned: 'protocol', notBefore: over.dueAt + 5000},
      {},
      {...open, ...forgiven, dueAt: over.dueAt + 5000},
    ],
    [
      'before its first poll keeps the wait that the answer to its start asked for',
      {...troubled, attempt: 0, notBefore: troubled.dueAt + 5000},
      {},
      {dueAt: troubled.dueAt + 5000},
    ],
    [
      'but makes its last poll before the deadline, however long the service asks to wait',
      {...troubled, dueAt: lastPollAt(troubled), notBefore: lastPollAt(troubled) + 50_000},
      {},
      {},
    ],
    [
      'and is not due sooner where it was allowed sooner',
      {...over, abandoned: 'stopped', notBefore: over.dueAt - 5000},
      {},
      {...open, ...forgiven},
    ],
  ])('%s', (_, before, options, changes) => {
    const {state, settings} = resumeWatching(writeResumeToken(before), {protocol: tasks, ...options}, now);
    expect(state).toEqual({...before, ...changes});
    expect(settings.reader.protocol).toBe(tasks);
  });

  describe('from a machine whose clock was ahead', () => {
    const longest = 60_000;

    test.each<[string, number, number]>([
      ['by an hour: waits as long as was left, not an hour more', 3_600_000, longest],
      ['by less than a second: keeps its times', 900, longest + 900],
    ])('%s', (_, ahead, wait) => {
      jest.useFakeTimers({now: beginning});
      try {
        const startedAt = beginning + ahead;
        const before = stateOf({
          startedAt,
          changedAt: startedAt,
          dueAt: startedAt + longest,
          deadlineAt: startedAt + 2 * longest,
        });
        const {state} = resumeWatching(writeResumeToken(before), {protocol: tasks});
        expect(state.dueAt - beginning).toBe(wait);
        expect(state.deadlineAt).toBe(state.dueAt + longest);
        // What has its times by another clock is not corrected.
        const options = {protocol: tasks};
        expect(resumeWatching(writeResumeToken(before), options, beginning).state.dueAt).toBe(before.dueAt);
      } finally {
        jest.useRealTimers();
      }
    });
  });

  test.each([succeeded, failed, canceled])('after its end stays as it is', (ended) => {
    const {state} = resumeWatching(writeResumeToken(ended), {protocol: tasks, totalTimeout: 5000, token: 'a'}, now);
    expect(state).toEqual(ended);
  });

  test('finds a preset by its name', () => {
    const {settings} = resumeWatching({...token, protocol: longRunning.name});
    expect(settings.reader.protocol).toBe(longRunning);
  });

  test('is refused where its token would go unprotected', () => {
    const unprotected = {...token, location: 'http://graph.example/x', tokenOrigin: 'http://graph.example'};
    expect(readResumeToken(unprotected).location).toBe(unprotected.location);
    expect(thrownBy(() => resumeWatching(unprotected, {protocol: tasks, token: 'a'}))).toEqual(
      new TypeError(
        'location: expected https, or http on this machine, because a token goes there; got http://graph.example',
      ),
    );
  });
});

describe('what is no resume token is refused (row 31)', () => {
  test.each([
    ['another protocol than that of the options', {protocol: longRunning}, 'that of the options is "longRunning"'],
    ['a protocol of your own that the options lack', {}, 'which is missing from the options'],
  ])('of %s', (_, options, but) => {
    expect(thrownBy(() => resumeOperation(token, options))).toEqual(
      new InvalidResumeTokenError(`Invalid resume token: its protocol is "tasks", ${but}`),
    );
  });

  test('nor is null an absent protocol', () => {
    const protocol = JSON.parse('null');
    expect(thrownBy(() => resumeOperation({...token, protocol: longRunning.name}, {protocol}))).toEqual(
      new TypeError(
        'protocol: expected a protocol such as protocols.longRunning or what protocols.define returns, got null',
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
