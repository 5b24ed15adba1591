import {abandonError} from '../operation/abandon-error.ts';
import type {SucceededOperation} from '../operation/operation.ts';
import {type PollError, type PollErrorJson, readPollError, writePollError} from '../operation/poll-error.ts';
import type {WatchState} from '../operation/state.ts';
import type {Resumed} from '../options/resume.ts';
import {fetchResultOnce, type ResultProgress, type ResultStep} from '../polling/fetch-result.ts';
import type {Signal} from '../shared/abort.ts';
import {wallClock} from '../shared/clock.ts';
import {deepFreeze, isRecord} from '../shared/json.ts';
import {notRecorded, type RecordedJson, toRecordedJson} from './recorded-json.ts';

/**
 * Makes an attempt to fetch what a succeeded operation produced, for the engine to record.
 *
 * @throws the signal's reason when it aborts
 */
export async function recordResult(
  resumed: Resumed,
  operation: SucceededOperation,
  progress: ResultProgress | undefined,
  signal: Signal,
): Promise<RecordedJson> {
  const step = await fetchResultOnce(resumed, operation, progress, signal, wallClock(Date.now));
  if ('wait' in step) return toRecordedJson(step);
  const {outcome} = step;
  const at = Date.now();
  if (outcome.status === 'succeeded') return toRecordedJson({at, result: outcome.operation.result});
  // Only a failed request leads here.
  const {cause} = (outcome as Extract<typeof outcome, {readonly status: 'abandoned'}>).error;
  return toRecordedJson({at, error: writePollError(cause as PollError)});
}

/** Reads an attempt that {@link recordResult} recorded. */
export function readResultRecord(json: RecordedJson, state: WatchState, operation: SucceededOperation): ResultStep {
  if (!isRecord(json)) throw notRecorded('result');
  const {at, result, error, wait, progress} = json as unknown as {
    readonly at: number;
    readonly result?: unknown;
    readonly error?: PollErrorJson;
    readonly wait?: number;
    readonly progress?: ResultProgress;
  };
  if (wait !== undefined && progress !== undefined) return {wait, progress};
  if (error !== undefined) {
    const unavailable = abandonError('result', state, at, {cause: readPollError(error)});
    return {outcome: {status: 'abandoned', reason: 'result', operation, error: unavailable}};
  }
  if (result === undefined) return {outcome: {status: 'succeeded', operation}};
  deepFreeze(result);
  return {outcome: {status: 'succeeded', operation: Object.freeze({...operation, result})}};
}
