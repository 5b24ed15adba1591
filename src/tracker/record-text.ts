import {readResumeToken} from '../operation/read-resume-token.ts';
import {writeResumeToken} from '../operation/resume-token.ts';
import {shiftTimes} from '../operation/state.ts';
import {type OperationRecord, stateOf} from '../runner/record.ts';
import {RecordRefusedError} from '../runner/record-refused-error.ts';
import {processClock, shiftTime} from '../shared/clock.ts';

/** A record as a store keeps it. Its times are the wall clock's, the only one that processes share. */
export function writeRecord(record: OperationRecord): string {
  return JSON.stringify(toWallClock(record));
}

/**
 * Reads what a store gave for a key, wherever that comes from.
 *
 * @returns the record, its times converted to the clock of this process
 * @throws RecordRefusedError that says what is wrong with it
 */
export function readRecordText<Data>(key: string, text: string): OperationRecord<Data> {
  const record: OperationRecord<Data> = parse(text);
  stateOf(record); // throws where it is not a record
  if (record.key !== key)
    throw new RecordRefusedError('key: it is not the key that the record is stored under', record.id, 'invalidRecord');
  return toProcessClock(record);
}

/** Converts the times of a record from the wall clock to the clock of this process. */
export function toProcessClock<Data>(record: OperationRecord<Data>): OperationRecord<Data> {
  return shiftRecord(record, -processClock.wallOffset());
}

/** Converts the times of a record from the clock of this process to the wall clock. */
export function toWallClock<Data>(record: OperationRecord<Data>): OperationRecord<Data> {
  return shiftRecord(record, processClock.wallOffset());
}

function shiftRecord<Data>(record: OperationRecord<Data>, by: number): OperationRecord<Data> {
  if (by === 0) return record;
  const {fetching, ended} = record;
  const token = writeResumeToken(shiftTimes(readResumeToken(record.token), by));
  if (fetching !== undefined) {
    const {since, dueAt} = fetching;
    return {...record, token, fetching: {...fetching, since: since + by, dueAt: dueAt + by}};
  }
  if (ended === undefined) return {...record, token};
  const {dueAt, resultFailedAt} = ended;
  return {...record, token, ended: {...ended, dueAt: dueAt + by, resultFailedAt: shiftTime(resultFailedAt, by)}};
}

function parse(text: string) {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's message would quote the text.
    throw new RecordRefusedError('it is not JSON', undefined, 'invalidRecord');
  }
}
