import type {OperationEvent, OperationEventType} from '../operation/events.ts';
import type {Change} from '../polling/step.ts';
import type {Listeners} from '../shared/listeners.ts';
import type {QueuedEventOf} from './operation-events.ts';

/** What a worker knows of the poll that it tells of. */
export interface PolledBy {
  /** The protocol's name. */
  readonly protocol: string;
  /** When watching began, in whatever process, in milliseconds since 1970. */
  readonly startedAt: number;
  /**
   * When the worker asked, in milliseconds since 1970: a Graph client may hold the request back for a while after that.
   * `undefined` where nobody was asked, since the deadline had passed.
   */
  readonly askedAt: number | undefined;
  /** What was added with the operation, not a copy: leave it as it is. */
  readonly data: unknown;
}

/** An event by its name, as a worker tells it; `'*'` is any. */
export type WorkerEventOf<Type extends OperationEventType | '*'> = QueuedEventOf<Type> & PolledBy;

/** Any event of a worker. */
export type WorkerEvent = OperationEvent & {readonly id: string} & PolledBy;

/** Tells of a poll those that listen to the worker. */
export function tellPoll(listeners: Listeners<WorkerEvent>, id: string, by: PolledBy, {events}: Change): void {
  for (const event of events) listeners.emit(Object.freeze({...event, id, ...by}));
}
