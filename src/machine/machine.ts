import {assign, enqueueActions, fromCallback, sendTo, setup} from 'xstate';
import {emittedEvents} from '../operation/emitted-events.ts';
import type {OperationEvent} from '../operation/events.ts';
import type {OperationStatus} from '../operation/operation.ts';
import {endedOutcome, type Outcome} from '../operation/outcome.ts';
import {reduce} from '../operation/reducer.ts';
import type {OperationStateValue, WatchState} from '../operation/state.ts';
import type {AbandonEvent} from '../operation/watch-event.ts';
import {initialContext, watchInput} from './machine-input.ts';
import type {
  OperationInput,
  OperationMachine,
  OperationMachineEvent,
  WatchCommand,
  WatchingEvent,
  WatchLogic,
} from './machine-type.ts';

/**
 * The operation's machine: its statuses, changed by `report` events alone, and `abandoned`. Pure: its `watch` actor, which
 * polls and waits, is only named here and provided by `operation-machine.ts`.
 */
const machine = /* @__PURE__ */ defineMachine();

function defineMachine() {
  return setup({
    types: {
      input: {} as OperationInput,
      context: {} as WatchState,
      events: {} as OperationMachineEvent,
      emitted: {} as OperationEvent,
      output: {} as Outcome,
    },
    actors: {
      watch: fromCallback(() => undefined) as WatchLogic,
    },
    actions: {
      record: recordAction(),
      /** A context that was stored as JSON has strings for dates; a new one lacks what the `watch` actor was given. */
      revive: () => undefined,
      startWatching: sendTo('watch', ({context}): WatchCommand => ({type: 'watch', state: context})),
    },
    guards: {
      reported: ({event}, {status}: {readonly status: OperationStatus}) =>
        event.type === 'report' && event.operation.status === status,
    },
  }).createMachine({
    // Each type is given, also where it is the default: XState would find another one in a polluted `Object.prototype`.
    id: 'operation',
    type: 'compound',
    context: ({input}) => initialContext(input),
    invoke: {src: 'watch', id: 'watch', input: ({event}) => watchInput(event)},
    on: {watching: {actions: ['revive', 'startWatching']}},
    initial: 'notStarted',
    states: {
      notStarted: {type: 'atomic', on: {report: reports(), ...recorded('notStarted')}},
      running: {type: 'atomic', on: {report: reports(), ...recorded('running')}},
      succeeded: {type: 'final'},
      failed: {type: 'final'},
      canceled: {type: 'final'},
      abandoned: {type: 'final', output: ({event}) => event},
    },
    output: ({context, event}) => endedOutcome(context) ?? abandonedOutcome(context, event.output),
  });
}

/** A report leads to the state of the status that it reports. */
function reports() {
  const to = <Status extends OperationStatus>(status: Status) =>
    ({guard: {type: 'reported', params: {status}}, target: status, actions: record(status)}) as const;
  return [to('notStarted'), to('running'), to('succeeded'), to('failed'), to('canceled')];
}

/** The events that a state records without a transition, and `abandon`, which leads out of every state. */
function recorded(state: OperationStateValue) {
  const actions = record(state);
  return {
    unknownWord: {actions},
    retry: {actions},
    trouble: {actions},
    wait: {actions},
    relocate: {actions},
    stall: {actions},
    abandon: {target: 'abandoned', actions: record('abandoned')},
  } as const;
}

/** The machine's only bookkeeping: keeps what an event changes, and emits what it means to listeners. */
function recordAction() {
  type Event = OperationMachineEvent;
  type Next = {readonly next: OperationStateValue};
  return enqueueActions<WatchState, Event, Next, Event, never, never, never, never, OperationEvent>((given, {next}) => {
    const {context: before, event, enqueue} = given;
    if (event.type === 'watching') return;
    const after = reduce(before, event, next);
    enqueue.assign(() => after);
    for (const emitted of emittedEvents({before, event, after})) enqueue.emit(emitted);
  });
}

function record(next: OperationStateValue) {
  return {type: 'record', params: {next}} as const;
}

function abandonedOutcome({operation}: WatchState, event: unknown): Outcome {
  // The output of the final state is the event that led there.
  const {reason, error} = event as AbandonEvent;
  return {status: 'abandoned', reason, operation, error};
}

/** {@link machine} by its short type: XState's own takes several thousand characters, and differs between versions. */
export const statusMachine: OperationMachine = machine as unknown as OperationMachine;

/** The machine with what it names: a `watch` actor, and what makes a state of one that its input gave, or that was stored as JSON. */
/* @__NO_SIDE_EFFECTS__ */ export function provideWatch(
  watch: WatchLogic,
  revive: (state: WatchState, begin?: WatchingEvent['begin']) => WatchState,
): OperationMachine {
  return machine.provide({
    actors: {watch},
    actions: {
      revive: assign(({context, event}) => revive(context, event.type === 'watching' ? event.begin : undefined)),
    },
  }) as unknown as OperationMachine;
}
