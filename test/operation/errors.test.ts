import {describe, expect, test} from '@jest/globals';
import {OperationError, type OperationErrorFacts} from '../../src/operation/errors.ts';
import {beginning, location} from '../support/core.ts';
import {answer, running} from './states.ts';

const nothing = {operation: undefined, location: undefined, attempts: 0, elapsed: 0, observed: {}};
const ofRunning = {operation: running.operation, location, attempts: 1, observed: {running: 1}};

describe('what an error says of the watch', () => {
  test.each<[string, OperationErrorFacts, object]>([
    ['nothing where none had begun', {}, nothing],
    ['nothing where none had begun by then', {at: beginning + 5000}, nothing],
    ['no time where it is not known when it happened', {state: running}, {...ofRunning, elapsed: 0}],
    ['how long it lasted', {state: running, at: beginning + 5000}, {...ofRunning, elapsed: 5000}],
    ['how long it lasted, of a millisecond', {state: running, at: beginning + 1}, {...ofRunning, elapsed: 1}],
    ['no time before its beginning', {state: running, at: beginning - 1}, {...ofRunning, elapsed: 0}],
  ])('%s', (_, facts, expected) => {
    expect(new OperationError('It ended', facts)).toMatchObject(expected);
  });
});

describe('the head of the response in an error', () => {
  const other = {httpStatus: 403, requestId: 'r2', clientRequestId: 'c2', date: 'Thu, 19 Mar 2020 12:00:05 GMT'};
  const {httpStatus, ...shown} = answer;
  const {httpStatus: _, ...shownOfOther} = other;

  test.each<[string, OperationErrorFacts, object]>([
    ['is that of the last answer', {state: running}, shown],
    ['is that of the response that led to it', {state: running, answer: other}, shownOfOther],
    ['is absent without one', {}, {requestId: undefined, clientRequestId: undefined, date: undefined}],
  ])('%s', (_, facts, expected) => {
    expect(new OperationError('It ended', facts)).toMatchObject(expected);
  });
});

test('an error has a cause only where one was given', () => {
  expect(new OperationError('It ended')).not.toHaveProperty('cause');
  expect(new OperationError('It ended', {cause: 'text'})).toHaveProperty('cause', 'text');
});
