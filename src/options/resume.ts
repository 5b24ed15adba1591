import {checkKeys, type KeyPlaceholders} from '../http/key-placeholders.ts';
import {InvalidResumeTokenError} from '../operation/errors.ts';
import {readResumeToken} from '../operation/read-resume-token.ts';
import type {ResumeToken} from '../operation/resume-token.ts';
import {isOver, lastPollAt, shiftTimes, type WatchState} from '../operation/state.ts';
import {protocolNamed} from '../protocol/presets.ts';
import {decideResultLocation} from '../protocol/result-location.ts';
import {protocolWithin} from '../protocol/start.ts';
import {checkOptions} from '../shared/check-options.ts';
import {now, processClock} from '../shared/clock.ts';
import {printable} from '../shared/printable.ts';
import {firstState, isOnForeignOrigin} from './first-state.ts';
import type {PollOptions} from './poll-options.ts';
import {pollOptionChecks, readOptions, type Settings, type WatchSetup} from './settings.ts';

/**
 * Reads a resume token with the options to go on with; see {@link resumeOperation}.
 *
 * @param time the current time of the clock that the times in the token refer to, in milliseconds since 1970. Default: they refer
 *   to the wall clock, and are converted to the clock of this process
 * @param keys those of a client, which the URLs in the token may need. Default none
 * @throws InvalidResumeTokenError, TypeError or RangeError
 */
export function resumeWatching(
  token: ResumeToken | string,
  given?: PollOptions,
  time?: number,
  keys?: KeyPlaceholders,
): WatchSetup {
  const resumed = readResumed(token, given, time);
  const {state, settings} = resumed;
  if (!isOver(state) && isOnForeignOrigin(state, settings)) {
    const {origin} = new URL(state.location);
    throw new TypeError(
      printable(`trustedOrigins: expected ${origin} among them, because the operation of the resume token is there`),
    );
  }
  checkKeys(state, keys);
  return resumed;
}

/** {@link resumeWatching} for whoever makes no request: a foreign origin and missing keys are left to whoever does. */
export function readResumed(token: ResumeToken | string, pollOptions: PollOptions = {}, time?: number): WatchSetup {
  const options = checkOptions(pollOptions, pollOptionChecks);
  const stored = readResumeToken(token);
  const state = time === undefined ? byProcessClock(stored) : stored;
  const {protocol: given = protocolNamed(state.protocol)} = options;
  const protocol = given && (protocolWithin(given, state.protocol) ?? given);
  const settings = readOptions({...options, protocol});
  const {name} = settings.reader.protocol;
  if (name !== state.protocol) {
    const its = JSON.stringify(state.protocol.slice(0, 40));
    const but =
      options.protocol === undefined
        ? 'which is missing from the options'
        : `that of the options is ${JSON.stringify(name)}`;
    throw new InvalidResumeTokenError(`Invalid resume token: its protocol is ${its}, ${but}`);
  }
  return {state: resumedState(state, options, settings, time ?? now()), settings};
}

/** How far the clocks of two machines may differ, in milliseconds, before the times of a resume token are corrected. */
const clockTolerance = 1000;

/**
 * A state of a resume token, by the clock of this process. What has happened cannot be in the future: then the clock that the token
 * was written by was ahead, and without a correction the watch would stand still for as long.
 */
function byProcessClock(stored: WatchState): WatchState {
  const state = shiftTimes(stored, -processClock.wallOffset());
  const {startedAt, changedAt, lastSeenAt = startedAt, endedAt = startedAt} = state;
  const ahead = Math.max(startedAt, changedAt, lastSeenAt, endedAt) - now();
  return ahead > clockTolerance ? shiftTimes(state, -ahead) : state;
}

function resumedState(stored: WatchState, options: PollOptions, settings: Settings, time: number): WatchState {
  const isDecided = stored.resultLocation !== undefined;
  const state = isDecided ? stored : {...stored, resultLocation: decideResultLocation(stored.location, settings)};
  if (isOver(state) && state.abandoned === undefined) return state;
  // The token's location is checked like a caller's: the bearer token goes there.
  const first = firstState(state.location, settings, time);
  const isAnew = state.abandoned === 'timeout';
  const startedAt = isAnew ? first.startedAt : state.startedAt;
  const {totalTimeout} = settings;
  const hasNewBudget = isAnew || options.totalTimeout !== undefined;
  const deadlineAt = hasNewBudget ? (totalTimeout === false ? undefined : startedAt + totalTimeout) : state.deadlineAt;
  // The response that ended the watch, or that to its start, may have asked for a wait that it was not in yet.
  const allowedAt = Math.min(state.notBefore ?? state.dueAt, lastPollAt({startedAt, deadlineAt}));
  const dueAt = isAnew ? first.startedAt : Math.max(state.dueAt, allowedAt);
  const notBefore = isAnew ? undefined : state.notBefore;
  const resumed: WatchState = {...state, startedAt, deadlineAt, dueAt, notBefore};
  if (state.abandoned === undefined) return resumed;
  return {
    ...resumed,
    abandoned: undefined,
    endedAt: undefined,
    failures: 0,
    deferredAttempts: 0,
    missingSince: undefined,
  };
}
