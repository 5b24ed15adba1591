import {abandonError} from '../operation/abandon-error.ts';
import type {SucceededOperation} from '../operation/operation.ts';
import type {Outcome} from '../operation/outcome.ts';
import type {PollError} from '../operation/poll-error.ts';
import {type PollErrorJson, readPollError, writePollError} from '../operation/poll-error.ts';
import type {WatchState} from '../operation/state.ts';
import type {Settings} from '../options/settings.ts';
import {fetchedOutcome} from '../polling/fetch-result.ts';
import type {Signal} from '../shared/abort.ts';
import {deepFreeze, isRecord} from '../shared/json.ts';
import {notRecorded, type RecordedJson, toRecordedJson} from './recorded-json.ts';

/**
 * Fetches what a succeeded operation produced, for the engine to record.
 *
 * @throws the signal's reason when it aborts
 */
export async function recordResult(
  settings: Settings,
  state: WatchState,
  operation: SucceededOperation,
  signal: Signal,
): Promise<RecordedJson> {
  const outcome = await fetchedOutcome(settings, state, operation, signal);
  signal.throwIfAborted();
  const at = Date.now();
  if (outcome.status === 'succeeded') return toRecordedJson({at, result: outcome.operation.result});
  // Only a failed request leads here.
  const {cause} = (outcome as Extract<Outcome, {readonly status: 'abandoned'}>).error;
  return toRecordedJson({at, error: writePollError(cause as PollError)});
}

/** How watching ends with a result that {@link recordResult} wrote. */
export function readResultRecord(json: RecordedJson, state: WatchState, operation: SucceededOperation): Outcome {
  if (!isRecord(json)) throw notRecorded('result');
  const {at, result, error} = json as unknown as {
    readonly at: number;
    readonly result?: unknown;
    readonly error?: PollErrorJson;
  };
  if (error !== undefined) {
    const cause = readPollError(error);
    return {status: 'abandoned', reason: 'result', operation, error: abandonError('result', state, at, {cause})};
  }
  if (result === undefined) return {status: 'succeeded', operation};
  if (typeof result === 'object' && result !== null) deepFreeze(result);
  return {status: 'succeeded', operation: Object.freeze({...operation, result})};
}
