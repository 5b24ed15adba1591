import type {WatchState} from '../operation/state.ts';
import {type Check, checkForm} from '../shared/check-options.ts';
import type {PollOptions} from './poll-options.ts';
import type {WatchSetup} from './settings.ts';

/** How an operation of a client is watched, from a given state. @throws TypeError where it does not belong to the client */
export type WatchByClient = (state: WatchState, options: PollOptions) => WatchSetup;

// Clients are later in the order of folders, and enter themselves here.
const watches = new WeakMap<object, WatchByClient>();

/** Remembers how the operations of a client are watched. */
export function rememberWatch(client: object, watch: WatchByClient): void {
  watches.set(client, watch);
}

/** How the operations of a client are watched; `undefined` for anything but a client of this package. */
export function watchByClient(client: object): WatchByClient | undefined {
  return watches.get(client);
}

/** A check for an option that takes a client. */
export const checkClient: Check = checkForm('a client of this package', (client) => watches.has(Object(client)));

/** @throws TypeError where options have both a client and an option that the client has itself */
export function checkOneTransport(options: {
  readonly client?: unknown;
  readonly token?: unknown;
  readonly http?: unknown;
}): void {
  if (options.client === undefined) return;
  for (const name of ['token', 'http'] as const) {
    if (options[name] !== undefined) throw new TypeError(`${name}: the client has its own; give one of the two`);
  }
}
