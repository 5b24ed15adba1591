/** What the console's server and its page tell each other: plain JSON. */

/** How much is kept, by the server and by the page alike: what is older is dropped. */
export const limits = {
  /** Operations; the oldest are dropped. */
  operations: 100,
  /** Entries in the history of one operation. */
  entries: 200,
  /** Characters of an answer's body. */
  body: 2000,
} as const;

/** Something that happened to an operation at the service. */
export interface Entry {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly kind: 'added' | 'moved' | 'rescripted' | 'interrupted' | 'canceled' | 'answered';
  /** The operation's status word after it. */
  readonly status: string;
  /** Whether the word is another than before. */
  readonly changed: boolean;
  /** What the next poll will be answered after it. */
  readonly next: NextAnswer;
  /** Of an answer only. */
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

/** What is to be known of an operation now. */
export interface OperationView {
  /** Its number in this console, from 1: ids may be any text, and need not differ. */
  readonly key: number;
  readonly id: string;
  readonly userId: string;
  readonly location: string;
  /** Whether it needs a token. */
  readonly bearer: boolean;
  readonly addedAt: number;
  readonly status: string;
  readonly polls: number;
  /** What the next poll will be answered. */
  readonly next: NextAnswer;
  /** The latest answer's body, cut. */
  readonly body: string;
}

/** An operation with what happened to it, oldest first. */
export interface Story {
  readonly view: OperationView;
  readonly entries: readonly Entry[];
}

/** What a page is told. */
export type Message =
  | {
      readonly type: 'all';
      /** Tells one emulator from the next one at the same address. */
      readonly emulator: string;
      /** A token that this emulator takes from its console alone. */
      readonly token: string;
      readonly stories: readonly Story[];
    }
  | {readonly type: 'one'; readonly view: OperationView; readonly entry: Entry};

/** The ways in which a page can move an operation. */
export const moveNames = ['start', 'succeed', 'fail', 'cancel', 'throttle', 'lose', 'forget'] as const;
export type MoveName = (typeof moveNames)[number];
