import {asString} from './as-text.ts';
import {pointerPaths, valueAt} from './pointer.ts';
import type {WaitPlace} from './protocol.ts';

/** A wait as services write it. With ten digits before the point, even milliseconds are more than a timer can hold. */
export const decimal = /^\d{1,10}(?:\.\d{1,10})?$/;

/** The wait at a protocol's `retryAfter` in a response, in milliseconds, however long. */
export function waitAt(
  {at, header, unit}: WaitPlace,
  headers: {get(name: string): string | null},
  json: unknown,
): number | undefined {
  const given = (header && headers.get(header)) ?? valueAt(json, pointerPaths(at));
  // Not of any other value: JSON may have objects that cannot become text.
  const text = typeof given === 'number' ? String(given) : asString(given)?.trim();
  return text !== undefined && decimal.test(text) ? Number(text) * (unit === 's' ? 1000 : 1) : undefined;
}
