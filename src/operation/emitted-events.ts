import type {OperationEvent, OperationEventBase} from './events.ts';
import type {WatchState} from './state.ts';
import type {WatchEvent} from './watch-event.ts';

/** An event that the machine has taken, between the states before and after it. */
export interface Transition {
  readonly before: WatchState;
  readonly event: WatchEvent;
  readonly after: WatchState;
}

/** What a transition emits, in order. It need not be created where nobody listens. */
export function emittedEvents(transition: Transition): OperationEvent[] {
  return eventFields(transition).map((own) => createEvent(transition, own));
}

type OwnFields<Event extends OperationEvent> = Event extends OperationEvent
  ? Omit<Event, Exclude<keyof OperationEventBase, 'operation'>> | Omit<Event, keyof OperationEventBase>
  : never;

/** The events of a transition, without the fields that all events share. */
function eventFields({before, event, after}: Transition): OwnFields<OperationEvent>[] {
  const remaining = 'remaining' in event && event.remaining !== undefined ? {remaining: event.remaining} : {};
  switch (event.type) {
    case 'report':
    case 'unknownWord': {
      const fields: OwnFields<OperationEvent>[] = [{type: 'polled', ...remaining}];
      const rawStatus = after.unknownWords === before.unknownWords ? undefined : after.unknownWords.at(-1);
      if (rawStatus !== undefined) fields.push({type: 'unknownStatus', rawStatus});
      if (event.type === 'unknownWord') return fields;
      const {operation} = event;
      const {percentComplete} = operation;
      if (percentComplete !== undefined && percentComplete !== before.operation?.percentComplete) {
        fields.push({type: 'progress', operation, percentComplete, ...remaining});
      }
      // running -> notStarted is recorded, but no status is announced twice.
      if (after.highestStatus !== before.highestStatus) {
        // The union of events is a union on the status, which the compiler cannot see through a variable.
        fields.push({type: operation.status, operation} as OwnFields<OperationEvent>);
      }
      return fields;
    }
    case 'retry': {
      const {error, delay} = event;
      return [{type: 'retrying', error, delay}];
    }
    case 'trouble':
      return [];
    case 'wait': {
      const {delay, because, after: error} = event;
      const waiting = {type: 'waiting', delay, because, ...remaining} as const;
      return error === undefined ? [waiting] : [{type: 'retrying', error, delay}, waiting];
    }
    case 'relocate': {
      const {followed} = event;
      // A proxy that puts its own address there does so in every answer: one event is enough.
      if (!followed && before.observed['notFollowed'] !== undefined) return [];
      const to = followed ? event.redactedLocation : event.to;
      return [{type: 'relocated', from: before.redactedLocation, to, followed}];
    }
    case 'stall':
      return [{type: 'stalled', since: before.changedAt}];
    case 'abandon': {
      const {reason, error} = event;
      return [{type: 'abandoned', reason, error}];
    }
  }
}

/** The fields that all events share come first: freezing an object that begins with a spread one takes fifty times as long. */
function createEvent({event, after}: Transition, own: OwnFields<OperationEvent>): OperationEvent {
  const {operation, redactedLocation: location} = after;
  const {at, answer} = event;
  // The events of a poll that is still going on carry its number.
  const isDuringPoll = event.type === 'retry' || (event.type === 'wait' && event.because === 'heldBack');
  const attempt = isDuringPoll ? after.attempt + 1 : after.attempt;
  const created =
    answer === undefined
      ? {operation, location, attempt, at, ...own}
      : {operation, location, attempt, at, answer, ...own};
  return Object.freeze(created as OperationEvent);
}
