/** Everything that can be reached from a value, as text: also what JSON leaves out of errors. */
export function textOf(value: unknown, seen: Set<unknown> = new Set()): string {
  if (typeof value !== 'object' || value === null) return String(value);
  if (seen.has(value)) return '';
  seen.add(value);
  const parts: string[] = [];
  if (value instanceof Error) parts.push(value.name, value.message, value.stack ?? '', textOf(value.cause, seen));
  for (const [name, inner] of Object.entries(value)) parts.push(name, textOf(inner, seen));
  if ('resumeToken' in value) parts.push(textOf(value.resumeToken, seen));
  return parts.join(' ');
}
