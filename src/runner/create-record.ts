import type {ResumeToken} from '../operation/resume-token.ts';
import type {WatchState} from '../operation/state.ts';
import {firstState} from '../options/first-state.ts';
import type {PollOptions} from '../options/poll-options.ts';
import {readResumed} from '../options/resume.ts';
import {pollOptionChecks, readOptions} from '../options/settings.ts';
import {OperationPoller} from '../poller.ts';
import {firstStep} from '../polling/step.ts';
import {checkJson} from '../shared/check-json.ts';
import {type Checks, checkOptions, checkRange} from '../shared/check-options.ts';
import {wallClock} from '../shared/clock.ts';
import {checkNow, checkString} from './outcome-json.ts';
import {longestWait, type OperationRecord, recordOf} from './record.ts';

/** The options of {@link createRecord}. */
export interface RecordOptions<Data = unknown, Result = unknown>
  extends Pick<PollOptions<Result>, 'protocol' | 'totalTimeout' | 'initialDelay'> {
  /** The runner's name for the record. Default the location. */
  readonly key?: string | undefined;
  /** Any JSON, which `onEnd` gets: what JSON would lose of it, such as a map or NaN, is refused, however deep. */
  readonly data?: Data | undefined;
}

export const recordOptionChecks = {
  protocol: pollOptionChecks.protocol,
  totalTimeout: pollOptionChecks.totalTimeout,
  initialDelay: checkRange({takes: 'milliseconds,', most: longestWait}),
  key: checkString,
  data: checkJson,
} satisfies Checks<RecordOptions>;

/**
 * Makes the record of an operation, with a new id. It is plain JSON: store it as text and parse it again at any time.
 *
 * @param place where the operation is, or a poller or a resume token to resume from. A poller goes on as well: stop it once the
 *   record is stored
 * @param options see {@link RecordOptions}; `protocol` is needed again for a token of a protocol of your own
 * @param now by the runner's clock, in milliseconds since 1970, not in seconds. Default `Date.now()`
 * @throws TypeError or RangeError that names the option; InvalidResumeTokenError
 *
 * @example
 * ```ts
 * const record = createRecord(location, {key: 'adele', data: {mail: 'adele@contoso.com'}});
 * await store.put(record.key, JSON.stringify(record), dueAtOf(record));
 * ```
 */
export function createRecord<Data = unknown>(
  place: string | URL | OperationPoller | ResumeToken,
  options: RecordOptions<Data> = {},
  now: number = Date.now(),
): OperationRecord<Data> {
  const {key, data, ...watch} = checkOptions(options, recordOptionChecks);
  checkNow('now', now);
  const clock = wallClock(() => now);
  const {state} = firstStep(recordedState(place, watch, now), clock);
  return recordOf(crypto.randomUUID(), key ?? state.location, data, state);
}

/** The state to go on from, without the first wait. @throws as {@link createRecord} does */
export function recordedState(
  place: string | URL | OperationPoller | ResumeToken,
  options: Omit<RecordOptions, 'key' | 'data'>,
  now: number,
): WatchState {
  if (typeof place === 'string' || place instanceof URL) return firstState(place, readOptions(options), now);
  if (!(place instanceof OperationPoller)) return readResumed(place, options, now).state;
  const {protocol = place.protocol} = options;
  return readResumed(place.toJSON(), {...options, protocol}, now).state;
}
