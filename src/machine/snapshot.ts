import type {Outcome} from '../operation/outcome.ts';
import {stateValue, type WatchState} from '../operation/state.ts';
import {statusMachine} from './machine.ts';
import type {OperationSnapshot} from './machine-type.ts';

/** A watched operation as a snapshot of the machine. */
export function snapshotOf(context: WatchState, output?: Outcome): OperationSnapshot {
  const state = {value: stateValue(context), context};
  return statusMachine.resolveState(output === undefined ? state : {...state, status: 'done', output});
}
