import type {OperationEvent, OperationPoller, RemainingTime, Schedule} from 'operation-poller';
import {limits} from '../wire.ts';

/** An event of a watch, as far as the page shows it. */
export interface WatchEntry {
  readonly at: number;
  readonly type: OperationEvent['type'];
  readonly attempt: number;
  /** The last known status of the operation; `undefined` before the first report. */
  readonly status: string | undefined;
  /** Only with `waiting` and `retrying`: for how many milliseconds. */
  readonly delay?: number;
  /** Only with `waiting`: what the delay comes from. */
  readonly because?: string;
  /** Details beyond the type. */
  readonly text?: string;
  /** How long the operation is likely to go on, once ten watches of this page have seen an end. */
  readonly remaining?: RemainingTime;
}

/** One for all watches of this page, so that it learns how long operations take. */
let schedule: Schedule | undefined;

/** An operation that this page watches with the library itself. */
export interface PageWatch {
  /** Its events, oldest first. */
  readonly entries: readonly WatchEntry[];
  /** Whether it has not ended. */
  readonly active: boolean;
  stop(): void;
}

/**
 * Watches an operation in this page. The library is loaded when it is first needed, so that the rest of the page works without it.
 *
 * @param location what to poll: the emulator's own location, which has the origin of this page
 * @param token the token to poll with; `undefined` for none
 * @param onChange is called after each event and at the end
 * @throws what `import()` throws if the library cannot be loaded
 */
export async function watchOperation(
  location: string,
  token: string | undefined,
  onChange: () => void,
): Promise<PageWatch> {
  const {pollOperation, schedules} = await import('operation-poller');
  if (schedule === undefined) {
    // It only estimates: a person who looks on wants polls in short intervals.
    const {ended, estimate} = schedules.adaptive();
    schedule = Object.assign(schedules.exponential({initial: 1000, factor: 1.5, max: 5000}), {ended, estimate});
  }
  const poller: OperationPoller = pollOperation(location, {token, schedule});
  const entries: WatchEntry[] = [];
  let active = true;
  poller.on('*', (event) => {
    entries.push(watchEntryOf(event));
    if (entries.length > limits.entries) entries.shift();
    onChange();
  });
  const end = (): void => {
    active = false;
    onChange();
  };
  // The last event says how it ended.
  poller.result().then(end, end);
  return {
    entries,
    get active() {
      return active;
    },
    stop: () => poller.stop('stopped in the page'),
  };
}

/** What the page keeps of an event. Pure. */
export function watchEntryOf(event: OperationEvent): WatchEntry {
  const {at, type, attempt} = event;
  const remaining = 'remaining' in event && event.remaining !== undefined && {remaining: event.remaining};
  const entry = {at, type, attempt, status: event.operation?.status, ...remaining};
  // The location itself is at the top of the page.
  const shorten = (message: string): string => message.replace(event.location, 'the location');
  switch (event.type) {
    case 'waiting':
      return {...entry, delay: event.delay, because: event.because};
    case 'retrying':
      return {...entry, delay: event.delay, text: shorten(event.error.message)};
    case 'abandoned':
      return {...entry, text: shorten(event.error.message)};
    case 'unknownStatus':
      return {...entry, text: event.rawStatus};
    case 'progress':
      return {...entry, text: `${event.percentComplete} %`};
    case 'relocated':
      return {...entry, text: event.followed ? event.to : `${event.to}, not followed`};
    default:
      return entry;
  }
}
