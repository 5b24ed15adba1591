/**
 * A place in a JSON document, as [RFC 6901](https://www.rfc-editor.org/rfc/rfc6901) writes it: `/status`,
 * `/properties/provisioningState`. A `/` within a name is `~1`, a `~` is `~0`.
 */
export type JsonPointer = `/${string}`;

/** One place, or several of which the first that holds something counts. */
export type JsonPointers = JsonPointer | readonly JsonPointer[];

/** The names along a pointer, unescaped. */
export type PointerPath = readonly string[];

/** Takes pointers apart once, so that reading with them costs no parsing. An empty text leads to the document itself. */
export function pointerPaths(pointers: JsonPointers | '' | undefined): readonly PointerPath[] {
  if (pointers === undefined) return [];
  if (pointers === '') return [[]];
  return (typeof pointers === 'string' ? [pointers] : pointers).map((pointer) =>
    pointer
      .slice(1)
      .split('/')
      .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~')),
  );
}

/** What stands at the first of the paths that leads to something other than `null`; own properties only. */
export function valueAt(document: unknown, paths: readonly PointerPath[]): unknown {
  for (const path of paths) {
    let value: unknown = document;
    for (const name of path) value = ownProperty(value, name);
    if (value !== undefined && value !== null) return value;
  }
  return undefined;
}

/** An object's own property; never one it inherits, whatever name a document uses. */
export function ownProperty(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[name];
}
