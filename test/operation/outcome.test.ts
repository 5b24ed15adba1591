import {describe, expect, test} from '@jest/globals';
import type {OperationStatus} from '../../src/operation/operation.ts';
import {endedOutcome} from '../../src/operation/outcome.ts';
import {operationOf, stateOf} from '../support/core.ts';

function messageOf(status: OperationStatus, body: Readonly<Record<string, unknown>>): string | undefined {
  const outcome = endedOutcome(stateOf({operation: operationOf(status, body), endedAt: 0}));
  return outcome !== undefined && 'error' in outcome ? outcome.error.message : undefined;
}

describe('the error of an operation that ended without success', () => {
  test.each<[OperationStatus, Readonly<Record<string, unknown>>, string]>([
    ['failed', {}, 'Operation b failed'],
    ['failed', {id: undefined}, 'The operation failed'],
    ['failed', {error: {code: 'c', message: 'm'}, statusDetail: 'd'}, 'Operation b failed: c, m'],
    ['failed', {error: {code: 'c'}, statusDetail: 'd'}, 'Operation b failed: c, d'],
    ['failed', {error: {code: '', message: 'm'}}, 'Operation b failed: m'],
    ['failed', {statusDetail: 'd'}, 'Operation b failed: d'],
    ['canceled', {error: {message: 'm'}}, 'Operation b was canceled: m'],
  ])('says why, as far as it is known: %s, %j', (status, body, message) => {
    expect(messageOf(status, body)).toBe(message);
  });

  test('shows 300 characters of that', () => {
    expect(messageOf('failed', {error: {code: 'c', message: 'm'.repeat(500)}})).toBe(
      `Operation b failed: c, ${'m'.repeat(297)}`,
    );
  });
});

test.each<OperationStatus>(['notStarted', 'running'])('an operation that is %s has no outcome', (status) => {
  expect(endedOutcome(stateOf({operation: operationOf(status)}))).toBeUndefined();
});

test('nor has one of which nothing is known', () => {
  expect(endedOutcome(stateOf())).toBeUndefined();
});
