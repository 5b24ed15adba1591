import {withoutKeys} from '../http/key-placeholders.ts';
import {redactUrl} from '../http/redact.ts';
import type {WatchState} from '../operation/state.ts';
import {isOnForeignOrigin} from '../options/first-state.ts';
import type {Settings} from '../options/settings.ts';
import {printable} from '../shared/printable.ts';
import type {ClientParts} from './client-parts.ts';

/** A state with the origin that a client's token belongs to. @throws TypeError where the operation is where no token goes */
export function ownedState(
  state: WatchState,
  client: Pick<ClientParts, 'origin' | 'keys'>,
  settings: Settings,
): WatchState {
  const ours = withTokenOrigin(state, client, settings);
  if (ours !== undefined) return ours;
  const {origin} = new URL(state.location);
  throw new TypeError(printable(`location: expected one on ${client.origin}, got ${origin}: no token goes there`));
}

/**
 * Decides which origin a client's token belongs to: the client's own, wherever the operation is; none where the protocol
 * sends no token. The client's keys are taken out of what is kept.
 *
 * @returns the state with that origin; `undefined` where the operation is on an origin that gets no token, although its
 * protocol needs one
 */
export function withTokenOrigin(
  given: WatchState,
  {origin, keys}: Pick<ClientParts, 'origin' | 'keys'>,
  {reader, trustedOrigins, secrets}: Pick<Settings, 'reader' | 'trustedOrigins' | 'secrets'>,
): WatchState | undefined {
  const state = withoutKeys(given, keys);
  const {sendsToken, foreignHosts} = reader;
  const tokenOrigin = sendsToken ? origin : '';
  if (isOnForeignOrigin({location: state.location, tokenOrigin}, {reader, trustedOrigins})) return undefined;
  const isOurs = state.tokenOrigin === tokenOrigin;
  if (!isOurs && sendsToken && !foreignHosts && !trustedOrigins.has(state.tokenOrigin)) return undefined;
  const redactedLocation = redactUrl(state.location, tokenOrigin, secrets);
  return isOurs && redactedLocation === state.redactedLocation ? state : {...state, tokenOrigin, redactedLocation};
}
