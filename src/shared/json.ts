/**
 * How deeply JSON may be nested: more deeply than any service nests it. `JSON.stringify` recurses and would overflow the stack
 * on anything much deeper, once it is part of an event or a resume token.
 */
export const maxJsonDepth = 100;

/** Why JSON that is nested more deeply cannot be read. */
export const tooDeep = `the body is nested more than ${maxJsonDepth} levels deep`;

/**
 * Freezes parsed JSON with everything in it, level by level rather than recursively, so that it cannot overflow the stack.
 *
 * @returns `false` when it is nested more deeply than {@link maxJsonDepth}; it is then frozen only down to that depth
 */
export function deepFreeze(json: unknown): boolean {
  let level: readonly object[] = isObject(json) ? [json] : [];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth === maxJsonDepth) return false;
    let next: object[] | undefined;
    for (const value of level) {
      for (const inner of Object.values(value)) {
        if (isObject(inner)) {
          next ??= [];
          next.push(inner);
        }
      }
      Object.freeze(value);
    }
    level = next ?? [];
  }
  return true;
}

/** An object by the names of its fields. */
export type Fields = Readonly<Record<string, unknown>>;

/** Whether a value is an object, lists included. */
export function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}

/** Whether a value is an object with named fields: no list, and not `null`. */
export function isRecord(value: unknown): value is Fields {
  return isObject(value) && !Array.isArray(value);
}
