import {type AnyStateMachine, createMachine} from 'xstate';
import {statusMachine} from '../../src/machine/machine.ts';
import type {OperationMachine} from '../../src/machine/machine-type.ts';
import type {OperationStatus} from '../../src/operation/operation.ts';
import type {OperationStateValue} from '../../src/operation/state.ts';
import type {WatchEvent} from '../../src/operation/watch-event.ts';

/** A transition as a machine's config has it. */
export interface Definition {
  readonly target?: string | readonly string[];
  readonly guard?: unknown;
  readonly actions?: unknown;
}

/** A state as a machine's config has it. */
export interface StateConfig {
  readonly type?: 'final';
  readonly on?: Readonly<Record<string, Definition | readonly Definition[]>>;
  readonly always?: Definition;
}

type States = Readonly<Record<OperationStateValue, StateConfig>>;

/** A transition of the machine, named by what it takes. */
export interface Named {
  readonly from: OperationStateValue;
  readonly type: WatchEvent['type'];
  /** The reported status, where `type` is `report`. */
  readonly status?: OperationStatus;
  readonly definition: Definition;
}

const real = statusMachine as unknown as AnyStateMachine;
const realStates = real.config.states as unknown as States;

/** All transitions of the machine. */
export const allTransitions: readonly Named[] = Object.entries(realStates).flatMap(([state, {on = {}}]) =>
  Object.entries(on).flatMap(([event, definitions]) =>
    [definitions].flat().map((definition) => {
      const from = state as OperationStateValue;
      const status = (definition.guard as {readonly params: {readonly status: OperationStatus}} | undefined)?.params
        .status;
      return {from, type: event as WatchEvent['type'], ...(status === undefined ? {} : {status}), definition};
    }),
  ),
);

/** A transition for the name of a test. */
export function nameOf({from, type, status}: Named): string {
  return `${from} -> ${type}${status === undefined ? '' : ` ${status}`}`;
}

/** The machine with other states, made by XState from the machine's own configuration and implementations. */
export function withStates(states: Partial<States>): OperationMachine {
  const config = {...real.config, states: {...realStates, ...states}};
  return createMachine(config as never, real.implementations as never) as unknown as OperationMachine;
}

/** The machine with these of its transitions only. */
export function withTransitions(transitions: readonly Named[]): OperationMachine {
  const states = Object.entries(realStates).map(([state, config]): [string, StateConfig] => {
    const on: Record<string, Definition[]> = {};
    for (const {from, type, definition} of transitions) {
      if (from !== state) continue;
      on[type] ??= [];
      on[type].push(definition);
    }
    return [state, {...config, on}];
  });
  return withStates(Object.fromEntries(states));
}

/** The machine without one of its transitions. */
export function withoutTransition(transition: Named): OperationMachine {
  return withTransitions(allTransitions.filter((other) => other !== transition));
}
