import type {RemainingTime} from '../operation/events.ts';
import type {Operation, OperationStatus, SucceededOperation} from '../operation/operation.ts';
import {type Outcome, succeededOperation} from '../operation/outcome.ts';
import type {AbandonReason} from '../operation/state.ts';
import type {RecordRunner} from './record-runner.ts';

/**
 * An operation of a tracker.
 *
 * @typeParam Data the type of what was added with it
 * @typeParam Result the type of its result, as its protocol declares it; it is not checked at run time
 */
export class TrackedOperation<Data = unknown, Result = unknown> {
  /** What the tracker knows it by. */
  readonly key: string;
  /** Made when it was added; a different one if the same key is added again later. `onEnd` gets it too. */
  readonly id: string;
  /** What was added with it. */
  readonly data: Data | undefined;
  readonly #runner: RecordRunner<Data>;
  #outcome: Promise<Outcome<Result>> | undefined;
  #result: Promise<SucceededOperation<Result>> | undefined;

  /** @internal Use the tracker's `add` or `get`. */
  constructor(runner: RecordRunner<Data>) {
    this.#runner = runner;
    const {key, id, data} = runner.record;
    this.key = key;
    this.id = id;
    this.data = data;
  }

  /** The status as last known; `'notStarted'` before the first report. It is the operation's even when watching was given up. */
  async status(): Promise<OperationStatus> {
    return (await this.operation())?.status ?? 'notStarted';
  }

  /** The operation as last known; `undefined` before the first report. */
  async operation(): Promise<Operation<Result> | undefined> {
    return this.#runner.state.operation as Operation<Result> | undefined;
  }

  /** Why watching was given up; `undefined` while it goes on and when the operation ended. */
  async abandoned(): Promise<AbandonReason | undefined> {
    const {outcome} = this.#runner;
    return outcome?.status === 'abandoned' ? outcome.reason : undefined;
  }

  /**
   * How long it is likely to go on, as for a poller: quantiles in milliseconds, where the tracker's `schedule` has learned them;
   * else, and once watching is over, `undefined`.
   */
  async estimate(): Promise<RemainingTime | undefined> {
    return this.#runner.estimate;
  }

  /**
   * How watching ends, as a union on `status`, once that is stored; it does not wait for `onEnd`, and never rejects. Call it as often
   * as you like: it is the same promise. Removed, or the tracker closed: `'abandoned'` with the reason `'stopped'`.
   */
  outcome(): Promise<Outcome<Result>> {
    this.#outcome ??= new Promise<Outcome>((resolve) => this.#runner.onceOver(resolve)) as Promise<Outcome<Result>>;
    return this.#outcome;
  }

  /**
   * The operation once it has succeeded. Call it as often as you like: it always returns the same promise.
   *
   * @throws what a poller's `result()` throws, the same classes with the same fields
   * @throws WatchAbortedError when it was removed or the tracker was closed: the operation goes on
   */
  result(): Promise<SucceededOperation<Result>> {
    this.#result ??= this.outcome().then(succeededOperation);
    return this.#result;
  }
}
