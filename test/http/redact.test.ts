import {describe, expect, test} from '@jest/globals';
import {containsSecret, redact, redactJson} from '../../src/http/redact.ts';

describe('redact', () => {
  test.each([
    ['a text without the token', 'denied', 'eyJ0eXAi', 'denied'],
    ['the token, everywhere', 'eyJ0eXAi and eyJ0eXAi', 'eyJ0eXAi', '[token] and [token]'],
    ['a token with characters that a pattern would have', 'of a.b+c$&(1', 'a.b+c$&(', 'of [token]1'],
    ['a text where there is no token', 'denied', undefined, 'denied'],
    ['a token so short that it is no secret', 'denied', 'denied', 'denied'],
  ])('%s', (_, text, token, expected) => {
    expect(redact(text, token === undefined ? [] : [token])).toBe(expected);
  });

  test('shortens to 200 characters, after the token is gone', () => {
    const token = 'x'.repeat(300);
    expect(redact(`${token}${'y'.repeat(300)}`, [token])).toBe(`[token]${'y'.repeat(193)}`);
  });
});

test.each([
  ['seven characters are no secret', '1234567', false],
  ['eight characters are one', '12345678', true],
])('%s', (_, token, expected) => {
  expect(containsSecret(`a ${token} b`, [token])).toBe(expected);
});

test('JSON that quotes the token deeper than the stack is not kept', () => {
  const deep = JSON.parse(`{"quoted": "a-secret-token", "deep": ${'['.repeat(60_000)}${']'.repeat(60_000)}}`);
  expect(redactJson(deep, ['a-secret-token'])).toBeUndefined();
});

test('JSON without the token stays the same object, also where its keys are long', () => {
  const json = {list: [{'a key that is longer than the token': 'a text that is longer than the token'}]};
  expect(redactJson(json, ['12345678'])).toBe(json);
});
