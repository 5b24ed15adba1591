import {longestTimer} from '../http/retry-after.ts';
import type {Outcome} from '../operation/outcome.ts';
import {isOver, type WatchState} from '../operation/state.ts';
import type {Settings} from '../options/options.ts';
import {LazyAbortController, onAbort} from '../shared/abort.ts';
import {reportUncaught} from '../shared/report-error.ts';
import {poll} from './poll.ts';
import {abandon, advance, begin, type Moved, type Step, type StepIo} from './step.ts';

/** A watch that runs by timers in this process. */
export class Watch {
  #state: WatchState;
  readonly #settings: Settings;
  readonly #heard: (moved: Moved, outcome: Outcome | undefined) => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #poll: LazyAbortController | undefined;
  /** Whether the operation was read by a poll of ours. */
  #hasRead = false;
  #unsubscribe: (() => void) | undefined;

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
      this.#unsubscribe = onAbort(signal, () => this.stop('aborted', signal.reason));
    }
    this.#take(begin(this.#state, Date.now()));
  }

  #ask(): void {
    if (isOver(this.#state)) return;
    const controller = new LazyAbortController();
    this.#poll = controller;
    const settings = this.#settings;
    const io: StepIo = {
      settings,
      poll: (question) => poll(settings, question),
      signal: controller,
      known: this.#hasRead ? this.#state.operation : undefined,
      retrying: (moved) => {
        if (controller.aborted) return;
        this.#state = moved.state;
        this.#heard(moved, undefined);
      },
    };
    advance(this.#state, io, Date.now).then(
      (step) => {
        this.#poll = undefined;
        this.#hasRead ||= step.state.operation !== this.#state.operation;
        if (!controller.aborted) this.#take(step);
      },
      (error: unknown) => {
        // A poll rejects only because it was aborted; anything else is a mistake of ours that must not go unheard.
        if (!controller.aborted) reportUncaught(error);
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
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    const asked = this.#poll;
    this.#poll = undefined;
    asked?.abort();
  }
}
