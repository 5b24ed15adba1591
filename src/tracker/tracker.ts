/// <reference lib="esnext.disposable" preserve="true" />
import {ConcurrencyLimit} from '../client/concurrency-limit.ts';
import {type OperationEventType, operationEventTypes} from '../operation/events.ts';
import type {ResumeToken} from '../operation/resume-token.ts';
import type {OperationPoller} from '../poller.ts';
import type {Protocol} from '../protocol/protocol.ts';
import {protocolAmong} from '../protocol/start.ts';
import {addOrTakeOver} from '../runner/add-or-take-over.ts';
import {createRecord, type RecordOptions, recordOptionChecks} from '../runner/create-record.ts';
import {dueAtBy, type OperationRecord, stateOf} from '../runner/record.ts';
import type {TurnEvent, TurnEventOf} from '../runner/turn-events.ts';
import {prepareTurns, type TurnOptions} from '../runner/turn-options.ts';
import {checkOptions, checkWellFormed} from '../shared/check-options.ts';
import {now} from '../shared/clock.ts';
import {Listeners, type Subscription} from '../shared/listeners.ts';
import {endsWithin} from '../shared/timers.ts';
import type {OperationTracker, TrackedCounts} from './operation-tracker.ts';
import {RecordRunner, type RunnerContext} from './record-runner.ts';
import {toProcessClock} from './record-text.ts';
import type {OperationStore} from './store.ts';
import {StoreWriter} from './store-writer.ts';
import {TrackedOperation} from './tracked-operation.ts';
import {TrackerError} from './tracker-error.ts';

interface TrackerParts<Data> extends Pick<RunnerContext<Data>, 'turnOptions' | 'onError'> {
  readonly store: OperationStore;
  readonly concurrency: number;
  /** How long closing waits for an `onEnd`, and for the store, in milliseconds. */
  readonly closeTimeout: number;
  /** The keys of what is in the store and cannot be read. */
  readonly refused: ReadonlySet<string>;
}

export class Tracker<Data, Result> implements OperationTracker<Data, Result> {
  readonly #store: OperationStore;
  readonly #context: RunnerContext<Data>;
  readonly #entries = new Map<string, Entry<Data>>();
  readonly #refused: Set<string>;
  readonly #listeners = new Listeners<TurnEvent>(operationEventTypes);
  readonly #closeTimeout: number;
  #closing: Promise<void> | undefined;

  constructor({turnOptions, store, onError, concurrency, closeTimeout, refused}: TrackerParts<Data>) {
    const writer = new StoreWriter(store, onError);
    this.#store = store;
    this.#refused = new Set(refused);
    this.#closeTimeout = closeTimeout;
    this.#context = {
      turnOptions,
      resume: prepareTurns(turnOptions),
      polls: new ConcurrencyLimit(concurrency),
      ends: new ConcurrencyLimit(concurrency),
      holds: new Map(),
      writer,
      listeners: this.#listeners,
      onError,
      onDone: ({record: {key}}) => {
        this.#entries.delete(key);
        void writer.put(key, undefined);
      },
    };
  }

  /** Goes on with what was stored. Polls that are overdue are spread, so that they do not all leave at once. */
  goOn(records: readonly OperationRecord<Data>[]): void {
    const time = now();
    const overdue = records.filter((record) => record.ended === undefined && dueAtBy(record, time) <= time).length;
    const spread = Math.min(longestSpread, overdue * spreadPerPoll);
    for (const record of records) {
      const {runner} = this.#track(record, alreadyStored);
      const dueAt = dueAtBy(record, time);
      // Its turn decides whether it is too early for `onEnd`.
      if (record.ended !== undefined) runner.start(time);
      else runner.start(dueAt <= time ? time + Math.random() * spread : dueAt);
    }
  }

  async add<Added extends Result>(
    place: string | URL | OperationPoller<Added> | ResumeToken,
    options: RecordOptions<Data, Added> = {},
  ): Promise<TrackedOperation<Data, Added>> {
    const add = (source: string | URL | ResumeToken, protocol?: Protocol): Promise<Entry<Data>> =>
      this.#entryOf(source, options, protocol);
    const entry = await addOrTakeOver(place, add, ({runner}) => runner.record.token.location);
    return entry.tracked as TrackedOperation<Data, Added>;
  }

  on<Type extends OperationEventType | '*'>(
    type: Type,
    listener: (event: TurnEventOf<Type, Result>) => void,
  ): Subscription {
    return this.#listeners.add(type, listener as (event: TurnEvent) => void);
  }

  async get<Known extends Result>(key: string): Promise<TrackedOperation<Data, Known> | undefined> {
    const entry = this.#entries.get(key);
    const isStored = await entry?.stored.then(() => true).catch(() => false);
    return isStored ? (entry?.tracked as TrackedOperation<Data, Known> | undefined) : undefined;
  }

  async list(): Promise<TrackedOperation<Data, Result>[]> {
    // Not waiting for what is being added: a store that answers late for one key would hold up all.
    const stored = [...this.#entries.values()].filter(({isStored}) => isStored);
    return stored.map(({tracked}) => tracked as TrackedOperation<Data, Result>);
  }

  async wake(key: string): Promise<boolean> {
    if ((await this.get(key)) === undefined) return false;
    this.#entries.get(key)?.runner.wake();
    return true;
  }

  async remove(key: string): Promise<boolean> {
    this.#checkIsOpen();
    const entry = this.#entries.get(key);
    if (entry?.runner.owesEnd) return false;
    if (!this.#refused.delete(key) && entry === undefined) return false;
    this.#entries.delete(key);
    entry?.runner.remove();
    await this.#context.writer.tryPut(key, undefined);
    return true;
  }

  async counts(): Promise<TrackedCounts> {
    const counts = {waiting: 0, due: 0, active: 0, ended: 0, refused: this.#refused.size};
    for (const {runner} of this.#entries.values()) {
      const {phase, record} = runner;
      if (phase !== 'over') counts[phase === 'refused' || record.ended === undefined ? phase : 'ended'] += 1;
    }
    return counts;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    const runners = [...this.#entries.values()].map(({runner}) => runner);
    await endsWithin(this.#closeTimeout, Promise.all(runners.map((runner) => runner.close())));
    // An onEnd that hangs, or that waits for this very promise: its end stays in the store.
    for (const runner of runners) runner.remove();
    const {writer, onError} = this.#context;
    const closed = writer.close().then(() => this.#store.close?.());
    if (await endsWithin(this.#closeTimeout, closed)) return;
    const why = `it did not answer within ${this.#closeTimeout} ms`;
    writer.leave(why);
    onError(new TrackerError('store', 'The store could not be closed', undefined, why));
  }

  #checkIsOpen(): void {
    if (this.#closing !== undefined) throw new Error('The tracker is closed');
  }

  /** The entry of an operation, which is there already or is added. */
  async #entryOf(
    place: string | URL | ResumeToken,
    options: RecordOptions<Data>,
    ofPoller: Protocol | undefined,
  ): Promise<Entry<Data>> {
    this.#checkIsOpen();
    const {turnOptions, resume, writer} = this.#context;
    const record = createRecordOf(place, options, turnOptions, ofPoller);
    const {key} = record;
    const known = this.#entries.get(key);
    if (known !== undefined) {
      await known.stored;
      return known;
    }
    if (this.#refused.has(key)) {
      const why = 'what the store holds under this key cannot be read; remove it first';
      throw new TrackerError('record', 'Cannot add', key, why);
    }
    // Refused now, not at the first turn.
    resume(record.id, stateOf(record));
    const entry = this.#track(record, writer.tryPut(key, record));
    try {
      await entry.stored;
    } catch (error) {
      if (this.#entries.get(key) === entry) this.#entries.delete(key);
      // It may have been stored all the same. A store that was left behind is not asked for anything any more.
      if (this.#closing === undefined) void writer.put(key, undefined);
      throw error;
    }
    entry.isStored = true;
    entry.runner.start(dueAtBy(record, now()));
    return entry;
  }

  #track(record: OperationRecord<Data>, stored: Promise<void>): Entry<Data> {
    const runner = new RecordRunner(record, this.#context);
    const entry = {runner, tracked: new TrackedOperation(runner), stored, isStored: stored === alreadyStored};
    this.#entries.set(record.key, entry);
    return entry;
  }
}

interface Entry<Data> {
  readonly runner: RecordRunner<Data>;
  readonly tracked: TrackedOperation<Data>;
  /** Rejects where the store rejected what was added. */
  readonly stored: Promise<void>;
  /** Whether that has resolved. */
  isStored: boolean;
}

const alreadyStored = Promise.resolve();
/** Over how long the overdue polls of a start are spread at most, and how long is allowed for each, in milliseconds. */
const longestSpread = 30_000;
const spreadPerPoll = 10;

/** A record as it will be read from the store, with the times of this process. */
function createRecordOf<Data>(
  place: string | URL | ResumeToken,
  options: RecordOptions<Data>,
  {protocols = []}: TurnOptions<Data>,
  ofPoller: Protocol | undefined,
): OperationRecord<Data> {
  const own = checkOptions(options, recordOptionChecks);
  const {protocol = ofPoller ?? protocolAmong(protocols, Object(place).protocol)} = own;
  const record = createRecord(place, {...own, protocol});
  checkWellFormed('key', record.key);
  return toProcessClock(record);
}
