import {InvalidResumeTokenError} from '../operation/errors.ts';
import {type ResumeToken, readResumeToken} from '../operation/resume-token.ts';
import {isOver, type WatchState} from '../operation/state.ts';
import {protocolNamed} from '../protocol/presets.ts';
import {beginWatching, type PollOptions, readOptions, type Settings} from './options.ts';

/** What a resume token and options make: where to go on, and how. */
export interface Resumed {
  readonly state: WatchState;
  readonly settings: Settings;
}

/**
 * Reads a resume token with the options to go on with; see {@link resumeOperation}.
 *
 * @param now the clock, in milliseconds since 1970
 * @throws InvalidResumeTokenError, TypeError or RangeError
 */
export function resumeWatching(
  token: ResumeToken | string,
  options: PollOptions = {},
  now: number = Date.now(),
): Resumed {
  const state = readResumeToken(token);
  const settings = readOptions({...options, protocol: options?.protocol ?? protocolNamed(state.protocol)});
  const {name} = settings.reader.protocol;
  if (name !== state.protocol) {
    const which = JSON.stringify(state.protocol.slice(0, 40));
    throw new InvalidResumeTokenError(
      `Invalid resume token: its protocol is ${which}, that of the options is ${JSON.stringify(name)}`,
    );
  }
  return {state: resumed(state, options, settings, now), settings};
}

function resumed(state: WatchState, options: PollOptions, settings: Settings, now: number): WatchState {
  if (isOver(state) && state.abandoned === undefined) return state;
  // The token's location is checked like a caller's: there a bearer token goes.
  const begun = beginWatching(state.location, settings, now);
  const anew = state.abandoned === 'timeout';
  const startedAt = anew ? begun.startedAt : state.startedAt;
  const {totalTimeout} = settings;
  const given = anew || options.totalTimeout !== undefined;
  const deadlineAt = given ? (totalTimeout === false ? undefined : startedAt + totalTimeout) : state.deadlineAt;
  const goesOn: WatchState = {...state, startedAt, deadlineAt};
  if (state.abandoned === undefined) return goesOn;
  return {
    ...goesOn,
    dueAt: anew ? begun.startedAt : state.dueAt,
    abandoned: undefined,
    endedAt: undefined,
    answer: undefined,
    failures: 0,
    deferredAttempts: 0,
    missingSince: undefined,
  };
}
