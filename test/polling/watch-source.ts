import type {Operation} from '../../src/operation/operation.ts';
import type {Outcome} from '../../src/operation/outcome.ts';
import type {WatchSource} from '../../src/polling/watch-source.ts';
import {stateOf} from '../support/core.ts';

/** A watched operation that does what the test says, and counts who listens. */
export function createSource(known?: Operation) {
  const reports = new Set<(operation: Operation) => void>();
  const outcomes = new Set<(outcome: Outcome) => void>();
  const source: WatchSource = {
    operation: () => known,
    state: () => stateOf({operation: known}),
    follow: (onReport, onOutcome) => {
      reports.add(onReport);
      outcomes.add(onOutcome);
      return () => {
        reports.delete(onReport);
        outcomes.delete(onOutcome);
      };
    },
  };
  return {
    source,
    listeners: () => reports.size + outcomes.size,
    report: (operation: Operation) => {
      for (const callback of reports) callback(operation);
    },
    end: (outcome: Outcome) => {
      for (const callback of outcomes) callback(outcome);
    },
  };
}
