import {rememberWatch} from '../options/client-watches.ts';
import {printable} from '../shared/printable.ts';
import {type ClientParts, rememberParts} from './client-parts.ts';
import {operationSettings} from './operation-settings.ts';
import {withTokenOrigin} from './token-origin.ts';

/** Remembers the parts of a client, also for runners that are earlier in the order of folders. @returns the client */
export function rememberClient<Client extends object>(client: Client, parts: ClientParts): Client {
  rememberWatch(client, (state, options) => {
    const settings = operationSettings(parts, options);
    const ours = withTokenOrigin(state, parts, settings);
    if (ours !== undefined) return {state: ours, settings};
    const {origin} = new URL(state.location);
    throw new TypeError(printable(`location: expected one on ${parts.origin}, got ${origin}: no token goes there`));
  });
  return rememberParts(client, parts);
}
