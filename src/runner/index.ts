/**
 * For runners of your own: a stored operation as a record, and the one function that a runner calls with it.
 *
 * @module operation-poller/runner
 */

export {createRecord, type RecordOptions} from './create-record.ts';
export type {OriginHold} from './origin-holds.ts';
export {type EndJson, type OutcomeJson, readOutcome, writeOutcome} from './outcome-json.ts';
export {dueAtOf, type OperationRecord, outcomeOf, type RecordedEnd, type RecordedFetch, wakeRecord} from './record.ts';
export {RecordRefusedError} from './record-refused-error.ts';
export {type Turn, type TurnFacts, takeTurn} from './take-turn.ts';
export type {EndedRecord, TurnOptions} from './turn-options.ts';
