import type {OperationClient} from 'operation-poller/client';
import {
  createRecord,
  dueAtOf,
  type EndedRecord,
  type OperationRecord,
  type Turn,
  takeTurn,
  wakeRecord,
} from 'operation-poller/runner';
import {clientOf, recordOptionsOf, turnOptionsOf, turnSourceOf} from './application-options.ts';
import {memoryOf} from './facts.ts';
import {type DataOfRecord, HandOvers, tellEnd} from './hand-overs.ts';
import type {SeenEvent} from './happenings.ts';
import {locationOf} from './service.ts';
import type {TurnName} from './turns.ts';
import type {Timer} from './virtual-time.ts';
import type {Application, World} from './world.ts';

/** A record in the store, which outlives all processes. */
interface Row {
  text: string;
  /** When its next turn is due, by the wall clock. */
  dueAt: number;
  /** Changes with each write and each lease: who has read another one writes nothing. */
  version: number;
  /** How many take its turn. */
  inFlight: number;
  /** Whether something may have changed while a turn was taken. */
  wasWoken: boolean;
}

/** How long a worker's lease of a record lasts, and how long it takes until a lost turn is noticed, in milliseconds. */
const lease = 5000;

/** By how many milliseconds a worker's clock is off. */
const clockOffsets: {readonly [Name in TurnName]?: number} = {'clock ahead': 700, 'clock behind': -700};

/** Operations as records in a store, and workers that take their turns when they are due. */
export class Queue implements Application {
  readonly #world: World;
  readonly #rows = new Map<number, Row>();
  /** The next delivery of each. */
  readonly #deliveries = new Map<number, Timer>();
  readonly #turns = new Map<number, number>();
  readonly #handOvers: HandOvers;
  #client: OperationClient | undefined;
  /** Until when all leave an origin alone, by the wall clock. */
  readonly #holds = new Map<string, number>();
  #generation = 0;

  constructor(world: World) {
    this.#world = world;
    this.#handOvers = new HandOvers(world);
  }

  begin(operation: number): void {
    const {plan, time} = this.#world;
    if (this.#rows.has(operation)) return;
    const {planned} = this.#world.factsOf(operation);
    const options = recordOptionsOf(plan, planned, operation);
    const record = createRecord(locationOf(planned, operation), options, time.wall);
    this.#write(() => {
      const text = this.#text(operation, record);
      this.#rows.set(operation, {text, dueAt: dueAtOf(record), version: 0, inFlight: 0, wasWoken: false});
      this.#schedule(operation);
    });
  }

  wake(operation: number): void {
    const row = this.#rows.get(operation);
    if (row === undefined) return;
    if (row.inFlight > 0) {
      row.wasWoken = true;
      return;
    }
    this.#world.happen({is: 'wake', operation});
    const record: OperationRecord = JSON.parse(row.text);
    const woken = wakeRecord(record, this.#world.time.wall);
    if (woken === record) return;
    row.text = this.#text(operation, woken);
    row.dueAt = dueAtOf(woken);
    row.version += 1;
    this.#schedule(operation);
  }

  crash(): void {
    this.#generation += 1;
    this.#client = undefined;
    for (const [operation, row] of this.#rows) {
      if (row.inFlight === 0) continue;
      row.inFlight = 0;
      // What a turn wrote down just before, nobody has read.
      row.wasWoken = false;
      this.#deliverLate(operation, 0, lease);
    }
  }

  leftBehind(): string | undefined {
    return this.#rows.size === 0 ? undefined : `${this.#rows.size} records are left in the store`;
  }

  /** Delivers the next turn when it is due, or as its plan says. */
  #schedule(operation: number): void {
    const {time} = this.#world;
    const row = this.#rows.get(operation);
    if (row === undefined) return;
    const wait = Math.max(0, Math.ceil(row.dueAt) - time.wall);
    switch (this.#trouble(operation)) {
      case 'early':
        this.#deliverAfter(operation, Math.max(0, wait - 400));
        break;
      case 'late':
        this.#deliverLate(operation, wait, 3000);
        break;
      case 'lost':
        this.#deliverLate(operation, wait, lease);
        break;
      default:
        this.#deliverAfter(operation, wait);
    }
  }

  #trouble(operation: number): TurnName | undefined {
    return this.#world.factsOf(operation).planned.turns[this.#turns.get(operation) ?? 0];
  }

  #deliverLate(operation: number, wait: number, late: number): void {
    this.#world.factsOf(operation).late += late;
    this.#deliverAfter(operation, wait + late);
  }

  #deliverAfter(operation: number, wait: number): void {
    const {time} = this.#world;
    const before = this.#deliveries.get(operation);
    if (before !== undefined) time.cancel(before);
    const deliver = (): void => {
      this.#deliveries.delete(operation);
      this.#deliver(operation);
    };
    this.#deliveries.set(operation, time.after(wait, deliver));
  }

  #deliver(operation: number): void {
    const {time} = this.#world;
    const row = this.#rows.get(operation);
    const known = this.#world.factsOf(operation);
    if (row === undefined || row.inFlight > 0) return;
    // Its process is not there again.
    if (!time.isProcessAlive || !(known.isWatched || known.isHandedOver === false)) {
      this.#deliverAfter(operation, 500);
      return;
    }
    known.late += Math.max(0, time.wall - Math.ceil(row.dueAt));
    const trouble = this.#trouble(operation);
    this.#turns.set(operation, (this.#turns.get(operation) ?? 0) + 1);
    if (trouble !== undefined) this.#world.count(`turn ${trouble}`);
    const another = (): void => {
      if (this.#rows.get(operation) !== row || row.inFlight === 0 || !time.isProcessAlive) return;
      if (trouble === 'lease lost') row.version += 1;
      void this.#take(operation, row, undefined);
    };
    if (trouble === 'doubled') time.after(0, another);
    if (trouble === 'lease lost') time.after(20, another);
    void this.#take(operation, row, trouble);
  }

  /** Takes a turn, and stores what comes of it. */
  async #take(operation: number, row: Row, trouble: TurnName | undefined): Promise<void> {
    const world = this.#world;
    const {time, plan} = world;
    const generation = this.#generation;
    const {text, version} = row;
    row.inFlight += 1;
    const offset = (trouble !== undefined && clockOffsets[trouble]) || 0;
    const record: OperationRecord<DataOfRecord> = JSON.parse(text);
    const heldUntil = this.#holds.get(new URL(record.token.location).origin) ?? 0;
    world.happen({
      is: 'turn',
      operation,
      isAlone: row.inFlight === 1,
      offset,
      heldFor: Math.max(0, heldUntil - time.wall),
    });
    const controller = new AbortController();
    if (trouble === 'given up') time.after(30, () => controller.abort(new Error('the worker closes')), 'application');
    const given = {
      ...turnOptionsOf(plan.options),
      ...turnSourceOf(world, this.#sharedClient(), operation),
      heldUntil,
      signal: controller.signal,
      onEnd: (ended: EndedRecord<DataOfRecord>) => this.#handOvers.handOver(operation, ended),
    };
    let turn: Turn<DataOfRecord>;
    try {
      turn = await takeTurn(record, given, time.wall + offset);
    } catch (error) {
      if (generation !== this.#generation || !time.isProcessAlive) return;
      row.inFlight -= 1;
      if (error !== controller.signal.reason) world.broken(`a turn throws ${String(error)}`);
      world.happen({is: 'turn lost', operation});
      if (row.inFlight === 0) this.#deliverLate(operation, 0, 1000);
      return;
    }
    if (generation !== this.#generation || !time.isProcessAlive) return;
    const {hold} = turn;
    if (hold !== undefined) this.#holds.set(hold.origin, Math.max(hold.until, this.#holds.get(hold.origin) ?? 0));
    this.#write(() => {
      row.inFlight -= 1;
      if (row.version === version && this.#rows.get(operation) === row) this.#store(operation, row, record, turn);
      else {
        world.count('turn refused');
        world.happen({is: 'turn lost', operation});
      }
      if (this.#rows.has(operation) && row.inFlight === 0 && !this.#deliveries.has(operation))
        this.#schedule(operation);
      world.reaches('event');
    });
  }

  /** Stores a turn and publishes its events, both or neither. */
  #store(operation: number, row: Row, before: OperationRecord, turn: Turn<DataOfRecord>): void {
    const world = this.#world;
    const facts = world.factsOf(operation);
    row.version += 1;
    for (const event of turn.events) {
      world.happen({is: 'event', operation, event: event as unknown as SeenEvent, whole: event});
    }
    if ('done' in turn) {
      this.#rows.delete(operation);
      world.happen({is: 'removed', operation});
      return;
    }
    row.text = this.#text(operation, turn.record);
    row.dueAt = turn.dueAt;
    facts.stored = memoryOf(facts);
    if (before.ended === undefined && turn.record.ended !== undefined) tellEnd(world, operation, JSON.parse(row.text));
    this.#schedule(operation);
    if (!row.wasWoken) return;
    row.wasWoken = false;
    this.wake(operation);
  }

  /** The one client of the process, if there is one. */
  #sharedClient(): OperationClient | undefined {
    if (this.#world.plan.hasClient) this.#client ??= clientOf(this.#world);
    return this.#client;
  }

  #write(write: () => void): void {
    const generation = this.#generation;
    this.#world.write(() => generation === this.#generation, write);
  }

  #text(operation: number, record: OperationRecord): string {
    const text = JSON.stringify(record);
    this.#world.happen({is: 'stored', operation, whole: text});
    const facts = this.#world.factsOf(operation);
    facts.recordId = record.id;
    facts.stored ??= memoryOf(facts);
    return text;
  }
}
