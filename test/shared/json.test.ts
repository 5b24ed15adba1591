import {describe, expect, test} from '@jest/globals';
import fc from 'fast-check';
import {deepFreeze} from '../../src/shared/json.ts';

const isDeeplyFrozen = (value: unknown): boolean =>
  typeof value !== 'object' || value === null || (Object.isFrozen(value) && Object.values(value).every(isDeeplyFrozen));

const nestedArrays = (depth: number): unknown => JSON.parse('['.repeat(depth) + ']'.repeat(depth));

describe('deepFreeze', () => {
  test('freezes any JSON value with everything in it', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const document = {value};
        expect([deepFreeze(document), isDeeplyFrozen(document)]).toEqual([true, true]);
      }),
    );
  });

  test.each([
    [100, true],
    [101, false],
    [100_000, false],
  ])('given %i levels returns %p', (depth, expected) => {
    expect(deepFreeze(nestedArrays(depth))).toBe(expected);
  });

  test.each([undefined, null, 'text', 5, true])('accepts %p', (value) => {
    expect(deepFreeze(value)).toBe(true);
  });
});
