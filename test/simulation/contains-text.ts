/** Whether a text is in anything that can be reached from a value, also in what JSON leaves out of errors. */
export function containsText(value: unknown, text: string, seen: Set<object> = new Set()): boolean {
  if (typeof value === 'string') return value.includes(text);
  if (typeof value !== 'object' || value === null || seen.has(value)) return false;
  seen.add(value);
  if (value instanceof Error) {
    if (value.name.includes(text) || value.message.includes(text) || value.stack?.includes(text)) return true;
    if (containsText(value.cause, text, seen)) return true;
  }
  for (const [name, inner] of Object.entries(value)) {
    if (name.includes(text) || containsText(inner, text, seen)) return true;
  }
  return 'resumeToken' in value && containsText(value.resumeToken, text, seen);
}
