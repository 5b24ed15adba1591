import {rememberWatch} from '../options/client-option.ts';
import {type ClientParts, rememberParts} from './client-parts.ts';
import {operationSettings} from './operation-settings.ts';
import {ownedState} from './token-origin.ts';

/** Remembers the parts of a client, also for runners that are earlier in the order of folders. @returns the client */
export function rememberClient<Client extends object>(client: Client, parts: ClientParts): Client {
  rememberWatch(client, (state, options) => {
    const settings = operationSettings(parts, options);
    return {state: ownedState(state, parts, settings), settings};
  });
  return rememberParts(client, parts);
}
