import {setTimeout as sleep} from 'node:timers/promises';
import {
  createRecord,
  dueAtOf,
  type OperationRecord,
  type Turn,
  type TurnOptions,
  takeTurn,
  wakeRecord,
} from 'operation-poller/runner';
import {
  kitTurnOptions,
  type RunnerInstance,
  type RunnerInstanceOptions,
  type TestedOperationOptions,
  type TestedRunner,
} from 'operation-poller/testing';

interface Row {
  record: OperationRecord;
  dueAt: number;
  leasedUntil: number;
}

interface Options extends TurnOptions {
  readonly signal: AbortSignal;
}

/** A queue in memory whose steps are methods, so that each broken one can have one of them wrong. */
export class Queue implements TestedRunner {
  readonly cannot: TestedRunner['cannot'] = {};
  readonly table = new Map<string, Row>();
  readonly #closing = new AbortController();

  async start(instance: RunnerInstanceOptions): Promise<RunnerInstance> {
    const killing = new AbortController();
    const signal = AbortSignal.any([killing.signal, this.#closing.signal]);
    const options = {...kitTurnOptions(instance), signal};
    void this.#work(options, instance);
    return {kill: () => killing.abort()};
  }

  async add(location: string, options: TestedOperationOptions): Promise<void> {
    const record = createRecord(location, options);
    this.table.set(record.key, {record, dueAt: dueAtOf(record), leasedUntil: 0});
  }

  async wake(key: string): Promise<void> {
    const row = this.table.get(key);
    if (row !== undefined) Object.assign(row, this.woken(row.record));
  }

  async stored(): Promise<string> {
    return JSON.stringify([...this.table]);
  }

  async close(): Promise<void> {
    this.#closing.abort();
  }

  async #work(options: Options, {lease, clockAhead}: RunnerInstanceOptions): Promise<void> {
    while (!options.signal.aborted) {
      const now = Date.now() + clockAhead;
      for (const row of this.table.values()) {
        if (row.dueAt > now || row.leasedUntil > now) continue;
        row.leasedUntil = this.leaseOf(row, now, lease);
        void this.#take(row, row.leasedUntil, options, now);
      }
      await sleep(10);
    }
  }

  async #take(row: Row, leasedUntil: number, options: Options, now: number): Promise<void> {
    // What it throws leaves the row as it is.
    const turn = await this.turn(row.record, options, now).catch(() => undefined);
    if (turn === undefined || options.signal.aborted || !this.mayWrite(row, leasedUntil)) return;
    if ('done' in turn) this.remove(row);
    else this.put(row, turn.record, turn.dueAt);
  }

  protected woken(record: OperationRecord): Pick<Row, 'record' | 'dueAt'> {
    const woken = wakeRecord(record, Date.now());
    return {record: woken, dueAt: dueAtOf(woken)};
  }

  protected leaseOf(_row: Row, now: number, lease: number): number {
    return now + lease;
  }

  protected turn(record: OperationRecord, options: TurnOptions, now: number): Promise<Turn> {
    return takeTurn(record, options, now);
  }

  protected mayWrite(row: Row, leasedUntil: number): boolean {
    return row.leasedUntil === leasedUntil;
  }

  protected put(row: Row, record: OperationRecord, dueAt: number): void {
    Object.assign(row, {record, dueAt, leasedUntil: 0});
  }

  protected remove({record: {key}}: Row): void {
    this.table.delete(key);
  }
}

/** What is wrong with each broken queue. */
export type BrokenQueue =
  | 'hands an end over before it is stored'
  | 'ignores when a turn is due'
  | 'takes a record out of the table for its turn'
  | 'leases nothing, so that turns are taken twice at once and the older is written too'
  | 'writes although its lease has run out'
  | 'changes a record that is there although its lease has run out'
  | 'removes a record before onEnd has resolved'
  | 'swallows what onEnd rejects with'
  | 'polls at once after a hint'
  | 'stores the access token'
  | 'makes a new id for each call'
  | 'reports every end as a success'
  | 'has no deadline'
  | 'keeps a record that is done'
  | 'polls once more before it believes an end';

/** Queues with one fault each. */
export const brokenQueues: Readonly<Record<BrokenQueue, new () => Queue>> = {
  'hands an end over before it is stored': class extends Queue {
    override async turn(record: OperationRecord, options: TurnOptions, now: number): Promise<Turn> {
      const turn = await super.turn(record, options, now);
      return 'done' in turn || turn.record.ended === undefined
        ? turn
        : super.turn(turn.record, options, Math.ceil(turn.dueAt));
    }
  },
  'ignores when a turn is due': class extends Queue {
    override put(row: Row, record: OperationRecord): void {
      const dueAt = record.ended === undefined ? Date.now() : dueAtOf(record);
      super.put(row, {...record, token: {...record.token, dueAt: Math.min(dueAt, record.token.dueAt)}}, dueAt);
    }
  },
  'takes a record out of the table for its turn': class extends Queue {
    override turn(record: OperationRecord, options: TurnOptions, now: number): Promise<Turn> {
      this.table.delete(record.key);
      return super.turn(record, options, now);
    }
    override put(row: Row, record: OperationRecord, dueAt: number): void {
      super.put(row, record, dueAt);
      this.table.set(record.key, row);
    }
  },
  'leases nothing, so that turns are taken twice at once and the older is written too': class extends Queue {
    readonly #waiting = new Map<string, () => void>();
    /** How many turns of an operation are under way. */
    readonly #taken = new Map<string, number>();
    override async close(): Promise<void> {
      await super.close();
      for (const wake of this.#waiting.values()) wake();
    }
    override leaseOf(): number {
      return 0;
    }
    // Each turn is taken twice at once, however busy the machine is, and no more often: a flood of requests would keep the second back.
    override async turn(record: OperationRecord, options: TurnOptions, now: number): Promise<Turn> {
      const {key} = record;
      const taken = this.#taken.get(key) ?? 0;
      if (taken === 2) throw new Error('It is taken twice');
      this.#taken.set(key, taken + 1);
      const other = this.#waiting.get(key);
      this.#waiting.delete(key);
      if (other !== undefined) other();
      else await new Promise<void>((resolve) => this.#waiting.set(key, resolve));
      try {
        return await super.turn(record, options, now);
      } finally {
        this.#taken.set(key, (this.#taken.get(key) ?? 1) - 1);
      }
    }
  },
  'writes although its lease has run out': class extends Queue {
    override mayWrite(): boolean {
      return true;
    }
    override put(row: Row, record: OperationRecord, dueAt: number): void {
      super.put(row, record, dueAt);
      this.table.set(record.key, row);
    }
  },
  'changes a record that is there although its lease has run out': class extends Queue {
    override mayWrite(): boolean {
      return true;
    }
  },
  'removes a record before onEnd has resolved': class extends Queue {
    override turn(record: OperationRecord, options: TurnOptions, now: number): Promise<Turn> {
      if (record.ended !== undefined) this.table.delete(record.key);
      return super.turn(record, options, now);
    }
  },
  'swallows what onEnd rejects with': class extends Queue {
    override turn(record: OperationRecord, options: TurnOptions, now: number): Promise<Turn> {
      const onEnd: TurnOptions['onEnd'] = async (ended) => {
        try {
          await options.onEnd?.(ended);
        } catch {
          // Swallowed.
        }
      };
      return super.turn(record, {...options, onEnd}, now);
    }
  },
  'polls at once after a hint': class extends Queue {
    override woken(record: OperationRecord): Pick<Row, 'record' | 'dueAt'> {
      const dueAt = Date.now();
      return {record: {...record, token: {...record.token, dueAt}}, dueAt};
    }
  },
  'stores the access token': class extends Queue {
    override put(row: Row, record: OperationRecord, dueAt: number): void {
      super.put(row, record, dueAt);
      Object.assign(row, {options: this.#options});
    }
    #options: unknown;
    override turn(record: OperationRecord, options: TurnOptions, now: number): Promise<Turn> {
      this.#options = {...options};
      return super.turn(record, options, now);
    }
  },
  'makes a new id for each call': class extends Queue {
    override turn(record: OperationRecord, options: TurnOptions, now: number): Promise<Turn> {
      return super.turn({...record, id: crypto.randomUUID()}, options, now);
    }
  },
  'reports every end as a success': class extends Queue {
    override turn(record: OperationRecord, options: TurnOptions, now: number): Promise<Turn> {
      const onEnd: TurnOptions['onEnd'] = (ended) => {
        const {operation} = ended.outcome;
        const outcome = operation?.status === 'succeeded' ? ended.outcome : {...ended.outcome, status: 'succeeded'};
        return options.onEnd?.({...ended, outcome} as typeof ended);
      };
      return super.turn(record, {...options, onEnd}, now);
    }
  },
  'has no deadline': class extends Queue {
    override add(location: string, options: TestedOperationOptions): Promise<void> {
      return super.add(location, {...options, totalTimeout: undefined});
    }
  },
  'keeps a record that is done': class extends Queue {
    override remove(row: Row): void {
      this.put(row, row.record, Date.now() + 100);
    }
  },
  'polls once more before it believes an end': class extends Queue {
    override async turn(record: OperationRecord, options: TurnOptions, now: number): Promise<Turn> {
      const turn = await super.turn(record, options, now);
      if (record.ended !== undefined || turn.record.ended === undefined) return turn;
      return super.turn(record, options, now);
    }
  },
};
