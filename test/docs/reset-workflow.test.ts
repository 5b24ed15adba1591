import {expect, jest, test} from '@jest/globals';
import {type Operation, type OperationStatus, operationMachine, type WatchCommand} from 'operation-poller';
import {createActor, fromCallback, fromPromise, initialTransition, toPromise, transition} from 'xstate';
import {getShortestPaths} from 'xstate/graph';
import {resetWorkflow} from '../../docs/examples/reset-workflow.ts';

const location = 'https://graph.microsoft.com/v1.0/users/1/authentication/operations/2';

/** What a poll reports, without a poll. */
function report(status: OperationStatus) {
  const operation: Operation = {id: '2', status, rawStatus: status, raw: {}};
  return {type: 'report', operation, at: Date.now()} as const;
}

/** In place of the actor that polls the service: it announces itself, and reports once the machine says go. */
function watchThatSees(statuses: readonly OperationStatus[]) {
  return fromCallback<WatchCommand>(({receive, sendBack}) => {
    receive(() => {
      for (const status of statuses) sendBack(report(status));
    });
    sendBack({type: 'watching'});
  });
}

test.each([
  {seen: ['running', 'succeeded'], value: 'notified', notified: 1, escalated: 0},
  {seen: ['running', 'failed'], value: 'escalated', notified: 0, escalated: 1},
  {seen: ['canceled'], value: 'escalated', notified: 0, escalated: 1},
] as const)('an operation that is seen $seen is $value', async ({seen, value, notified, escalated}) => {
  const notify = jest.fn(async (): Promise<void> => undefined);
  const escalate = jest.fn(async (): Promise<void> => undefined);
  const workflow = resetWorkflow.provide({
    actors: {
      resetPassword: fromPromise(async () => ({location})),
      operation: operationMachine.provide({actors: {watch: watchThatSees(seen)}}),
      notify: fromPromise(notify),
      escalate: fromPromise(escalate),
    },
  });

  const actor = createActor(workflow, {input: {userId: 'adele'}}).start();
  await toPromise(actor);

  expect(actor.getSnapshot().value).toBe(value);
  expect([notify.mock.calls.length, escalate.mock.calls.length]).toEqual([notified, escalated]);
});

test('every state of the workflow is reachable, in three steps at most', () => {
  const paths = getShortestPaths(resetWorkflow, {
    input: {userId: 'adele'},
    events: [
      {type: 'xstate.done.actor.resetPassword', output: {location}},
      {type: 'xstate.error.actor.resetPassword', error: new Error('403')},
      {type: 'xstate.done.actor.operation', output: {status: 'succeeded'}},
      {type: 'xstate.done.actor.operation', output: {status: 'abandoned', error: new Error('unreachable')}},
      {type: 'xstate.done.actor.notify'},
      {type: 'xstate.done.actor.escalate'},
    ],
    // What distinguishes two states; the rest of the context may differ.
    serializeState: ({value}) => JSON.stringify(value),
  });

  // The first step of each path is the start.
  expect(Object.fromEntries(paths.map(({state, steps}) => [state.value, steps.length - 1]))).toEqual({
    resetting: 0,
    waiting: 1,
    escalating: 1,
    notifying: 2,
    escalated: 2,
    notified: 3,
  });
});

test('the operation machine is moved by reports, with no actor and no request', () => {
  const [initial] = initialTransition(operationMachine, {location});
  const [running, effects] = transition(operationMachine, initial, report('running'));
  const [succeeded] = transition(operationMachine, running, report('succeeded'));
  const [after] = transition(operationMachine, succeeded, report('failed'));

  expect([initial, running, succeeded, after].map(({value}) => value)).toEqual([
    'notStarted',
    'running',
    'succeeded',
    'succeeded',
  ]);
  // What it would emit: polled, running.
  expect(effects.map(({type}) => type)).toEqual(['xstate.emit', 'xstate.emit']);
  expect(succeeded.output).toMatchObject({status: 'succeeded', operation: {id: '2'}});
});
