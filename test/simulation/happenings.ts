import type {ServiceAnswer} from './faults.ts';

/** An event of the library, as far as invariants look at it. */
export interface SeenEvent {
  readonly type: string;
  readonly attempt: number;
  readonly at: number;
  readonly percentComplete?: number;
  readonly rawStatus?: string;
  readonly reason?: string;
  readonly because?: string;
  readonly operation?: {readonly percentComplete?: number};
}

/** How a watch ended. */
export interface SeenOutcome {
  /** The operation's end, or why watching was given up. */
  readonly is: string;
  readonly operation: {readonly id: string | undefined; readonly status: string; readonly result?: unknown} | undefined;
  /** The whole of it, in which no secret may be. */
  readonly whole: unknown;
  /** What its error says. */
  readonly message?: string | undefined;
}

/** A request as invariants look at it. */
export interface Sent {
  readonly operation: number;
  readonly url: string;
  readonly method: string;
  /** The token after its scheme, or after the name of its own header, and what the client's own header holds. */
  readonly authorization: string | undefined;
  readonly key: string | undefined;
  readonly isBatched: boolean;
  /** How many requests were in flight before it left, how many left with it, itself included, and how many of those before it. */
  readonly inFlight: number;
  readonly together: number;
  readonly place: number;
}

/** The answer to a request that is no poll, or what would have been its answer. */
export interface ReceivedOnce {
  readonly operation: number;
  readonly url: string;
  readonly answer: ServiceAnswer;
  readonly isLost: boolean;
  readonly isUnread: boolean;
  /** Whether the client did not wait for it. */
  readonly isGivenUp: boolean;
}

/** What happens to an operation, and what there is to know of it. */
interface Happenings {
  readonly start: object;
  readonly resume: object;
  /** Watching begins, on another origin where its user trusts that. */
  readonly begin: {readonly trusts?: boolean};
  /** The answer to a start is read as the first answer to a poll. */
  readonly 'first report': {readonly answer: ServiceAnswer};
  readonly request: Sent;
  /** A request that starts an operation, and its answer, or what would have been its answer. */
  readonly 'start request': Sent;
  readonly 'start answer': ReceivedOnce;
  readonly 'not started': {
    readonly how: 'notStarted' | 'unconfirmed' | 'notWatchable';
    readonly mayHaveStarted: boolean;
    readonly whole: unknown;
  };
  /** A user asks to cancel, such a request leaves, and what comes of asking: `error` is `undefined` where nothing went wrong. */
  readonly cancel: object;
  readonly 'cancel request': Sent;
  readonly 'cancel answer': ReceivedOnce;
  readonly 'cancel over': {readonly error: unknown};
  /** Whoever waits for the new password gets it, or an error. */
  readonly password: {readonly password: string | undefined; readonly error: unknown};
  /**
   * An answer has arrived whole; `isThere` is false for the share in a batch that was not served, and `isWanted` where nobody
   * waits for that share any more, while the others are waited for. `url` is where it came from.
   */
  readonly answer: {
    readonly answer: ServiceAnswer;
    readonly isThere: boolean;
    readonly isWanted: boolean;
    readonly url: string;
  };
  /** `isWanted`: whether the watch that it was for still goes on. */
  readonly lost: {readonly why: string; readonly isBatched: boolean; readonly isWanted: boolean};
  readonly 'token failed': object;
  readonly event: {readonly event: SeenEvent; readonly whole: unknown};
  readonly stored: {readonly whole: unknown};
  /** `resumes`: whether watching was given up, and its user will go on. */
  readonly over: {readonly outcome: SeenOutcome; readonly resumes?: boolean};
  /** Its tracker has been closed; `attempt` is the number of the last poll that is stored, and `isFailing` says whether the store rejected more. */
  readonly closed: {readonly attempt: number | undefined; readonly isFailing: boolean};
  readonly aborted: {readonly how: 'aborted' | 'stopped'; readonly resumes: boolean};
  readonly wake: object;
  /**
   * A turn of a stored operation begins, alone or beside another one of the same record. Its worker's clock is ahead by `offset`
   * milliseconds, and knows that the service takes no requests for `heldFor` milliseconds.
   */
  readonly turn: {readonly isAlone: boolean; readonly offset: number; readonly heldFor: number};
  /** A turn was not stored, or `onEnd` rejected: what it did may be done again. */
  readonly 'turn lost': object;
  readonly 'hand over': {readonly id: string; readonly isOurs: boolean; readonly outcome: SeenOutcome};
  /** `onEnd` has resolved. */
  readonly 'handed over': object;
  readonly removed: object;
}

/** Everything that happens in a world and that invariants look at. */
export type Happening =
  | {[Is in keyof Happenings]: {readonly is: Is; readonly operation: number} & Happenings[Is]}[keyof Happenings]
  | {readonly is: 'broken'; readonly why: string}
  /** Nothing is left to do at this time, and at all. */
  | {readonly is: 'rest'}
  | {readonly is: 'end'};
