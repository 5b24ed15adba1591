import {fromCallback} from 'xstate';
import {checkKeys} from '../http/key-placeholders.ts';
import {provideWatch} from '../machine/machine.ts';
import type {OperationMachine, WatchCommand, WatchingEvent, WatchLogic} from '../machine/machine-type.ts';
import {WatchInput} from '../machine/watch-input.ts';
import {readResumeToken} from '../operation/read-resume-token.ts';
import {writeResumeToken} from '../operation/resume-token.ts';
import type {WatchState} from '../operation/state.ts';
import {checkClient, checkOneTransport, type WatchByClient, watchByClient} from '../options/client-option.ts';
import {firstState} from '../options/first-state.ts';
import type {PollOptions} from '../options/poll-options.ts';
import {pollOptionChecks, readOptions} from '../options/settings.ts';
import {checkOptions} from '../shared/check-options.ts';
import type {Change} from './step-builder.ts';
import {Watch} from './watch.ts';

/** The options of {@link watchOperation}. */
export interface WatchOperationOptions extends PollOptions {
  /** A client, of Graph or any service, in place of `token` and `http`: polls go through its gate and limits. */
  readonly client?: object | undefined;
}

/**
 * The logic of the machine's `watch` actor: it polls the service and reports to the machine. {@link operationMachine} has it
 * already, with the options of its input. Provide it yourself where options must outlive a stored snapshot, which holds
 * no functions and no token:
 *
 * ```ts
 * const machine = operationMachine.provide({actors: {watch: watchOperation({client})}});
 * const actor = createActor(machine, {snapshot: JSON.parse(stored), input: {location}}); // the input is not read
 * ```
 *
 * @param given used where the machine's input does not set them
 * @throws TypeError or RangeError as {@link pollOperation} does
 */
export function watchOperation(given: WatchOperationOptions = {}): WatchLogic {
  const own = checkOptions(given, {...pollOptionChecks, client: checkClient});
  const {client, ...options} = own;
  readOptions(options);
  checkOneTransport(own);
  return watchLogic(options, client && watchByClient(client));
}

/** @param options checked, and used where the machine's input does not set them */
/* @__NO_SIDE_EFFECTS__ */ function watchLogic(options: PollOptions, watchBy = watchByOptions): WatchLogic {
  return fromCallback<WatchCommand, WatchInput>(({input, sendBack, receive}) => {
    const own = Object.entries(WatchInput.optionsOf(input)).filter(([, value]) => value !== undefined);
    const merged = {...options, ...Object.fromEntries(own)};
    let watch: Watch | undefined;
    let closed = false;
    receive(({state: from}) => {
      const {state, settings} = watchBy(from, merged);
      const onChange = ({machineEvents}: Change): void => {
        if (!closed) for (const event of machineEvents) sendBack(event);
      };
      watch = new Watch(state, settings, onChange, undefined);
    });
    const begin = (from: WatchState): WatchState => {
      const {settings} = watchBy(from, merged);
      return watchBy(firstState(from.location, settings, from.startedAt), merged).state;
    };
    const watching: WatchingEvent = {type: 'watching', begin: input instanceof WatchInput ? begin : undefined};
    sendBack(watching);
    return () => {
      closed = true;
      watch?.stop('stopped', undefined);
    };
  });
}

const watchByOptions: WatchByClient = (state, options) => {
  checkKeys(state);
  return {state, settings: readOptions(options)};
};

function revive(state: WatchState, begin?: WatchingEvent['begin']): WatchState {
  const {operation, attempt} = state;
  if (begin !== undefined && attempt === 0) return begin(state);
  return Object.isFrozen(operation) ? state : readResumeToken(writeResumeToken(state));
}

/**
 * The operation as an XState machine that watches it: `notStarted`, `running`, `succeeded`, `failed`, `canceled`, and
 * `abandoned` when watching ended first. Its snapshot's `value` is that plain string, its context keeps the operation as
 * last known, it emits the same events as a poller, and its output is the {@link Outcome}. Start it with `createActor`, or
 * invoke it in a machine of your own.
 *
 * Used purely, with XState's `initialTransition` and `transition`, its status changes with `report` events, and nothing is polled.
 *
 * The actor keeps its input and shows it when printed: pass a token through {@link watchOperation} rather than the input.
 *
 * @example
 * ```ts
 * const machine = operationMachine.provide({actors: {watch: watchOperation({token})}});
 * const actor = createActor(machine, {input: {location}});
 * actor.on('running', ({operation}) => console.log(operation.rawStatus));
 * actor.start();
 * const outcome = await toPromise(actor);
 * ```
 */
export const operationMachine: OperationMachine = provideWatch(/* @__PURE__ */ watchLogic({}), revive);
