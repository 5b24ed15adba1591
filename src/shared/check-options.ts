import {longestTime} from './clock.ts';
import {type Fields, isRecord} from './json.ts';
import {printable} from './printable.ts';
import {unknownName} from './unknown-name.ts';

/**
 * Checks one option. Throws a TypeError or RangeError that names the option, what it takes and what it got. Checks, and what makes
 * them, are called `check…`; what is called `is…` only says whether something is so.
 */
export type Check = (name: string, value: unknown) => void;

/** For an option that is checked where it is read, or takes anything. */
export const checkedWhereRead: Check = () => {};

/** A check for each option of an interface: the compiler notices one that is missing or left over. */
export type Checks<Options> = {readonly [Name in keyof Required<Options>]: Check};

/** How the options of an object are checked, and what messages say about it. */
interface ObjectForm {
  /** What the object is called. Default `options`. */
  readonly name?: string;
  /** What the names of its options begin with. Default none for `options`, and otherwise the object's name and a dot. */
  readonly prefix?: string;
  /** What the object should be. Default an object. */
  readonly takes?: string;
  /** What its options are called. Default `option`. */
  readonly kind?: string;
  /** Which of them must be there. Default none. */
  readonly required?: readonly string[];
}

/**
 * Checks an options object and each option in it. One that is `undefined` counts as absent.
 *
 * @param options what was given
 * @param checks a check for each option there is
 * @returns its own properties, and `undefined` for each other option, whatever some other code has added to `Object.prototype`
 * @throws TypeError or RangeError that names the option: an unknown one would be ignored
 */
export function checkOptions<Options extends object>(
  options: Options,
  checks: Readonly<Record<string, Check>>,
  form?: ObjectForm,
): Options {
  checkEach(options, checks, form);
  const absent: Record<string, undefined> = {};
  for (const name of Object.keys(checks)) absent[name] = undefined;
  return {...absent, ...options};
}

/** The checks of {@link checkOptions} alone, without a copy. @throws TypeError or RangeError that names the option */
export function checkEach(options: unknown, checks: Readonly<Record<string, Check>>, form: ObjectForm = {}): void {
  const {
    name: whole = 'options',
    prefix = whole === 'options' ? '' : `${whole}.`,
    takes,
    kind = 'option',
    required = [],
  } = ownProperties(form);
  checkIsObject(whole, options, takes);
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(checks, name)) throw unknownName(kind, name, Object.keys(checks), prefix);
    if (value !== undefined) checks[name]?.(prefix + name, value);
  }
  for (const name of required) {
    // What is there has been checked.
    const isThere = Object.hasOwn(options, name) && Reflect.get(options, name) !== undefined;
    if (!isThere) checks[name]?.(prefix + name, undefined);
  }
}

/** A copy of an object that inherits nothing: what some other code has added to `Object.prototype` is none of its properties. */
export function ownProperties<Given extends object>(given: Given): Given {
  // Several times as fast as `__proto__: null` in the literal.
  return Object.setPrototypeOf({...given}, null);
}

/**
 * Checks that an options object is one: what has its options elsewhere, such as a `Map` or an instance of a class, would be taken
 * for one without any. A string is not shown: it may well be the token.
 */
export function checkIsObject(name: string, value: unknown, takes = 'an object'): asserts value is object {
  if (isPlainObject(value)) return;
  throw expected(name, takes, typeof value === 'string' ? 'a string' : describeClass(value));
}

/** Whether a value is an object such as `{}`, of this realm or another. */
export function isPlainObject(value: unknown): value is Fields {
  if (!isRecord(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** @throws TypeError where a name is none of those there are; it says which one may be meant */
export function checkName(kind: string, name: unknown, known: readonly string[]): void {
  if (typeof name !== 'string') throw expected(kind, 'a name', describeValue(name));
  if (!known.includes(name)) throw unknownName(kind, name, known);
}

/** The error for an option of the wrong type. */
export function expected(name: string, takes: string, got: string): TypeError {
  return new TypeError(printable(`${name}: expected ${takes}, got ${got}`));
}

/** What a value has to be like: a string that matches, or what a function says is valid. */
export type Form = RegExp | ((value: unknown) => boolean);

/** Whether a value is of a form. */
export function hasForm(value: unknown, form: Form): boolean {
  return typeof form === 'function' ? form(value) : typeof value === 'string' && form.test(value);
}

/** A check of the value alone. The value is shown in the message: not for secrets. */
/* @__NO_SIDE_EFFECTS__ */ export function checkForm(takes: string, form: Form): Check {
  return (name, value) => {
    if (!hasForm(value, form)) throw expected(name, takes, describeValue(value));
  };
}

/** A string of at least one character. */
export const checkNonEmptyString: Check = checkForm('a string that is not empty', /./s);
/** A string that is stored as it is: as UTF-8, lone surrogates are all the same character. */
export const checkWellFormed: Check = checkForm('a string that is not empty and has no lone surrogates', /^\P{Cs}+$/u);
/** A function. */
export const checkFunction: Check = checkForm('a function', (value) => typeof value === 'function');
/** `true` or `false`. */
export const checkBoolean: Check = checkForm('true or false', (value) => typeof value === 'boolean');

/** Something with these functions, which are all that is used of it. */
/* @__NO_SIDE_EFFECTS__ */ export function checkFunctions(takes: string, ...names: readonly string[]): Check {
  return checkForm(takes, (value) => names.every((name) => typeof Object(value)[name] === 'function'));
}

/** An object with options of its own. */
/* @__NO_SIDE_EFFECTS__ */ export function checkObjectWith(
  checks: Readonly<Record<string, Check>>,
  form?: Omit<ObjectForm, 'name' | 'prefix'>,
): Check {
  return (name, value) => checkEach(value, checks, {...form, name});
}

/** One of these strings. */
/* @__NO_SIDE_EFFECTS__ */ export function checkOneOf(...choices: readonly unknown[]): Check {
  const takes = `'${choices.slice(0, -1).join("', '")}' or '${choices.at(-1)}'`;
  return checkForm(takes, (value) => choices.includes(value));
}

/** The largest `most` that infinity is not within. */
export const largestNumber: number = Number.MAX_VALUE;

/** The range of a number. */
interface NumberRange {
  /** What it is, with a trailing comma where the limit reads better after one. Default a number, or a whole number. */
  readonly takes?: string;
  /** Default 0. */
  readonly least?: number;
  /** Default: no limit. */
  readonly most?: number;
  /** Whether it must be a whole number; infinity counts as one. Default `false`. */
  readonly whole?: boolean;
}

/** A number within a range; never NaN. */
/* @__NO_SIDE_EFFECTS__ */ export function checkRange(range: NumberRange = {}): Check {
  return (name, value) => checkNumber(name, value, range);
}

/** Milliseconds, no fewer than `least`; with `or`, the value `false` too. */
/* @__NO_SIDE_EFFECTS__ */ export function checkMilliseconds(least: number, or?: false): Check {
  const takes = `milliseconds${or === false ? ' or false' : ''},`;
  const inRange = checkRange({takes, least, most: longestTime});
  return (name, value) => {
    if (value !== or || or === undefined) inRange(name, value);
  };
}

/**
 * Checks a number.
 *
 * @throws TypeError or RangeError that names the option, what it takes and what it got
 */
export function checkNumber(name: string, value: unknown, range: NumberRange = {}): asserts value is number {
  const {least = 0, most = Number.POSITIVE_INFINITY, whole, takes = `a ${whole ? 'whole ' : ''}number`} = range;
  if (typeof value !== 'number') throw expected(name, takes.replace(/,$/, ''), describeValue(value));
  // Of infinity that is NaN.
  if (value >= least && value <= most && !(whole && value % 1)) return;
  // Above the largest number there is only infinity.
  const limit = value > most && most < largestNumber ? `up to ${most}` : `from ${least} on`;
  throw new RangeError(printable(`${name}: expected ${takes} ${limit}, got ${value}`));
}

/** A value as a message may show it: short, printable, and of an object or function only what it is. */
export function describeValue(value: unknown): string {
  if (typeof value === 'string') return printable(JSON.stringify(value.slice(0, 60)));
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) return 'a list';
  return isRecord(value) ? 'an object' : String(value);
}

/** What a value is, for a message that may not show it. */
export function describeKind(value: unknown): string {
  const isShown = value === undefined || value === null || value === Object(value);
  return isShown ? describeValue(value) : `a ${typeof value}`;
}

/** A value as a message may show it, and of an object its class. */
export function describeClass(value: unknown): string {
  const name: unknown = Object(value).constructor?.name;
  return isRecord(value) && typeof name === 'string'
    ? `an object of the class ${name.slice(0, 60)}`
    : describeValue(value);
}
