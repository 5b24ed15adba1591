import {statusMachine} from '../machine/machine.ts';
import {transition, transitionsOf} from '../machine/transitions.ts';
import {type AbandonFacts, abandonError} from '../operation/abandon-error.ts';
import type {OperationEvent} from '../operation/events.ts';
import {endedOutcome, type Outcome} from '../operation/outcome.ts';
import type {PollError} from '../operation/poll-error.ts';
import type {AbandonReason, Answer, WatchState} from '../operation/state.ts';
import type {Transitions, WatchEvent} from '../operation/watch-event.ts';
import type {Schedule} from '../schedule/schedule.ts';
import type {Clock} from '../shared/clock.ts';
import {estimateRemaining} from './estimate-remaining.ts';
import type {Wait} from './next-wait.ts';

/** A watched operation that has changed, and what led there. */
export interface Change {
  readonly state: WatchState;
  /** What is emitted, in order. */
  readonly events: readonly OperationEvent[];
  /** The machine's events that led here, for an actor that follows. */
  readonly machineEvents: readonly WatchEvent[];
}

/** What follows a step: the next one, after a wait in milliseconds, or the outcome, because watching is over. */
export type Next = {readonly wait: number} | {readonly outcome: Outcome};

/** A step that was taken. */
export interface Step extends Change {
  readonly next: Next;
}

/** What a step that polls nothing depends on. */
export interface StepSettings {
  /** The machine's table; that of the library's machine by default. */
  readonly transitions?: Transitions | undefined;
  /** Estimates how long the operation goes on. */
  readonly schedule?: Schedule | undefined;
}

/** A state on its way through a step, and what the step emits. */
export class StepBuilder {
  state: WatchState;
  #events: OperationEvent[] = [];
  #machineEvents: WatchEvent[] = [];
  readonly #clock: Clock;
  readonly #transitions: Transitions;
  readonly #schedule: Schedule | undefined;

  constructor(state: WatchState, clock: Clock, {transitions, schedule}: StepSettings = {}) {
    this.state = state;
    this.#clock = clock;
    this.#transitions = transitions ?? transitionsOf(statusMachine);
    this.#schedule = schedule;
  }

  /** Applies an event. One that the machine does not take changes nothing. */
  apply(event: WatchEvent): void {
    const reduced = transition(this.state, event, this.#transitions);
    if (reduced === undefined) return;
    this.state = reduced.state;
    this.#machineEvents.push(event);
    for (const emitted of reduced.events) this.#events.push(emitted);
  }

  /** What has changed so far, which the step then no longer contains. */
  takeChange(): Change {
    const change = {state: this.state, events: this.#events, machineEvents: this.#machineEvents};
    this.#events = [];
    this.#machineEvents = [];
    return change;
  }

  step(next: Next): Step {
    // Not by spreading `takeChange()`, which makes a poll take a fifth longer.
    return {state: this.state, events: this.#events, machineEvents: this.#machineEvents, next};
  }

  waiting({delay, because, notBefore}: Wait, at: number, answer: Answer | undefined, after?: PollError): Step {
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
