import type {OperationPoller} from 'operation-poller';
import {limits} from '../wire.ts';
import type {WatchEntry} from './watch-entry.ts';
import {watchEntryOf} from './watch-entry.ts';

/** An operation that this page watches, by the library itself. */
export interface PageWatch {
  /** What it told, oldest first. */
  readonly entries: readonly WatchEntry[];
  /** Whether it goes on. */
  readonly going: boolean;
  stop(): void;
}

/**
 * Watches an operation in this page. The library is loaded when it is first needed: where it cannot be, the rest of the page works.
 *
 * @param location what to poll: the emulator's own location, which is this page's origin
 * @param token the token to poll with; `undefined` for none
 * @param changed is called after each event and at the end
 * @throws what `import()` throws where the library is not there
 */
export async function watchHere(location: string, token: string | undefined, changed: () => void): Promise<PageWatch> {
  const {pollOperation, schedules} = await import('operation-poller');
  const poller: OperationPoller = pollOperation(location, {
    token,
    schedule: schedules.exponential({initial: 1000, factor: 1.5, max: 5000}),
  });
  const entries: WatchEntry[] = [];
  let going = true;
  poller.on('*', (event) => {
    entries.push(watchEntryOf(event));
    if (entries.length > limits.entries) entries.shift();
    changed();
  });
  const over = (): void => {
    going = false;
    changed();
  };
  // How it ended is among the events.
  poller.result().then(over, over);
  return {
    entries,
    get going() {
      return going;
    },
    stop: () => poller.stop('stopped in the page'),
  };
}
