import {describe, expect, test} from '@jest/globals';
import {hasEnded, isOperationStatus} from '../../src/operation/operation.ts';
import {operationOf, statuses} from '../support/core.ts';

describe('an operation', () => {
  test.each([
    ['notStarted', false],
    ['running', false],
    ['succeeded', true],
    ['failed', true],
    ['canceled', true],
  ] as const)('%s: has ended is %s', (status, ended) => {
    expect(hasEnded(operationOf(status))).toBe(ended);
  });
});

describe('a status', () => {
  test('is one of five words', () => {
    expect(statuses.map(isOperationStatus)).toEqual(statuses.map(() => true));
  });

  test.each([
    ['Running'],
    ['skipped'],
    ['abandoned'],
    [''],
    ['toString'],
    ['__proto__'],
    [null],
    [undefined],
    [2],
    [{}],
  ])('is not %p', (value) => {
    expect(isOperationStatus(value)).toBe(false);
  });
});
