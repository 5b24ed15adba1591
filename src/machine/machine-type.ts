import type {ActorLogic, AnyActorLogic, AnyActorRef, CallbackActorLogic, Snapshot} from 'xstate';
import type {OperationEvent} from '../operation/events.ts';
import type {Outcome} from '../operation/outcome.ts';
import type {OperationStateValue, WatchState} from '../operation/state.ts';
import type {WatchEvent} from '../operation/watch-event.ts';
import type {PollOptions} from '../options/poll-options.ts';
import type {WatchInput} from './watch-input.ts';

/** What the machine starts from: the location, and {@link PollOptions} as `pollOperation` takes them. */
export interface OperationInput extends PollOptions {
  /** Where the operation is, an absolute http or https URL. */
  readonly location: string;
}

/** Sent by the `watch` actor when it starts; the machine answers with a {@link WatchCommand}. */
export interface WatchingEvent {
  readonly type: 'watching';
  /**
   * Makes the state that an operation begins in, by all options of the watch: the machine knows those of its input alone. Absent
   * after a restart from a stored snapshot, which has that state.
   */
  readonly begin?: ((state: WatchState) => WatchState) | undefined;
}

/** What the machine sends to its `watch` actor: go on from this state. */
export interface WatchCommand {
  readonly type: 'watch';
  readonly state: WatchState;
}

/** What the machine takes. */
export type OperationMachineEvent = WatchEvent | WatchingEvent;

/** The logic of the `watch` actor. */
export type WatchLogic = CallbackActorLogic<WatchCommand, WatchInput>;

/** The machine's snapshot: `value` is a plain string, `context.operation` the operation as last known. */
export type OperationSnapshot = Snapshot<Outcome> & {
  readonly value: OperationStateValue;
  readonly context: WatchState;
  /** Whether the machine is in that state. */
  matches(value: OperationStateValue): boolean;
};

/** The type of {@link operationMachine}, short so that it survives in declarations of machines that invoke it. */
export interface OperationMachine
  extends ActorLogic<OperationSnapshot, OperationMachineEvent, OperationInput, AnyActorRef['system'], OperationEvent> {
  /** The same machine with another `watch` actor, e.g. one of your test's that reports what the test says. */
  provide(implementations: {readonly actors: {readonly watch: AnyActorLogic}}): OperationMachine;
  /** The state as a snapshot to start from. */
  resolveState(state: {
    readonly value: OperationStateValue;
    readonly context: WatchState;
    readonly status?: 'active' | 'done';
    readonly output?: Outcome;
  }): OperationSnapshot;
}
