import {expect, test} from '@jest/globals';
import {WatchInput} from '../../src/machine/watch-input.ts';

test('the input of the watch actor gives its options back, and shows nothing of them', () => {
  const options = {token: 'a-secret-token'};
  const input = new WatchInput(options);
  expect(WatchInput.optionsOf(input)).toBe(options);
  expect(JSON.stringify({input})).toBe('{}');
});

test.each([[undefined], [null], ['text'], [7], [{}], [() => 0]])(
  'an input that was stored has no options: %p',
  (input) => {
    expect(WatchInput.optionsOf(input)).toEqual({});
  },
);
