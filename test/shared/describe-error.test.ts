import {describe, expect, test} from '@jest/globals';
import {describeError, messageOf} from '../../src/shared/describe-error.ts';
import {hostileValues} from '../support/hostile.ts';

describe('what was thrown, in short', () => {
  test.each<[string, unknown, string]>([
    ['an error', new TypeError('mine'), 'TypeError: mine'],
    ['an error of another realm', {name: 'RangeError', message: 'mine'}, 'RangeError: mine'],
    ['an error without a name', {message: 'mine'}, 'Error: mine'],
    ['an error with an empty message', new Error(''), 'Error: '],
    ['a text, which may be a secret', 'mine', 'string'],
    ['an object that is no error', {code: 5}, 'object'],
    ['a function', () => 1, 'function'],
  ])('%s', (_, thrown, described) => {
    expect(describeError(thrown)).toBe(described);
  });

  test.each(hostileValues)('%s: its type, or what it has of a message', (_, thrown) => {
    expect(describeError(thrown)).toMatch(/^(?:object|symbol|undefined|Error: Symbol\(mine\))$/);
  });
});

describe('the message of what was thrown', () => {
  test.each<[string, unknown, string, string]>([
    ['an error', new TypeError('mine'), 'mine', 'mine'],
    ['a text', 'mine', 'mine', 'no reason'],
    ['a number', 5, '5', 'no reason'],
    ['an object', {}, '[object Object]', 'no reason'],
  ])('%s', (_, thrown, message, orElse) => {
    expect(messageOf(thrown)).toBe(message);
    expect(messageOf(thrown, 'no reason')).toBe(orElse);
  });

  test.each(hostileValues)('%s: its type, or what it has of a message', (_, thrown) => {
    expect(messageOf(thrown)).toMatch(/^(?:object|Symbol\(mine\)|undefined|null|\[object Object\])$/);
    expect(messageOf(thrown, 'no reason')).toMatch(/^(?:no reason|Symbol\(mine\))$/);
  });
});
