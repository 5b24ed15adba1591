import type {Operation} from '../operation/operation.ts';
import type {ResumeToken} from '../operation/resume-token.ts';
import type {WatchState} from '../operation/state.ts';
import {firstState} from '../options/first-state.ts';
import {resumeWatching} from '../options/resume.ts';
import type {Settings, WatchSetup} from '../options/settings.ts';
import {OperationPoller} from '../poller.ts';
import {fetchOnce} from '../polling/fetch-once.ts';
import {now} from '../shared/clock.ts';
import {printable} from '../shared/printable.ts';
import type {ClientParts} from './client-parts.ts';
import {type ClientPollOptions, checkPollOptions, operationSettings, sharedSettings} from './operation-settings.ts';
import {resolvePath} from './path.ts';
import {ownedState, withTokenOrigin} from './token-origin.ts';

/** Watches an operation with the token and limits that all of the client's operations share. */
export function watch<Result>(
  client: ClientParts,
  location: string,
  options?: ClientPollOptions<Result>,
): OperationPoller<Result> {
  const settings = operationSettings(client, options);
  return new OperationPoller<Result>(stateAt(client, location, settings), settings);
}

/** One GET of an operation, which ends with any failure. */
export async function fetchOperation<Result>(
  client: ClientParts,
  location: string,
  options?: ClientPollOptions<Result>,
): Promise<Operation<Result>> {
  const settings = operationSettings(client, options);
  return fetchOnce<Result>(stateAt(client, location, settings), settings);
}

/** Resumes watching from a resume token, if its operation belongs to the client. */
export function resume<Result>(
  client: ClientParts,
  resumeToken: ResumeToken | string,
  options?: ClientPollOptions<Result>,
): OperationPoller<Result> {
  const {state, settings} = resumeOf(client, resumeToken, options);
  return new OperationPoller<Result>(state, settings);
}

/**
 * Where and how a client resumes watching from a resume token.
 *
 * @param time the current time by the clock that the token's times refer to; default as for `resumeWatching`
 * @throws TypeError when the token's operation does not belong to the client, or one of its URLs needs a key that the client has not
 */
export function resumeOf(
  client: ClientParts,
  resumeToken: ResumeToken | string,
  options: ClientPollOptions = {},
  time?: number,
): WatchSetup {
  const {origin, token, keys} = client;
  const {state, settings: own} = resumeWatching(resumeToken, {...checkPollOptions(options), token}, time, keys);
  const settings = {...own, ...sharedSettings(client, own.reader.protocol)};
  const ours = withTokenOrigin(state, client, settings);
  if (ours !== undefined) return {state: ours, settings};
  const got = state.tokenOrigin === '' ? 'one that needs no token' : `one on ${state.tokenOrigin}`;
  throw new TypeError(printable(`resume: expected the token of an operation on ${origin}, got ${got}`));
}

/**
 * The first state of an operation of the client.
 *
 * @param location a URL, or a path under the client's base
 * @throws TypeError when the location is not a URL that the client's token may be sent to
 */
export function stateAt(client: ClientParts, location: string, settings: Settings, time: number = now()): WatchState {
  const takes = 'a path that begins with /, or an absolute http or https URL';
  return ownedState(firstState(resolvePath(location, client.base), settings, time, takes), client, settings);
}
