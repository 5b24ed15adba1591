import {abandonError} from '../operation/abandon-error.ts';
import type {SucceededOperation} from '../operation/operation.ts';
import {isPollError, type PollErrorJson, readPollError, writePollError} from '../operation/poll-error.ts';
import type {WatchState} from '../operation/state.ts';
import type {WatchSetup} from '../options/settings.ts';
import {fetchResultOnce, type ResultProgress, type ResultStep} from '../polling/fetch-result.ts';
import type {Signal} from '../shared/abort.ts';
import {deepFreeze, isRecord} from '../shared/json.ts';
import {clockSince} from './clock-since.ts';
import {notRecorded, type RecordedJson, toRecordedJson} from './recorded-json.ts';

/** What is recorded of an attempt: when another one follows, why there is none, or the result, if the operation has one. */
type ResultRecord =
  | Extract<ResultStep, {readonly wait: number}>
  | {readonly at: number; readonly error: PollErrorJson}
  | {readonly at: number; readonly result?: unknown};

/**
 * Makes an attempt to fetch what a succeeded operation produced, for the engine to record.
 *
 * @param since the time that the watch has come to, in milliseconds since 1970
 * @throws the signal's reason when it aborts
 */
export async function recordResult(
  resumed: WatchSetup,
  operation: SucceededOperation,
  progress: ResultProgress | undefined,
  signal: Signal,
  since: number,
): Promise<RecordedJson> {
  const clock = clockSince(since);
  const step = await fetchResultOnce(resumed, operation, progress, signal, clock);
  return toRecordedJson(writeStep(step, clock.now()));
}

function writeStep(step: ResultStep, at: number): ResultRecord {
  if ('wait' in step) return step;
  const {outcome} = step;
  if (outcome.status === 'succeeded') return {at, result: outcome.operation.result};
  const {cause} = outcome.error;
  // Nothing but a failed request ends the attempts.
  if (!isPollError(cause)) throw cause;
  return {at, error: writePollError(cause)};
}

/** Reads an attempt that {@link recordResult} recorded. */
export function readResultRecord(json: RecordedJson, state: WatchState, operation: SucceededOperation): ResultStep {
  if (!isRecord(json)) throw notRecorded('result');
  const record = json as ResultRecord;
  if ('wait' in record) return record;
  if ('error' in record) {
    const error = abandonError('result', state, record.at, {cause: readPollError(record.error)});
    return {outcome: {status: 'abandoned', reason: 'result', operation, error}};
  }
  const {result} = record;
  if (result === undefined) return {outcome: {status: 'succeeded', operation}};
  deepFreeze(result);
  return {outcome: {status: 'succeeded', operation: Object.freeze({...operation, result})}};
}
