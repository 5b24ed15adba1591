import {type Check, checkIsObject, checkOptions} from '../shared/check-options.ts';

/**
 * Checks the fields of an object that was stored as JSON.
 *
 * @param name the object's name; empty for the outermost one
 * @throws TypeError or RangeError that names the field, what it takes and what it got
 */
export function checkFields(
  name: string,
  json: unknown,
  checks: Readonly<Record<string, Check>>,
  required: readonly string[],
): void {
  checkIsObject(name === '' ? 'record' : name, json);
  const prefix = name === '' ? '' : `${name}.`;
  checkOptions(json, checks, prefix, 'field');
  for (const field of required) {
    // Where it is there, it has been checked.
    if (Reflect.get(json, field) === undefined) checks[field]?.(prefix + field, undefined);
  }
}
