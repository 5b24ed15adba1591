/** The fields of an object by their names in lower case. */
export function lowerCaseMap<Value>(record: Readonly<Record<string, Value>> = {}): Map<string, Value> {
  return new Map(Object.entries(record).map(([name, value]) => [name.toLowerCase(), value]));
}
