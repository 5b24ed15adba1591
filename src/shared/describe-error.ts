import {isObject} from './json.ts';

/** What was thrown, in short; by its shape, because an error may come from another realm. */
export function describeError(error: unknown): string {
  if (!isObject(error) || !('message' in error)) return typeof error;
  const {name = 'Error', message} = error;
  return `${String(name)}: ${String(message)}`;
}
