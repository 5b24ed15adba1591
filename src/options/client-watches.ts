import type {WatchState} from '../operation/state.ts';
import type {PollOptions} from './poll-options.ts';
import type {Resumed} from './resume.ts';

/** How an operation of a client is watched, from a given state. @throws TypeError where it does not belong to the client */
export type WatchByClient = (state: WatchState, options: PollOptions) => Resumed;

// Clients are later in the order of folders, and enter themselves here.
const watches = new WeakMap<object, WatchByClient>();

export function rememberWatch(client: object, watch: WatchByClient): void {
  watches.set(client, watch);
}

/** How the operations of a client are watched; `undefined` for anything but a client of this package. */
export function watchByClient(client: object): WatchByClient | undefined {
  return watches.get(client);
}
