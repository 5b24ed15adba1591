import type {WatchState} from '../operation/state.ts';
import type {Settings} from '../options/settings.ts';
import {redactLocation} from '../shared/location.ts';

/**
 * Decides which origin the token of a client belongs to: the client's root, wherever the operation is.
 *
 * @param root the client's root
 * @returns the state with that origin; `undefined` where the operation is on an origin to which the token may not go, and
 * the protocol does not do without
 */
export function withTokenOrigin(
  state: WatchState,
  root: string,
  {reader, trustedOrigins}: Pick<Settings, 'reader' | 'trustedOrigins'>,
): WatchState | undefined {
  const {tokenOrigin, location} = state;
  if (!reader.sendsToken || tokenOrigin === root) return state;
  if (!reader.foreignHosts && !trustedOrigins.has(tokenOrigin)) return undefined;
  return {...state, tokenOrigin: root, redactedLocation: redactLocation(location, root)};
}
