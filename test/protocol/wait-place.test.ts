import {expect, test} from '@jest/globals';
import {asWait} from '../../src/http/retry-after.ts';
import type {WaitPlace} from '../../src/protocol/protocol.ts';
import {waitAt} from '../../src/protocol/wait-place.ts';
import {longestTimer} from '../../src/shared/timers.ts';

/** The wait at a place of a response, within the limits of every wait. */
function waitOf(place: WaitPlace, headers: Readonly<Record<string, string>>, json: unknown): number | undefined {
  return asWait(waitAt(place, new Headers(headers), json));
}

test.each([
  ['in the body, in seconds', {at: '/after', unit: 's'}, {}, {after: 3}, 3000],
  ['in the body, in milliseconds', {at: '/after', unit: 'ms'}, {}, {after: '250.5'}, 251],
  ['in a header', {header: 'after', unit: 's'}, {after: ' 3 '}, {after: 5}, 3000],
  ['nowhere', {at: '/after', unit: 's'}, {after: '3'}, {}, undefined],
  ['of a hundred milliseconds', {at: '/after', unit: 'ms'}, {}, {after: 100}, 100],
  ['of less', {at: '/after', unit: 'ms'}, {}, {after: 99.9}, undefined],
  ['of all that a timer holds', {at: '/after', unit: 'ms'}, {}, {after: longestTimer}, longestTimer],
  ['of more', {at: '/after', unit: 'ms'}, {}, {after: longestTimer + 1}, undefined],
  ['that is no number', {at: '/after', unit: 's'}, {}, {after: '3s'}, undefined],
] as const)("a protocol's wait %s", (_, place, headers, json, expected) => {
  expect(waitOf(place, headers, json)).toBe(expected);
});

test.each<[string, unknown, number | undefined]>([
  ['a number', 2, 2000],
  ['a text', ' 1.5 ', 1500],
  ['a list', ['2'], undefined],
  ['true', true, undefined],
  ['an object that cannot become text', {toString: 1, valueOf: 2}, undefined],
])('59: of a place in the body, %s counts, or is no wait', (_, wait, expected) => {
  expect(waitOf({at: '/wait', unit: 's'}, {}, {wait})).toBe(expected);
});
