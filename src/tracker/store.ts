/** How durable a write has to be. */
export interface WriteHint {
  /**
   * Whether the write may be lost in a power cut, or when the process is killed: it holds what a poll found of an operation that goes on,
   * and losing it costs one poll. Absent: it must last once it has resolved.
   */
  readonly mayBeLost?: boolean;
}

/**
 * Where a tracker keeps its operations: JSON text by key, for one tracker at a time. The tracker never writes or removes a key while
 * another write or removal of it is under way.
 */
export interface OperationStore {
  /** All keys, in any order. */
  list(): Promise<readonly string[]>;
  /** What was last written under a key; `undefined` where there is nothing. */
  read(key: string): Promise<string | undefined>;
  /** Resolves once the text has taken the place of what was there. A store may ignore the hint. */
  write(key: string, text: string, hint?: WriteHint): Promise<unknown>;
  /** Resolves once the key is gone. */
  remove(key: string): Promise<unknown>;
  /** Releases what the store holds, when its tracker is closed. Default: nothing. */
  close?(): Promise<unknown>;
}

const nothing = (): Promise<undefined> => Promise.resolve(undefined);

/** Keeps nothing: the tracker's operations end with the process. */
export const noStore: OperationStore = {
  list: () => Promise.resolve([]),
  read: nothing,
  write: nothing,
  remove: nothing,
};
