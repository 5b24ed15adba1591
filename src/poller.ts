/// <reference lib="esnext.disposable" preserve="true" />
import {type Actor, createActor} from 'xstate';
import {type OperationMachine, snapshotOf, statusMachine} from './machine/machine.ts';
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
import {type ResumeToken, writeResumeToken} from './operation/resume-token.ts';
import type {WatchState} from './operation/state.ts';
import type {Settings} from './options/options.ts';
import {cancelOperation} from './polling/cancel.ts';
import {fetchedOutcome} from './polling/fetch-result.ts';
import type {Moved} from './polling/step.ts';
import {Watch} from './polling/watch.ts';
import {type DerivedController, deriveController} from './shared/abort.ts';
import {reportUncaught} from './shared/report-error.ts';

/** An event by its name; `'*'` is any. */
export type OperationEventOf<Type extends OperationEventType | '*'> = Type extends '*'
  ? OperationEvent
  : Extract<OperationEvent, {readonly type: Type}>;

/** What `on` returns. */
export interface Subscription {
  /** Hears no more. */
  unsubscribe(): void;
}

type Listener = (event: OperationEvent) => void;

/**
 * Watches one operation until it ends. Made by {@link pollOperation} and {@link resumeOperation}; watching has begun when
 * you hold it, and the first request leaves after the current turn, so that listeners added right away hear everything.
 */
export class OperationPoller implements AsyncIterable<Operation> {
  readonly #watch: Watch;
  readonly #settings: Settings;
  #listeners: Map<OperationEventType | '*', Set<Listener>> | undefined;
  #actor: Actor<OperationMachine> | undefined;
  #outcome: Outcome | undefined;
  #onOutcome: Set<(outcome: Outcome) => void> | undefined;
  #result: Promise<SucceededOperation> | undefined;
  /** What is left to tell while listeners are being told. */
  #untold: OperationEvent[] | undefined;
  /** While the result is being fetched. */
  #fetching: DerivedController | undefined;
  /** The operation with its result. */
  #filled: SucceededOperation | undefined;

  /** @internal Use {@link pollOperation} or {@link resumeOperation}. */
  constructor(state: WatchState, settings: Settings) {
    this.#settings = settings;
    this.#watch = new Watch(state, settings, (moved, outcome) => this.#hear(moved, outcome));
  }

  /** The status as last known; `'notStarted'` before the first report. It is the operation's also when watching was given up. */
  get status(): OperationStatus {
    return this.#watch.state.operation?.status ?? 'notStarted';
  }

  /** The operation as last known; `undefined` before the first report. */
  get operation(): Operation | undefined {
    return this.#filled ?? this.#watch.state.operation;
  }

  /**
   * Adds a listener. One that throws harms neither the poller nor other listeners: its error is reported to the host, by
   * `reportError` or as an uncaught exception.
   *
   * @param type the event's name, or `'*'` for all
   * @param listener hears the event, which is frozen, at the moment it happens
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
    if (typeof listener !== 'function') throw new TypeError(`listener: expected a function, got ${typeof listener}`);
    this.#listeners ??= new Map();
    const added = listener as Listener;
    // The same function may be added twice; each subscription ends for itself.
    const entry: Listener = (event) => added(event);
    const listeners = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, listeners.add(entry));
    return {unsubscribe: () => void listeners.delete(entry)};
  }

  /**
   * The operation once it has succeeded. Ask as often as you like: it is the same promise.
   *
   * @returns the operation
   * @throws OperationFailedError or OperationCanceledError when the service says so
   * @throws WatchTimeoutError, WatchAbortedError, UnauthorizedError, ForbiddenError, OperationNotFoundError,
   *   UnreachableError, ProtocolError or UnknownStatusError when watching ended before the operation did
   * @throws ResultUnavailableError when it succeeded and `fetchResult` could not be done
   */
  result(): Promise<SucceededOperation> {
    this.#result ??= new Promise((resolve, reject) => {
      this.#whenOver((outcome) => {
        if (outcome.status === 'succeeded') resolve(outcome.operation);
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
  waitFor(status: OperationStatus): Promise<Operation> {
    if (!isOperationStatus(status)) {
      const takes = 'notStarted, running, succeeded, failed or canceled';
      throw new TypeError(`waitFor: expected ${takes}, got ${String(status)}`);
    }
    const reached = (operation: Operation): boolean =>
      operation.status === status || statusRank[operation.status] > statusRank[status];
    return new Promise((resolve, reject) => {
      const known = this.operation;
      if (known !== undefined && reached(known)) return resolve(known);
      const unheard = (): void => {
        subscription.unsubscribe();
        this.#onOutcome?.delete(over);
      };
      const over = (outcome: Outcome): void => {
        unheard();
        const {operation} = outcome;
        if (operation !== undefined && reached(operation)) resolve(operation);
        else if (outcome.status !== 'succeeded') reject(outcome.error);
        else reject(this.#never(status));
      };
      const subscription = this.on('polled', ({operation}) => {
        if (operation === undefined || !reached(operation)) return;
        unheard();
        resolve(operation);
      });
      this.#whenOver(over);
    });
  }

  /**
   * The operation at each change of status or percentage, from the one last known on. Ends after the succeeded operation;
   * otherwise yields the last change and rejects as {@link result} does. Leaving the loop does not stop watching.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<Operation, void, undefined> {
    const changes: Operation[] = this.operation === undefined ? [] : [this.operation];
    let last: Operation | undefined;
    let wake: (() => void) | undefined;
    let outcome: Outcome | undefined;
    const subscription = this.on('polled', ({operation}) => {
      const before = changes.at(-1) ?? last;
      if (operation === undefined || !differs(operation, before)) return;
      changes.push(operation);
      wake?.();
    });
    const over = (ended: Outcome): void => {
      outcome = ended;
      wake?.();
    };
    this.#whenOver(over);
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
      this.#onOutcome?.delete(over);
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
    this.#fetching?.controller.abort(reason);
  }

  /**
   * Asks the service to cancel the operation, as its protocol says, and goes on watching: the service decides whether it
   * ends as canceled. Stopping to watch never cancels; it can be canceled after that too. Once it has ended this does nothing.
   *
   * @throws TypeError when the protocol knows no way to cancel
   * @throws PollError when the service does not take the request, which is not repeated but after a 401
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
   * A resume token for {@link resumeOperation}, plain JSON: take it at any time and store it where you like. There is no
   * secret in it but the location, which can be a capability on a foreign host.
   */
  toJSON(): ResumeToken {
    const {state} = this.#watch;
    return writeResumeToken(this.#filled === undefined ? state : {...state, operation: this.#filled});
  }

  /**
   * The operation as an XState actor: subscribe to it, inspect it, wait for its states. It is made when first asked for and
   * follows the poller from then on; stopping it stops watching.
   */
  get actor(): Actor<OperationMachine> {
    if (this.#actor === undefined) {
      const {state} = this.#watch;
      // With a snapshot to start from, the input is not read.
      const actor = createActor(statusMachine, {
        snapshot: snapshotOf(state, state.operation?.status === 'succeeded' ? endedOutcome(state) : this.#outcome),
        input: {location: state.location},
      });
      actor.subscribe({complete: () => this.stop('its actor was stopped'), error: reportUncaught});
      this.#actor = actor.start();
    }
    return this.#actor;
  }

  #hear({events, moves}: Moved, ended: Outcome | undefined): void {
    const fetches = ended?.status === 'succeeded' && this.#settings.fetchResult;
    this.#outcome = fetches ? undefined : ended;
    if (fetches) this.#fetching = deriveController(this.#settings.signal);
    if (this.#actor !== undefined) for (const move of moves) this.#actor.send(move);
    this.#tellAll(events);
    if (fetches) void this.#fetchResult(ended.operation);
    else if (ended !== undefined) this.#settle(ended);
  }

  // A listener that stops the poller does so in the middle of an event: the others hear that event first, then of the end,
  // and nothing of what the step had still to tell.
  #tellAll(events: readonly OperationEvent[]): void {
    const isWithin = this.#untold !== undefined;
    if (!isWithin && this.#listeners === undefined) return;
    this.#untold = [...events];
    if (isWithin) return;
    for (let event = this.#untold.shift(); event !== undefined; event = this.#untold.shift()) {
      this.#tell(event.type, event);
      this.#tell('*', event);
    }
    this.#untold = undefined;
  }

  async #fetchResult(operation: SucceededOperation): Promise<void> {
    const fetching = this.#fetching ?? deriveController(this.#settings.signal);
    const outcome = await fetchedOutcome(this.#settings, this.#watch.state, operation, fetching.controller);
    fetching.dispose();
    this.#fetching = undefined;
    if (outcome.status === 'succeeded') this.#filled = outcome.operation;
    this.#outcome = outcome;
    this.#settle(outcome);
  }

  #settle(outcome: Outcome): void {
    const waiting = this.#onOutcome;
    this.#onOutcome = undefined;
    for (const settle of waiting ?? []) settle(outcome);
  }

  #tell(type: OperationEventType | '*', event: OperationEvent): void {
    const listeners = this.#listeners?.get(type);
    if (listeners === undefined) return;
    for (const listener of [...listeners]) {
      try {
        listener(event);
      } catch (error) {
        reportUncaught(error);
      }
    }
  }

  #whenOver(settle: (outcome: Outcome) => void): void {
    if (this.#outcome !== undefined) settle(this.#outcome);
    else {
      this.#onOutcome ??= new Set();
      this.#onOutcome.add(settle);
    }
  }

  #never(status: OperationStatus): OperationError {
    const {state} = this.#watch;
    return new OperationError(`${state.redactedLocation} succeeded, so it will never be ${status}`, {state});
  }
}

function differs(operation: Operation, before: Operation | undefined): boolean {
  return operation.status !== before?.status || operation.percentComplete !== before.percentComplete;
}
