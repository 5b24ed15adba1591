/** Plain JSON: what a workflow engine records. */
export type RecordedJson =
  | null
  | boolean
  | number
  | string
  | readonly RecordedJson[]
  | {readonly [name: string]: RecordedJson};

/** The value without what is `undefined`: some engines record it as `null`, some not at all, some refuse it. */
export function toRecordedJson(value: unknown): RecordedJson {
  return JSON.parse(JSON.stringify(value)) as RecordedJson;
}

/** The error for what an engine gave back that this library has not recorded. */
export function notRecorded(expected: string): TypeError {
  return new TypeError(`What the engine recorded is not a ${expected}: was the workflow changed while it ran?`);
}
