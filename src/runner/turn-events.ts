import type {OperationEvent, OperationEventType} from '../operation/events.ts';
import type {OperationEventOf} from '../poller.ts';
import type {Listeners} from '../shared/listeners.ts';
import {redactKey} from '../shared/location.ts';
import type {OperationRecord} from './record.ts';
import type {Turn} from './take-turn.ts';

/** What a runner knows of the turn that an event comes from. */
export interface PolledBy {
  /** What the operation was added by. A location is without its query where no token goes: there it can be a capability. */
  readonly key: string;
  /** The protocol's name. */
  readonly protocol: string;
  /** When watching began, in whatever process, in milliseconds since 1970. */
  readonly startedAt: number;
  /**
   * When the runner began the poll, in milliseconds since 1970: a client may hold the request back for a while after that.
   * `undefined` where no request was made, because the deadline had passed.
   */
  readonly askedAt: number | undefined;
  /** What was added with the operation, not a copy: do not change it. */
  readonly data: unknown;
}

/** An event of a turn by its name; `'*'` is any. `Result` is the type of the operation's result. */
export type TurnEventOf<Type extends OperationEventType | '*', Result = unknown> = OperationEventOf<Type, Result> & {
  /** The operation's id, as `onEnd` gets it. */
  readonly id: string;
} & PolledBy;

/** Any event of a turn. */
export type TurnEvent = OperationEvent & {readonly id: string} & PolledBy;

/** A turn that was taken, and what it was taken with. */
export interface TakenTurn<Data> {
  readonly before: OperationRecord<Data>;
  readonly turn: Turn<Data>;
  /** Until when the runner held the operation's origin back, in milliseconds since 1970. */
  readonly heldUntil: number | undefined;
  /** When it was taken, by the runner's clock, in milliseconds since 1970. */
  readonly at: number;
}

/** Emits what a turn returned, in the process that took it. */
export function emitTurn<Data>(
  listeners: Listeners<TurnEvent>,
  {before, turn: {record, events}, heldUntil, at}: TakenTurn<Data>,
): void {
  if (listeners.isEmpty) return;
  const {id, key, data, token} = record;
  const {protocol, startedAt, attempt, tokenOrigin} = token;
  const wasAsked = heldUntil === undefined && attempt > before.token.attempt;
  const shown = redactKey(key, tokenOrigin);
  for (const event of events) {
    // A poll that is held back has not sent its request yet.
    const isHeld = event.type === 'waiting' && event.because === 'heldBack';
    const askedAt = wasAsked && !isHeld ? at : undefined;
    listeners.emit(Object.freeze({...event, id, key: shown, protocol, startedAt, data, askedAt}));
  }
}
