import type {Operation} from '../operation/operation.ts';
import {type Outcome, succeededOperation} from '../operation/outcome.ts';
import type {WatchSource} from './watch-source.ts';

/**
 * An operation at each change of status or percentage, from the one last known on. Ends after the succeeded operation.
 *
 * @throws the outcome's error, after the last change, when it ended in any other way
 */
export async function* operationChanges(source: WatchSource): AsyncGenerator<Operation, void, undefined> {
  // The last one that was added.
  let last = source.operation();
  const changes: Operation[] = last === undefined ? [] : [last];
  let wake: (() => void) | undefined;
  let outcome: Outcome | undefined;
  const unsubscribe = source.follow(
    (operation) => {
      if (operation.status === last?.status && operation.percentComplete === last.percentComplete) return;
      last = operation;
      changes.push(operation);
      wake?.();
    },
    (ended) => {
      outcome = ended;
      wake?.();
    },
  );
  try {
    for (;;) {
      const change = changes.shift();
      if (change !== undefined) yield change;
      else if (outcome === undefined) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      } else {
        succeededOperation(outcome);
        return;
      }
    }
  } finally {
    unsubscribe();
  }
}
