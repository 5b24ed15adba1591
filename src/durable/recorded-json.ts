/** Plain JSON: what a workflow engine records. */
export type RecordedJson =
  | null
  | boolean
  | number
  | string
  | readonly RecordedJson[]
  | {readonly [name: string]: RecordedJson};

/** The value without `undefined` fields: some engines record those as `null`, some drop them, some refuse them. */
export function toRecordedJson(value: unknown): RecordedJson {
  return JSON.parse(JSON.stringify(value));
}

/** The error for a recorded value that this library did not write. */
export function notRecorded(expected: string): TypeError {
  return new TypeError(`What the engine recorded is not a ${expected}: was the workflow changed while it ran?`);
}
