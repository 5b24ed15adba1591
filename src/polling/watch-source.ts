import type {Operation} from '../operation/operation.ts';
import type {Outcome} from '../operation/outcome.ts';
import type {WatchState} from '../operation/state.ts';

/** A watched operation, for whoever waits for one of its changes. */
export interface WatchSource {
  /** The operation as last known. */
  operation(): Operation | undefined;
  state(): WatchState;
  /** Calls back for each report, and once watching is over, at once if it is. @returns removes the callbacks */
  follow(onReport: (operation: Operation) => void, onOutcome: (outcome: Outcome) => void): () => void;
}
