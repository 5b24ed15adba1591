import {describe, expect, test} from '@jest/globals';
import fc from 'fast-check';
import {checkJson} from '../../src/shared/check-json.ts';
import {maxJsonDepth} from '../../src/shared/json.ts';
import {thrownBy} from '../support/core.ts';
import {hostileValues} from '../support/hostile.ts';

class Empty {}
class Mail {
  to = 'megan@contoso.com';
}

const circular: Record<string, unknown> = {};
circular['rows'] = [{up: circular}];
const nested = (levels: number): unknown => Array.from({length: levels}).reduce<unknown>((inner) => [inner], 1);
const giving = (json: unknown) => ({toJSON: () => json});

describe('a value that JSON does not keep is refused, and named with its place', () => {
  const tooDeep = 'one that it cannot: RangeError: it contains itself, or is nested over 100 deep';
  test.each<[string, unknown, string, string]>([
    ['a function', () => 1, '', 'a function'],
    ['a function in an object', {a: {b: () => 1}}, '.a.b', 'a function'],
    ['a function in a list', [1, () => 1], '.1', 'a function'],
    ['a symbol', {at: Symbol('mine')}, '.at', 'Symbol(mine)'],
    ['NaN', {n: Number.NaN}, '.n', 'NaN'],
    ['infinity', [[Number.NEGATIVE_INFINITY]], '.0.0', '-Infinity'],
    ['a bigint', {rows: [{amount: 5n}]}, '.rows.0.amount', 'a bigint'],
    ['a map', {at: new Map([[1, 2]])}, '.at', 'an object of the class Map'],
    ['a set', {at: new Set([1])}, '.at', 'an object of the class Set'],
    ['a form', [new FormData()], '.0', 'an object of the class FormData'],
    ['a promise', {at: Promise.resolve(1)}, '.at', 'an object of the class Promise'],
    ['an error', {why: new Error('mine')}, '.why', 'an object of the class Error'],
    ['an instance without fields', {at: new Empty()}, '.at', 'an object of the class Empty'],
    ['undefined in a list', {rows: [1, undefined]}, '.rows.1', 'undefined'],
    ['an empty place in a list', {rows: new Array(1e9)}, '.rows.0', 'undefined'],
    ['undefined by its toJSON', giving(undefined), '', 'undefined'],
    ['a function by its toJSON', {at: giving(() => 1)}, '.at', 'a function'],
    ['a map in what its toJSON gives', {at: giving({rows: new Map()})}, '.at.rows', 'an object of the class Map'],
    [
      'a bigint as an object',
      {at: Object(5n)},
      '',
      'one that it cannot: TypeError: Do not know how to serialize a BigInt',
    ],
    ['itself', circular, '', tooDeep],
    ['itself by its toJSON', {toJSON: () => ({up: circular})}, '', tooDeep],
    ['too many levels', nested(maxJsonDepth + 1), '', tooDeep],
    ['too many levels for the stack', nested(50_000), '', tooDeep],
  ])('%s', (_, value, place, got) => {
    const message = `data${place}: expected what JSON can express, got ${got}`;
    expect(() => checkJson('data', value)).toThrow(new TypeError(message));
  });

  test.each(hostileValues)('whose toJSON throws %s', (_, thrown) => {
    const toJSON = (): never => {
      throw thrown;
    };
    expect(() => checkJson('data', {at: {toJSON}})).toThrow(
      /^data: expected what JSON can express, got one that it cannot: /,
    );
  });

  test('by a message of 800 characters at most', () => {
    const name = 'a'.repeat(10_000);
    const deep = Array.from({length: 50}).reduce<object>((inner) => ({[name]: inner}), {n: Number.NaN});
    const error = thrownBy(() => checkJson('data', deep));
    expect(error).toBeInstanceOf(TypeError);
    expect(String(Object(error).message).length).toBe(800);
  });
});

test('what JSON changes on purpose is taken: dates, what has a toJSON, fields that are undefined, objects around values', () => {
  const values = [
    null,
    0,
    '',
    false,
    {},
    [],
    new Date(0),
    new Date(Number.NaN),
    {at: new Date(0), none: undefined, rows: [{at: new Date(0)}]},
    {at: new URL('https://contoso.com')},
    Object.create(null),
    new Mail(),
    {mails: [new Mail()]},
    giving({}),
    giving(new Empty()),
    {at: giving(undefined)},
    [Object(5), Object(''), Object('five'), Object(true)],
    nested(maxJsonDepth),
  ];
  for (const value of values) expect(() => checkJson('data', value)).not.toThrow();
});

test('a bigint is taken where somebody has given bigints a toJSON', () => {
  Object.defineProperty(BigInt.prototype, 'toJSON', {
    configurable: true,
    value(this: bigint) {
      return String(this);
    },
  });
  try {
    expect(() => checkJson('data', {amount: 5n})).not.toThrow();
  } finally {
    Reflect.deleteProperty(BigInt.prototype, 'toJSON');
  }
});

test('a toJSON gets the name of its field, as JSON.stringify gives it', () => {
  const names: string[] = [];
  const toJSON = (name: string): number => names.push(name);
  const value = {field: {toJSON}, list: [{toJSON}], deep: {field: {toJSON}}};
  checkJson('data', value);
  JSON.stringify(value);
  expect(names.slice(0, 3)).toEqual(['field', '0', 'field']);
  expect(names.slice(3)).toEqual(names.slice(0, 3));
});

/** Whether a text says all of a value; dates are written as text. */
function isAllIn(json: unknown, value: unknown): boolean {
  if (value instanceof Date) return json === value.toJSON();
  if (Array.isArray(value)) {
    return Array.isArray(json) && json.length === value.length && json.every((item, i) => isAllIn(item, value[i]));
  }
  if (typeof value !== 'object' || value === null) return json === value;
  if ([Map, Set, Empty].some((lost) => value instanceof lost)) return false;
  const fields = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return (
    Object.keys(Object(json)).length === fields.length &&
    fields.every(([name, inner]) => isAllIn(Object.getOwnPropertyDescriptor(json, name)?.value, inner))
  );
}

test('any value is taken if its JSON says all of it, and only then', () => {
  const options = {withBigInt: true, withDate: true, withMap: true, withSet: true, withNullPrototype: true};
  const odd = fc.constantFrom<unknown>(() => 1, Symbol('mine'), Number.NaN, 1n, new Empty());
  const values = fc.letrec<{value: unknown}>((tie) => ({
    value: fc.oneof(
      {depthSize: 'small', withCrossShrink: true},
      fc.anything({...options, withSparseArray: true}),
      odd,
      fc.array(tie('value')),
      fc.dictionary(fc.string(), tie('value')),
    ),
  })).value;
  fc.assert(
    fc.property(values, (value) => {
      let isWhole = false;
      try {
        isWhole = isAllIn(JSON.parse(JSON.stringify(value)), value);
      } catch {
        // There is no JSON of it.
      }
      let isTaken = true;
      try {
        checkJson('data', value);
      } catch (error) {
        expect(error).toBeInstanceOf(TypeError);
        isTaken = false;
      }
      expect(isTaken).toBe(isWhole);
    }),
    {numRuns: 500},
  );
});
