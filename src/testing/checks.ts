import {validateHeaderName, validateHeaderValue} from 'node:http';
import {inspect} from 'node:util';

/** The longest delay of a timer: setTimeout turns anything longer into one millisecond. */
const longestTimer = 2 ** 31 - 1;

/** Throws a TypeError or RangeError that starts with `name` if `value` is invalid. */
export type Check = (name: string, value: unknown) => void;

/** For a field that is checked where it is read. */
export const checkedWhereRead: Check = () => {};

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function wrongType(name: string, expected: string, value: unknown): TypeError {
  return new TypeError(`${name}: expected ${expected}, got ${show(value)}`);
}

export function outOfRange(name: string, expected: string, value: unknown): RangeError {
  return new RangeError(`${name}: expected ${expected}, got ${show(value)}`);
}

export function checkText(name: string, value: unknown): asserts value is string {
  if (typeof value !== 'string') throw wrongType(name, 'a string', value);
}

export const checkFlag: Check = (name, value) => {
  if (typeof value !== 'boolean') throw wrongType(name, 'true or false', value);
};

export const checkTextOrNumber: Check = (name, value) => {
  if (typeof value === 'number' && !Number.isFinite(value)) throw outOfRange(name, 'a finite number', value);
  if (typeof value !== 'string' && typeof value !== 'number') throw wrongType(name, 'a string or a number', value);
};

export const checkHeaderValue: Check = (name, value) => {
  checkTextOrNumber(name, value);
  try {
    validateHeaderValue('x', String(value));
  } catch {
    throw wrongType(name, 'a valid header value', value);
  }
};

export const checkHeaders: Check = (name, value) => {
  checkObject(name, value);
  for (const [header, content] of Object.entries(value)) {
    try {
      validateHeaderName(header);
    } catch {
      throw new TypeError(`${name}: ${show(header)} is not a valid header name`);
    }
    for (const line of Array.isArray(content) ? content : [content]) {
      checkText(`${name}.${header}`, line);
      checkHeaderValue(`${name}.${header}`, line);
    }
  }
};

export function checkObject(name: string, value: unknown): asserts value is Readonly<Record<string, unknown>> {
  if (!isRecord(value)) throw wrongType(name, 'an object', value);
}

/** A check of an object that others make, by the functions that are called. */
export function checkFunctions(expected: string, ...names: readonly string[]): Check {
  return (name, value) => {
    const isIt = names.every((each) => typeof Object(value)[each] === 'function');
    if (!isIt) throw wrongType(name, expected, value);
  };
}

export const checkJson: Check = (name, value) => {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch {
    // It is circular or contains a BigInt; the error below names the field.
  }
  if (text === undefined) throw wrongType(name, 'a value that JSON can represent', value);
};

export const checkMilliseconds: Check = (name, value) => {
  if (typeof value !== 'number') throw wrongType(name, 'a number of milliseconds', value);
  if (!(value >= 0 && value <= longestTimer))
    throw outOfRange(name, `between 0 and ${longestTimer} milliseconds`, value);
};

export function checkWhole(minimum: number, maximum: number): Check {
  return (name, value) => {
    if (typeof value !== 'number') throw wrongType(name, 'a number', value);
    const whole = Number.isInteger(value) || value === Number.POSITIVE_INFINITY;
    if (!whole || value < minimum || value > maximum) {
      throw outOfRange(name, `a whole number from ${minimum} to ${maximum}`, value);
    }
  };
}

export function checkOneOf(choices: readonly string[]): Check {
  return (name, value) => {
    checkText(name, value);
    if (!choices.includes(value)) throw outOfRange(name, `one of ${choices.map(show).join(', ')}`, value);
  };
}

/** Checks every field that is present or required. `undefined` counts as absent, an unknown name as a mistake. */
export function checkFields<Field extends string>(
  name: string,
  value: unknown,
  checks: Readonly<Record<Field, Check>>,
  required: readonly Field[] = [],
): void {
  checkObject(name, value);
  const known = new Map<string, Check>(Object.entries(checks));
  for (const [field, content] of Object.entries(value)) {
    const check = known.get(field);
    if (check === undefined)
      throw new TypeError(`${name}: unknown field ${show(field)}; known are ${[...known.keys()].join(', ')}`);
    if (content !== undefined) check(`${name}.${field}`, content);
  }
  for (const field of required) {
    checks[field](`${name}.${field}`, Object.hasOwn(value, field) ? value[field] : undefined);
  }
}

function show(value: unknown): string {
  return inspect(value, {depth: 1, breakLength: Number.POSITIVE_INFINITY, maxStringLength: 80});
}
