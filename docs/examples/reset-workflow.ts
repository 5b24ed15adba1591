// A password reset as a workflow: reset, wait for the operation, then notify the user or escalate. Its side effects are
// named here and provided by the code that runs it: see run-reset-workflow.ts, and docs/testing-machines.md for its tests.
import {type Outcome, operationMachine} from 'operation-poller';
import {assign, fromPromise, setup} from 'xstate';

/** Where the reset's operation is, and how long the service asks to wait before the first poll. */
export interface Started {
  readonly location: string;
  readonly initialDelay?: number | undefined;
}

interface Workflow {
  readonly userId: string;
  readonly started?: Started;
  readonly problem?: string;
}

function toBeProvided(): never {
  throw new Error('resetWorkflow: provide resetPassword, notify and escalate');
}

function problemOf(outcome: Outcome): string {
  return outcome.status === 'succeeded' ? 'none' : outcome.error.message;
}

export const resetWorkflow = setup({
  types: {
    input: {} as {readonly userId: string},
    context: {} as Workflow,
    children: {} as {operation: 'operation'},
    output: {} as {readonly userId: string; readonly problem: string | undefined},
  },
  actors: {
    resetPassword: fromPromise<Started, {readonly userId: string}>(toBeProvided),
    operation: operationMachine,
    notify: fromPromise<void, {readonly userId: string}>(toBeProvided),
    escalate: fromPromise<void, {readonly userId: string; readonly problem: string | undefined}>(toBeProvided),
  },
}).createMachine({
  id: 'reset',
  context: ({input}) => ({userId: input.userId}),
  initial: 'resetting',
  states: {
    resetting: {
      invoke: {
        src: 'resetPassword',
        id: 'resetPassword',
        input: ({context}) => ({userId: context.userId}),
        onDone: {target: 'waiting', actions: assign({started: ({event}) => event.output})},
        onError: {target: 'escalating', actions: assign({problem: ({event}) => String(event.error)})},
      },
    },
    waiting: {
      invoke: {
        src: 'operation',
        id: 'operation',
        // The empty location stands only if resetPassword returned none; it is rejected, which onError handles.
        input: ({context}) => ({location: '', ...context.started}),
        onDone: [
          {guard: ({event}) => event.output.status === 'succeeded', target: 'notifying'},
          {target: 'escalating', actions: assign({problem: ({event}) => problemOf(event.output)})},
        ],
        onError: {target: 'escalating', actions: assign({problem: ({event}) => String(event.error)})},
      },
    },
    notifying: {
      invoke: {
        src: 'notify',
        id: 'notify',
        input: ({context}) => ({userId: context.userId}),
        onDone: 'notified',
        onError: 'notified',
      },
    },
    escalating: {
      invoke: {
        src: 'escalate',
        id: 'escalate',
        input: ({context: {userId, problem}}) => ({userId, problem}),
        onDone: 'escalated',
        onError: 'escalated',
      },
    },
    notified: {type: 'final'},
    escalated: {type: 'final'},
  },
  output: ({context: {userId, problem}}) => ({userId, problem}),
});
