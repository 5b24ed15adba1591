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

/** Everything that happens in a world and that invariants look at. */
export type Happening =
  | {readonly is: 'start' | 'resume'; readonly operation: number}
  /** Watching begins, on another origin where its user trusts that. */
  | {readonly is: 'begin'; readonly operation: number; readonly trusts?: boolean}
  /** The answer to a start is read as the first answer to a poll. */
  | {readonly is: 'first report'; readonly operation: number; readonly answer: ServiceAnswer}
  | ({readonly is: 'request'} & Sent)
  /** A request that starts an operation, and its answer, or what would have been its answer. */
  | ({readonly is: 'start request'} & Sent)
  /** A user asks to cancel, such a request leaves, and what comes of asking: `error` is `undefined` where nothing went wrong. */
  | {readonly is: 'cancel'; readonly operation: number}
  | ({readonly is: 'cancel request'} & Sent)
  /** Whoever waits for the new password gets it, or an error. */
  | {
      readonly is: 'password';
      readonly operation: number;
      readonly password: string | undefined;
      readonly error: unknown;
    }
  | {readonly is: 'cancel over'; readonly operation: number; readonly error: unknown}
  | ({readonly is: 'start answer'} & ReceivedOnce)
  | ({readonly is: 'cancel answer'} & ReceivedOnce)
  | {
      readonly is: 'not started';
      readonly operation: number;
      readonly how: 'notStarted' | 'unconfirmed' | 'notWatchable';
      readonly mayHaveStarted: boolean;
      readonly whole: unknown;
    }
  /**
   * An answer has arrived whole; `isThere` is false for the share in a batch that was not served, and `isWanted` where nobody
   * waits for that share any more, while the others are waited for. `url` is where it came from.
   */
  | {
      readonly is: 'answer';
      readonly operation: number;
      readonly answer: ServiceAnswer;
      readonly isThere: boolean;
      readonly isWanted: boolean;
      readonly url: string;
    }
  | {
      readonly is: 'lost';
      readonly operation: number;
      readonly why: string;
      readonly isBatched: boolean;
      /** Whether the watch that it was for still goes on. */
      readonly isWanted: boolean;
    }
  | {readonly is: 'token failed'; readonly operation: number}
  | {readonly is: 'event'; readonly operation: number; readonly event: SeenEvent; readonly whole: unknown}
  | {readonly is: 'stored'; readonly operation: number; readonly whole: unknown}
  | {
      readonly is: 'over';
      readonly operation: number;
      readonly outcome: SeenOutcome;
      /** Whether watching was given up, and its user will go on. */
      readonly resumes?: boolean;
    }
  /** Its tracker has been closed; `attempt` is the number of the last poll that is stored, and `isFailing` says whether the store rejected more. */
  | {
      readonly is: 'closed';
      readonly operation: number;
      readonly attempt: number | undefined;
      readonly isFailing: boolean;
    }
  | {readonly is: 'aborted'; readonly operation: number; readonly how: 'aborted' | 'stopped'; readonly resumes: boolean}
  | {readonly is: 'wake'; readonly operation: number}
  /**
   * A turn of a stored operation begins, alone or beside another one of the same record. Its worker's clock is ahead by `offset`
   * milliseconds, and knows that the service takes no requests for `heldFor` milliseconds.
   */
  | {
      readonly is: 'turn';
      readonly operation: number;
      readonly isAlone: boolean;
      readonly offset: number;
      readonly heldFor: number;
    }
  /** A turn was not stored, or `onEnd` rejected: what it did may be done again. */
  | {readonly is: 'turn lost'; readonly operation: number}
  | {
      readonly is: 'hand over';
      readonly operation: number;
      readonly id: string;
      readonly isOurs: boolean;
      readonly outcome: SeenOutcome;
    }
  /** `onEnd` has resolved. */
  | {readonly is: 'handed over'; readonly operation: number}
  | {readonly is: 'removed'; readonly operation: number}
  | {readonly is: 'broken'; readonly why: string}
  /** Nothing is left to do at this time. */
  | {readonly is: 'rest'; readonly operation: -1}
  | {readonly is: 'end'; readonly operation: -1};
