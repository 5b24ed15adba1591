import {validateHeaderName, validateHeaderValue} from 'node:http';
import {inspect} from 'node:util';

/** The longest time a timer can wait: setTimeout turns anything longer into one millisecond. */
const longestTimer = 2 ** 31 - 1;

/** Throws a TypeError or RangeError that starts with `name` if `value` is not what it should be. */
export type Check = (name: string, value: unknown) => void;

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function wrongType(name: string, expected: string, value: unknown): TypeError {
  return new TypeError(`${name} must be ${expected}, not ${show(value)}`);
}

export function outOfRange(name: string, expected: string, value: unknown): RangeError {
  return new RangeError(`${name} must be ${expected}, not ${show(value)}`);
}

export const checkText: Check = (name, value) => {
  if (typeof value !== 'string') throw wrongType(name, 'a string', value);
};

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
    throw wrongType(name, 'text that a header can carry', value);
  }
};

export const checkHeaders: Check = (name, value) => {
  if (!isRecord(value)) throw wrongType(name, 'an object', value);
  for (const [header, content] of Object.entries(value)) {
    try {
      validateHeaderName(header);
    } catch {
      throw new TypeError(`${name} has ${show(header)}, which is not the name of a header`);
    }
    for (const line of Array.isArray(content) ? content : [content]) {
      checkText(`${name}.${header}`, line);
      checkHeaderValue(`${name}.${header}`, line);
    }
  }
};

export const checkObject: Check = (name, value) => {
  if (!isRecord(value)) throw wrongType(name, 'an object', value);
};

export const checkJson: Check = (name, value) => {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch {
    // Circular, or holding a BigInt: said below in our own words, with the name of the field.
  }
  if (text === undefined) throw wrongType(name, 'a value that JSON can carry', value);
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
    if (typeof value !== 'string') throw wrongType(name, 'a string', value);
    if (!choices.includes(value)) throw outOfRange(name, `one of ${choices.map(show).join(', ')}`, value);
  };
}

/** Checks every field that is present; an explicit `undefined` counts as absent, an unknown name as a mistake. */
export function checkFields(name: string, value: unknown, checks: Readonly<Record<string, Check>>): void {
  if (!isRecord(value)) throw wrongType(name, 'an object', value);
  const known = new Map(Object.entries(checks));
  for (const [field, content] of Object.entries(value)) {
    const check = known.get(field);
    if (check === undefined)
      throw new TypeError(`${name} has no field ${show(field)}; it has ${[...known.keys()].join(', ')}`);
    if (content !== undefined) check(`${name}.${field}`, content);
  }
}

function show(value: unknown): string {
  return inspect(value, {depth: 1, breakLength: Number.POSITIVE_INFINITY, maxStringLength: 80});
}
