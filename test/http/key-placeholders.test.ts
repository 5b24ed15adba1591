import {expect, test} from '@jest/globals';
import {keyPlaceholders, withoutKeys} from '../../src/http/key-placeholders.ts';
import {stateOf} from '../support/core.ts';

const key = 'f00dfeedf00dfeed';
const keys = keyPlaceholders({'x-api-key': key}, 'https://a.example');
const plain = 'https://a.example/jobs/7?of=';
const kept = `${plain}${key}`;
const hidden = `${plain}[value-of-x-api-key]`;

test.each([
  ['its location', {location: kept, resultLocation: plain}, {location: hidden, resultLocation: plain}],
  ["its result's location", {location: plain, resultLocation: kept}, {location: plain, resultLocation: hidden}],
  ['both', {location: kept, resultLocation: kept}, {location: hidden, resultLocation: hidden}],
])('a state keeps no key of %s', (_, locations, expected) => {
  expect(withoutKeys(stateOf(locations), keys)).toMatchObject(expected);
});

test('a state without keys stays the same', () => {
  const state = stateOf({location: plain, resultLocation: plain});
  expect(withoutKeys(state, keys)).toBe(state);
});
