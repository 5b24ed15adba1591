import type {WatchState} from '../operation/state.ts';
import {firstState} from '../options/first-state.ts';
import {readOptions} from '../options/settings.ts';
import {checkIsObject} from '../shared/check-options.ts';
import {now} from '../shared/clock.ts';
import type {OperationInput} from './machine-type.ts';
import {WatchInput} from './watch-input.ts';

/**
 * The context in which a machine begins, by its input. XState's `transition` makes an actor without one, but drops what that throws.
 *
 * @throws TypeError where there is no input, and what a wrong location or option makes `firstState` throw
 */
export function initialContext(input: OperationInput | undefined): WatchState {
  checkIsObject('input', input);
  const {location, ...options} = input;
  return firstState(location, readOptions(options), now());
}

/** The input of the `watch` actor, by the event that starts the machine: what it was given besides the location. */
export function watchInput(event: unknown): WatchInput {
  const {location, ...options} = (event as {readonly input: OperationInput}).input;
  return new WatchInput(options);
}
