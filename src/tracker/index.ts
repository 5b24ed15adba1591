/**
 * Many operations in one process, kept in a store.
 *
 * @module operation-poller/tracker
 */

export type {PolledBy, TurnEventOf} from '../runner/turn-events.ts';
export {createOperationTracker, type OperationTrackerOptions} from './create-tracker.ts';
export type {OperationTracker, TrackedCounts} from './operation-tracker.ts';
export type {OperationStore, WriteHint} from './store.ts';
export {TrackedOperation} from './tracked-operation.ts';
export {TrackerError} from './tracker-error.ts';
