/// <reference lib="esnext.disposable" preserve="true" />
import type {Actor} from 'xstate';
import type {OperationMachine} from './machine/machine-type.ts';
import {checkStatus} from './operation/check-status.ts';
import {
  type OperationEvent,
  type OperationEventType,
  operationEventTypes,
  type RemainingTime,
} from './operation/events.ts';
import {hasEnded, type Operation, type OperationStatus, type SucceededOperation} from './operation/operation.ts';
import {type Outcome, succeededOperation} from './operation/outcome.ts';
import {type ResumeToken, resumeTokenOf} from './operation/resume-token.ts';
import {type AbandonReason, type WatchState, withFetchedResult} from './operation/state.ts';
import type {Settings} from './options/settings.ts';
import {startActor} from './polling/actor.ts';
import {cancelOperation} from './polling/cancel.ts';
import {estimateRemaining} from './polling/estimate-remaining.ts';
import {fetchedOutcome} from './polling/fetch-result.ts';
import {operationChanges} from './polling/operation-changes.ts';
import type {Change} from './polling/step-builder.ts';
import {waitForStatus} from './polling/wait-for-status.ts';
import {Watch} from './polling/watch.ts';
import type {WatchSource} from './polling/watch-source.ts';
import type {Protocol} from './protocol/protocol.ts';
import {type DerivedController, deriveController} from './shared/abort.ts';
import {now, processClock} from './shared/clock.ts';
import {Listeners, type Subscription} from './shared/listeners.ts';

/** An event by its name; `'*'` is any. `Result` is the type of the operation's result. */
export type OperationEventOf<Type extends OperationEventType | '*', Result = unknown> = Type extends '*'
  ? OperationEvent<Result>
  : Extract<OperationEvent<Result>, {readonly type: Type}>;

/** What a poller is doing. */
type Phase =
  | {readonly is: 'watching'}
  | {readonly is: 'fetchingResult'; readonly abort: DerivedController}
  | {readonly is: 'over'; readonly outcome: Outcome};

const watching: Phase = {is: 'watching'};

/** What Node, Deno and Bun look for when they print an object; `node:util` need not be there. */
const customInspect: unique symbol = /* @__PURE__ */ Symbol.for('nodejs.util.inspect.custom');

/**
 * Watches one operation until it ends. Made by {@link pollOperation} and {@link resumeOperation}; watching has begun when
 * you hold it, and the first request leaves after the current turn, so that listeners added right away get every event.
 *
 * @typeParam Result the type of the operation's result, as its protocol declares it; it is not checked at run time
 */
export class OperationPoller<Result = unknown> implements AsyncIterable<Operation<Result>> {
  readonly #watch: Watch<OperationPoller>;
  #phase: Phase = watching;
  #listeners: Listeners<OperationEvent> | undefined;
  #actor: Actor<OperationMachine> | undefined;
  #outcome: Promise<Outcome<Result>> | undefined;
  // Not one of the callbacks: a set for one takes more memory than the promise.
  #resolveOutcome: ((outcome: Outcome) => void) | undefined;
  #onOutcome: Set<(outcome: Outcome) => void> | undefined;
  #result: Promise<SucceededOperation<Result>> | undefined;

  /** @internal Use {@link pollOperation} or {@link resumeOperation}. */
  constructor(state: WatchState, settings: Settings) {
    this.#watch = new Watch<OperationPoller>(state, settings, OperationPoller.#onChange, this);
  }

  /** The status as last known; `'notStarted'` before the first report. It is the operation's even when watching was abandoned. */
  get status(): OperationStatus {
    return this.#watch.state.operation?.status ?? 'notStarted';
  }

  /** The operation as last known; `undefined` before the first report. */
  get operation(): Operation<Result> | undefined {
    // With its result, once that has been fetched.
    const ended = this.#ended;
    const known = ended?.status === 'succeeded' ? ended.operation : this.#watch.state.operation;
    return known as Operation<Result> | undefined;
  }

  /** Why watching was given up; `undefined` while it goes on and when the operation ended. */
  get abandoned(): AbandonReason | undefined {
    return this.#ended?.status === 'abandoned' ? this.#ended.reason : undefined;
  }

  /** Where the operation is polled, as it stands: on a foreign host it can be a capability, which events and errors do
   * not show. A placeholder stands for a key among the client's headers, which the client fills in. */
  get location(): string {
    return this.#watch.state.location;
  }

  /** @internal What it is watched by, for a runner that takes over. */
  get protocol(): Protocol {
    return this.#watch.settings.reader.protocol;
  }

  /**
   * Adds a listener. One that throws harms neither the poller nor other listeners: its error is reported to the host, by
   * `reportError` or as an uncaught exception.
   *
   * @param type the event's name, or `'*'` for all
   * @param listener gets the event, which is frozen, the moment it happens
   * @throws TypeError when there is no such event, or the listener is not a function
   *
   * @example
   * ```ts
   * const {unsubscribe} = poller.on('waiting', ({delay, because}) => console.log(delay, because));
   * ```
   */
  on<Type extends OperationEventType | '*'>(
    type: Type,
    listener: (event: OperationEventOf<Type, Result>) => void,
  ): Subscription {
    this.#listeners ??= new Listeners(operationEventTypes);
    return this.#listeners.add(type, listener as (event: OperationEvent) => void);
  }

  /**
   * How watching ends, as a union on `status`: it never rejects. Call it as often as you like: it always returns the same promise.
   *
   * @example
   * ```ts
   * const outcome = await poller.outcome();
   * if (outcome.status === 'abandoned') console.log(outcome.reason, outcome.error.message);
   * ```
   */
  outcome(): Promise<Outcome<Result>> {
    this.#outcome ??= new Promise<Outcome>((resolve) => {
      if (this.#ended === undefined) this.#resolveOutcome = resolve;
      else resolve(this.#ended);
    }) as Promise<Outcome<Result>>;
    return this.#outcome;
  }

  /**
   * The operation once it has succeeded. Call it as often as you like: it always returns the same promise.
   *
   * @returns the operation
   * @throws OperationFailedError or OperationCanceledError when the service says so
   * @throws WatchTimeoutError, WatchAbortedError, UnauthorizedError, ForbiddenError, OperationNotFoundError,
   *   UnreachableError, ProtocolError or UnknownStatusError when watching ended before the operation did
   * @throws ResultUnavailableError when it succeeded and `fetchResult` could not be done
   */
  result(): Promise<SucceededOperation<Result>> {
    this.#result ??= this.outcome().then(succeededOperation);
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
    checkStatus('waitFor', status);
    return waitForStatus(this.#source(), status) as Promise<Operation<Result>>;
  }

  /**
   * The operation at each change of status or percentage, from the one last known on. Ends after the succeeded operation;
   * otherwise yields the last change and rejects as {@link result} does. Leaving the loop does not stop watching.
   */
  [Symbol.asyncIterator](): AsyncGenerator<Operation<Result>, void, undefined> {
    return operationChanges(this.#source()) as AsyncGenerator<Operation<Result>, void, undefined>;
  }

  /**
   * A hint that the operation may have changed, from a webhook for instance: the next poll is made as soon as the service allows. That is
   * at once, unless the service asked for a wait by `Retry-After` or the protocol has a `minimumInterval`, which are kept. While a poll is
   * under way, one more follows it; one that waits to repeat a failed request changes nothing. All hints until the next poll count as one,
   * and polls after hints are at least 100 ms apart. After the end it does nothing.
   */
  wake(): void {
    this.#watch.wake();
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
   * Lets a runner take over. A poll that is under way is waited for, and none follows; then this poller is stopped, or goes on if
   * `take` rejects. A result that is being fetched is not waited for: the runner fetches it.
   *
   * @internal
   * @param take stores what it is given, the resume token
   * @throws what `take` rejects with; Error when the poller is being handed over already
   */
  async handOver<Taken>(take: (token: ResumeToken) => Promise<Taken>): Promise<Taken> {
    await this.#watch.pause();
    try {
      const taken = await take(this.toJSON());
      this.stop(new Error('handed over'));
      return taken;
    } finally {
      this.#watch.resume();
    }
  }

  /**
   * How long the operation is likely to go on, in milliseconds from now, where the schedule has learned it; else, and once
   * watching is over, `undefined`. Events carry the same as `remaining`.
   *
   * @example
   * ```ts
   * const remaining = poller.estimate();
   * if (remaining !== undefined) console.log(`about ${remaining.p50} ms left, at most ${remaining.p90}`);
   * ```
   */
  estimate(): RemainingTime | undefined {
    return estimateRemaining(this.#watch.state, this.#watch.settings.schedule, now());
  }

  /**
   * Asks the service to cancel the operation, as its protocol says, and goes on watching: the service decides whether it
   * ends as canceled. `stop` never cancels; an operation can be canceled after that too. Once it has ended this does nothing.
   *
   * @throws TypeError when the protocol has no way to cancel
   * @throws PollError when the service does not accept the request in time; it is repeated only after a 401
   */
  async cancel(): Promise<void> {
    const {state} = this.#watch;
    if (state.operation === undefined || !hasEnded(state.operation)) await cancelOperation(this.#watch.settings, state);
  }

  /** @internal What printing shows: not the location's query where that may be a capability, and no option. */
  [customInspect](
    _depth: number,
    options: object,
    inspect: (value: object, options: object) => string = (value) => JSON.stringify(value),
  ): string {
    const {attempt, redactedLocation: location} = this.#watch.state;
    return `OperationPoller ${inspect({status: this.status, attempt, location}, options)}`;
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
    return resumeTokenOf(withFetchedResult(this.#watch.state, this.operation), processClock);
  }

  /**
   * The operation as an XState actor: subscribe to it, inspect it, wait for its states. It is made on first use and follows the poller from
   * then on; stopping it stops watching.
   */
  get actor(): Actor<OperationMachine> {
    // Not `stop`: the actor ends with the operation, whose result may still have to be fetched.
    const onStop = (): void => this.#watch.stop('stopped', 'its actor was stopped');
    this.#actor ??= startActor(this.#watch.state, this.#ended, onStop);
    return this.#actor;
  }

  get #ended(): Outcome | undefined {
    return this.#phase.is === 'over' ? this.#phase.outcome : undefined;
  }

  static #onChange(change: Change, poller: OperationPoller): void {
    const outcome = change.next?.outcome;
    const {signal, fetchResult} = poller.#watch.settings;
    const fetches = outcome?.status === 'succeeded' && fetchResult;
    if (fetches) poller.#phase = {is: 'fetchingResult', abort: deriveController(signal)};
    else if (outcome !== undefined) poller.#phase = {is: 'over', outcome};
    if (poller.#actor !== undefined) for (const event of change.machineEvents) poller.#actor.send(event);
    // A subscriber of the actor has stopped the poller: that has been emitted, and nothing follows it.
    if (poller.#watch.state !== change.state) return;
    // A listener that stops the poller does so in the middle of an event.
    poller.#listeners?.emitInTurn(change.events);
    if (fetches) void poller.#fetchResult(outcome.operation);
    else if (outcome !== undefined) poller.#settle(outcome);
  }

  async #fetchResult(operation: SucceededOperation): Promise<void> {
    if (this.#phase.is !== 'fetchingResult') return;
    const {controller, dispose} = this.#phase.abort;
    const outcome = await fetchedOutcome(this.#watch.settings, this.#watch.state, operation, controller);
    dispose();
    this.#phase = {is: 'over', outcome};
    this.#settle(outcome);
  }

  #settle(outcome: Outcome): void {
    this.#resolveOutcome?.(outcome);
    for (const settle of this.#onOutcome ?? []) settle(outcome);
    this.#resolveOutcome = this.#onOutcome = undefined;
  }

  #source(): WatchSource {
    return {
      operation: () => this.operation,
      state: () => this.#watch.state,
      follow: (onReport, onOutcome) => {
        const {unsubscribe} = this.on('polled', ({operation}) => operation && onReport(operation));
        if (this.#ended === undefined) {
          this.#onOutcome ??= new Set();
          this.#onOutcome.add(onOutcome);
        } else onOutcome(this.#ended);
        return () => {
          unsubscribe();
          this.#onOutcome?.delete(onOutcome);
        };
      },
    };
  }
}
