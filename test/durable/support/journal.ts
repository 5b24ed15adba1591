import type {DurableHost, RecordedJson} from 'operation-poller/durable';

/** What an engine keeps of a workflow: its steps in order. */
export interface Entry {
  readonly kind: 'run' | 'sleep' | 'now';
  readonly name: string;
  /** What was recorded; for a sleep, how long it is. */
  readonly value: RecordedJson;
  /** When a sleep is over. */
  readonly until?: number;
}

/** Where an execution of a workflow is cut off: after how many new steps, and at which moment of the next one. */
export interface Crash {
  readonly after: number;
  readonly when: 'before' | 'unrecorded' | 'recorded';
}

/** The process is gone. */
export class Killed extends Error {
  override readonly name = 'Killed';
}

/** An engine for tests: it records, replays by position, and refuses a replay that differs. Its clock jumps over sleeps. */
export class Journal {
  readonly entries: Entry[] = [];
  /** The engine's clock. */
  now: number;
  /** The names of the work that was really done, as often as it was done. */
  readonly worked: string[] = [];
  /** The waits that a hint ends, by their names, and after how many milliseconds. Where it is set, its hosts wait for hints. */
  hints: ReadonlyMap<string, number> | undefined;

  constructor(now: number) {
    this.now = now;
  }

  /** How many polls were recorded. */
  get polls(): number {
    return this.entries.filter(({name}) => /poll \d+$/.test(name)).length;
  }

  /** The names of the steps, those of waits with their length. */
  get steps(): readonly string[] {
    return this.entries.map(({kind, name, value}) => (kind === 'sleep' ? `${name}: ${String(value)}` : name));
  }

  /** A host for one execution of the workflow. */
  host(crash?: Crash): DurableHost {
    let position = 0;
    let fresh = 0;
    const step = async (kind: Entry['kind'], name: string, work: () => Promise<RecordedJson>): Promise<Entry> => {
      const known = this.entries[position++];
      if (known !== undefined) {
        if (known.kind !== kind || known.name !== name) {
          throw new Error(`The replay asks for ${kind} ${name}, recorded was ${known.kind} ${known.name}`);
        }
        if (kind === 'sleep' && known.value !== (await work()))
          throw new Error(`The replay sleeps for another time: ${name}`);
        return copy(known);
      }
      const dies = crash !== undefined && fresh++ === crash.after;
      if (dies && crash.when === 'before') throw new Killed();
      const value = await work();
      if (kind === 'run') this.worked.push(name);
      if (dies && crash.when === 'unrecorded') throw new Killed();
      const entry = {kind, name, value, ...(kind === 'sleep' ? {until: this.now + Number(value)} : {})};
      this.entries.push(copy(entry));
      if (dies) throw new Killed();
      return copy(entry);
    };
    const sleep = async (name: string, milliseconds: number): Promise<void> => {
      const {until = 0} = await step('sleep', name, async () => milliseconds);
      this.now = Math.max(this.now, until);
    };
    const {hints} = this;
    return {
      run: async (name, work) => (await step('run', name, work)).value,
      sleep,
      ...(hints === undefined
        ? {}
        : {
            waitForWake: async (name, milliseconds) => {
              const waited = Math.min(milliseconds, hints.get(name) ?? milliseconds);
              await sleep(name, waited);
              return waited < milliseconds;
            },
          }),
      now: async (name) => Number((await step('now', name, async () => this.now)).value),
    };
  }
}

function copy<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}
