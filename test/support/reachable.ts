import {inspect} from 'node:util';

/** Each way in which a value might show something, as text. */
export function shown(value: unknown): string[] {
  const texts = [inspect(value, {depth: Number.POSITIVE_INFINITY, showHidden: true}), String(value)];
  const json = JSON.stringify(value);
  if (json !== undefined) texts.push(json);
  if (value instanceof Error) texts.push(value.message, String(value.stack), JSON.stringify({...value}));
  return texts;
}

/** What is looked for. */
export interface Detector {
  test(text: string): boolean;
}

/**
 * Paths to the strings in all that is reachable from a value: any key, any getter, the prototypes' too, any entry.
 *
 * @param except keys that are not followed
 */
export function reachable(value: unknown, looksFor: Detector, except: readonly string[] = []): string[] {
  const found: string[] = [];
  const seen = new Set<unknown>();
  const visit = (inner: unknown, path: string): void => {
    if (typeof inner === 'string' && looksFor.test(inner)) found.push(path);
    if (typeof inner !== 'object' || inner === null || seen.has(inner)) return;
    seen.add(inner);
    if (inner instanceof Map || inner instanceof Set) visit([...inner], `${path}.entries`);
    for (
      let owner: unknown = inner;
      owner !== null && owner !== Object.prototype;
      owner = Object.getPrototypeOf(owner)
    ) {
      for (const key of Reflect.ownKeys(owner as object)) {
        if (typeof key === 'string' && except.includes(key)) continue;
        let next: unknown;
        try {
          next = Reflect.get(inner, key);
        } catch {
          continue;
        }
        visit(next, `${path}.${String(key)}`);
        if (typeof key === 'string' && looksFor.test(key)) found.push(`${path}.${key} (key)`);
      }
    }
  };
  visit(value, '');
  return found;
}
