import {
  type ActorLogic,
  type AnyActorLogic,
  type AnyActorRef,
  assign,
  type CallbackActorLogic,
  enqueueActions,
  fromCallback,
  type Snapshot,
  sendTo,
  setup,
  transition,
} from 'xstate';
import type {OperationEvent} from '../operation/events.ts';
import type {OperationStatus} from '../operation/operation.ts';
import {endedOutcome, type Outcome} from '../operation/outcome.ts';
import {type AbandonEvent, type Recorded, record, type WatchEvent} from '../operation/reducer.ts';
import {isOver, type WatchState} from '../operation/state.ts';
import {beginWatching, type PollOptions, readOptions} from '../options/options.ts';

/** What the machine starts from: the location, and {@link PollOptions} as `pollOperation` takes them. */
export interface OperationInput extends PollOptions {
  /** Where the operation is, an absolute http or https URL. */
  readonly location: string;
}

/** The machine's states: the operation's statuses, and `abandoned` when watching ended before the operation did. */
export type OperationStateValue = OperationStatus | 'abandoned';

/** Sent by the `watch` actor when it starts; the machine answers with a {@link WatchCommand}. */
export interface WatchingEvent {
  readonly type: 'watching';
}

/** What the machine sends to its `watch` actor: go on from this state. */
export interface WatchCommand {
  readonly type: 'watch';
  readonly state: WatchState;
}

/** What the machine takes. */
export type OperationMachineEvent = WatchEvent | WatchingEvent;

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

const hidden = new WeakMap<WatchInput, PollOptions>();

/**
 * The options of a machine's input on their way to the `watch` actor. They hold the token, and actors show and store their
 * input: they are kept beside it, where only {@link optionsOf} finds them. In a stored snapshot there is nothing of them.
 */
export class WatchInput {
  constructor(options: PollOptions) {
    hidden.set(this, options);
  }

  toJSON(): undefined {
    return undefined;
  }
}

/** The options of an input; none where it is not one, as after a restart from a stored snapshot. */
export function optionsOf(input: unknown): PollOptions {
  return (input instanceof WatchInput ? hidden.get(input) : undefined) ?? {};
}

/** The logic of the `watch` actor. */
export type WatchLogic = CallbackActorLogic<WatchCommand, WatchInput>;

// XState's `transition` makes an actor without input to work in; its context is never read.
const nowhere = 'https://localhost/';

function beginFrom(input: OperationInput | undefined): WatchState {
  if (input === undefined) return beginWatching(nowhere, readOptions(), 0);
  const {location, ...options} = input;
  return beginWatching(location, readOptions(options), Date.now());
}

function inputOf(event: unknown): PollOptions {
  const {location, ...options} = (event as {readonly input?: OperationInput}).input ?? {location: nowhere};
  return options;
}

function abandonedOutcome({operation}: WatchState, event: unknown): Outcome {
  // The final state's output is the event that led there.
  const {reason, error} = event as AbandonEvent;
  return {status: 'abandoned', reason, operation, error};
}

// Of the states that can be left, not of the machine: XState's pure `transition` looks there for final states too.
const whileWatching = {
  unknownWord: {actions: 'record'},
  retry: {actions: 'record'},
  trouble: {actions: 'record'},
  wait: {actions: 'record'},
  relocate: {actions: 'record'},
  stall: {actions: 'record'},
  abandon: {target: 'abandoned', actions: 'record'},
} as const;

const says = (status: OperationStatus) => ({type: 'says', params: {status}}) as const;

/**
 * The operation's machine: its statuses, moved by `report` events alone, and `abandoned`. Pure: its `watch` actor, which
 * asks the service and waits, is named here and provided in `operation-machine.ts`.
 */
const machine = setup({
  types: {
    input: {} as OperationInput,
    context: {} as WatchState,
    events: {} as OperationMachineEvent,
    emitted: {} as OperationEvent,
    output: {} as Outcome,
  },
  actors: {
    watch: fromCallback<WatchCommand, WatchInput>(() => undefined) as WatchLogic,
  },
  actions: {
    /** Keeps what is told and tells the listeners. */
    record: enqueueActions(({context, event, enqueue}) => {
      if (event.type === 'watching') return;
      const {state, events} = record(context, event);
      enqueue.assign(() => state);
      for (const emitted of events) enqueue.emit(emitted);
    }),
    /** A context that was stored as JSON has texts for dates; provided in `operation-machine.ts`, which stored ones go on with. */
    revive: () => undefined,
    startWatching: sendTo('watch', ({context}): WatchCommand => ({type: 'watch', state: context})),
  },
  guards: {
    says: ({event}, {status}: {readonly status: OperationStatus}) =>
      event.type === 'report' && event.operation.status === status,
  },
}).createMachine({
  id: 'operation',
  context: ({input}) => beginFrom(input),
  invoke: {src: 'watch', id: 'watch', input: ({event}) => new WatchInput(inputOf(event))},
  on: {
    watching: {actions: ['revive', 'startWatching']},
  },
  initial: 'notStarted',
  states: {
    notStarted: {
      on: {
        report: [
          {guard: says('notStarted'), actions: 'record'},
          {guard: says('running'), target: 'running', actions: 'record'},
          {guard: says('succeeded'), target: 'succeeded', actions: 'record'},
          {guard: says('failed'), target: 'failed', actions: 'record'},
          {guard: says('canceled'), target: 'canceled', actions: 'record'},
        ],
        ...whileWatching,
      },
    },
    running: {
      on: {
        report: [
          {guard: says('notStarted'), target: 'notStarted', actions: 'record'},
          {guard: says('running'), actions: 'record'},
          {guard: says('succeeded'), target: 'succeeded', actions: 'record'},
          {guard: says('failed'), target: 'failed', actions: 'record'},
          {guard: says('canceled'), target: 'canceled', actions: 'record'},
        ],
        ...whileWatching,
      },
    },
    succeeded: {type: 'final'},
    failed: {type: 'final'},
    canceled: {type: 'final'},
    abandoned: {type: 'final', output: ({event}) => event},
  },
  output: ({context, event}) => endedOutcome(context) ?? abandonedOutcome(context, event.output),
});

/**
 * {@link machine} by its short type. XState's own type says the same in several thousand characters, and differently from
 * version to version.
 */
export const statusMachine: OperationMachine = machine as unknown as OperationMachine;

/**
 * The machine with what it names.
 *
 * @param watch asks the service and waits
 * @param revive makes a state of one that was stored as JSON
 */
export function provided(watch: WatchLogic, revive: (state: WatchState) => WatchState): OperationMachine {
  return machine.provide({
    actors: {watch},
    actions: {revive: assign(({context}) => revive(context))},
  }) as unknown as OperationMachine;
}

/** The state of the machine that a watched operation is in. */
export function stateValue(state: WatchState): OperationStateValue {
  return state.abandoned === undefined ? (state.operation?.status ?? 'notStarted') : 'abandoned';
}

/** A watched operation as a snapshot of the machine. */
export function snapshotOf(state: WatchState, outcome?: Outcome): OperationSnapshot {
  const value = stateValue(state);
  return outcome === undefined
    ? statusMachine.resolveState({value, context: state})
    : statusMachine.resolveState({value, context: state, status: 'done', output: outcome});
}

/**
 * Moves a watched operation by an event, as XState's pure `transition` does: the machine says where the event leads, and
 * {@link record}, its only action, what is known and told then. Most polls find the operation where it was and move nothing.
 */
export function move(state: WatchState, event: WatchEvent): Recorded {
  if (isOver(state)) return {state, events: []};
  const recorded = record(state, event);
  const target = stateValue(recorded.state);
  const value = stateValue(state);
  return target === value || target === targetOf(value, state, event) ? recorded : {state, events: []};
}

// XState makes an actor for each transition, which takes longer than all else of a step: it is asked once for each way.
const targets = new Map<string, OperationStateValue>();

function targetOf(value: OperationStateValue, state: WatchState, event: WatchEvent): OperationStateValue {
  const way = `${value} ${event.type === 'report' ? event.operation.status : event.type}`;
  let target = targets.get(way);
  if (target === undefined) {
    const [next] = transition(machine, machine.resolveState({value, context: state}), event);
    target = next.value;
    targets.set(way, target);
  }
  return target;
}
