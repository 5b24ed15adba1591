// What the compiler knows of the machine, alone and in a user's own. Compiled by `tsc -p test`, never run.
import {expectTypeOf} from 'expect-type';
import {
  type Operation,
  type OperationEvent,
  type OperationInput,
  type OperationMachine,
  type OperationMachineEvent,
  type OperationSnapshot,
  type OperationStateValue,
  type Outcome,
  operationMachine,
  pollOperation,
  type ReportEvent,
  type WatchState,
  watchOperation,
} from 'operation-poller';
import {
  type Actor,
  assign,
  createActor,
  type EmittedFrom,
  type EventFromLogic,
  fromCallback,
  type InputFrom,
  initialTransition,
  type OutputFrom,
  type SnapshotFrom,
  setup,
  toPromise,
  transition,
} from 'xstate';

const location = 'https://a.example';
declare const report: ReportEvent;

expectTypeOf(operationMachine).toEqualTypeOf<OperationMachine>();
expectTypeOf<InputFrom<OperationMachine>>().toEqualTypeOf<OperationInput>();
expectTypeOf<OutputFrom<OperationMachine>>().toEqualTypeOf<Outcome>();
expectTypeOf<SnapshotFrom<OperationMachine>>().toEqualTypeOf<OperationSnapshot>();
expectTypeOf<EventFromLogic<OperationMachine>>().toEqualTypeOf<OperationMachineEvent>();
expectTypeOf<EmittedFrom<OperationMachine>>().toEqualTypeOf<OperationEvent>();
expectTypeOf<OperationStateValue>().toEqualTypeOf<
  'notStarted' | 'running' | 'succeeded' | 'failed' | 'canceled' | 'abandoned'
>();

// As an actor.
const actor = createActor(operationMachine, {input: {location, token: 'token', totalTimeout: 5}});
expectTypeOf(actor).toEqualTypeOf<Actor<OperationMachine>>();
expectTypeOf(actor.getSnapshot().value).toEqualTypeOf<OperationStateValue>();
expectTypeOf(actor.getSnapshot().context).toEqualTypeOf<WatchState>();
expectTypeOf(actor.getSnapshot().context.operation).toEqualTypeOf<Operation | undefined>();
expectTypeOf(actor.getSnapshot().output).toEqualTypeOf<Outcome | undefined>();
expectTypeOf(toPromise(actor)).resolves.toEqualTypeOf<Outcome>();
actor.getSnapshot().matches('running');
actor.send(report);
actor.on('waiting', (event) => expectTypeOf(event.delay).toBeNumber());
actor.on('*', (event) => expectTypeOf(event).toEqualTypeOf<OperationEvent>());
// @ts-expect-error there is no such state
actor.getSnapshot().matches('done');
// @ts-expect-error there is no such event
actor.send({type: 'finish'});
// @ts-expect-error there is no such emitted event
actor.on('finished', () => undefined);
// @ts-expect-error it needs a location
createActor(operationMachine, {input: {}});
// @ts-expect-error it needs an input
createActor(operationMachine);
// @ts-expect-error an option of another type
createActor(operationMachine, {input: {location, totalTimeout: '5s'}});

// A poller's actor is the same.
expectTypeOf(pollOperation(location).actor).toEqualTypeOf<Actor<OperationMachine>>();

// Used purely.
const [first] = initialTransition(operationMachine, {location});
expectTypeOf(first).toEqualTypeOf<OperationSnapshot>();
expectTypeOf(transition(operationMachine, first, report)[0]).toEqualTypeOf<OperationSnapshot>();
// @ts-expect-error it needs a location
initialTransition(operationMachine, {});
// @ts-expect-error there is no such event
transition(operationMachine, first, {type: 'finish'});

// With another watch.
const fake = operationMachine.provide({actors: {watch: fromCallback(({sendBack}) => sendBack(report))}});
expectTypeOf(fake).toEqualTypeOf<OperationMachine>();
expectTypeOf(
  operationMachine.provide({actors: {watch: watchOperation({token: () => 'token'})}}),
).toEqualTypeOf<OperationMachine>();
// @ts-expect-error there is no such actor
operationMachine.provide({actors: {poll: fromCallback(() => undefined)}});

// In a user's own machine.
const workflow = setup({
  types: {
    context: {} as {readonly location: string; readonly outcome?: Outcome; readonly last?: Operation | undefined},
    input: {} as {readonly location: string},
  },
  actors: {operation: operationMachine},
}).createMachine({
  context: ({input}) => ({location: input.location}),
  initial: 'resetting',
  states: {
    resetting: {
      invoke: {
        src: 'operation',
        input: ({context}) => ({location: context.location, token: 'token'}),
        onSnapshot: {
          actions: assign(({event}) => {
            expectTypeOf(event.snapshot).toEqualTypeOf<OperationSnapshot>();
            return {last: event.snapshot.context.operation};
          }),
        },
        onDone: {
          target: 'done',
          actions: assign(({event}) => {
            expectTypeOf(event.output).toEqualTypeOf<Outcome>();
            return {outcome: event.output};
          }),
        },
      },
    },
    done: {type: 'final'},
  },
});
createActor(workflow, {input: {location}});
workflow.provide({actors: {operation: fake}});

setup({actors: {operation: operationMachine}}).createMachine({
  // @ts-expect-error an input without a location
  invoke: {src: 'operation', input: {token: 'token'}},
});
setup({actors: {operation: operationMachine}}).createMachine({
  // @ts-expect-error there is no such actor
  invoke: {src: 'operations', input: {location}},
});
