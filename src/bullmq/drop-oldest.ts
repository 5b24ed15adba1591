/** Removes what was added first to a set or map, until it has no more than `max` entries. */
export function dropOldest<Key>(
  entries: {readonly size: number; keys(): Iterable<Key>; delete(key: Key): boolean},
  max: number,
): void {
  for (const oldest of entries.keys()) {
    if (entries.size <= max) break;
    entries.delete(oldest);
  }
}
