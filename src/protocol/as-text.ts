/** A string, or a whole number as text; not one so large that JSON has rounded it. */
export function asText(value: unknown): string | undefined {
  if (Number.isSafeInteger(value)) return String(value);
  return typeof value === 'string' ? value : undefined;
}
