import {transition} from '../machine/transitions.ts';
import {type AbandonFacts, abandonError} from '../operation/abandon-error.ts';
import {emittedEvents, type Transition} from '../operation/emitted-events.ts';
import type {OperationEvent} from '../operation/events.ts';
import {endedOutcome, type Outcome} from '../operation/outcome.ts';
import type {PollError} from '../operation/poll-error.ts';
import type {AbandonReason, Answer, WatchState} from '../operation/state.ts';
import type {TransitionTable, WatchEvent} from '../operation/watch-event.ts';
import type {Schedule} from '../schedule/schedule.ts';
import type {Clock} from '../shared/clock.ts';
import {estimateRemaining} from './estimate-remaining.ts';
import type {Wait} from './next-wait.ts';

/** A wait until the next step, in milliseconds. */
export interface WaitNext {
  readonly wait: number;
  /** Never there, so that `next.outcome` tells which of the two it is. */
  readonly outcome?: never;
}

/** What follows a step: the next one, after a wait, or the outcome, because watching is over. */
export type Next = WaitNext | {readonly outcome: Outcome};

/** A watched operation that has changed, and what led there. */
export class Change<Following extends Next | undefined = Next | undefined> {
  readonly state: WatchState;
  /** What follows; `undefined` while a poll goes on. */
  readonly next: Following;
  readonly #transitions: readonly Transition[];

  constructor(state: WatchState, transitions: readonly Transition[], next: Following) {
    this.state = state;
    this.next = next;
    this.#transitions = transitions;
  }

  /** What is emitted, in order. It is created on demand: most operations have no listener. */
  get events(): readonly OperationEvent[] {
    return this.#transitions.flatMap(emittedEvents);
  }

  /** The machine's events that led here, for an actor that follows. */
  get machineEvents(): readonly WatchEvent[] {
    return this.#transitions.map(({event}) => event);
  }
}

/** A step that was taken. */
export type Step = Change<Next>;

/** What a step that polls nothing depends on. */
export interface StepSettings {
  /** The machine's table; that of the library's machine by default. */
  readonly transitions?: TransitionTable | undefined;
  /** Estimates how long the operation goes on. */
  readonly schedule?: Schedule | undefined;
}

/** A state on its way through a step, and what has led there. */
export class StepBuilder {
  state: WatchState;
  #made: Transition[] = [];
  readonly #clock: Clock;
  readonly #table: TransitionTable | undefined;
  readonly #schedule: Schedule | undefined;

  constructor(state: WatchState, clock: Clock, {transitions, schedule}: StepSettings = {}) {
    this.state = state;
    this.#clock = clock;
    this.#table = transitions;
    this.#schedule = schedule;
  }

  /** Applies an event. One that the machine does not take changes nothing. */
  apply(event: WatchEvent): void {
    const made = transition(this.state, event, this.#table);
    if (made === undefined) return;
    this.state = made.after;
    this.#made.push(made);
  }

  /** What has changed so far, which the step then no longer contains. */
  takeChange(): Change {
    const change = this.step(undefined);
    this.#made = [];
    return change;
  }

  step<Following extends Next | undefined>(next: Following): Change<Following> {
    return new Change(this.state, this.#made, next);
  }

  waiting(
    {delay, because, notBefore}: Wait,
    at: number,
    answer: Answer | undefined,
    after?: PollError,
  ): Change<WaitNext> {
    const remaining = estimateRemaining(this.state, this.#schedule, at);
    this.apply({type: 'wait', delay, because, notBefore, remaining, after, at, answer});
    return this.step({wait: delay});
  }

  /** The operation has ended, now or before. */
  ended(): Step {
    const outcome = endedOutcome(this.state, this.#clock);
    if (outcome === undefined) throw new TypeError('A state that is over has no outcome: resume it first');
    return this.step({outcome});
  }

  abandoned(reason: AbandonReason, at: number, facts: AbandonFacts = {}): Step {
    const {operation} = this.state;
    // The resume token of an abandoned watch continues it, so it is made from the state before.
    const error = abandonError(reason, this.state, at, {...facts, clock: this.#clock});
    this.apply({type: 'abandon', reason, error, at, answer: facts.answer});
    return this.step({outcome: {status: 'abandoned', reason, operation, error}});
  }
}
