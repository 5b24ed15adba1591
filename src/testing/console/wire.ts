/** The messages between the console's server and its page: plain JSON. */

/** How much the server and the page keep; anything older is dropped, except what a page has chosen or watches. */
export const limits = {
  operations: 100,
  /** Entries in the history of one operation. */
  entries: 200,
  /** Characters of an answer's body. */
  body: 2000,
} as const;

/** Whether an operation is one of the latest, by its key and the latest of all: keys count from 1. */
export function isLatest(key: number, latestKey: number): boolean {
  return key > latestKey - limits.operations;
}

/** Something that happened to an operation at the service. */
export interface Entry {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly kind: 'added' | 'moved' | 'rescripted' | 'interrupted' | 'canceled' | 'answered';
  /** The operation's status after it. */
  readonly status: string;
  /** Whether the status changed. */
  readonly changed: boolean;
  /** The answer to the next poll after it. */
  readonly next: NextAnswer;
  /** Only with `answered`. */
  readonly answer?: EntryAnswer;
}

export interface NextAnswer {
  readonly status: string;
  readonly http: number;
  readonly fault?: string;
}

export interface EntryAnswer {
  readonly method: string;
  readonly http: number;
  readonly retryAfter?: string;
  readonly fault?: string;
  /** Whether the request came from a page of the console. */
  readonly here: boolean;
}

/** The current state of an operation. */
export interface OperationView {
  /** Its number in this console, from 1: ids may be any text and need not be unique. */
  readonly key: number;
  readonly id: string;
  readonly userId: string;
  readonly location: string;
  /** Whether it requires a token. */
  readonly bearer: boolean;
  readonly addedAt: number;
  readonly status: string;
  readonly polls: number;
  /** The answer to the next poll. */
  readonly next: NextAnswer;
  /** The latest answer's body, truncated; empty if there was none, or if the server has dropped it. */
  readonly body: string;
}

/** An operation and what happened to it, oldest first. */
export interface OperationHistory {
  readonly view: OperationView;
  readonly entries: readonly Entry[];
}

/** A message to a page. */
export type Message =
  | {
      readonly type: 'snapshot';
      /** Distinguishes the emulator from a later one at the same address. */
      readonly emulator: string;
      /** The token with which this page can poll this emulator. */
      readonly token: string;
      readonly operations: readonly OperationHistory[];
    }
  | {readonly type: 'update'; readonly view: OperationView; readonly entry: Entry};

/** What a page can do to an operation. */
export const actionNames = ['start', 'succeed', 'fail', 'cancel', 'throttle', 'lose', 'forget'] as const;
export type ActionName = (typeof actionNames)[number];
