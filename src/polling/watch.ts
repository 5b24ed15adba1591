import {isOver, type WatchState} from '../operation/state.ts';
import type {Settings} from '../options/settings.ts';
import {LazyAbortController, onAbort} from '../shared/abort.ts';
import {now, processClock, setTimer} from '../shared/clock.ts';
import {reportUncaught} from '../shared/report-error.ts';
import {timerDelay} from '../shared/timers.ts';
import {type PollRequest, poll} from './poll.ts';
import {abandon, firstStep, step, wake} from './step.ts';
import type {Change, Step} from './step-builder.ts';

/** How many polls may follow each other without a timer in between, of all watches together, so that nothing else starves. */
const maxImmediatePolls = 500;

/** How many watches of this process are not over, and share them. */
let watching = 0;

type OnChange<Owner> = (change: Change, owner: Owner) => void;

/**
 * A watch that runs on timers in this process. From its beginning to its end it waits for the next poll (`#timer`) or is polling (`#poll`);
 * held for a runner that takes over (`#onPaused`), it only lets a request come to its end.
 */
export class Watch<Owner = undefined> {
  #state: WatchState;
  readonly settings: Settings;
  readonly #onChange: OnChange<Owner>;
  readonly #owner: Owner;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #poll: LazyAbortController | undefined;
  /** Whether something may have changed since the last request. */
  #wasWoken = false;
  /** Whether a poll of ours has read the operation. */
  #hasRead = false;
  #unsubscribe: (() => void) | undefined;
  #immediatePolls = 0;
  #hasBegun = false;
  /** Called once no request is under way; defined from `pause` to `resume`. */
  #onPaused: (() => void) | undefined;

  /**
   * Begins after the current turn.
   *
   * @param onChange called with each change, once `state` contains it; the last one brings the outcome
   * @param owner what `onChange` gets as well: a callback that needs no closure costs each waiting operation less memory
   */
  constructor(state: WatchState, settings: Settings, onChange: OnChange<Owner>, owner: Owner) {
    this.#state = state;
    this.settings = settings;
    this.#onChange = onChange;
    this.#owner = owner;
    watching++;
    // Not queueMicrotask, which fake timers replace.
    void (settings.startAfter ?? Promise.resolve()).then(() => this.#begin());
  }

  get state(): WatchState {
    return this.#state;
  }

  /** Ends watching; does nothing if it has ended. */
  stop(reason: 'aborted' | 'stopped', cause: unknown): void {
    if (!isOver(this.#state)) this.#take(abandon(this.#state, reason, cause, processClock, this.settings));
  }

  /** Polls as soon as the service allows, because the operation may have changed; does nothing if watching has ended. */
  wake(): void {
    if (isOver(this.#state)) return;
    if (this.#timer !== undefined) this.#shortenWait();
    // In a backoff the poll's next request is still to come, and shows what has changed.
    else if (this.#poll === undefined || this.#state.dueAt <= now()) this.#wasWoken = true;
  }

  /**
   * Holds watching: waits for a request that is under way, and makes no other. Time goes on, and `stop` still ends it.
   *
   * @throws Error when it is held already
   */
  pause(): Promise<void> {
    if (this.#onPaused !== undefined) throw new Error('The poller is being handed over already');
    return new Promise((resolve) => {
      this.#onPaused = resolve;
      this.#clearTimer();
      // Between two requests of a poll nothing is lost by leaving it.
      if (this.#poll === undefined || this.#state.dueAt > now()) this.#abortPoll();
    });
  }

  /** Goes on after {@link pause}. */
  resume(): void {
    this.#onPaused = undefined;
    if (isOver(this.#state) || !this.#hasBegun) return;
    this.#sleep(this.#state.dueAt - now());
    if (this.#wasWoken) this.#shortenWait();
  }

  #abortPoll(): void {
    const controller = this.#poll;
    this.#poll = undefined;
    controller?.abort();
    this.#onPaused?.();
  }

  #shortenWait(): void {
    this.#wasWoken = false;
    const woken = wake(this.#state, processClock, this.settings);
    if (woken === undefined) return;
    this.#clearTimer();
    this.#keep(woken);
    // A listener may have stopped us, or hands us over. By a timer even if it is due now, so that any number of hints in one turn make one poll.
    if (!isOver(this.#state) && this.#onPaused === undefined) this.#sleep(woken.next.wait);
  }

  #begin(): void {
    this.#hasBegun = true;
    const {signal} = this.settings;
    if (signal?.aborted) this.stop('aborted', signal.reason);
    if (this.#state.abandoned !== undefined) return;
    if (signal !== undefined) this.#unsubscribe = onAbort(signal, () => this.stop('aborted', signal.reason));
    this.#take(firstStep(this.#state, processClock, this.settings));
  }

  #ask(): void {
    if (isOver(this.#state)) return;
    const controller = new LazyAbortController();
    this.#poll = controller;
    this.#wasWoken = false;
    const settings = this.settings;
    const io = {
      settings,
      poll: (request: PollRequest) => poll(settings, request),
      signal: controller,
      known: this.#hasRead ? this.#state.operation : undefined,
      onChange: (change: Change) => {
        if (controller.aborted) return;
        // Another request of this poll follows.
        this.#wasWoken = false;
        this.#keep(change);
        if (this.#onPaused !== undefined) this.#abortPoll();
      },
    };
    const fail = (error: unknown): void => {
      if (controller.aborted) return;
      // A poll rejects only because it was aborted; anything else is a bug in this library, which must not go unnoticed.
      reportUncaught(error);
      // Nor may anybody wait for ever.
      this.stop('stopped', error);
    };
    // Not by a `catch` after it: that would be one more promise for each poll.
    step(this.#state, io, processClock).then((taken) => {
      try {
        this.#poll = undefined;
        this.#hasRead ||= taken.state.operation !== this.#state.operation;
        if (!controller.aborted) this.#take(taken);
      } catch (error) {
        fail(error);
      }
    }, fail);
  }

  /** Keeps the state after a change, and says so. After the last one, everything has been released by then. */
  #keep(change: Change): void {
    this.#state = change.state;
    if (change.next?.outcome) this.#dispose();
    this.#onChange(change, this.#owner);
  }

  #take(taken: Step): void {
    this.#keep(taken);
    // A listener may have stopped us.
    if (taken.next.outcome || isOver(this.#state)) return;
    if (this.#onPaused !== undefined) {
      this.#onPaused();
      return;
    }
    // The first poll is never delayed.
    if (taken.next.wait === 0 && this.#immediatePolls++ * watching < maxImmediatePolls) this.#ask();
    else this.#sleep(taken.next.wait);
    if (this.#wasWoken) this.#shortenWait();
  }

  #sleep(wait: number): void {
    this.#immediatePolls = 0;
    this.#timer = setTimer(Watch.#onTimer, timerDelay(wait), this);
  }

  /** Polls, unless the wait was longer than one timer can hold, which is 24.8 days. */
  static #onTimer<Owner>(watch: Watch<Owner>): void {
    watch.#timer = undefined;
    const rest = watch.#state.dueAt - now();
    if (rest > 0) watch.#sleep(rest);
    else watch.#ask();
  }

  #clearTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #dispose(): void {
    watching--;
    this.#clearTimer();
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    this.#abortPoll();
  }
}
