import {abandonError} from '../operation/abandon-error.ts';
import {InvalidResumeTokenError, OperationError} from '../operation/errors.ts';
import type {Operation, OperationStatus, SucceededOperation} from '../operation/operation.ts';
import {writeResumeToken} from '../operation/resume-token.ts';
import {readResult} from './job.ts';
import type {Board, Entry} from './job-reader.ts';

/** An operation in a queue. It watches nothing itself: workers do, in whatever process they are. */
export class QueuedOperation<Data = unknown> {
  /** The job's id, for `get` and `cancel`, and in events. */
  readonly id: string;
  /** What was added with it. */
  readonly data: Data | undefined;
  readonly #board: Board<Data>;
  #known: Entry<Data>;
  #result: Promise<SucceededOperation> | undefined;

  /** @internal Use the queue's `add` or `get`. */
  constructor(id: string, board: Board<Data>, known: Entry<Data>) {
    this.id = id;
    this.data = known.data;
    this.#board = board;
    this.#known = known;
  }

  /**
   * The status as last known, read from Redis now; `'notStarted'` before the first report. It is the operation's also when
   * watching was given up.
   */
  async status(): Promise<OperationStatus> {
    return (await this.operation())?.status ?? 'notStarted';
  }

  /**
   * The operation as last known, read from Redis now; `undefined` before the first report. Of a job that is gone, what was
   * known when it was last read.
   */
  async operation(): Promise<Operation | undefined> {
    await this.#read();
    return this.#known.state.operation;
  }

  /**
   * The operation once it has succeeded: in any process, whichever worker saw it end. Ask as often as you like: it is the
   * same promise. The job is read again every few seconds, because BullMQ's events get lost under load.
   *
   * @returns the operation
   * @throws what a poller's `result()` throws, the same classes with the same fields
   * @throws WatchAbortedError when the job was removed: by `cancel`, or because results are kept only so long; and when the
   *   queue was closed. The operation goes on, and the error's `resumeToken` with it
   * @throws OperationError when BullMQ gave the job up, or it holds what is no resume token
   */
  result(): Promise<SucceededOperation> {
    this.#result ??= this.#settle();
    return this.#result;
  }

  async #settle(): Promise<SucceededOperation> {
    const vigil = this.#board.watch(this.id);
    try {
      for (;;) {
        if (this.#board.closed) throw this.#gone('the queue was closed');
        const entry = await this.#tryRead();
        if (entry === undefined) throw this.#gone('its job is no longer in the queue');
        if (entry !== 'unread') {
          const {result, failure, state} = entry;
          if (failure !== undefined) {
            const facts = {state, resumeToken: () => writeResumeToken(state)};
            throw new OperationError(`BullMQ gave up the job of ${state.redactedLocation}: ${failure}`, facts);
          }
          if (result !== undefined) {
            const outcome = readResult(result);
            if (outcome.status === 'succeeded') return outcome.operation;
            throw outcome.error;
          }
        }
        await vigil.next();
      }
    } finally {
      vigil.end();
    }
  }

  // Redis may be away for a while.
  async #tryRead(): Promise<Entry<Data> | undefined | 'unread'> {
    try {
      return await this.#read();
    } catch (error) {
      if (error instanceof InvalidResumeTokenError) throw error;
      if (!this.#board.closed) this.#board.trouble(error);
      return 'unread';
    }
  }

  async #read(): Promise<Entry<Data> | undefined> {
    const entry = await this.#board.read(this.id);
    if (entry !== undefined) this.#known = entry;
    return entry;
  }

  #gone(why: string): OperationError {
    return abandonError('stopped', this.#known.state, Date.now(), {cause: new Error(why)});
  }
}
