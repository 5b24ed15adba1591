import {type Actor, createActor} from 'xstate';
import {statusMachine} from '../machine/machine.ts';
import type {OperationMachine} from '../machine/machine-type.ts';
import {snapshotOf} from '../machine/snapshot.ts';
import {endedOutcome, type Outcome} from '../operation/outcome.ts';
import type {WatchState} from '../operation/state.ts';
import {processClock} from '../shared/clock.ts';
import {reportUncaught} from '../shared/report-error.ts';

/**
 * Starts an actor in the state of a watched operation. It polls nothing: it follows the machine's events that it is sent.
 *
 * @param outcome how watching ended, if it has
 * @param onStop called when the actor has been stopped, or has ended
 */
export function startActor(
  state: WatchState,
  outcome: Outcome | undefined,
  onStop: () => void,
): Actor<OperationMachine> {
  // It ends with the operation, whether or not the result has been fetched.
  const output = state.operation?.status === 'succeeded' ? endedOutcome(state, processClock) : outcome;
  // With a snapshot to start from, the input is not read.
  const actor = createActor(statusMachine, {snapshot: snapshotOf(state, output), input: {location: state.location}});
  actor.subscribe({complete: onStop, error: reportUncaught});
  return actor.start();
}
