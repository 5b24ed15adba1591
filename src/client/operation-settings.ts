import type {PollOptions} from '../options/poll-options.ts';
import {type ClientSettings, pollOptionChecks, readOptions, type Settings} from '../options/settings.ts';
import {ownProperty} from '../protocol/pointer.ts';
import type {Protocol} from '../protocol/protocol.ts';
import {type Check, type Checks, checkOptions} from '../shared/check-options.ts';
import type {ClientParts} from './client-parts.ts';

/** For an option that only the client has. */
const refuseOption: Check = (name) => {
  throw new TypeError(`${name}: it is the client's, give it where the client is made`);
};

/** The options of one operation of a client: the client has `http` and `token`. */
export type ClientPollOptions<Result = unknown> = Omit<PollOptions<Result>, 'http' | 'token'>;

const {http, token, ...otherChecks} = pollOptionChecks;

/** A check for each option of an operation. */
export const clientPollChecks: Checks<ClientPollOptions> = otherChecks;

/**
 * Checks the options of one operation.
 *
 * @param checks a check for each option there is
 * @returns their own properties
 * @throws TypeError or RangeError that names the option
 */
export function checkPollOptions<Options extends object>(
  options: Options,
  checks: Readonly<Record<string, Check>> = clientPollChecks,
): Options {
  // Only where they are given: the message about an unknown name lists the options there are.
  const given = ['http', 'token'].filter((name) => Object.hasOwn(Object(options), name));
  return checkOptions(options, {...checks, ...Object.fromEntries(given.map((name) => [name, refuseOption]))});
}

/** The settings for one operation. @throws TypeError or RangeError that names the option */
export function operationSettings(client: ClientParts, options: ClientPollOptions = {}): Settings {
  const own = checkPollOptions(options);
  return readOptions({...own, token: client.token}, sharedSettings(client, own.protocol));
}

/** What a client gives to the settings of each of its operations, besides the token. */
export function sharedSettings(
  {origin, base, pathRoot, transport, secrets, credentials}: ClientParts,
  protocol: Protocol | undefined,
): ClientSettings {
  const underRoot = ownProperty(protocol, 'pathsUnderRoot') === true ? base : undefined;
  return {transport, secrets, credentials, resultOrigin: origin, pathRoot: pathRoot ?? underRoot, base};
}
