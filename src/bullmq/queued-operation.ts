import {abandonError} from '../operation/abandon-error.ts';
import {InvalidResumeTokenError, OperationError} from '../operation/errors.ts';
import type {Operation, OperationStatus, SucceededOperation} from '../operation/operation.ts';
import {succeededOperation} from '../operation/outcome.ts';
import {writeResumeToken} from '../operation/resume-token.ts';
import {readOutcome} from '../runner/outcome-json.ts';
import {readingJob} from './job.ts';
import type {Entry, JobReader} from './job-reader.ts';

/** An operation in a queue. It watches nothing itself: workers do, in whatever process they are. */
export class QueuedOperation<Data = unknown> {
  /** The job's id, for `get` and `remove`, and in events. */
  readonly id: string;
  /** What was added with it. */
  readonly data: Data | undefined;
  readonly #reader: JobReader<Data>;
  #lastEntry: Entry<Data>;
  #result: Promise<SucceededOperation> | undefined;

  /** @internal Use the queue's `add` or `get`. */
  constructor(id: string, reader: JobReader<Data>, entry: Entry<Data>) {
    this.id = id;
    this.data = entry.data;
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
  async operation(): Promise<Operation | undefined> {
    await this.#read();
    return this.#lastEntry.state.operation;
  }

  /**
   * The operation once it has succeeded: in any process, whichever worker saw it end. Call it as often as you like: it is the
   * same promise. The job is read again every few seconds, because BullMQ's events get lost under load.
   *
   * @returns the operation
   * @throws what a poller's `result()` throws, the same classes with the same fields
   * @throws WatchAbortedError when the job was removed, by `remove` or because outcomes are retained only so long, and when the
   *   queue was closed. The operation goes on, and the error's `resumeToken` continues the watch
   * @throws OperationError when BullMQ gave up on the job; its subclass InvalidResumeTokenError when the job holds no resume token
   */
  result(): Promise<SucceededOperation> {
    this.#result ??= this.#settle();
    return this.#result;
  }

  async #settle(): Promise<SucceededOperation> {
    const waiter = this.#reader.wait(this.id);
    try {
      for (;;) {
        if (this.#reader.closed) throw this.#stopped('the queue was closed');
        const entry = await this.#tryRead();
        if (entry === undefined) throw this.#stopped('its job is no longer in the queue');
        if (entry !== 'unavailable') {
          const {result, failure, state} = entry;
          if (failure !== undefined) {
            const facts = {state, resumeToken: () => writeResumeToken(state)};
            throw new OperationError(`BullMQ gave up on the job of ${state.redactedLocation}: ${failure}`, facts);
          }
          if (result !== undefined) {
            return succeededOperation(await readingJob(this.id, () => readOutcome(result)));
          }
        }
        await waiter.next();
      }
    } finally {
      waiter.dispose();
    }
  }

  // Redis may be unavailable for a while.
  async #tryRead(): Promise<Entry<Data> | undefined | 'unavailable'> {
    try {
      return await this.#read();
    } catch (error) {
      if (error instanceof InvalidResumeTokenError) throw error;
      if (!this.#reader.closed) this.#reader.reportError(error);
      return 'unavailable';
    }
  }

  async #read(): Promise<Entry<Data> | undefined> {
    const entry = await this.#reader.read(this.id);
    if (entry !== undefined) this.#lastEntry = entry;
    return entry;
  }

  #stopped(why: string): OperationError {
    return abandonError('stopped', this.#lastEntry.state, this.#reader.clock.now(), {cause: new Error(why)});
  }
}
