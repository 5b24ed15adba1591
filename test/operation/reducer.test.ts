import {describe, expect, test} from '@jest/globals';
import {OperationError} from '../../src/operation/errors.ts';
import {failureKind, reduce} from '../../src/operation/reducer.ts';
import {beginning, operationOf, pollError, stateOf} from '../support/core.ts';
import {answer, at} from './states.ts';

const polled = stateOf({attempt: 7, answer});

describe('the last answer', () => {
  const refusal = pollError(503);
  const abandon = {type: 'abandon', reason: 'forbidden', error: new OperationError('It ended'), at} as const;

  test.each([
    ['a report', {type: 'report', operation: operationOf('running'), at}],
    ['an unknown word', {type: 'unknownWord', rawStatus: 'odd', at}],
    ['the end of watching', abandon],
  ] as const)('is that of the event: %s', (_, event) => {
    const other = {httpStatus: 403, clientRequestId: 'c2'};
    expect(reduce(polled, {...event, answer: other}, 'running').answer).toBe(other);
  });

  test.each([
    ['retry', {type: 'retry', error: refusal, delay: 200, at}],
    ['trouble', {type: 'trouble', error: refusal, counts: 'failure', at}],
  ] as const)('is that of the failed request: %s', (_, event) => {
    expect(reduce(polled, event, 'notStarted').answer).toBe(refusal.answer);
  });

  test.each([
    ['retry', {type: 'retry', error: pollError(undefined), delay: 200, at}],
    ['trouble', {type: 'trouble', error: pollError(undefined), counts: 'failure', at}],
    ['an unknown word', {type: 'unknownWord', rawStatus: 'odd', at}],
    ['a report', {type: 'report', operation: operationOf('notStarted'), at}],
    ['the end of watching', abandon],
  ] as const)('stays where there was none: %s', (_, event) => {
    expect(reduce(polled, event, 'notStarted').answer).toBe(answer);
  });
});

describe('when the next poll is allowed', () => {
  test.each([
    ['is kept while it is still to come', at + 1, at + 1],
    ['is dropped once it has come', at, undefined],
    ['is dropped once it has passed', at - 1, undefined],
  ])('%s', (_, notBefore, expected) => {
    const state = stateOf({notBefore});
    expect(reduce(state, {type: 'unknownWord', rawStatus: 'odd', at}, 'notStarted').notBefore).toBe(expected);
  });

  test('is what the service says, even if that is sooner', () => {
    const event = {type: 'unknownWord', rawStatus: 'odd', retryAfter: 300, at} as const;
    expect(reduce(stateOf({notBefore: at + 5000}), event, 'notStarted').notBefore).toBe(at + 300);
  });
});

describe('an operation that has not changed for long', () => {
  const body = {
    status: 'running',
    percentComplete: 40,
    statusDetail: 'd',
    lastActionDateTime: '2020-03-19T12:01:00Z',
    createdDateTime: '2020-03-19T12:00:00Z',
  };
  const before = stateOf({operation: operationOf('running', body), changedAt: beginning, stalled: true});

  test.each([
    ['its status', {status: 'notStarted'}],
    ['its percentage', {percentComplete: 41}],
    ['its percentage to none', {percentComplete: undefined}],
    ['its detail', {statusDetail: 'e'}],
    ['the time of its last action', {lastActionDateTime: '2020-03-19T12:01:01Z'}],
    ['the time of its last action to none', {lastActionDateTime: undefined}],
  ])('is news when a report changes %s', (_, changes) => {
    const operation = operationOf('running', {...body, ...changes});
    const state = reduce(before, {type: 'report', operation, at}, operation.status);
    expect(state).toMatchObject({changedAt: at, stalled: false});
  });

  test.each([
    ['nothing', {}],
    [
      'its other fields',
      {createdDateTime: '2020-03-19T12:00:01Z', resourceLocation: 'https://graph.example/x', more: 1},
    ],
  ])('is no news when a report changes %s', (_, changes) => {
    const operation = operationOf('running', {...body, ...changes});
    const state = reduce(before, {type: 'report', operation, at}, operation.status);
    expect(state).toMatchObject({changedAt: beginning, stalled: true});
  });
});

test.each([
  ['its HTTP status', pollError(503), '503'],
  ['what is wrong with a response', pollError(200, {kind: 'protocol'}), 'protocol'],
  ['that there was none', pollError(undefined), 'network'],
  ['http where its status is not known', pollError(undefined, {kind: 'http'}), 'http'],
])('a failed request is counted by %s', (_, error, kind) => {
  expect(failureKind(error)).toBe(kind);
});

test.each([
  [19, 20],
  [20, 20],
])('after %i unknown words, there are %i: a service that makes up words does not fill the state', (before, after) => {
  const unknownWords = Array.from({length: before}, (_, index) => `word ${index}`);
  const state = reduce(stateOf({unknownWords}), {type: 'unknownWord', rawStatus: 'odd', at}, 'notStarted');
  expect(state.unknownWords).toHaveLength(after);
});
