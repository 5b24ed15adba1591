import type {WatchState} from '../operation/state.ts';
import {firstState} from '../options/first-state.ts';
import {readOptions} from '../options/settings.ts';
import {now} from '../shared/clock.ts';
import type {OperationInput} from './machine-type.ts';
import {WatchInput} from './watch-input.ts';

// XState's `transition` makes an actor without input; its context is never read.
const nowhere: OperationInput = {location: 'https://localhost/'};

/** The context in which a machine begins, by its input. @throws what a wrong location or option makes `firstState` throw */
export function initialContext(input: OperationInput = nowhere): WatchState {
  const {location, ...options} = input;
  return firstState(location, readOptions(options), input === nowhere ? 0 : now());
}

/** The input of the `watch` actor, by the event that starts the machine: what it was given besides the location. */
export function watchInput(event: unknown): WatchInput {
  const {location, ...options} = (event as {readonly input?: OperationInput}).input ?? nowhere;
  return new WatchInput(options);
}
