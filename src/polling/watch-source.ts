import type {Operation} from '../operation/operation.ts';
import type {Outcome} from '../operation/outcome.ts';
import type {WatchState} from '../operation/state.ts';

/** A watched operation, for whoever waits for one of its changes. */
export interface WatchSource {
  /** The operation as last known. */
  operation(): Operation | undefined;
  state(): WatchState;
  /** Calls back for each report. @returns removes the callback */
  onReport(callback: (operation: Operation) => void): () => void;
  /** Calls back once watching is over, at once if it is. @returns removes the callback */
  onOutcome(callback: (outcome: Outcome) => void): () => void;
}
