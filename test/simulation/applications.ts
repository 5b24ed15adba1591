import {getEventListeners} from 'node:events';
import {
  OperationError,
  type OperationEvent,
  OperationNotStartedError,
  OperationNotWatchableError,
  type OperationPoller,
  type PollOptions,
  pollOperation,
  type ResumeToken,
  resumeOperation,
} from 'operation-poller';
import type {StartedOperation} from 'operation-poller/client';
import {type DurableHost, type RecordedJson, watchDurably} from 'operation-poller/durable';
import type {PasswordReset} from 'operation-poller/graph';
import {clientOf, httpOf, type ModelClient, optionsOf, protocolOf, tokenOf} from './application-options.ts';
import {containsText} from './contains-text.ts';
import {type Facts, Memory, memoryOf, ranks, readMemoryOf} from './facts.ts';
import type {SeenEvent, SeenOutcome} from './happenings.ts';
import type {OperationPlan, Plan} from './plan.ts';
import {Queue} from './queue.ts';
import {abroad, locationOf, markerOf, passwordOf} from './service.ts';
import {Tracker} from './tracker.ts';
import {Users} from './users.ts';
import type {Application, World} from './world.ts';

const reasons: Readonly<Record<string, string>> = {
  OperationFailedError: 'failed',
  OperationCanceledError: 'canceled',
  WatchTimeoutError: 'timeout',
  UnauthorizedError: 'unauthorized',
  ForbiddenError: 'forbidden',
  OperationNotFoundError: 'notFound',
  UnreachableError: 'unreachable',
  ProtocolError: 'protocol',
  UnknownStatusError: 'unknownStatus',
  ResultUnavailableError: 'result',
};

/** The application that a plan is about. */
export function applicationOf(world: World): Application {
  const {runner} = world.plan;
  if (runner === 'queue') return new Queue(world);
  if (runner === 'tracker') return new Tracker(world);
  return runner === 'durable' ? new Workflows(world) : new Pollers(world);
}

function seen(event: OperationEvent): SeenEvent {
  return event as unknown as SeenEvent;
}

/** Pollers, of their own or of a client to Graph; their resume tokens are stored. */
class Pollers implements Application {
  readonly #world: World;
  readonly #stored = new Map<number, ResumeToken>();
  #pollers = new Map<number, OperationPoller>();
  #controllers = new Map<number, AbortController>();
  /** All signals that this process gave to the library. */
  #signals = new Set<AbortSignal>();
  #client: ModelClient | undefined;
  readonly #users: Users;
  /** Whose users have gone on after watching was given up. */
  readonly #goneOn = new Set<number>();
  #generation = 0;

  constructor(world: World) {
    this.#world = world;
    this.#users = new Users(world);
  }

  begin(operation: number): void {
    const {plan} = this.#world;
    const facts = this.#world.factsOf(operation);
    const {planned} = facts;
    const controller = this.#controller();
    this.#signals.add(controller.signal);
    const token = this.#stored.get(operation);
    const stored = token === undefined ? undefined : JSON.stringify(token);
    const options: {-readonly [Name in keyof PollOptions]: PollOptions[Name]} = {
      ...optionsOf(plan, planned),
      signal: controller.signal,
    };
    // The deadline of a resume token holds where no other is given; after a time-out there is none.
    if (token !== undefined && token.abandoned !== 'timeout' && plan.seed % 2 === 1) options.totalTimeout = undefined;
    if (facts.trusts) options.trustedOrigins = [abroad];
    this.#controllers.set(operation, controller);
    if (facts.isStarting) this.#start(operation, planned, options);
    else this.#follow(operation, this.#poller(operation, locationOf(planned, operation), stored, options));
  }

  #start(operation: number, planned: OperationPlan, options: PollOptions): void {
    const world = this.#world;
    const generation = this.#generation;
    const notStarted = (how: 'notStarted' | 'unconfirmed' | 'notWatchable', whole: unknown): void => {
      const mayHaveStarted = whole instanceof OperationNotStartedError ? whole.mayHaveStarted : true;
      world.happen({is: 'not started', operation, how, mayHaveStarted, whole});
    };
    const {protocol = protocolOf(this.#world.plan, planned), ...others} = options;
    const client = this.#sharedClient();
    const password = planned.start?.password;
    const started: Promise<StartedOperation & Partial<Pick<PasswordReset, 'newPassword'>>> =
      password === undefined || client.resetPassword === undefined
        ? client.start(protocol, {path: `/starts/op-${operation}`, body: {name: 'new'}}, others)
        : client.resetPassword(`op-${operation}`, {
            ...others,
            protocol,
            newPassword: password === 'chosen' ? passwordOf(world.plan.seed, operation) : undefined,
          });
    started.then(
      ({poller, answer, newPassword}) => {
        if (generation !== this.#generation || !world.time.isProcessAlive) return;
        if (poller === undefined) {
          if (newPassword !== undefined) this.#expectsNoPassword(operation, newPassword);
          return notStarted('unconfirmed', answer);
        }
        world.happen({is: 'begin', operation});
        this.#follow(operation, poller, planned.wording === 'google.longrunning');
        const isCurrent = (): boolean => generation === this.#generation && this.#pollers.get(operation) === poller;
        if (newPassword !== undefined) this.#users.waitForPassword(world.factsOf(operation), isCurrent, newPassword);
        this.#store(operation, poller);
        world.reaches('begin');
      },
      (error: unknown) => {
        if (generation !== this.#generation) return;
        if (error instanceof OperationNotStartedError) notStarted('notStarted', error);
        else if (error instanceof OperationNotWatchableError) {
          if (operation % 2 === 0 && world.time.isProcessAlive) this.#trust(operation, error, options);
          else notStarted('notWatchable', error);
        } else world.broken(`a start throws ${String(error)}`);
      },
    );
  }

  /** Where nobody knows whether a reset has succeeded, its password is not handed over. */
  #expectsNoPassword(operation: number, newPassword: () => Promise<string>): void {
    newPassword().then(
      () => this.#world.broken(`the password of op-${operation} is handed over, though its reset is unconfirmed`),
      (error: unknown) => {
        if (containsText(error, markerOf(this.#world.plan.seed))) this.#world.broken('an error shows the password');
      },
    );
  }

  /** Its user trusts the origin that the service has it on. */
  #trust(operation: number, error: OperationNotWatchableError, options: PollOptions): void {
    const {resumeToken} = error;
    if (resumeToken === undefined) {
      this.#world.broken('an operation that was started has no resume token');
      return;
    }
    this.#world.happen({is: 'begin', operation, trusts: true});
    this.#follow(operation, this.#sharedClient().resume(resumeToken, {...options, trustedOrigins: [abroad]}));
  }

  /** @param readsStart whether the answer to its start is the first report */
  #follow(operation: number, poller: OperationPoller, readsStart = false): void {
    const {plan} = this.#world;
    const facts = this.#world.factsOf(operation);
    const generation = this.#generation;
    const isCurrent = (): boolean => generation === this.#generation && this.#pollers.get(operation) === poller;
    this.#pollers.set(operation, poller);
    let hasFirstReport = readsStart;
    const over = (outcome: SeenOutcome): void => {
      if (!isCurrent() || !this.#world.time.isProcessAlive) return;
      const again = ranks[outcome.is] === 2 ? undefined : this.#goesOnAfter(facts);
      this.#world.happen({is: 'over', operation, outcome, resumes: again !== undefined});
      if (again !== undefined) {
        this.#world.count('resumed');
        this.keep(operation);
        this.#world.beginAfter(again, operation);
      }
      this.#world.reaches('over');
    };
    // Its outcome comes before that of anybody else.
    poller.result().then(
      (succeeded) => over({is: 'succeeded', operation: succeeded, whole: succeeded}),
      (error: unknown) => over(this.#outcomeOf(error, facts.abandonedBy)),
    );
    this.#users.use(poller, facts, isCurrent);
    poller.on('*', (event) => {
      if (!isCurrent()) return;
      if (hasFirstReport && event.type === 'polled') {
        hasFirstReport = false;
        const {startAnswer} = facts;
        if (startAnswer !== undefined) this.#world.happen({is: 'first report', operation, answer: startAnswer.answer});
      }
      this.#world.happen({is: 'event', operation, event: seen(event), whole: event});
      if (plan.store.at === 'every event' || event.type === 'waiting') this.#store(operation, poller);
      this.#world.reaches('event');
    });
  }

  /** Once, a user may go on after watching was given up. */
  #goesOnAfter({operation, planned: {resumedAfter}, abandonedBy}: Facts): number | undefined {
    if (resumedAfter === undefined || abandonedBy !== undefined || this.#goneOn.has(operation)) return undefined;
    this.#goneOn.add(operation);
    return resumedAfter;
  }

  crash(): void {
    this.#generation += 1;
    // Nothing of it may count as watched in the processes that follow.
    for (const controller of this.#controllers.values()) controller.abort();
    this.#pollers = new Map();
    this.#controllers = new Map();
    this.#signals = new Set();
    this.#client = undefined;
  }

  abandon(operation: number, how: 'abort' | 'stop'): void {
    const poller = this.#pollers.get(operation);
    if (how === 'abort') this.#controllers.get(operation)?.abort(new Error('the user went away'));
    else poller?.stop('enough');
    this.keep(operation);
  }

  cancel(operation: number): void {
    const world = this.#world;
    const poller = this.#pollers.get(operation);
    if (poller === undefined) return;
    const generation = this.#generation;
    const over = (error?: unknown): void => {
      if (generation === this.#generation) world.happen({is: 'cancel over', operation, error});
    };
    world.count('cancel');
    world.happen({is: 'cancel', operation});
    poller.cancel().then(() => over(), over);
  }

  wake(operation: number): void {
    const poller = this.#pollers.get(operation);
    if (poller === undefined) return;
    this.#world.happen({is: 'wake', operation});
    poller.wake();
  }

  keep(operation: number): void {
    const poller = this.#pollers.get(operation);
    // A graceful end stores the last word.
    if (poller !== undefined) this.#keep(operation, poller.toJSON());
  }

  unsettled(): string | undefined {
    return this.#users.unsettled();
  }

  leftBehind(): string | undefined {
    let count = 0;
    for (const signal of this.#signals) count += getEventListeners(signal, 'abort').length;
    return count === 0 ? undefined : `${count} listeners are left on signals`;
  }

  /** The one that all share, until it has aborted, or another. */
  #controller(): AbortController {
    const shared = [...this.#controllers.values()].find(({signal}) => !signal.aborted);
    return this.#world.plan.sharesSignal && shared !== undefined ? shared : new AbortController();
  }

  #poller(operation: number, location: string, stored: string | undefined, options: PollOptions): OperationPoller {
    const world = this.#world;
    if (world.plan.runner === 'watch') {
      const own = {...options, http: httpOf(world), token: tokenOf(world, operation)};
      return stored === undefined ? pollOperation(location, own) : resumeOperation(stored, own);
    }
    const client = this.#sharedClient();
    return stored === undefined ? client.watch(location, options) : client.resume(stored, options);
  }

  /** The one client of the process. */
  #sharedClient(): ModelClient {
    this.#client ??= clientOf(this.#world);
    return this.#client;
  }

  #store(operation: number, poller: OperationPoller): void {
    if (!mayCrash(this.#world.plan)) return;
    const known = this.#world.factsOf(operation);
    const token = poller.toJSON();
    const memory = readMemoryOf(known);
    const generation = this.#generation;
    const watch = known.watches;
    // What was known before is not written over the last word of a watch.
    const isWanted = (): boolean => generation === this.#generation && known.watches === watch;
    this.#world.write(isWanted, () => {
      this.#keep(operation, token);
      known.stored = memory;
    });
  }

  #keep(operation: number, token: ResumeToken): void {
    this.#stored.set(operation, token);
    this.#world.happen({is: 'stored', operation, whole: token});
    const facts = this.#world.factsOf(operation);
    facts.stored = readMemoryOf(facts);
  }

  #outcomeOf(error: unknown, abandonedBy: string | undefined): SeenOutcome {
    if (!(error instanceof OperationError)) return {is: String(error), operation: undefined, whole: error};
    const is = error.name === 'WatchAbortedError' ? (abandonedBy ?? 'aborted') : (reasons[error.name] ?? error.name);
    return {is, operation: error.operation, whole: error};
  }
}

/** Whether resume tokens are of any use in a world. */
function mayCrash({incidents, seed}: Plan): boolean {
  return seed % 16 === 0 || incidents.some(({is}) => is === 'crash' || is === 'abort' || is === 'stop');
}

type Entry =
  | {readonly is: 'run'; readonly name: string; readonly text: string}
  | {readonly is: 'sleep'; readonly name: string; readonly until: number}
  | {readonly is: 'now'; readonly name: string; readonly at: number};

/** Workflows in an engine that keeps a journal of each. */
class Workflows implements Application {
  readonly #world: World;
  readonly #journals = new Map<number, Entry[]>();
  readonly #events = new Map<number, string[]>();
  #generation = 0;

  constructor(world: World) {
    this.#world = world;
  }

  begin(operation: number): void {
    const world = this.#world;
    const facts = world.factsOf(operation);
    const {planned} = facts;
    const generation = this.#generation;
    const isCurrent = (): boolean => generation === this.#generation;
    const known = this.#events.get(operation) ?? [];
    this.#events.set(operation, known);
    let count = 0;
    const onEvent = (event: OperationEvent): void => {
      // What is left of the code of a dead process emits into the void.
      if (!isCurrent() || !world.time.isProcessAlive) return;
      const key = `${event.type} ${event.attempt} ${event.at}`;
      const before = known[count];
      count += 1;
      if (before !== undefined && before !== key) world.broken(`the replay emits ${key}, not ${before}`);
      else if (before === undefined) {
        known.push(key);
        world.happen({is: 'event', operation, event: seen(event), whole: event});
      }
      world.reaches('event');
    };
    const options = {
      ...optionsOf(world.plan, planned),
      http: httpOf(world),
      token: tokenOf(world, operation),
      onEvent,
    };
    const {notBefore, failures, missingSince, endRead} = facts.stored ?? new Memory();
    Object.assign(facts, {notBefore, failures, missingSince, endRead});
    watchDurably(this.#host(operation, isCurrent), locationOf(planned, operation), options).then(
      (outcome) => {
        const is = outcome.status === 'abandoned' ? outcome.reason : outcome.status;
        if (isCurrent())
          world.happen({is: 'over', operation, outcome: {is, operation: outcome.operation, whole: outcome}});
      },
      (error: unknown) => {
        if (isCurrent()) world.broken(`the workflow threw ${String(error)}`);
      },
    );
  }

  crash(): void {
    this.#generation += 1;
  }

  #host(operation: number, isCurrent: () => boolean): DurableHost {
    const world = this.#world;
    const {time} = world;
    const journal = this.#journals.get(operation) ?? [];
    this.#journals.set(operation, journal);
    let position = 0;
    const facts = world.factsOf(operation);
    const isReplay = facts.resumedAt > 0 && journal.length > 0;
    const recorded = <Is extends Entry['is']>(is: Is, name: string): Extract<Entry, {is: Is}> | undefined => {
      const entry = journal[position];
      position += 1;
      if (entry === undefined) return undefined;
      if (entry.is !== is || entry.name !== name) world.broken(`the replay asks for ${name}, not ${entry.name}`);
      return entry as Extract<Entry, {is: Is}>;
    };
    /** Writes an entry, which takes a while; the process may die before or after. */
    const write = <T>(entry: Entry, value: T): Promise<T> =>
      new Promise((resolve) => {
        world.write(isCurrent, () => {
          journal.push(entry);
          facts.stored = memoryOf(facts);
          if (entry.is === 'run') world.happen({is: 'stored', operation, whole: entry.text});
          resolve(value);
        });
      });
    return {
      now: async (name) => {
        const entry = recorded('now', name);
        return entry === undefined ? write({is: 'now', name, at: time.wall}, time.wall) : entry.at;
      },
      sleep: async (name, milliseconds) => {
        const until = time.now + milliseconds;
        // Cut off before it was recorded, a wait begins anew.
        if (isReplay && journal.length <= position) facts.slack += milliseconds;
        const entry = recorded('sleep', name) ?? (await write({is: 'sleep', name, until} as const, {until}));
        await new Promise<void>((resolve) => {
          time.after(Math.max(0, entry.until - time.now), () => {
            if (isCurrent()) resolve();
          });
        });
      },
      run: async (name, work) => {
        const entry = recorded('run', name);
        if (entry !== undefined) return JSON.parse(entry.text) as RecordedJson;
        const text = JSON.stringify(await work());
        return JSON.parse(await write({is: 'run', name, text}, text)) as RecordedJson;
      },
    };
  }
}
