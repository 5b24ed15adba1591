import {InvalidResumeTokenError} from '../operation/errors.ts';
import type {Outcome} from '../operation/outcome.ts';
import {largestCount, readResumeToken} from '../operation/read-resume-token.ts';
import {type ResumeToken, writeResumeToken} from '../operation/resume-token.ts';
import {isOver, type WatchState} from '../operation/state.ts';
import {wake} from '../polling/step.ts';
import {checkJson} from '../shared/check-json.ts';
import {
  type Checks,
  checkEach,
  checkForm,
  checkIsObject,
  checkNonEmptyString,
  checkObjectWith,
  checkRange,
  expected,
} from '../shared/check-options.ts';
import {wallClock} from '../shared/clock.ts';
import {isRecord} from '../shared/json.ts';
import {checkNow, checkResumeToken, checkString, checkTime, type EndJson, endChecks, readEnd} from './outcome-json.ts';
import {RecordRefusedError} from './record-refused-error.ts';

/** An end that has been recorded and has yet to be handed over. */
export interface RecordedEnd extends EndJson {
  /** When `onEnd` is called next, in milliseconds since 1970. */
  readonly dueAt: number;
  /** How often `onEnd` has rejected. */
  readonly rejections: number;
}

/** The progress of fetching the result of an operation that has succeeded. */
export interface RecordedFetch {
  /** How many requests have been made for it. */
  readonly attempts: number;
  /** When `notFoundGrace` began, in milliseconds since 1970. */
  readonly since: number;
  /** When the next request for it is due, in milliseconds since 1970. */
  readonly dueAt: number;
}

/**
 * A watched operation as a runner stores it: plain JSON, versioned. It contains no secret but the location, which can be
 * a capability on a foreign host. Anyone who can write to the store decides where the token goes, unless a client fixes the origin.
 */
export interface OperationRecord<Data = unknown> {
  readonly version: 1;
  /** Made with the record: it distinguishes two watches with the same key. `onEnd` gets it at each call. */
  readonly id: string;
  /** The runner's name for the record. */
  readonly key: string;
  /** Where watching goes on. Its times are those of the runner's clock. */
  readonly token: ResumeToken;
  /** What was added with the operation. */
  readonly data?: Data | undefined;
  /** How far the fetching of the result has come, where `fetchResult` asks for it and it was not ready at once. */
  readonly fetching?: RecordedFetch | undefined;
  /** How watching ended, once it has. */
  readonly ended?: RecordedEnd | undefined;
}

const recordVersion = 1;

const checkCount = checkRange({whole: true, most: largestCount});

const recordedFetchChecks = {attempts: checkCount, since: checkTime, dueAt: checkTime} satisfies Checks<RecordedFetch>;

const recordedEndChecks = {...endChecks, dueAt: checkTime, rejections: checkCount} satisfies Checks<RecordedEnd>;

const recordChecks = {
  version: checkForm(String(recordVersion), (version) => version === recordVersion),
  id: checkNonEmptyString,
  key: checkString,
  token: checkResumeToken,
  data: checkJson,
  fetching: checkObjectWith(recordedFetchChecks, {kind: 'field', required: ['attempts', 'since', 'dueAt']}),
  ended: checkObjectWith(recordedEndChecks, {kind: 'field', required: ['dueAt', 'rejections']}),
} satisfies Checks<OperationRecord>;

const recordForm = {name: 'record', prefix: '', kind: 'field', required: ['version', 'id', 'key', 'token']} as const;

/** Makes a record of a state, as it will be read from wherever it is stored. */
export function recordOf<Data>(
  id: string,
  key: string,
  data: Data | undefined,
  state: WatchState,
): OperationRecord<Data> {
  return JSON.parse(JSON.stringify({version: recordVersion, id, key, token: writeResumeToken(state), data}));
}

/** The state of a record, which is checked, wherever it comes from. @throws RecordRefusedError that names the field */
export function stateOf(record: OperationRecord): WatchState {
  try {
    checkEach(record, recordChecks, recordForm);
    const stored = readResumeToken(record.token);
    const dueAt = dueInTime(stored);
    const state = dueAt === stored.dueAt ? stored : {...stored, dueAt};
    const {ended, fetching} = record;
    if (fetching !== undefined && (ended !== undefined || state.operation?.status !== 'succeeded')) {
      throw new TypeError('fetching: its operation has not succeeded, or its end is recorded');
    }
    if (ended !== undefined && !isOver(state)) throw new TypeError('ended: its watch is not over');
    if (ended?.resultFailedAt !== undefined && state.operation?.status !== 'succeeded') {
      throw new TypeError('ended.resultFailedAt: its operation has not succeeded');
    }
    return state;
  } catch (error) {
    const isInvalid =
      error instanceof TypeError || error instanceof RangeError || error instanceof InvalidResumeTokenError;
    if (!isInvalid) throw error;
    const id: unknown = isRecord(record) ? Reflect.get(record, 'id') : undefined;
    throw new RecordRefusedError(error.message, typeof id === 'string' ? id : undefined, 'invalidRecord', error);
  }
}

/** How far ahead a time is that has happened, in milliseconds, before it cannot be right: the clocks of two workers may differ. */
const clockTolerance = 1000;
/** After how long a rejected `onEnd` is called again at most, in milliseconds. */
export const longestRetry = 60_000;
/** The longest wait that is kept, in milliseconds: a year. A service can ask for 24.8 days, a schedule for more. */
export const longestWait: number = 366 * 24 * 3_600_000;

/**
 * When the next turn of a record is due that was read; now, where that is later than any wait can be: somebody has changed it, or the
 * clock was set back.
 */
export function dueAtBy({token, fetching, ended}: OperationRecord, now: number): number {
  const {dueAt} = ended ?? fetching ?? {dueAt: dueInTime(token)};
  return dueAt - now > (ended ? longestRetry : longestWait) ? now : Math.ceil(dueAt);
}

/** A state for a poll, with what has happened no later than now, and no wait that the service asked for longer than any can be. */
export function stateBy(state: WatchState, now: number): WatchState {
  const latest = now + clockTolerance;
  const past = <Time extends number | undefined>(time: Time) => (time !== undefined && time > latest ? now : time);
  const {startedAt, changedAt, lastSeenAt, missingSince, notBefore = now} = state;
  const isPossible = Math.max(startedAt, changedAt, lastSeenAt ?? now, missingSince ?? now) <= latest;
  if (isPossible && notBefore - now <= longestWait) return state;
  return {
    ...state,
    startedAt: past(startedAt),
    changedAt: past(changedAt),
    lastSeenAt: past(lastSeenAt),
    missingSince: past(missingSince),
    notBefore: notBefore - now > longestWait ? undefined : state.notBefore,
  };
}

/** The year 2001, in milliseconds since 1970: a clock that begins at 0, such as one of a test, has not come so far. */
const realTime = 1e12;

/**
 * Checks the time of a turn: seconds are the thousandth of what they should be, so that waits would be a thousand times as long.
 *
 * @throws TypeError that names the argument
 */
export function checkTurnTime(now: number, {startedAt}: WatchState): void {
  const isThousandth = startedAt > realTime && Math.abs(now * 1000 - startedAt) < longestWait;
  if (isThousandth) throw expected('now', 'milliseconds since 1970', `${now}, which are seconds`);
}

/** When a watch is due: at its deadline at the latest, whoever made the record. What is due then is not polled again. */
function dueInTime({dueAt, deadlineAt}: {readonly dueAt: number; readonly deadlineAt?: number | undefined}): number {
  return Math.min(dueAt, deadlineAt ?? Number.POSITIVE_INFINITY);
}

/**
 * When the next turn of a record is due, in milliseconds since 1970 by the runner's clock.
 *
 * @throws TypeError or RangeError that names the field; the others are not looked at
 */
export function dueAtOf(record: OperationRecord): number {
  checkIsObject('record', record);
  const {token, fetching, ended} = record;
  checkResumeToken('token', token);
  const dueAt = (ended ?? fetching)?.dueAt ?? dueInTime(token);
  checkTime('dueAt', dueAt);
  return dueAt;
}

/**
 * How the watch of a record ended, with errors of the same classes as a poller's; `undefined` while it goes on. `Result` is the type
 * of the result, which nobody checks.
 *
 * @throws RecordRefusedError that names the field
 */
export function outcomeOf<Result = unknown>(record: OperationRecord): Outcome<Result> | undefined {
  const state = stateOf(record);
  return record.ended === undefined ? undefined : (readEnd(state, record.ended) as Outcome<Result>);
}

/**
 * A record after a hint that its operation may have changed: its next turn is due as soon as the service allows a poll, as for
 * `poller.wake()`. Returns the same record where that is no earlier, or where watching is over.
 *
 * @param now by the runner's clock, in milliseconds since 1970; seconds are refused
 * @throws RecordRefusedError that names the field; TypeError or RangeError when `now` is no time
 */
export function wakeRecord<Data>(record: OperationRecord<Data>, now: number): OperationRecord<Data> {
  checkNow('now', now);
  const state = stateOf(record);
  checkTurnTime(now, state);
  const clock = wallClock(() => now);
  const woken = wake(state, clock);
  return woken === undefined ? record : {...record, token: writeResumeToken(woken.state)};
}
