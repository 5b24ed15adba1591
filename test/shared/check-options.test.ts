import {describe, expect, test} from '@jest/globals';
import {
  type Check,
  type Checks,
  checkBoolean,
  checkForm,
  checkFunction,
  checkMilliseconds,
  checkNumber,
  checkOneOf,
  checkOptions,
  checkRange,
  describeKind,
  describeValue,
  expected,
} from '../../src/shared/check-options.ts';
import {thrownBy} from '../support/core.ts';

interface Options {
  readonly requestTimeout?: number;
  readonly token?: string;
  readonly isOn?: boolean;
}

const checks = {
  requestTimeout: checkMilliseconds(1),
  token: checkForm('a string', (value) => typeof value === 'string'),
  isOn: checkBoolean,
} satisfies Checks<Options>;

describe('options', () => {
  test('that are as they should be are taken, and undefined counts as absent', () => {
    expect(() => checkOptions({}, checks)).not.toThrow();
    expect(() => checkOptions({requestTimeout: 5, token: 'a', isOn: false}, checks)).not.toThrow();
    expect(() => checkOptions({requestTimeout: undefined, token: undefined, isOn: undefined}, checks)).not.toThrow();
  });

  test('are checked by their own check, under their own name', () => {
    expect(thrownBy(() => checkOptions({token: 'a', isOn: 1}, checks))).toEqual(
      new TypeError('isOn: expected true or false, got 1'),
    );
    expect(thrownBy(() => checkOptions({isOn: null}, checks, {name: 'retry'}))).toEqual(
      new TypeError('retry.isOn: expected true or false, got null'),
    );
  });

  test.each([
    ['requestTimout', '. Did you mean requestTimeout?'],
    ['requesttimeout', '. Did you mean requestTimeout?'],
    ['REQUESTTIMEOUT', '. Did you mean requestTimeout?'],
    ['requestTimeouts', '. Did you mean requestTimeout?'],
    ['requestTimeuot', '. Did you mean requestTimeout?'],
    ['tokne', '. Did you mean token?'],
    ['ison', '. Did you mean isOn?'],
    ['tok', '. Did you mean token?'],
    ['to', ''],
    ['timeout', '. Did you mean requestTimeout?'],
    ['accessToken', ''],
    ['toString', ''],
    ['__proto__', ''],
    ['constructor', ''],
  ])('that there are not are refused: %s%s', (name, hint) => {
    const options = JSON.parse(`{${JSON.stringify(name)}: 5}`);
    const message = `there is no such option; there are requestTimeout, token, isOn${hint}`;
    expect(thrownBy(() => checkOptions(options, checks))).toEqual(new TypeError(`${name}: ${message}`));
    expect(thrownBy(() => checkOptions(options, checks, {name: 'retry'}))).toEqual(
      new TypeError(`retry.${name}: ${message}`),
    );
  });

  test('that are called otherwise are refused as such', () => {
    expect(thrownBy(() => checkOptions({tokne: 5}, checks, {prefix: 'a.b: ', kind: 'field'}))).toEqual(
      new TypeError('a.b: tokne: there is no such field; there are requestTimeout, token, isOn. Did you mean token?'),
    );
  });

  test('that are required are checked even where they are absent', () => {
    const form = {name: 'retry', required: ['token', 'isOn']};
    expect(() => checkOptions({token: 'a', isOn: true}, checks, form)).not.toThrow();
    expect(thrownBy(() => checkOptions({token: 'a'}, checks, form))).toEqual(
      new TypeError('retry.isOn: expected true or false, got undefined'),
    );
  });

  test('that there are not are refused even when they are undefined', () => {
    expect(() => checkOptions({tokne: undefined}, checks)).toThrow('Did you mean token?');
  });

  test('of an endless name are refused in a short message', () => {
    const {message} = thrownBy(() => checkOptions({['x'.repeat(1e5)]: 5}, checks)) as Error;
    expect(message).toBe(`${'x'.repeat(60)}: there is no such option; there are requestTimeout, token, isOn`);
  });

  test.each<[unknown, string]>([
    [null, 'null'],
    [undefined, 'undefined'],
    [5, '5'],
    ['a secret', 'a string'],
    [() => 5, 'a function'],
  ])('that are no object are refused: %p', (value, got) => {
    // @ts-expect-error as in JavaScript
    expect(thrownBy(() => checkOptions(value, checks))).toEqual(
      new TypeError(`options: expected an object, got ${got}`),
    );
    // @ts-expect-error as in JavaScript
    expect(thrownBy(() => checkOptions(value, checks, {name: 'retry', takes: "p-retry's options"}))).toEqual(
      new TypeError(`retry: expected p-retry's options, got ${got}`),
    );
  });
});

describe('a check', () => {
  const choice = checkOneOf('a', 'b', 'c');
  test.each<[string, Check, readonly unknown[]]>([
    ['of a function', checkFunction, [() => 5, class {}]],
    ['of a boolean', checkBoolean, [true, false]],
    ['of a choice', choice, ['a', 'b', 'c']],
    ['of a number', checkRange(), [0, 0.5, Number.MAX_VALUE, Infinity]],
    ['of a number within a range', checkRange({least: 1, most: 2}), [1, 1.5, 2]],
    ['of a whole number', checkRange({least: 1, whole: true}), [1, 2, 1e21, Infinity]],
    ['of milliseconds', checkMilliseconds(1), [1, 0.5 + 1, 8e15]],
    ['of milliseconds or false', checkMilliseconds(1, false), [1, false]],
  ])('%s takes %p', (_, check, values) => {
    for (const value of values) expect(() => check('it', value)).not.toThrow();
  });

  test.each<[string, Check, unknown, Error]>([
    ['of a function', checkFunction, 5, new TypeError('it: expected a function, got 5')],
    ['of a boolean', checkBoolean, 'yes', new TypeError('it: expected true or false, got "yes"')],
    ['of a choice', choice, 'd', new TypeError(`it: expected 'a', 'b' or 'c', got "d"`)],
    ['of a choice', choice, 'A', new TypeError(`it: expected 'a', 'b' or 'c', got "A"`)],
    ['of a choice', choice, ['a'], new TypeError(`it: expected 'a', 'b' or 'c', got a list`)],
    ['of a number', checkRange(), '5', new TypeError('it: expected a number, got "5"')],
    ['of a number', checkRange(), Number.NaN, new RangeError('it: expected a number from 0 on, got NaN')],
    ['of a number', checkRange(), -1, new RangeError('it: expected a number from 0 on, got -1')],
    ['of a number within a range', checkRange({least: 2}), 1, new RangeError('it: expected a number from 2 on, got 1')],
    ['of a whole number', checkRange({whole: true}), '5', new TypeError('it: expected a whole number, got "5"')],
    [
      'of a whole number',
      checkRange({whole: true}),
      1.5,
      new RangeError('it: expected a whole number from 0 on, got 1.5'),
    ],
    [
      'of bytes',
      checkRange({takes: 'bytes', whole: true}),
      0.1,
      new RangeError('it: expected bytes from 0 on, got 0.1'),
    ],
    [
      'of a finite number',
      checkRange({most: Number.MAX_VALUE}),
      Infinity,
      new RangeError('it: expected a number from 0 on, got Infinity'),
    ],
    ['of milliseconds', checkMilliseconds(1), 0, new RangeError('it: expected milliseconds, from 1 on, got 0')],
    [
      'of milliseconds',
      checkMilliseconds(1),
      Infinity,
      new RangeError('it: expected milliseconds, up to 8000000000000000, got Infinity'),
    ],
    ['of milliseconds', checkMilliseconds(1), '5s', new TypeError('it: expected milliseconds, got "5s"')],
    ['of milliseconds', checkMilliseconds(1), false, new TypeError('it: expected milliseconds, got false')],
    [
      'of milliseconds or false',
      checkMilliseconds(1, false),
      0,
      new RangeError('it: expected milliseconds or false, from 1 on, got 0'),
    ],
    [
      'of milliseconds or false',
      checkMilliseconds(1, false),
      true,
      new TypeError('it: expected milliseconds or false, got true'),
    ],
  ])('%s names what it takes and what it got', (_, check, value, error) => {
    const thrown = thrownBy(() => check('it', value));
    expect(thrown).toEqual(error);
    expect(thrown).toBeInstanceOf(error.constructor);
  });

  test('of a number that may be of any size says so by its own words', () => {
    expect(thrownBy(() => checkNumber('pollsPerRun', 0, {takes: 'a whole number', least: 1}))).toEqual(
      new RangeError('pollsPerRun: expected a whole number from 1 on, got 0'),
    );
    expect(() => checkNumber('pollsPerRun', 1, {least: 1})).not.toThrow();
  });
});

test.each<[unknown, string]>([
  ['a string', '"a string"'],
  ['line\nbreak', '"line\\nbreak"'],
  ['x'.repeat(100), `"${'x'.repeat(60)}"`],
  [() => 'secret', 'a function'],
  [['secret'], 'a list'],
  [{token: 'secret'}, 'an object'],
  [new Date(0), 'an object'],
  [null, 'null'],
  [undefined, 'undefined'],
  [5, '5'],
  [5n, '5'],
  [Symbol('s'), 'Symbol(s)'],
])('%p is described as %s', (value, description) => {
  expect(describeValue(value)).toBe(description);
  expect(expected('it', 'another', describeValue(value))).toEqual(
    new TypeError(`it: expected another, got ${description}`),
  );
});

test.each<[unknown, string]>([
  ['a secret', 'a string'],
  [123_456, 'a number'],
  [123_456n, 'a bigint'],
  [Symbol('a secret'), 'a symbol'],
  [true, 'a boolean'],
  [null, 'null'],
  [undefined, 'undefined'],
  [() => 'a secret', 'a function'],
  [['a secret'], 'a list'],
  [{a: 'secret'}, 'an object'],
])('%p that may not be shown is described as %s', (value, description) => {
  expect(describeKind(value)).toBe(description);
});
