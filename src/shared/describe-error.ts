import {isObject} from './json.ts';

/** What was thrown, in short; by its shape, because an error may come from another realm. */
export function describeError(error: unknown): string {
  if (!isObject(error) || !('message' in error)) return typeof error;
  return `${'name' in error ? String(error.name) : 'Error'}: ${String(error.message)}`;
}
