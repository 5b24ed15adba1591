import type {OperationClient} from 'operation-poller/client';
import type {OperationRecord} from 'operation-poller/runner';
import {
  createOperationTracker,
  type OperationTracker,
  type TrackedOperation,
  type TrackerError,
} from 'operation-poller/tracker';
import {clientOf, recordOptionsOf, turnOptionsOf, turnSourceOf} from './application-options.ts';
import {containsText} from './contains-text.ts';
import {Memory, memoryOf} from './facts.ts';
import {type DataOfRecord, HandOvers, seenOutcome, tellEnd} from './hand-overs.ts';
import type {SeenEvent} from './happenings.ts';
import {ModelStore, storeError} from './model-store.ts';
import {locationOf, markerOf} from './service.ts';
import type {Application, World} from './world.ts';

/** How long the application waits before it repeats what its store rejected, in milliseconds. */
const patience = 300;

/** Operations in a tracker over a store, which outlives all processes. */
export class Tracker implements Application {
  readonly #world: World;
  readonly #store: ModelStore;
  readonly #handOvers: HandOvers;
  /** What was known of each operation after each of its polls, by their numbers: a record's text says after which it was written. */
  readonly #memories = new Map<number, Map<number, Memory>>();
  /** The operations that this process has yet to add, and those that it knows to be in the store. */
  readonly #adding = new Set<number>();
  #added = new Set<number>();
  #tracker: Promise<OperationTracker<DataOfRecord>> | undefined;
  #generation = 0;
  /** While the tracker is being closed, and until there is another one. */
  #isClosed = false;
  /** Whether the store took too long for the tracker that was closed. */
  #isStoreLeft = false;
  /** Those who wait for an `outcome()`. */
  #waiting = new Set<object>();

  constructor(world: World) {
    this.#world = world;
    this.#handOvers = new HandOvers(world);
    this.#store = new ModelStore(world, {
      written: (operation, text) => this.#written(operation, text),
      removed: (operation) => this.#removed(operation),
    });
  }

  begin(operation: number): void {
    void this.#add(operation);
  }

  wake(operation: number): void {
    if (!this.#added.has(operation)) return;
    this.#world.happen({is: 'wake', operation});
    void this.#tracker?.then((tracker) => tracker.wake(keyOf(operation)));
  }

  close(downtime: number): void {
    if (this.#tracker !== undefined && !this.#isClosed) void this.#close(this.#tracker, downtime);
  }

  crash(): void {
    this.#generation += 1;
    this.#added = new Set();
    this.#adding.clear();
    this.#waiting = new Set();
    this.#isClosed = false;
    this.#isStoreLeft = false;
    this.#world.isClosing = false;
    this.#handOvers.leaveBehind();
    // What is left of it ends, in the void.
    void this.#tracker?.then((tracker) => tracker.close());
    this.#tracker = undefined;
    this.#store.crash();
    for (const {operation} of this.#world.facts) this.#remember(operation);
  }

  revive(): void {
    // After crashes in quick succession, this process may have been running for a while, and has yet to learn of a removal.
    if (this.#tracker !== undefined) return;
    for (const {operation, isHandedOver} of this.#world.facts) {
      // Its process died before it knew that the record was gone.
      if (isHandedOver === false && !this.#store.has(operation)) this.#world.happen({is: 'removed', operation});
    }
    // It died before it could add them to another tracker than the one that it had closed.
    this.#addAgain();
    if (this.#store.size > 0) void this.#open();
  }

  leftBehind(): string | undefined {
    return this.#store.size === 0 ? undefined : `${this.#store.size} records are left in the store`;
  }

  unsettled(): string | undefined {
    return undefined;
  }

  /** Adds what was to be added, and is not in the store. */
  #addAgain(): void {
    for (const {operation, wasBegun, isWatched, outcome} of this.#world.facts) {
      if (this.#store.has(operation)) continue;
      if (wasBegun && !isWatched && outcome === undefined) this.#world.beginAfter(0, operation);
    }
  }

  async #close(opening: Promise<OperationTracker<DataOfRecord>>, downtime: number): Promise<void> {
    const world = this.#world;
    const {time, network, facts: all} = world;
    const generation = this.#generation;
    const isCurrent = (): boolean => generation === this.#generation && time.isProcessAlive;
    this.#isClosed = true;
    world.count('close');
    const tracker = await opening;
    if (!isCurrent()) return;
    world.isClosing = true;
    const closedAt = time.now;
    const {requestTimeout} = world.plan.options;
    const closing = tracker.close();
    let isOver = false;
    // What resolves only after that is called again, though the store may still be writing. A timer may be up to 1 ms early.
    const giveUp = (): void => {
      if (isCurrent() && !isOver) this.#handOvers.leaveBehind();
    };
    time.after(requestTimeout - 1, giveUp, 'application');
    for (const {operation, isWatched} of all) {
      if (isWatched) world.happen({is: 'aborted', operation, how: 'stopped', resumes: true});
    }
    // An `onEnd` that was called is waited for, for as long as a request may take.
    for (const facts of all) facts.late += patience;
    // A store that cannot be closed rejects, once all that it holds has been written.
    await closing.catch((error: unknown) => {
      if (!(error instanceof Error && error.message === storeError))
        world.broken(`close() rejects with ${String(error)}`);
    });
    isOver = true;
    // What follows from that at once is over after this turn of the event loop.
    await new Promise<void>((resolve) => time.after(0, resolve, 'application'));
    if (!isCurrent()) return;
    world.isClosing = false;
    const isLeft = this.#isStoreLeft;
    this.#isStoreLeft = false;
    if (this.#waiting.size > 0) world.broken('an outcome() is still waited for once its tracker is closed');
    const isPatient = time.now - closedAt >= requestTimeout;
    if (this.#handOvers.underWay > 0 && !isPatient) world.broken('onEnd goes on once its tracker is closed');
    this.#handOvers.leaveBehind();
    if (time.libraryTimers > 0 || network.open.size > 0)
      world.broken('a tracker that is closed leaves something behind');
    for (const {operation, wasBegun, outcome, isHandedOver} of all) {
      if (!wasBegun || isHandedOver === true || (outcome !== undefined && isHandedOver === undefined)) continue;
      const attempt = this.#remember(operation)?.token.attempt;
      world.happen({is: 'closed', operation, attempt, isFailing: isLeft || this.#store.isFailing(operation)});
      // Its tracker was closed before it knew that the record was gone.
      if (isHandedOver === false && !this.#store.has(operation)) world.happen({is: 'removed', operation});
    }
    world.forgetGates();
    this.#tracker = undefined;
    this.#added = new Set();
    if (isLeft) {
      // What its calls did not do by then is not done any more, and whoever waits for them waits for ever.
      this.#generation += 1;
      this.#store.leave();
      this.#adding.clear();
      this.#addAgain();
    }
    time.after(downtime, () => this.#reopen(), 'application');
  }

  #reopen(): void {
    this.#isClosed = false;
    if (this.#store.size > 0 || this.#adding.size > 0) void this.#open();
  }

  /** The tracker of this process, once its store could be read. */
  async #open(): Promise<OperationTracker<DataOfRecord>> {
    while (this.#isClosed) await this.#pause(this.#generation);
    this.#tracker ??= this.#create();
    return this.#tracker;
  }

  async #create(): Promise<OperationTracker<DataOfRecord>> {
    const world = this.#world;
    const {plan} = world;
    const generation = this.#generation;
    const isCurrent = (): boolean => generation === this.#generation && world.time.isProcessAlive;
    // What is in the store goes on by itself; what could not be added is added again.
    for (const {operation, wasBegun, isWatched, outcome} of world.facts) {
      const isThere = this.#store.has(operation) || this.#adding.has(operation);
      if (wasBegun && !isWatched && outcome === undefined && isThere) world.happen({is: 'resume', operation});
    }
    const client: OperationClient | undefined = plan.hasClient ? clientOf(world) : undefined;
    for (;;) {
      try {
        const tracker = await createOperationTracker<DataOfRecord>({
          ...turnOptionsOf(plan.options),
          ...turnSourceOf(world, client),
          store: this.#store.open(),
          concurrency: plan.concurrency,
          onEnd: (ended) => {
            const operation = ended.data?.of;
            if (operation === undefined || !isCurrent()) return new Promise(() => undefined);
            return this.#handOvers.handOver(operation, ended);
          },
          onError: (error) => {
            if (!isCurrent()) return;
            this.#check(error);
            this.#isStoreLeft ||= error.message.startsWith('The store could not be closed');
          },
        });
        tracker.on('*', (event) => {
          const operation = event.data instanceof Object && 'of' in event.data ? Number(event.data.of) : -1;
          if (!isCurrent()) return;
          world.happen({is: 'event', operation, event: event as unknown as SeenEvent, whole: event});
          this.#memoriesOf(operation).set(event.attempt, memoryOf(world.factsOf(operation)));
          world.reaches('event');
        });
        for (const facts of world.facts) {
          const {operation, isWatched, isHandedOver} = facts;
          if (!this.#store.has(operation)) continue;
          this.#added.add(operation);
          // Polls that are overdue are spread.
          if (isWatched || isHandedOver === false) facts.late += 10 * world.facts.length;
          void tracker.get(keyOf(operation)).then((tracked) => {
            if (tracked !== undefined) void this.#follow(operation, tracked);
            else if (isCurrent()) world.broken(`the tracker does not know op-${operation}, which is stored`);
          });
        }
        return tracker;
      } catch (error) {
        this.#check(error);
        await this.#pause(generation);
      }
    }
  }

  async #add(operation: number): Promise<void> {
    const world = this.#world;
    const {plan} = world;
    const generation = this.#generation;
    const facts = world.factsOf(operation);
    const {planned} = facts;
    const options = recordOptionsOf(plan, planned, operation);
    this.#adding.add(operation);
    for (;;) {
      const tracker = await this.#open();
      // While a tracker was being closed, what the store had rejected may have come to its end all the same.
      if (generation !== this.#generation || facts.outcome !== undefined) return;
      // Each time that it is added anew, it has all the time that it may take.
      if (!this.#store.has(operation)) facts.deadlineAt = world.time.now + plan.options.totalTimeout;
      try {
        const tracked = await tracker.add(locationOf(planned, operation), options);
        if (generation !== this.#generation || !world.time.isProcessAlive) return;
        this.#adding.delete(operation);
        if (!this.#isClosed) this.#added.add(operation);
        void this.#follow(operation, tracked);
        return;
      } catch (error) {
        if (generation !== this.#generation) return;
        const isTooLate = this.#isClosed && error instanceof Error && error.message === 'The tracker is closed';
        if (!isTooLate) this.#check(error);
        await this.#pause(generation);
      }
    }
  }

  /** Waits for an operation's outcome, which is what is stored. */
  async #follow(operation: number, tracked: TrackedOperation<DataOfRecord>): Promise<void> {
    const world = this.#world;
    const generation = this.#generation;
    const waiting = {};
    this.#waiting.add(waiting);
    const {is} = seenOutcome(await tracked.outcome());
    this.#waiting.delete(waiting);
    if (generation !== this.#generation || !world.time.isProcessAlive) return;
    // On closing, it may also be an end that the store rejected, or that a store which was left behind has not taken.
    if (this.#isClosed && (is === 'stopped' || this.#isStoreLeft || this.#store.isFailing(operation))) return;
    const stored = world.factsOf(operation).outcome?.is;
    if (stored !== is) world.broken(`a user gets ${is}, and ${stored} is stored`);
  }

  /** Waits, as an application does that tries again; for ever, once its process is dead. */
  #pause(generation: number): Promise<void> {
    const {time, facts} = this.#world;
    for (const each of facts) each.late += patience;
    return new Promise((resolve) => {
      const goOn = (): void => {
        if (generation === this.#generation) resolve();
      };
      time.after(patience, goOn, 'application');
    });
  }

  /** What a tracker reports is the fault of its store or of `onEnd`, and shows no secret. */
  #check(error: unknown): void {
    const reason = (error as TrackerError).reason;
    if (reason !== 'store' && reason !== 'onEnd') this.#world.broken(`the tracker reports ${String(error)}`);
    if (containsText(error, markerOf(this.#world.plan.seed))) this.#world.broken('the tracker reports the token');
  }

  #memoriesOf(operation: number): Map<number, Memory> {
    const known = this.#memories.get(operation) ?? new Map<number, Memory>();
    this.#memories.set(operation, known);
    return known;
  }

  /** What is in the store is what a process that follows knows. */
  #remember(operation: number): OperationRecord | undefined {
    const facts = this.#world.factsOf(operation);
    const text = this.#store.textOf(operation);
    if (text === undefined) {
      facts.stored = undefined;
      return undefined;
    }
    const record: OperationRecord = JSON.parse(text);
    facts.stored = this.#memoriesOf(operation).get(record.token.attempt) ?? new Memory();
    return record;
  }

  #written(operation: number, text: string): void {
    const world = this.#world;
    world.happen({is: 'stored', operation, whole: text});
    const facts = world.factsOf(operation);
    const record = this.#remember(operation);
    if (record === undefined) return;
    facts.recordId = record.id;
    if (record.ended !== undefined && facts.outcome === undefined) tellEnd(world, operation, record);
  }

  #removed(operation: number): void {
    this.#remember(operation);
    if (this.#world.factsOf(operation).isHandedOver === false) this.#world.happen({is: 'removed', operation});
  }
}

function keyOf(operation: number): string {
  return `op-${operation}`;
}
