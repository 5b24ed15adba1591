import type {ConcurrencyLimit} from '../client/concurrency-limit.ts';
import {abandonError} from '../operation/abandon-error.ts';
import type {RemainingTime} from '../operation/events.ts';
import type {Outcome} from '../operation/outcome.ts';
import type {WatchState} from '../operation/state.ts';
import {estimateRemaining} from '../polling/estimate-remaining.ts';
import {addHold, heldUntil} from '../runner/origin-holds.ts';
import {dueAtBy, type OperationRecord, outcomeOf, stateOf, wakeRecord} from '../runner/record.ts';
import {RecordRefusedError} from '../runner/record-refused-error.ts';
import {type Turn, takePreparedTurn} from '../runner/take-turn.ts';
import {emitTurn, type TakenTurn, type TurnEvent} from '../runner/turn-events.ts';
import type {ResumeRecord, TurnOptions} from '../runner/turn-options.ts';
import {LazyAbortController} from '../shared/abort.ts';
import {now, processClock, setTimer} from '../shared/clock.ts';
import type {Listeners} from '../shared/listeners.ts';
import {timerDelay} from '../shared/timers.ts';
import {toWallClock} from './record-text.ts';
import type {StoreWriter} from './store-writer.ts';
import {TrackerError} from './tracker-error.ts';

/** What the records of a tracker share. */
export interface RunnerContext<Data> {
  readonly turnOptions: TurnOptions<Data>;
  /** How the turns poll, prepared once for all. */
  readonly resume: ResumeRecord;
  /** How many polls are made at once. */
  readonly polls: ConcurrencyLimit;
  /** How many ends are handed over at once: an `onEnd` that hangs holds up no poll. */
  readonly ends: ConcurrencyLimit;
  /** The origins whose services asked for no requests for a while, and until when. */
  readonly holds: Map<string, number>;
  readonly writer: StoreWriter;
  readonly listeners: Listeners<TurnEvent>;
  readonly onError: (error: TrackerError) => void;
  /** Called when there is nothing more to do with a record. */
  readonly onDone: (runner: RecordRunner<Data>) => void;
}

/**
 * What a record does: it waits for its next turn; it is due, and waits for its place; its turn is being taken; no turn can be taken;
 * nothing is left to do.
 */
type RunnerPhase = 'waiting' | 'due' | 'active' | 'refused' | 'over';

/** A turn that another one follows. */
type WaitingTurn<Data> = Extract<Turn<Data>, {readonly dueAt: number}>;

/** How long to wait after a turn has thrown what no turn should, in milliseconds. */
const retryDelay = 60_000;

/** Takes the turns of one record when they are due, and stores it after each. */
export class RecordRunner<Data> {
  readonly #context: RunnerContext<Data>;
  #record: OperationRecord<Data>;
  #phase: RunnerPhase = 'waiting';
  #dueAt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #controller: LazyAbortController | undefined;
  #turn: Promise<void> | undefined;
  #wasWoken = false;
  #isRemoved = false;
  #outcome: Outcome | undefined;
  #waiting: ((outcome: Outcome) => void)[] | undefined;

  constructor(record: OperationRecord<Data>, context: RunnerContext<Data>) {
    this.#record = record;
    this.#context = context;
  }

  get record(): OperationRecord<Data> {
    return this.#record;
  }

  get phase(): RunnerPhase {
    return this.#phase;
  }

  /** Whether an end is stored with which `onEnd` has not been called. While that is being stored, the turn is still active. */
  get owesEnd(): boolean {
    return this.#record.ended?.rejections === 0 && (this.#phase === 'waiting' || this.#phase === 'due');
  }

  get state(): WatchState {
    return stateOf(this.#record);
  }

  /** How long it is likely to go on, by what the schedule has learned; `undefined` once watching is over. */
  get estimate(): RemainingTime | undefined {
    return this.#phase === 'over'
      ? undefined
      : estimateRemaining(this.state, this.#context.turnOptions.schedule, now());
  }

  /** How watching ended, with what is stored; `undefined` while it goes on. */
  get outcome(): Outcome | undefined {
    this.#outcome ??= outcomeOf(toWallClock(this.#record));
    return this.#outcome;
  }

  /** Calls back once watching is over. */
  onceOver(settle: (outcome: Outcome) => void): void {
    if (this.outcome === undefined) {
      this.#waiting ??= [];
      this.#waiting.push(settle);
    } else settle(this.outcome);
  }

  /** Takes the next turn at a time, and goes on from there. */
  start(at: number): void {
    if (this.#phase === 'over') return;
    clearTimeout(this.#timer);
    this.#phase = 'waiting';
    this.#dueAt = at;
    this.#timer = setTimer(RecordRunner.#onTimer, timerDelay(at - now()), this);
  }

  /** Takes the next turn as soon as the service allows a poll. */
  wake(): void {
    if (this.#phase === 'active') this.#wasWoken = true;
    if (this.#phase !== 'waiting' || this.#record.ended !== undefined) return;
    const time = now();
    const woken = wakeRecord(this.#record, time);
    if (woken === this.#record) return;
    this.#record = woken;
    this.start(dueAtBy(woken, time));
  }

  /** Ends it, and with it the turn that is being taken, whatever comes of that. */
  remove(): void {
    this.#isRemoved = true;
    this.#stop('removed from its tracker');
  }

  /** Ends it, and with it the turn that is being taken; resolves once that is over, and what came of it is being stored. */
  async close(): Promise<void> {
    this.#stop('its tracker was closed');
    await this.#turn;
  }

  #stop(why: string): void {
    const wasOver = this.#phase === 'over';
    this.#phase = 'over';
    clearTimeout(this.#timer);
    this.#controller?.abort();
    if (!wasOver && this.outcome === undefined) this.#settle(this.#stoppedOutcome(why));
  }

  static #onTimer<Data>(runner: RecordRunner<Data>): void {
    runner.#onDue();
  }

  #onDue(): void {
    // A timer holds 24.8 days at most.
    if (this.#dueAt > now()) this.start(this.#dueAt);
    else {
      this.#phase = 'due';
      this.#turn = this.#takeTurn();
    }
  }

  async #takeTurn(): Promise<void> {
    const {polls, ends} = this.#context;
    const controller = new LazyAbortController();
    this.#controller = controller;
    const limit = this.#record.ended === undefined ? polls : ends;
    let taken: TakenTurn<Data>;
    try {
      await limit.acquire(1, controller);
      try {
        controller.throwIfAborted();
        taken = await this.#takeTurnNow(controller.signal);
      } finally {
        limit.release(1);
      }
    } catch (error) {
      if (!controller.aborted) this.#onThrown(error);
      return;
    }
    if (!this.#isRemoved) this.#onTurn(taken);
  }

  async #takeTurnNow(signal: AbortSignal): Promise<TakenTurn<Data>> {
    const {turnOptions, resume, holds} = this.#context;
    this.#phase = 'active';
    this.#wasWoken = false;
    const before = this.#record;
    const at = now();
    const held = heldUntil(holds, before.token.location, at);
    const given = {resume, onEnd: turnOptions.onEnd, heldUntil: held, signal};
    return {before, turn: await takePreparedTurn(before, this.state, given, at, at), heldUntil: held, at};
  }

  #onThrown(error: unknown): void {
    const isRefused = error instanceof RecordRefusedError;
    if (isRefused) this.#phase = 'refused';
    else this.start(now() + retryDelay);
    this.#report(isRefused ? 'record' : 'turn', 'No turn can be taken for', error);
  }

  #onTurn(taken: TakenTurn<Data>): void {
    const {holds, listeners} = this.#context;
    const {before, turn} = taken;
    if (turn.hold !== undefined) addHold(holds, turn.hold, now());
    if ('error' in turn) this.#report('onEnd', 'onEnd rejected for', turn.error);
    this.#record = turn.record;
    emitTurn(listeners, taken);
    // By a listener, or by `onError`: it is not stored again.
    if (this.#isRemoved) this.#settle(this.outcome);
    else if ('done' in turn) this.#onDone(before, turn.done);
    else if (turn.record.ended !== undefined && before.ended === undefined) this.#storeEnd(turn);
    else this.#storeWait(before, turn);
  }

  #onDone({ended}: OperationRecord<Data>, outcome: Outcome): void {
    this.#phase = 'over';
    this.#context.onDone(this);
    if (ended === undefined) this.#settle(outcome);
  }

  /** Stores an end; what `onEnd` is called with next is what is stored. */
  #storeEnd(turn: WaitingTurn<Data>): void {
    const {key} = turn.record;
    const {writer} = this.#context;
    void writer.put(key, turn.record).then(() => {
      this.#settle(outcomeOf(toWallClock(turn.record)));
      this.start(turn.dueAt);
    });
  }

  #storeWait(before: OperationRecord<Data>, {record, dueAt}: WaitingTurn<Data>): void {
    if (record !== before) void this.#context.writer.put(record.key, record, true);
    this.start(dueAt);
    if (this.#wasWoken) this.wake();
  }

  #settle(outcome: Outcome | undefined): void {
    this.#outcome ??= outcome;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (this.#outcome !== undefined) for (const settle of waiting ?? []) settle(this.#outcome);
  }

  #stoppedOutcome(why: string): Outcome {
    const {state} = this;
    const facts = {cause: new Error(why), clock: processClock};
    const error = abandonError('stopped', state, now(), facts);
    return {status: 'abandoned', reason: 'stopped', operation: state.operation, error};
  }

  #report(reason: TrackerError['reason'], what: string, cause: unknown): void {
    this.#context.onError(new TrackerError(reason, what, this.#record.key, cause));
  }
}
