import {isObject} from '../shared/json.ts';

/**
 * A place in a JSON document, in the syntax of [RFC 6901](https://www.rfc-editor.org/rfc/rfc6901): `/status`,
 * `/properties/provisioningState`. Within a name, `/` is written `~1` and `~` is written `~0`.
 */
export type JsonPointer = `/${string}`;

/** One pointer, or several of which the first that leads to a value counts. */
export type JsonPointers = JsonPointer | readonly JsonPointer[];

/** The names along a pointer, unescaped. */
export type PointerPath = readonly string[];

/** Splits pointers into paths ahead of time, so that lookups parse nothing. The empty pointer is the whole document. */
export function pointerPaths(pointers: JsonPointers | '' | undefined): readonly PointerPath[] {
  return [pointers ?? []].flat().map((pointer) => {
    const names = pointer.split('/').slice(1);
    return names.map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
  });
}

/** The value at the first path that leads to anything but `null`; only own properties are followed. */
export function valueAt(document: unknown, paths: readonly PointerPath[]): unknown {
  for (const path of paths) {
    let value: unknown = document;
    for (const name of path) value = ownProperty(value, name);
    if (value !== undefined && value !== null) return value;
  }
  return undefined;
}

/** An object's own property; never an inherited one, whatever name the document uses. */
export function ownProperty(value: unknown, name: string): unknown {
  return isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}
