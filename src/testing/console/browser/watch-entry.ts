import type {OperationEvent} from 'operation-poller';

/** An event of a watch in the page, as far as the page shows it. */
export interface WatchEntry {
  readonly at: number;
  readonly type: OperationEvent['type'];
  readonly attempt: number;
  /** The operation's status as the watch knew it; `undefined` before the first report. */
  readonly status: string | undefined;
  /** Of `waiting` and `retrying`: for how many milliseconds. */
  readonly delay?: number;
  /** Of `waiting`: where the wait comes from. */
  readonly because?: string;
  /** What there is to say beyond the type. */
  readonly text?: string;
}

/** What the page keeps of an event. Pure. */
export function watchEntryOf(event: OperationEvent): WatchEntry {
  const {at, type, attempt} = event;
  const entry = {at, type, attempt, status: event.operation?.status};
  // Where it polls stands at the top of the page.
  const short = (message: string): string => message.replace(event.location, 'the location');
  switch (event.type) {
    case 'waiting':
      return {...entry, delay: event.delay, because: event.because};
    case 'retrying':
      return {...entry, delay: event.delay, text: short(event.error.message)};
    case 'abandoned':
      return {...entry, text: short(event.error.message)};
    case 'unknownStatus':
      return {...entry, text: event.rawStatus};
    case 'progress':
      return {...entry, text: `${event.percentComplete} %`};
    case 'relocated':
      return {...entry, text: event.to};
    default:
      return entry;
  }
}
