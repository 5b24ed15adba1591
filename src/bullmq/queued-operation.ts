import {abandonError} from '../operation/abandon-error.ts';
import {InvalidResumeTokenError, OperationError} from '../operation/errors.ts';
import type {Operation, OperationStatus, SucceededOperation} from '../operation/operation.ts';
import {type Outcome, succeededOperation} from '../operation/outcome.ts';
import {writeResumeToken} from '../operation/resume-token.ts';
import type {AbandonReason} from '../operation/state.ts';
import {unlessAborted} from '../shared/abort.ts';
import {readingJob} from './job.ts';
import type {Entry, JobReader} from './job-reader.ts';

/**
 * An operation in a queue. It watches nothing itself: workers do, in whatever process they are.
 *
 * @typeParam Data the type of what was added with it
 * @typeParam Result the type of its result, as its protocol declares it; it is not checked at run time
 */
export class QueuedOperation<Data = unknown, Result = unknown> {
  /** The key it was added with; by default its location. */
  readonly key: string;
  /** Distinguishes it from other watches of the same key, earlier or later. Events carry it, and `onEnd` gets it. */
  readonly id: string;
  /** What was added with it. */
  readonly data: Data | undefined;
  readonly #reader: JobReader<Data>;
  #lastEntry: Entry<Data>;
  #outcome: Promise<Outcome<Result>> | undefined;
  #result: Promise<SucceededOperation<Result>> | undefined;

  /** @internal Use the queue's `add`, `get` or `list`. */
  constructor(reader: JobReader<Data>, entry: Entry<Data>) {
    const {key, id, data} = entry.record;
    this.key = key;
    this.id = id;
    this.data = data;
    this.#reader = reader;
    this.#lastEntry = entry;
  }

  /**
   * The status as last known, read from Redis now; `'notStarted'` before the first report. It is the operation's also when
   * watching was given up.
   */
  async status(): Promise<OperationStatus> {
    return (await this.operation())?.status ?? 'notStarted';
  }

  /**
   * The operation as last known, read from Redis now; `undefined` before the first report. If the job is gone, the operation
   * as it was when last read.
   */
  async operation(): Promise<Operation<Result> | undefined> {
    await this.#read();
    return this.#lastEntry.state.operation as Operation<Result> | undefined;
  }

  /** Why watching was given up, read from Redis now; `undefined` while it goes on and when the operation ended. */
  async abandoned(): Promise<AbandonReason | undefined> {
    await this.#read();
    const outcome = await readingJob(this.id, this.#lastEntry.outcome);
    return outcome?.status === 'abandoned' ? outcome.reason : undefined;
  }

  /**
   * How watching ended, as a union on `status`, once that is stored: in any process, whichever worker saw it. It does not wait for `onEnd`,
   * and never rejects. Call it as often as you like: it always returns the same promise.
   *
   * It is abandoned as `'stopped'`, with an error that says why, where there is no end to wait for: see {@link result}.
   */
  outcome(): Promise<Outcome<Result>> {
    this.#outcome ??= this.#untilEnded() as Promise<Outcome<Result>>;
    return this.#outcome;
  }

  /**
   * The operation once it has succeeded: in any process, whichever worker saw it end. Call it as often as you like: it always returns the
   * same promise.
   *
   * @returns the operation
   * @throws what a poller's `result()` throws, the same classes with the same fields
   * @throws WatchAbortedError when the job was removed, by `remove` or because outcomes are retained only so long, and when the
   *   queue was closed. The operation goes on, and the error's `resumeToken` continues the watch
   * @throws OperationError when BullMQ gave up on the job; its subclass InvalidResumeTokenError when the job holds no resume token
   */
  result(): Promise<SucceededOperation<Result>> {
    this.#result ??= this.outcome().then(succeededOperation);
    return this.#result;
  }

  async #untilEnded(): Promise<Outcome> {
    const known = this.#lastEntry.isDone ? await this.#readEnd() : undefined;
    if (known !== undefined) return known;
    for await (const _ of this.#reader.ends.wait(this.id)) {
      const outcome = await this.#readEnd();
      if (outcome !== undefined) return outcome;
    }
    return this.#stopped('the queue was closed');
  }

  /** How it ended, read from Redis now; `undefined` where it has not, and where Redis is unavailable or the queue is closed. */
  async #readEnd(): Promise<Outcome | undefined> {
    try {
      const entry = await unlessAborted(this.#read(), this.#reader.ends.closing);
      if (entry === undefined) return this.#stopped('its job is no longer in the queue');
      const {state, failure, outcome} = entry;
      if (failure === undefined) return await readingJob(this.id, outcome);
      const facts = {state, resumeToken: () => writeResumeToken(state)};
      const message = `BullMQ gave up on the job of ${state.redactedLocation}: ${failure}`;
      return this.#abandoned(new OperationError(message, facts));
    } catch (error) {
      if (error instanceof InvalidResumeTokenError) return this.#abandoned(error);
      if (!this.#reader.ends.closing.aborted) this.#reader.reportError(error);
      return undefined;
    }
  }

  async #read(): Promise<Entry<Data> | undefined> {
    const entry = await this.#reader.read(this.id);
    if (entry !== undefined) this.#lastEntry = entry;
    return entry;
  }

  #stopped(why: string): Outcome {
    const {state} = this.#lastEntry;
    return this.#abandoned(abandonError('stopped', state, this.#reader.clock.now(), {cause: new Error(why)}));
  }

  #abandoned(error: OperationError): Outcome {
    return {status: 'abandoned', reason: 'stopped', operation: this.#lastEntry.state.operation, error};
  }
}
