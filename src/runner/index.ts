// Runners by anybody: a stored operation as a record, and the turn that is all one does with it.
export {createRecord, type RecordOptions} from './create-record.ts';
export {type EndJson, type OutcomeJson, readOutcome, writeOutcome} from './outcome-json.ts';
export {dueAtOf, type OperationRecord, outcomeOf, type RecordedEnd, wakeRecord} from './record.ts';
export {RecordRefusedError} from './record-refused-error.ts';
export type {OriginHold} from './step-unless-held.ts';
export {type Turn, type TurnFacts, takeTurn} from './take-turn.ts';
export type {EndedRecord, TurnOptions} from './turn-options.ts';
