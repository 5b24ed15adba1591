import {type Check, describeClass, expected, isPlainObject} from './check-options.ts';
import {describeError} from './describe-error.ts';
import {isObject, maxJsonDepth} from './json.ts';

/**
 * Checks that JSON keeps a value, with all that is in it. `JSON.stringify` refuses little: it leaves a function out, writes NaN as `null`
 * and a map as `{}`, and whoever reads that does not know. What it changes on purpose is taken: what has a `toJSON`, as a date has, and
 * fields that are `undefined`.
 *
 * @throws TypeError that names the place, and what is there
 */
export const checkJson: Check = (name, value) => {
  const path: unknown[] = [name];
  let lost: string | undefined;
  try {
    lost = lossOf(value, path);
  } catch (error) {
    path.length = 1;
    lost = `one that it cannot: ${describeError(error)}`;
  }
  if (lost) throw expected(path.join('.'), 'what JSON can express', lost);
};

/**
 * What JSON would not keep, in words. Not found by a replacer of `JSON.stringify`, which takes several times as long.
 *
 * @param path the names that lead to the value; in the end, to what is lost
 * @param isField whether it is left out where it is `undefined`
 */
function lossOf(given: unknown, path: unknown[], isField?: boolean): string | undefined {
  if (isKept(given) || (isField && given === undefined)) return undefined;
  const toJson: unknown = Object(given).toJSON;
  const isConverted = typeof toJson === 'function';
  const value: unknown = isConverted ? Reflect.apply(toJson, given, [String(path.at(-1))]) : given;
  if (isConverted && !isObject(value)) return lossOf(value, path, isField);
  if (!isObject(value)) return typeof value === 'bigint' ? 'a bigint' : describeClass(value);
  if (path.length > maxJsonDepth) throw new RangeError(`it contains itself, or is nested over ${maxJsonDepth} deep`);
  const isList = Array.isArray(value);
  const names: readonly unknown[] = isList ? value : Object.keys(value);
  // By numbers: the places of a list that are empty count as well.
  for (let index = 0; index < names.length; index++) {
    const name = isList ? index : String(names[index]);
    path.push(name);
    const lost = lossOf(value[name], path, !isList);
    if (lost) return lost;
    path.pop();
  }
  const isWhole = names.length > 0 || isList || isConverted || isPlainObject(value);
  // An object around a string, a number or `true` is written as that.
  return isWhole || JSON.stringify(value) !== '{}' ? undefined : describeClass(value);
}

function isKept(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'boolean' || value === null || Number.isFinite(value);
}
