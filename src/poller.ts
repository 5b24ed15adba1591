/// <reference lib="esnext.disposable" preserve="true" />
import {type Actor, createActor} from 'xstate';
import {statusMachine} from './machine/machine.ts';
import type {OperationMachine} from './machine/machine-type.ts';
import {snapshotOf} from './machine/snapshot.ts';
import {OperationError} from './operation/errors.ts';
import type {OperationEvent, OperationEventType} from './operation/events.ts';
import {
  hasEnded,
  isOperationStatus,
  type Operation,
  type OperationStatus,
  type SucceededOperation,
  statusRank,
} from './operation/operation.ts';
import {endedOutcome, type Outcome} from './operation/outcome.ts';
import {type ResumeToken, resumeTokenOf} from './operation/resume-token.ts';
import type {WatchState} from './operation/state.ts';
import type {Settings} from './options/settings.ts';
import {cancelOperation} from './polling/cancel.ts';
import {fetchedOutcome} from './polling/fetch-result.ts';
import type {Change} from './polling/step.ts';
import {Watch} from './polling/watch.ts';
import {type DerivedController, deriveController} from './shared/abort.ts';
import {describeValue, expected} from './shared/check-options.ts';
import {processClock} from './shared/clock.ts';
import {Listeners, type Subscription} from './shared/listeners.ts';
import {reportUncaught} from './shared/report-error.ts';

/** An event by its name; `'*'` is any. */
export type OperationEventOf<Type extends OperationEventType | '*'> = Type extends '*'
  ? OperationEvent
  : Extract<OperationEvent, {readonly type: Type}>;

/** What a poller is doing. */
type Phase =
  | {readonly is: 'watching'}
  | {readonly is: 'fetchingResult'; readonly abort: DerivedController}
  | {readonly is: 'over'; readonly outcome: Outcome};

const watching: Phase = {is: 'watching'};

/**
 * Watches one operation until it ends. Made by {@link pollOperation} and {@link resumeOperation}; watching has begun when
 * you hold it, and the first request leaves after the current turn, so that listeners added right away get every event.
 *
 * @typeParam Result the type of the operation's result, as its protocol has it; nobody checks it
 */
export class OperationPoller<Result = unknown> implements AsyncIterable<Operation<Result>> {
  readonly #watch: Watch;
  readonly #settings: Settings;
  #phase: Phase = watching;
  #listeners: Listeners<OperationEvent> | undefined;
  #actor: Actor<OperationMachine> | undefined;
  #onOutcome: Set<(outcome: Outcome) => void> | undefined;
  #result: Promise<SucceededOperation<Result>> | undefined;
  /** The events that are still to be emitted while listeners are being called. */
  #pending: OperationEvent[] | undefined;

  /** @internal Use {@link pollOperation} or {@link resumeOperation}. */
  constructor(state: WatchState, settings: Settings) {
    this.#settings = settings;
    this.#watch = new Watch(state, settings, (change, outcome) => this.#onChange(change, outcome));
  }

  /** The status as last known; `'notStarted'` before the first report. It is the operation's even when watching was abandoned. */
  get status(): OperationStatus {
    return this.#watch.state.operation?.status ?? 'notStarted';
  }

  /** The operation as last known; `undefined` before the first report. */
  get operation(): Operation<Result> | undefined {
    // With its result, once that has been fetched.
    const ended = this.#phase.is === 'over' ? this.#phase.outcome : undefined;
    const known = ended?.status === 'succeeded' ? ended.operation : this.#watch.state.operation;
    return known as Operation<Result> | undefined;
  }

  /**
   * Adds a listener. One that throws harms neither the poller nor other listeners: its error is reported to the host, by
   * `reportError` or as an uncaught exception.
   *
   * @param type the event's name, or `'*'` for all
   * @param listener gets the event, which is frozen, the moment it happens
   * @throws TypeError when the listener is no function
   *
   * @example
   * ```ts
   * const {unsubscribe} = poller.on('waiting', ({delay, because}) => console.log(delay, because));
   * ```
   */
  on<Type extends OperationEventType | '*'>(
    type: Type,
    listener: (event: OperationEventOf<Type>) => void,
  ): Subscription {
    this.#listeners ??= new Listeners();
    return this.#listeners.add(type, listener as (event: OperationEvent) => void);
  }

  /**
   * The operation once it has succeeded. Call it as often as you like: it is the same promise.
   *
   * @returns the operation
   * @throws OperationFailedError or OperationCanceledError when the service says so
   * @throws WatchTimeoutError, WatchAbortedError, UnauthorizedError, ForbiddenError, OperationNotFoundError,
   *   UnreachableError, ProtocolError or UnknownStatusError when watching ended before the operation did
   * @throws ResultUnavailableError when it succeeded and `fetchResult` could not be done
   */
  result(): Promise<SucceededOperation<Result>> {
    this.#result ??= new Promise((resolve, reject) => {
      this.#whenOver((outcome) => {
        if (outcome.status === 'succeeded') resolve(outcome.operation as SucceededOperation<Result>);
        else reject(outcome.error);
      });
    });
    return this.#result;
  }

  /**
   * Waits until the operation has reached a status or a later one: `waitFor('running')` also resolves for an operation that
   * has ended, however it ended.
   *
   * @param status the status to wait for
   * @returns the operation as it was then
   * @throws what `result()` throws when watching ends before that; and an OperationError when the operation ended in another
   *   terminal state than the one that was asked for
   */
  waitFor(status: OperationStatus): Promise<Operation<Result>> {
    if (!isOperationStatus(status)) {
      throw expected('waitFor', 'notStarted, running, succeeded, failed or canceled', describeValue(status));
    }
    const hasReached = (operation: Operation | undefined): operation is Operation<Result> =>
      operation !== undefined && (operation.status === status || statusRank[operation.status] > statusRank[status]);
    return new Promise((resolve, reject) => {
      const known = this.operation;
      if (hasReached(known)) return resolve(known);
      const dispose = (): void => {
        subscription.unsubscribe();
        this.#onOutcome?.delete(onOver);
      };
      const onOver = (outcome: Outcome): void => {
        dispose();
        const {operation} = outcome;
        if (hasReached(operation)) resolve(operation);
        else if (outcome.status !== 'succeeded') reject(outcome.error);
        else reject(this.#neverReaches(status));
      };
      const subscription = this.on('polled', ({operation}) => {
        if (!hasReached(operation)) return;
        dispose();
        resolve(operation);
      });
      this.#whenOver(onOver);
    });
  }

  /**
   * The operation at each change of status or percentage, from the one last known on. Ends after the succeeded operation;
   * otherwise yields the last change and rejects as {@link result} does. Leaving the loop does not stop watching.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<Operation<Result>, void, undefined> {
    const changes: Operation<Result>[] = this.operation === undefined ? [] : [this.operation];
    let last: Operation<Result> | undefined;
    const isNew = (operation: Operation | undefined, before: Operation | undefined): operation is Operation<Result> =>
      operation !== undefined && differs(operation, before);
    let wake: (() => void) | undefined;
    let outcome: Outcome | undefined;
    const subscription = this.on('polled', ({operation}) => {
      const before = changes.at(-1) ?? last;
      if (!isNew(operation, before)) return;
      changes.push(operation);
      wake?.();
    });
    const onOver = (ended: Outcome): void => {
      outcome = ended;
      wake?.();
    };
    this.#whenOver(onOver);
    try {
      for (;;) {
        const change = changes.shift();
        if (change !== undefined) {
          last = change;
          yield change;
        } else if (outcome === undefined) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        } else if (outcome.status === 'succeeded') return;
        else throw outcome.error;
      }
    } finally {
      subscription.unsubscribe();
      this.#onOutcome?.delete(onOver);
    }
  }

  /**
   * Stops watching: the request in flight is aborted, no other follows, and `result()` rejects with a
   * {@link WatchAbortedError}. The operation itself goes on, and {@link toJSON} resumes watching it. After the end it does
   * nothing.
   *
   * @param reason becomes the error's `cause`
   */
  stop(reason?: unknown): void {
    this.#watch.stop('stopped', reason);
    if (this.#phase.is === 'fetchingResult') this.#phase.abort.controller.abort(reason);
  }

  /**
   * Asks the service to cancel the operation, as its protocol says, and goes on watching: the service decides whether it
   * ends as canceled. `stop` never cancels; an operation can be canceled after that too. Once it has ended this does nothing.
   *
   * @throws TypeError when the protocol has no way to cancel
   * @throws PollError when the service refuses the request, which is repeated only after a 401
   */
  async cancel(): Promise<void> {
    const {state} = this.#watch;
    if (state.operation === undefined || !hasEnded(state.operation)) await cancelOperation(this.#settings, state);
  }

  /** Stops watching at the end of an `await using` block. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.stop();
  }

  /**
   * A resume token for {@link resumeOperation}, plain JSON: take it at any time and store it where you like. It holds no
   * secret but the location, which can be a capability on a foreign host.
   */
  toJSON(): ResumeToken {
    return resumeTokenOf({...this.#watch.state, operation: this.operation}, processClock);
  }

  /**
   * The operation as an XState actor: subscribe to it, inspect it, wait for its states. It is made when first asked for and
   * follows the poller from then on; stopping it stops watching.
   */
  get actor(): Actor<OperationMachine> {
    this.#actor ??= this.#startActor();
    return this.#actor;
  }

  #startActor(): Actor<OperationMachine> {
    const {state} = this.#watch;
    const outcome = this.#phase.is === 'over' ? this.#phase.outcome : undefined;
    // With a snapshot to start from, the input is not read.
    const actor = createActor(statusMachine, {
      snapshot: snapshotOf(
        state,
        state.operation?.status === 'succeeded' ? endedOutcome(state, processClock) : outcome,
      ),
      input: {location: state.location},
    });
    actor.subscribe({complete: () => this.stop('its actor was stopped'), error: reportUncaught});
    return actor.start();
  }

  #onChange({events, machineEvents}: Change, outcome: Outcome | undefined): void {
    const fetches = outcome?.status === 'succeeded' && this.#settings.fetchResult;
    if (fetches) this.#phase = {is: 'fetchingResult', abort: deriveController(this.#settings.signal)};
    else if (outcome !== undefined) this.#phase = {is: 'over', outcome};
    if (this.#actor !== undefined) for (const event of machineEvents) this.#actor.send(event);
    this.#emit(events);
    if (fetches) void this.#fetchResult(outcome.operation);
    else if (outcome !== undefined) this.#settle(outcome);
  }

  // A listener that stops the poller does so in the middle of an event: the other listeners get that event first, then the
  // end, and nothing of what the step had yet to emit.
  #emit(events: readonly OperationEvent[]): void {
    const isNested = this.#pending !== undefined;
    const listeners = this.#listeners;
    if (!isNested && listeners === undefined) return;
    this.#pending = [...events];
    if (isNested) return;
    for (let event = this.#pending.shift(); event !== undefined; event = this.#pending.shift()) listeners?.emit(event);
    this.#pending = undefined;
  }

  async #fetchResult(operation: SucceededOperation): Promise<void> {
    if (this.#phase.is !== 'fetchingResult') return;
    const {controller, dispose} = this.#phase.abort;
    const outcome = await fetchedOutcome(this.#settings, this.#watch.state, operation, controller);
    dispose();
    this.#phase = {is: 'over', outcome};
    this.#settle(outcome);
  }

  #settle(outcome: Outcome): void {
    const waiting = this.#onOutcome;
    this.#onOutcome = undefined;
    for (const settle of waiting ?? []) settle(outcome);
  }

  #whenOver(settle: (outcome: Outcome) => void): void {
    if (this.#phase.is === 'over') settle(this.#phase.outcome);
    else {
      this.#onOutcome ??= new Set();
      this.#onOutcome.add(settle);
    }
  }

  #neverReaches(status: OperationStatus): OperationError {
    const {state} = this.#watch;
    return new OperationError(`${state.redactedLocation} succeeded, so it will never be ${status}`, {state});
  }
}

function differs(operation: Operation, before: Operation | undefined): boolean {
  return operation.status !== before?.status || operation.percentComplete !== before.percentComplete;
}
