import type {TokenSource} from '../http/authorization.ts';
import type {PollOptions} from '../options/poll-options.ts';
import {pollOptionChecks, readOptions, type Settings} from '../options/settings.ts';
import {type Check, type Checks, checkIsObject, checkOptions} from '../shared/check-options.ts';
import type {ClientParts} from './client-parts.ts';

/** The options of one operation of a client: the client has `http` and `token`. */
export type GraphPollOptions = Omit<PollOptions, 'http' | 'token'>;

const {http, token, ...otherChecks} = pollOptionChecks;

/** A check for each option of an operation. */
export const graphPollChecks: Checks<GraphPollOptions> = otherChecks;

/**
 * Checks the options of one operation.
 *
 * @param checks a check for each option there is
 * @throws TypeError or RangeError that names the option
 */
export function checkPollOptions(options: object, checks: Readonly<Record<string, Check>> = graphPollChecks): void {
  checkIsObject('options', options);
  for (const name of ['http', 'token']) {
    if (name in options) throw new TypeError(`${name}: it is the client's, give it to createGraphClient`);
  }
  checkOptions(options, checks);
}

/**
 * The settings for one operation.
 *
 * @param token the token for it, by default the one for watching
 * @throws TypeError or RangeError that names the option
 */
export function operationSettings(
  {root, base, transport, token: watchToken}: ClientParts,
  options: GraphPollOptions,
  token: TokenSource = watchToken,
): Settings {
  checkPollOptions(options);
  return readOptions({...options, token}, {transport, resultOrigin: root, root: base});
}
