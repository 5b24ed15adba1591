import {type AnyMachineSnapshot, type AnyTransitionDefinition, getNextTransitions} from 'xstate';
import type {Transition} from '../operation/emitted-events.ts';
import {isOperationStatus, type OperationStatus} from '../operation/operation.ts';
import {reduce} from '../operation/reducer.ts';
import {type OperationStateValue, stateValue, type WatchState} from '../operation/state.ts';
import type {TransitionTable, WatchEvent} from '../operation/watch-event.ts';
import {firstState} from '../options/first-state.ts';
import {readOptions} from '../options/settings.ts';
import {statusMachine} from './machine.ts';
import type {OperationMachine} from './machine-type.ts';

const tables = new WeakMap<OperationMachine, TransitionTable>();

/**
 * The table of a machine's transitions, read once from the machine itself: asking XState for each poll costs 35 µs and
 * more. Every runner uses this table.
 *
 * @throws TypeError when the machine cannot be a table: a guard that looks at anything but the reported status, a report that
 *   leads to another status than the reported one, an action that records another state than the next one, a terminal state
 *   that can be left
 */
export function transitionsOf(machine: OperationMachine): TransitionTable {
  let transitions = tables.get(machine);
  if (transitions === undefined) {
    transitions = readTransitions(machine);
    tables.set(machine, transitions);
  }
  return transitions;
}

/**
 * Applies an event to a watched operation, as the machine does.
 *
 * @returns `undefined` where the machine does not take the event
 */
export function transition(
  before: WatchState,
  event: WatchEvent,
  transitions: TransitionTable = transitionsOf(statusMachine),
): Transition | undefined {
  const next = transitions(stateValue(before), event);
  return next === undefined ? undefined : {before, event, after: reduce(before, event, next)};
}

/** Where a state leads to: by the reported status, or by the type of any other event, which is never a status. */
type Row = Map<string, OperationStateValue>;

const stateValues: readonly OperationStateValue[] = [
  'notStarted',
  'running',
  'succeeded',
  'failed',
  'canceled',
  'abandoned',
];

function readTransitions(machine: OperationMachine): TransitionTable {
  const table = new Map<OperationStateValue, Row>();
  // It is not looked at: guards come as data, and nothing runs.
  const context = firstState('https://localhost/', readOptions(), 0);
  for (const from of stateValues) {
    const row: Row = new Map();
    table.set(from, row);
    for (const definition of definitionsOf(machine, from, context)) {
      const {key, to} = readDefinition(from, definition);
      // Like XState, the first one counts.
      if (!row.has(key)) row.set(key, to);
    }
  }
  return (from, event) => table.get(from)?.get(event.type === 'report' ? event.operation.status : event.type);
}

/** The transitions from a state that change it or record something. */
function definitionsOf(
  machine: OperationMachine,
  value: OperationStateValue,
  context: WatchState,
): readonly AnyTransitionDefinition[] {
  const snapshot = machine.resolveState({value, context, status: 'active'}) as unknown as AnyMachineSnapshot;
  // The event that starts the `watch` actor is not in the table, since no runner sends it: it must not change the state.
  return getNextTransitions(snapshot).filter(({eventType, target}) => eventType !== 'watching' || target !== undefined);
}

function readDefinition(
  from: OperationStateValue,
  {eventType, guard, target, actions}: AnyTransitionDefinition,
): {readonly key: string; readonly to: OperationStateValue} {
  const to = (target?.[0]?.key ?? from) as OperationStateValue;
  const refuse = (why: string): TypeError => new TypeError(`The transition ${from} -> ${to} on ${eventType} ${why}`);
  if (from !== 'notStarted' && from !== 'running') throw refuse('leaves a terminal state');
  if (eventType === '' || eventType.includes('*')) throw refuse('is not for one event');
  if (target !== undefined && target.length > 1) throw refuse('has several targets');
  const status = eventType === 'report' ? reportedStatus(guard) : undefined;
  const isGuardKnown = eventType === 'report' ? status !== undefined : guard === undefined;
  if (!isGuardKnown) throw refuse('has a guard that looks at more than the reported status');
  const leadsTo = status ?? (eventType === 'abandon' ? 'abandoned' : from);
  if (to !== leadsTo) throw refuse(`should lead to ${leadsTo}`);
  // Other runners take no action but call the reducer with the state that the table has.
  if (recordedState(actions) !== to) throw refuse(`should have one action, which records ${to}`);
  return {key: status ?? eventType, to};
}

function reportedStatus(guard: unknown): OperationStatus | undefined {
  const {type, params} = (guard ?? {}) as {readonly type?: unknown; readonly params?: {readonly status?: unknown}};
  return type === 'reported' && isOperationStatus(params?.status) ? params.status : undefined;
}

/** The state that the actions of a transition record; `undefined` where they do anything else. */
function recordedState([action, ...others]: readonly unknown[]): unknown {
  const {type, params} = (action ?? {}) as {readonly type?: unknown; readonly params?: {readonly next?: unknown}};
  return type === 'record' && others.length === 0 ? params?.next : undefined;
}
