import type {Operation} from '../operation/operation.ts';
import type {ResumeToken} from '../operation/resume-token.ts';
import type {WatchState} from '../operation/state.ts';
import {firstState} from '../options/first-state.ts';
import {resumeWatching} from '../options/resume.ts';
import type {Settings} from '../options/settings.ts';
import {OperationPoller} from '../poller.ts';
import {fetchOnce} from '../polling/fetch-once.ts';
import {now} from '../shared/clock.ts';
import {printable} from '../shared/printable.ts';
import type {ClientParts} from './client-parts.ts';
import {checkPollOptions, type GraphPollOptions, operationSettings} from './operation-settings.ts';
import {withTokenOrigin} from './token-origin.ts';

/** Watches an operation with what the client's operations share. */
export function watch(client: ClientParts, location: string, options: GraphPollOptions = {}): OperationPoller {
  const settings = operationSettings(client, options);
  return new OperationPoller(stateAt(client, location, settings), settings);
}

/** One GET of an operation, which ends with any failure. */
export async function fetchOperation(
  client: ClientParts,
  location: string,
  options: GraphPollOptions = {},
): Promise<Operation> {
  const settings = operationSettings(client, options);
  return fetchOnce(stateAt(client, location, settings), settings);
}

/** Goes on from a resume token, if its operation is one of the client's. */
export function resume(
  {root, base, transport, token}: ClientParts,
  resumeToken: ResumeToken | string,
  options: GraphPollOptions = {},
): OperationPoller {
  checkPollOptions(options);
  const {state, settings} = resumeWatching(resumeToken, {...options, token});
  const {reader, trustedOrigins} = settings;
  const isOurs = state.tokenOrigin === (reader.sendsToken ? root : '') || trustedOrigins.has(state.tokenOrigin);
  if (!isOurs) {
    throw new TypeError(
      printable(`resume: expected the token of an operation on ${root}, got one on ${state.tokenOrigin}`),
    );
  }
  return new OperationPoller(state, {...settings, transport, resultOrigin: root, root: base});
}

/**
 * The first state of an operation of the client.
 *
 * @throws TypeError when the location is no URL to which the client's token may go
 */
export function stateAt({root}: ClientParts, location: string, settings: Settings): WatchState {
  const state = firstState(location, settings, now());
  const ours = withTokenOrigin(state, root, settings);
  if (ours !== undefined) return ours;
  throw new TypeError(printable(`location: expected one on ${root}, got ${state.tokenOrigin}: no token goes there`));
}
