import {redactUrl} from '../http/redact.ts';
import type {WatchState} from '../operation/state.ts';
import {isOnForeignOrigin} from '../options/first-state.ts';
import type {Settings} from '../options/settings.ts';

/**
 * Decides which origin a client's token belongs to: the client's own, wherever the operation is; none where the protocol
 * sends no token.
 *
 * @param origin the client's own
 * @returns the state with that origin; `undefined` where the operation is on an origin that gets no token, although its
 * protocol needs one
 */
export function withTokenOrigin(
  state: WatchState,
  origin: string,
  {reader, trustedOrigins, secrets}: Pick<Settings, 'reader' | 'trustedOrigins' | 'secrets'>,
): WatchState | undefined {
  const {sendsToken, foreignHosts} = reader;
  const tokenOrigin = sendsToken ? origin : '';
  if (isOnForeignOrigin({location: state.location, tokenOrigin}, {reader, trustedOrigins})) return undefined;
  const isOurs = state.tokenOrigin === tokenOrigin;
  if (!isOurs && sendsToken && !foreignHosts && !trustedOrigins.has(state.tokenOrigin)) return undefined;
  const redactedLocation = redactUrl(state.location, tokenOrigin, secrets);
  return isOurs && redactedLocation === state.redactedLocation ? state : {...state, tokenOrigin, redactedLocation};
}
