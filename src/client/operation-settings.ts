import type {PollOptions} from '../options/poll-options.ts';
import {pollOptionChecks, readOptions, type Settings} from '../options/settings.ts';
import type {Protocol} from '../protocol/protocol.ts';
import {type Check, type Checks, checkOptions} from '../shared/check-options.ts';
import type {ClientParts} from './client-parts.ts';

/** The options of one operation of a client: the client has `http` and `token`. */
export type ClientPollOptions<Result = unknown> = Omit<PollOptions<Result>, 'http' | 'token'>;

const {http, token, ...otherChecks} = pollOptionChecks;

/** A check for each option of an operation. */
export const clientPollChecks: Checks<ClientPollOptions> = otherChecks;

/**
 * Checks the options of one operation.
 *
 * @param checks a check for each option there is
 * @throws TypeError or RangeError that names the option
 */
export function checkPollOptions(options: object, checks: Readonly<Record<string, Check>> = clientPollChecks): void {
  for (const name of ['http', 'token']) {
    if (name in Object(options)) throw new TypeError(`${name}: it is the client's, give it where the client is made`);
  }
  checkOptions(options, checks);
}

/** The settings for one operation. @throws TypeError or RangeError that names the option */
export function operationSettings(client: ClientParts, options: ClientPollOptions): Settings {
  checkPollOptions(options);
  return readOptions({...options, token: client.token}, sharedSettings(client, options.protocol));
}

/** What a client gives to the settings of each of its operations, besides the token. */
export function sharedSettings(
  {origin, base, pathRoot, transport, secrets, credentials}: ClientParts,
  protocol: Protocol | undefined,
): Pick<Settings, 'transport' | 'secrets' | 'credentials' | 'resultOrigin' | 'root' | 'base'> {
  const root = pathRoot ?? (protocol?.pathsUnderRoot === true ? base : undefined);
  return {transport, secrets, credentials, resultOrigin: origin, root, base};
}
