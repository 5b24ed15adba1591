/// <reference lib="esnext.disposable" preserve="true" />
import type {OperationEventType} from '../operation/events.ts';
import type {ResumeToken} from '../operation/resume-token.ts';
import type {OperationPoller} from '../poller.ts';
import type {RecordOptions} from '../runner/create-record.ts';
import type {TurnEventOf} from '../runner/turn-events.ts';
import type {Subscription} from '../shared/listeners.ts';
import type {TrackedOperation} from './tracked-operation.ts';

/** How many operations of a tracker are in which state. */
export interface TrackedCounts {
  /** waiting for their next poll */
  readonly waiting: number;
  /** due, while as many polls are under way as may be */
  readonly due: number;
  /** being polled */
  readonly active: number;
  /** over, and not yet taken by `onEnd` */
  readonly ended: number;
  /** left alone, because this tracker cannot use what is stored */
  readonly refused: number;
}

/**
 * Operations that are watched in this process, and kept in a store.
 *
 * @typeParam Data the type of what is added with an operation
 * @typeParam Result the type of the operations' results, which is not checked at run time
 */
export interface OperationTracker<Data = unknown, Result = unknown> extends AsyncDisposable {
  /**
   * Watches an operation. Adding a key that is already there changes nothing, so the code that starts operations is safe to repeat.
   *
   * A poller is handed over: a poll that is under way is waited for, then the poller stops, and its `result()` rejects with a
   * `WatchAbortedError` whose cause says so. It goes on if this rejects, or if the key belongs to another operation.
   *
   * @param place where the operation is, or a poller or a resume token to go on from
   * @returns the operation, once it is stored
   * @throws TypeError or RangeError when an option or the location is invalid; InvalidResumeTokenError; RecordRefusedError where this
   *   tracker does not know the protocol, or its client's token may not go there
   * @throws TrackerError when the store rejects it, or holds something else under that key; Error once the tracker is closed
   */
  add<Added extends Result = Result>(
    place: string | URL | OperationPoller<Added> | ResumeToken,
    options?: RecordOptions<Data, Added>,
  ): Promise<TrackedOperation<Data, Added>>;
  /**
   * Adds a listener to the events of all operations: the same names and payloads as a poller's, with the operation's `key`, `id`
   * and `data`, each as soon as its poll is answered. Rely on `onEnd` for the end: these are gone when the process dies, and a
   * poll that is made again after that emits its events again. What `remove` and `close` stop emits none. If a listener throws,
   * the error is reported to the host, and nothing else is affected.
   *
   * @param type the event's name, or `'*'` for all
   * @param listener gets the event, which is frozen
   * @throws TypeError when there is no such event, or the listener is not a function
   *
   * @example
   * ```ts
   * tracker.on('progress', ({key, operation}) => console.log(key, operation.percentComplete));
   * ```
   */
  on<Type extends OperationEventType | '*'>(
    type: Type,
    listener: (event: TurnEventOf<Type, Result>) => void,
  ): Subscription;
  /**
   * The operation of that key; `undefined` if there is none, or no longer. While it is being added, this waits until it is stored.
   * `get<Image>(key)` says what its result is.
   */
  get<Known extends Result = Result>(key: string): Promise<TrackedOperation<Data, Known> | undefined>;
  /** All operations that are stored; what is still being added is not waited for. */
  list(): Promise<TrackedOperation<Data, Result>[]>;
  /**
   * A hint that an operation may have changed, from a webhook for instance: the next poll is made as soon as the service allows, as
   * for `poller.wake()`. While the operation is being added, this waits until it is stored.
   *
   * @returns whether there is such an operation
   */
  wake(key: string): Promise<boolean>;
  /**
   * Stops watching; the operation itself goes on, and `onEnd` is not called. What was left alone because it could not be read is
   * removed too.
   *
   * An end that is stored is handed over all the same: watching is over, and the outcome is the operation's own. Once its `onEnd` has
   * been called, this removes it, and `onEnd` is not called again.
   *
   * @returns whether there was something to remove, once the store has removed it; `false` where there is no such operation, and where
   *   its `onEnd` is about to be called
   * @throws TrackerError when the store rejects that: watching has stopped, and the removal is repeated; Error once the tracker is closed
   */
  remove(key: string): Promise<boolean>;
  /** How many operations are in which state. */
  counts(): Promise<TrackedCounts>;
  /**
   * Stops watching and stores what is known, for the next tracker over the same store. Polls are aborted; an `onEnd` that was
   * called is waited for, and its signal aborts. One that takes longer than `requestTimeout`, by default 10 s, is left behind, and the
   * next tracker calls it again; so is one that awaits this: do not await it in an `onEnd`. Closes the store; one that does not answer
   * for as long is reported to `onError`, and what it had yet to write may be lost.
   *
   * @throws what closing the store rejects with, once all has been written
   */
  close(): Promise<void>;
}
