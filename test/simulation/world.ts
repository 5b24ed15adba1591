import {applyTo} from './apply.ts';
import {Cancels, Facts} from './facts.ts';
import type {Gate} from './gates.ts';
import type {Happening} from './happenings.ts';
import {checks, checksOfOneTurn} from './invariants.ts';
import {Network} from './network.ts';
import type {CountedMoment, Incident, Moment, Plan} from './plan.ts';
import {Service} from './service.ts';
import {enter, VirtualTime} from './virtual-time.ts';

/** What no world may show. */
export interface Violation {
  readonly invariant: string;
  readonly why: string;
}

/** What runs the library in a world: an application. */
export interface Application {
  /** Begins to watch an operation, for the first time or again. */
  begin(operation: number): void;
  /** The process has died: what is in memory is gone. */
  crash(): void;
  /** There is a process again. */
  revive?(): void;
  /** Closes what watches, and goes on with another one after so many milliseconds. */
  close?(downtime: number): void;
  /** Stops watching as a user of a poller does. */
  abandon?(operation: number, how: 'abort' | 'stop'): void;
  /** Asks the service to cancel an operation, as a user of a poller does: nobody else can. */
  cancel?(operation: number): void;
  /** Hints that an operation may have changed. */
  wake?(operation: number): void;
  /** Stores what is known of an operation that is no longer watched; absent where everything has been stored already. */
  keep?(operation: number): void;
  /** What is left behind once everything is over; `undefined`: nothing. */
  leftBehind?(): string | undefined;
  /** Who waits for what will never come; `undefined`: nobody. */
  unsettled?(): string | undefined;
}

const maxTicks = 20_000;

/** One world: its plan, its clocks, and what has happened in it so far. */
export class World {
  readonly plan: Plan;
  readonly time: VirtualTime;
  readonly service: Service;
  readonly network: Network;
  readonly facts: Facts[];
  violation: Violation | undefined;
  /** How often each fault and incident occurred. */
  readonly counts = new Map<string, number>();
  /** What has happened, for people; only where it is wanted. */
  readonly timeline: string[] | undefined;
  /** How long the process stood still, and how far its clocks are off, in milliseconds. */
  stalled = 0;
  jumped = 0;
  /** Whether a tracker is being closed: it waits for its store with a timer. */
  isClosing = false;
  /** How many errors the listeners of users threw, and how many of them were reported. */
  thrown = 0;
  reported = 0;
  /** Whether the service sends the token back at times, or a password: they are looked for everywhere only then. */
  readonly hasEchoes: boolean;
  readonly #moments = new Map<string, number>();
  readonly #gates = new Map<string, Gate>();
  #application: Application | undefined;
  readonly #makeApplication: (world: World) => Application;
  #crash: Extract<Incident, {is: 'crash'}> | undefined;
  #isBuried = false;
  #ticks = 0;

  constructor(plan: Plan, makeApplication: (world: World) => Application, withTimeline: boolean) {
    this.plan = plan;
    this.time = new VirtualTime(plan.seed);
    this.service = new Service(plan, this.time);
    this.network = new Network(this, this.service);
    this.facts = plan.operations.map((planned, operation) => new Facts(operation, planned));
    this.timeline = withTimeline ? [] : undefined;
    this.#makeApplication = makeApplication;
    this.hasEchoes = plan.operations.some(
      ({answers, start}) => start?.password !== undefined || answers.some(({fault}) => fault?.startsWith('echo')),
    );
  }

  /** What has happened to an operation. @throws where there is no such operation */
  factsOf(operation: number): Facts {
    const facts = this.facts[operation];
    if (facts === undefined) throw new Error(`no operation ${operation}`);
    return facts;
  }

  /** Lives through the whole of it. */
  run(): Promise<void> {
    enter(this.time);
    this.#application = this.#makeApplication(this);
    for (const [operation, {startsAt}] of this.plan.operations.entries()) {
      this.time.after(startsAt, () => this.#begin(operation));
    }
    for (const incident of this.plan.incidents) this.#await(incident);
    return new Promise((resolve) => {
      const tick = (): void => {
        try {
          if (!this.#isOver) this.#tick();
        } catch (error) {
          this.broken(`thrown out of a timer: ${error instanceof Error ? error.stack : String(error)}`);
        }
        if (!this.#isOver) setImmediate(tick);
        else {
          // What is left of a world that was broken off must not reach into the next one.
          this.time.isProcessAlive = false;
          setImmediate(resolve);
        }
      };
      // Several at once: Node runs what promises wait for after each of them, and asks the system for news only after all.
      for (let count = 0; count < 16; count++) setImmediate(tick);
    });
  }

  /** Tells the invariants and the facts. */
  happen(happening: Happening): void {
    if (this.#isOver || (!this.time.isProcessAlive && happening.is !== 'end')) return;
    this.timeline?.push(this.#line(happening));
    const facts = 'operation' in happening ? this.facts[happening.operation] : undefined;
    for (const check of checks[happening.is] ?? []) {
      if (facts?.isDoubled === true && checksOfOneTurn.has(check)) continue;
      const why = check(happening, this, facts);
      if (why === undefined) continue;
      this.#violate(check.name, why);
      return;
    }
    applyTo(this, happening);
  }

  /**
   * Counts one of the moments at which a process may die.
   *
   * @returns whether it is dead
   */
  reaches(moment: CountedMoment): boolean {
    if (!this.time.isProcessAlive) return true;
    const number = (this.#moments.get(moment) ?? 0) + 1;
    this.#moments.set(moment, number);
    for (const incident of this.plan.incidents) {
      if (!('moment' in incident) || !('atNext' in incident.moment)) continue;
      if (incident.moment.atNext === moment && incident.moment.number === number) this.#strike(incident);
    }
    return !this.time.isProcessAlive;
  }

  /** Writes what is still wanted then: a write takes a while, and the process may die before it is done. */
  write(isWanted: () => boolean, write: () => void): void {
    const {takes} = this.plan.store;
    const keep = (): void => {
      if (isWanted() && !this.reaches('write')) write();
    };
    if (takes === 0) keep();
    else this.time.after(takes, keep, 'application');
  }

  count(name: string): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
  }

  /** The gate of a URL's origin. */
  gateOf(url: string): Gate {
    const origin = originOf(url);
    const gate = this.#gates.get(origin) ?? {heldUntil: 0, closedAt: undefined, pace: undefined, accepted: undefined};
    this.#gates.set(origin, gate);
    return gate;
  }

  /** Until when all of them hold requests back, and whether any paces them. */
  get heldUntil(): number {
    return Math.max(0, ...Array.from(this.#gates.values(), ({heldUntil}) => heldUntil));
  }

  get isPaced(): boolean {
    return [...this.#gates.values()].some(({pace}) => pace !== undefined);
  }

  /** Those who come next do not know what the service asked for. */
  forgetGates(): void {
    this.#gates.clear();
  }

  /** Watching is begun again after so many milliseconds. */
  beginAfter(delay: number, operation: number): void {
    this.time.after(delay, () => this.#begin(operation));
  }

  /** Who waits for what will never come; `undefined`: nobody. */
  unsettled(): string | undefined {
    return this.#application?.unsettled?.();
  }

  /** Something that is not the library's to do, or an error that nobody expected. */
  broken(why: string): void {
    this.happen({is: 'broken', why});
  }

  /** Whether nothing is left to watch or to hand over. */
  get #isDone(): boolean {
    return this.facts.every(({outcome, isHandedOver}) => outcome !== undefined && isHandedOver !== false);
  }

  get #isOver(): boolean {
    return this.violation !== undefined || this.#ticks < 0;
  }

  #violate(invariant: string, why: string): void {
    this.violation ??= {invariant, why};
    this.timeline?.push(`${this.#clock()}VIOLATION of ${invariant}: ${why}`);
  }

  #tick(): void {
    if (this.#crash !== undefined) {
      if (this.#isBuried) this.#restart(this.#crash);
      else this.#bury();
      return;
    }
    if (this.#ticks > 0 && this.time.isQuiet) this.happen({is: 'rest'});
    if (this.#isOver) return;
    this.#ticks += 1;
    // Where the clock was set back, a watch that is resumed may go on for that much longer.
    if (this.#ticks > maxTicks + this.jumped / 1000)
      this.#violate('comesToAnEnd', `more than ${maxTicks} turns of the event loop`);
    const timer = this.time.next();
    if (timer !== undefined) {
      timer.run();
      return;
    }
    this.happen({is: 'end'});
    const left = this.violation === undefined ? this.#application?.leftBehind?.() : undefined;
    if (left !== undefined) this.#violate('leavesNothingBehind', left);
    this.#ticks = -1;
  }

  #begin(operation: number): void {
    const facts = this.factsOf(operation);
    if (facts.isWatched || facts.isStarting || facts.outcome !== undefined) return;
    const first = facts.planned.start === undefined ? 'begin' : 'start';
    this.happen({is: facts.wasBegun ? 'resume' : first, operation});
    this.#application?.begin(operation);
  }

  #await(incident: Incident): void {
    const {time} = this;
    const due = 'moment' in incident ? ('at' in incident.moment ? incident.moment.at : undefined) : incident.at;
    if (due === undefined) return;
    time.after(due, () => {
      if ('moment' in incident) return this.#strike(incident);
      this.count(incident.is === 'suspend' ? incident.how : incident.is);
      this.timeline?.push(`${this.#clock()}${JSON.stringify(incident)}`);
      if (incident.is === 'jump') {
        time.wallOffset += incident.by;
        this.jumped += Math.abs(incident.by);
      } else if (incident.is === 'suspend') {
        time.suspend(incident.how, incident.milliseconds);
        if (incident.how === 'stalled') this.stalled += incident.milliseconds;
      }
    });
  }

  /** What happens to a process at a moment: it dies, or its user has enough. */
  #strike(incident: Extract<Incident, {readonly moment: Moment}>): void {
    if (!this.time.isProcessAlive) return;
    switch (incident.is) {
      case 'crash':
        this.#die(incident);
        break;
      case 'close':
        if (!this.#isDone) this.#application?.close?.(incident.downtime);
        break;
      case 'wake':
        this.count('wake');
        this.#application?.wake?.(incident.operation);
        break;
      case 'cancel':
        for (let count = 0; count < incident.times; count++) this.#application?.cancel?.(incident.operation);
        break;
      default:
        this.#abandon(incident);
    }
  }

  /** A user stops watching an operation, or all whose signal it is. */
  #abandon({operation, is, resumedAfter}: Extract<Incident, {readonly is: 'abort' | 'stop'}>): void {
    const struck = this.facts[operation];
    if (struck === undefined || (!struck.isWatched && !(struck.isStarting && is === 'abort'))) return;
    this.count(is);
    const how = is === 'abort' ? 'aborted' : 'stopped';
    const all = is === 'abort' && this.plan.sharesSignal ? this.facts : this.facts.slice(operation, operation + 1);
    const concerned = all.filter(
      ({isWatched, isStarting, abandonedBy}) => (isWatched || isStarting) && abandonedBy === undefined,
    );
    for (const facts of concerned) {
      // What was not even started is not resumed.
      const resumes = resumedAfter !== undefined && !facts.isStarting;
      this.happen({is: 'aborted', operation: facts.operation, how, resumes});
      if (resumes) this.beginAfter(resumedAfter, facts.operation);
    }
    this.#application?.abandon?.(operation, is);
    // Each is stored as it was left.
    for (const facts of concerned) if (facts.operation !== operation) this.#application?.keep?.(facts.operation);
  }

  #die(incident: Extract<Incident, {is: 'crash'}>): void {
    if (this.#isDone) return;
    this.count('crash');
    this.timeline?.push(`${this.#clock()}the process dies`);
    this.time.isProcessAlive = false;
    this.#crash = incident;
  }

  /** After the turn in which the process died: what was left of its code runs into the void. */
  #bury(): void {
    this.time.dropProcessTimers();
    this.network.drop();
    this.#application?.crash();
    this.#isBuried = true;
  }

  #restart({downtime}: Extract<Incident, {is: 'crash'}>): void {
    const {time} = this;
    this.#crash = undefined;
    this.#isBuried = false;
    this.forgetGates();
    time.isProcessAlive = true;
    enter(time);
    time.after(downtime, () => this.#application?.revive?.());
    this.facts.forEach((facts, operation) => {
      facts.cancels = new Cancels();
      if (facts.isHandedOver === false) facts.repeats += 1;
      if (!facts.isWatched && !facts.isStarting) return;
      facts.isWatched = false;
      facts.isStarting = false;
      this.beginAfter(downtime, operation);
    });
  }

  #clock(): string {
    return `${String(this.time.now).padStart(9)} ms  `;
  }

  #line(happening: Happening): string {
    if (happening.is === 'rest') return '';
    const who = 'operation' in happening && happening.operation >= 0 ? `op-${happening.operation} ` : '';
    const what = ((): string => {
      switch (happening.is) {
        case 'request':
          return `-> ${happening.isBatched ? 'in a batch ' : ''}${happening.url}`;
        case 'start request':
        case 'cancel request':
          return `-> ${happening.method} ${happening.url}`;
        case 'password':
          return `newPassword() ${happening.password === undefined ? String(happening.error) : 'resolves'}`;
        case 'cancel over':
          return `cancel() is over: ${String(happening.error ?? 'accepted')}`;
        case 'start answer':
        case 'cancel answer':
        case 'answer': {
          const {http, says, retryAfter, faults} = happening.answer;
          const wait = retryAfter === undefined ? '' : `, asks for ${retryAfter} ms`;
          return `<- ${http} ${says}${wait}${faults.length === 0 ? '' : ` (${faults.join(', ')})`}`;
        }
        case 'lost':
          return `xx ${happening.why}`;
        case 'event': {
          const {type, attempt, at} = happening.event;
          const {delay, because, reason} = happening.whole as Readonly<Record<string, unknown>>;
          const more = [delay, because, reason].filter((part) => part !== undefined).join(' ');
          return `   ${type} ${more} (attempt ${attempt}, at ${at - this.time.wall} from now by the wall clock)`;
        }
        case 'over':
          return `== ${happening.outcome.is}`;
        case 'hand over':
          return `onEnd gets ${happening.outcome.is}`;
        case 'turn':
          return `turn${happening.isAlone ? '' : ', beside another'}`;
        case 'not started':
          return `== ${happening.how}${happening.mayHaveStarted ? ', or may be' : ''}`;
        case 'broken':
          return happening.why;
        default:
          return happening.is;
      }
    })();
    return `${this.#clock()}${who}${what}`;
  }
}

// Without parsing it: this is done for each request.
function originOf(url: string): string {
  const end = url.indexOf('/', 'https://'.length);
  return end < 0 ? url : url.slice(0, end);
}
