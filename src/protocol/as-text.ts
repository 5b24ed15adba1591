/** A string; `undefined` for anything else. */
export function asString(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** A string, or a whole number as text; not one so large that JSON has rounded it. */
export function asText(value: unknown): string | undefined {
  return Number.isSafeInteger(value) ? String(value) : asString(value);
}
