import {fromCallback} from 'xstate';
import {Halt, onAbort} from './abort.ts';
import {reportToHost} from './host.ts';
import {
  type OperationMachine,
  optionsOf,
  statusMachine,
  type WatchCommand,
  type WatchInput,
  type WatchingEvent,
  type WatchLogic,
} from './machine.ts';
import {type PollOptions, readOptions, type Settings} from './options.ts';
import type {Outcome} from './outcome.ts';
import {poll} from './poll.ts';
import {longestTimer} from './retry-after.ts';
import {isOver, type WatchState} from './state.ts';
import {abandon, advance, begin, type Moved, type Step, type StepIo} from './step.ts';

/** A watch that runs by timers in this process. */
export class Watch {
  #state: WatchState;
  readonly #settings: Settings;
  readonly #heard: (moved: Moved, outcome: Outcome | undefined) => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #poll: Halt | undefined;
  /** Whether the operation was read by a poll of ours. */
  #hasRead = false;
  #unhear: (() => void) | undefined;

  /**
   * Begins after the current turn.
   *
   * @param heard hears of each move, after the state has it; with the outcome, once, when watching is over
   */
  constructor(state: WatchState, settings: Settings, heard: (moved: Moved, outcome: Outcome | undefined) => void) {
    this.#state = state;
    this.#settings = settings;
    this.#heard = heard;
    // Not queueMicrotask, which fake timers take over.
    void (settings.ready ?? Promise.resolve()).then(() => this.#begin());
  }

  get state(): WatchState {
    return this.#state;
  }

  /** Ends watching; nothing happens if it has ended. */
  stop(reason: 'aborted' | 'stopped', cause: unknown): void {
    if (!isOver(this.#state)) this.#take(abandon(this.#state, reason, Date.now(), cause));
  }

  #begin(): void {
    if (isOver(this.#state) && this.#state.abandoned !== undefined) return;
    const {signal} = this.#settings;
    if (signal?.aborted) this.stop('aborted', signal.reason);
    if (isOver(this.#state) && this.#state.abandoned !== undefined) return;
    if (signal !== undefined && !isOver(this.#state)) {
      this.#unhear = onAbort(signal, () => this.stop('aborted', signal.reason));
    }
    this.#take(begin(this.#state, Date.now()));
  }

  #ask(): void {
    if (isOver(this.#state)) return;
    const halt = new Halt();
    this.#poll = halt;
    const settings = this.#settings;
    const io: StepIo = {
      settings,
      poll: (question) => poll(settings, question),
      signal: halt,
      known: this.#hasRead ? this.#state.operation : undefined,
      retrying: (moved) => {
        if (halt.aborted) return;
        this.#state = moved.state;
        this.#heard(moved, undefined);
      },
    };
    advance(this.#state, io, Date.now).then(
      (step) => {
        this.#poll = undefined;
        this.#hasRead ||= step.state.operation !== this.#state.operation;
        if (!halt.aborted) this.#take(step);
      },
      (error: unknown) => {
        // A poll rejects only because it was aborted; anything else is a mistake of ours that must not go unheard.
        if (!halt.aborted) reportToHost(error);
      },
    );
  }

  #take(step: Step): void {
    this.#state = step.state;
    if ('outcome' in step.next) {
      this.#dispose();
      this.#heard(step, step.next.outcome);
      return;
    }
    if (step.events.length > 0) this.#heard(step, undefined);
    // A listener may have stopped us.
    if (isOver(this.#state)) return;
    if (step.next.wait === 0) this.#ask();
    else this.#sleep(step.next.wait);
  }

  /** Waits, in several turns if need be: a timer holds no more than 24.8 days. */
  #sleep(wait: number): void {
    const turn = Math.min(wait, longestTimer);
    this.#timer = setTimeout(() => (wait > turn ? this.#sleep(wait - turn) : this.#ask()), turn);
  }

  #dispose(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#unhear?.();
    this.#unhear = undefined;
    const asked = this.#poll;
    this.#poll = undefined;
    asked?.abort();
  }
}

/**
 * The logic of the machine's `watch` actor: it asks the service and reports to the machine. {@link operationMachine} has it
 * already, with the options of its input. Provide it yourself where options must outlive a stored snapshot, which holds
 * no functions and no token:
 *
 * ```ts
 * const machine = operationMachine.provide({actors: {watch: watchOperation({token})}});
 * const actor = createActor(machine, {snapshot: JSON.parse(stored), input: {location}}); // the input is not read
 * ```
 *
 * @param options used where the machine's input has none of that name
 * @throws TypeError or RangeError as {@link pollOperation} does
 */
export function watchOperation(options: PollOptions = {}): WatchLogic {
  readOptions(options);
  return fromCallback<WatchCommand, WatchInput>(({input, sendBack, receive}) => {
    const given = Object.entries(optionsOf(input));
    const settings = readOptions({...options, ...Object.fromEntries(given.filter(([, value]) => value !== undefined))});
    let watch: Watch | undefined;
    let closed = false;
    receive(({state}) => {
      watch = new Watch(state, settings, ({moves}) => {
        if (closed) return;
        for (const event of moves) sendBack(event);
      });
    });
    const watching: WatchingEvent = {type: 'watching'};
    sendBack(watching);
    return () => {
      closed = true;
      watch?.stop('stopped', undefined);
    };
  });
}

/**
 * The operation as an XState machine that watches it: `notStarted`, `running`, `succeeded`, `failed`, `canceled`, and
 * `abandoned` when watching ended first. Its snapshot's `value` is that plain string, its context keeps the operation as
 * last known, it emits the same events as a poller, and its output is the {@link Outcome}. Start it with `createActor`, or
 * invoke it in a machine of your own.
 *
 * Used purely, with XState's `initialTransition` and `transition`, it is moved by `report` events and asks nobody.
 *
 * The actor keeps its input, and shows it when it is printed: give a token by {@link watchOperation} rather than by the input.
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
export const operationMachine: OperationMachine = statusMachine.provide({actors: {watch: watchOperation()}});
