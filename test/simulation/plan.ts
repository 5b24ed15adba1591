import {type CancelForm, type CancelName, type CancelPlan, cancelForms, cancels} from './cancels.ts';
import {type FaultName, faults, type WaitName, waits} from './faults.ts';
import {Random} from './random.ts';
import {type PasswordPlan, type StartName, starts} from './starts.ts';
import {type StoreFault, storeFaults} from './stores.ts';
import {type HandOver, handOvers, type TurnName, turns} from './turns.ts';
import type {Suspension} from './virtual-time.ts';
import type {End, Wording} from './wordings.ts';

/** What happens to one answer of an operation. */
export interface AnswerPlan {
  readonly fault?: FaultName | undefined;
  readonly wait?: WaitName | undefined;
}

/** What becomes of the request that starts an operation. */
export interface StartPlan {
  readonly is: StartName;
  readonly wait?: WaitName | undefined;
  /** The start resets a password; `quotes`: all that the service says quotes it. */
  readonly password?: PasswordPlan | undefined;
  readonly quotes?: boolean;
}

/** One operation: what the service does, and what happens to its answers, by the number of the request. */
export interface OperationPlan {
  readonly wording: Wording;
  /** When watching begins, in milliseconds since the world began. The other times count from there. */
  readonly startsAt: number;
  /** Until when the service answers 404. */
  readonly visibleAt: number;
  readonly runsAt: number;
  readonly endsAt: number;
  /** How it ends; `undefined`: never. */
  readonly end: End | undefined;
  readonly variant: number;
  /** What becomes of the request that starts it; `undefined`: it was started by others. */
  readonly start?: StartPlan | undefined;
  /** How it is canceled, and what becomes of the requests that do so, by their numbers. */
  readonly cancelForm: CancelForm;
  readonly cancels: readonly CancelPlan[];
  readonly answers: readonly AnswerPlan[];
  /** What befalls its turns, and the calls of `onEnd`, by their numbers. */
  readonly turns: readonly (TurnName | undefined)[];
  readonly handOvers: readonly HandOver[];
  /** After how many milliseconds its user goes on once watching was given up; `undefined`: never. */
  readonly resumedAfter: number | undefined;
}

/** What users do with a poller, besides waiting for its result. */
export const ways = ['waits', 'loops', 'leaves the loop', 'throws', 'unsubscribes'] as const;
export type Way = (typeof ways)[number];

/** What an application gives to the library; `undefined` means absent. */
export interface OptionsPlan {
  readonly totalTimeout: number;
  readonly requestTimeout: number;
  readonly notFoundGrace: number;
  readonly consecutiveFailures: number;
  readonly unknownStatus: 'keepPolling' | 'fail';
  readonly schedule: 'default' | 'fixed' | 'exponential';
  readonly initialDelay: number;
  readonly fetchResult: boolean;
  readonly maxRetryAfter: number | undefined;
  readonly maxResponseSize: number | undefined;
  readonly token: 'text' | 'at once' | 'later' | 'failing';
}

/** At which of the many things that happen in a process something else happens: the n-th of its kind, or at a time. */
export type Moment = {readonly at: number} | {readonly atNext: CountedMoment; readonly number: number};
export type CountedMoment = 'event' | 'request' | 'answer' | 'token' | 'write' | 'await' | 'begin' | 'over';

/** What the world does to a process. */
export type Incident =
  | {readonly is: 'crash'; readonly moment: Moment; readonly downtime: number}
  /** A tracker is closed, and another one opened over the same store. */
  | {readonly is: 'close'; readonly moment: Moment; readonly downtime: number}
  | {readonly is: 'jump'; readonly at: number; readonly by: number}
  | {readonly is: 'suspend'; readonly at: number; readonly how: Suspension; readonly milliseconds: number}
  | {
      readonly is: 'abort' | 'stop';
      readonly moment: Moment;
      readonly operation: number;
      readonly resumedAfter: number | undefined;
    }
  | {readonly is: 'wake'; readonly moment: Moment; readonly operation: number}
  /** A user asks the service to cancel, so many times at once. */
  | {readonly is: 'cancel'; readonly moment: Moment; readonly operation: number; readonly times: number};

/** A whole world; everything in it follows from this and the seed. */
export interface Plan {
  readonly seed: number;
  readonly runner: 'watch' | 'graph' | 'client' | 'durable' | 'queue' | 'tracker';
  /** Whether all operations are those of one client, with its gate. */
  readonly hasClient: boolean;
  /** How the token is sent: as a bearer token, in a header of its own, or after another scheme. */
  readonly key: 'bearer' | 'header' | 'scheme';
  /** Whether the client sends a key of its own in another header as well. */
  readonly hasHeaders: boolean;
  /** Whether ky is between the library and the network, with its own requests and bodies as streams. */
  readonly withKy: boolean;
  readonly batch: boolean;
  /** How many requests a client may have in flight at once. */
  readonly concurrency: number;
  /** How long a start may take, in milliseconds. */
  readonly startTimeout: number;
  /** What users do with pollers. */
  readonly ways: readonly Way[];
  /** Whether all operations are given the same signal. */
  readonly sharesSignal: boolean;
  /** By how many milliseconds the service's clock is ahead of everybody else's. */
  readonly skew: number;
  readonly latency: number;
  /** When the application stores resume tokens, and how long that takes. */
  readonly store: {readonly at: 'every event' | 'waiting'; readonly takes: number};
  /** What befalls the calls of a tracker's store, by their numbers, and whether a crash takes back the writes that may be lost. */
  readonly storeFaults: readonly (StoreFault | undefined)[];
  readonly losesWrites: boolean;
  readonly options: OptionsPlan;
  /** Where results are: on the service's own origin, on another one, or there after a redirect. */
  readonly results: 'at home' | 'abroad' | 'redirected abroad';
  /** Where the service says how long to wait, where that is a number: in `Retry-After`, or in a place of its protocol. */
  readonly waitsIn: 'Retry-After' | 'header' | 'body';
  readonly operations: readonly OperationPlan[];
  readonly envelopes: readonly AnswerPlan[];
  readonly incidents: readonly Incident[];
}

const faultNames = Object.keys(faults) as FaultName[];
const waitNames = Object.keys(waits) as WaitName[];
const weightOf = (name: FaultName): number => faults[name].weight;

/** A choice among names by their weights. */
function weighted<Name>(names: readonly Name[], weight: (name: Name) => number): (random: Random) => Name {
  let total = 0;
  const ends = names.map((name) => {
    total += weight(name);
    return total;
  });
  return (random) => {
    const point = random.next() * total;
    return names[ends.findIndex((end) => point < end)] as Name;
  };
}

function chooser(names: readonly FaultName[]): (random: Random) => FaultName {
  return weighted(names, weightOf);
}

const isGraphOnly = (name: FaultName): boolean => 'isGraphOnly' in faults[name];
const graphFault = chooser(faultNames);
const plainFault = chooser(faultNames.filter((name) => !isGraphOnly(name)));
// A monitor that needs no token refuses none.
const openFault = chooser(faultNames.filter((name) => !isGraphOnly(name) && !/401|redirect/.test(name)));
const envelopeFault = chooser([
  'reset',
  'hang',
  'slow',
  'hangBody',
  'http 429',
  'http 500',
  'http 503',
  'http 404',
  'body html',
  'body {}',
]);

/** Whether operations are started and watched by the methods of a client. */
function startsByClient(runner: Plan['runner']): boolean {
  return runner === 'graph' || runner === 'client';
}

/** Whether operations are records whose ends are handed over to `onEnd`. */
export function keepsRecords(runner: Plan['runner']): boolean {
  return runner === 'queue' || runner === 'tracker';
}

/** Whether watching goes on in a store, by the wall clock, and there are no pollers. */
export function isStored(runner: Plan['runner']): boolean {
  return runner === 'durable' || keepsRecords(runner);
}

/** The plan of a seed. */
export function planOf(seed: number): Plan {
  const random = new Random(seed);
  const runner = random.pick(['watch', 'watch', 'graph', 'graph', 'client', 'durable', 'queue', 'tracker'] as const);
  const hasClient = startsByClient(runner) || (keepsRecords(runner) && random.chance(0.5));
  const count = startsByClient(runner) ? random.pick([1, 2, 2, 3, 4, 6]) : random.whole(1, 2);
  const options = planOptions(random);
  // Some worlds are nearly quiet, some are rough.
  const rate = random.pick([0, 0.05, 0.15, 0.3, 0.5]);
  const operations = Array.from({length: count}, () => planOperation(random, runner, options, rate));
  return {
    seed,
    runner,
    hasClient,
    // Graph takes bearer tokens only.
    key: runner === 'graph' || random.chance(0.7) ? 'bearer' : random.pick(['header', 'scheme']),
    hasHeaders: hasClient && random.chance(0.3),
    withKy: random.chance(0.05),
    batch: runner === 'graph' && random.chance(0.7),
    concurrency: random.pick([40, 40, 40, 3, 1]),
    startTimeout: random.pick([3000, 20_000]),
    ways: isStored(runner) ? [] : ways.filter(() => random.chance(0.2)),
    sharesSignal: random.chance(0.3),
    skew: random.chance(0.6) ? 0 : random.pick([-60_000, -3000, 2000, 600_000]),
    latency: random.pick([0, 5, 40, 200]),
    store: {at: random.pick(['every event', 'waiting']), takes: random.pick([0, 0, 3, 50])},
    storeFaults: runner === 'tracker' ? planStoreFaults(random) : [],
    losesWrites: random.chance(0.5),
    options,
    operations,
    envelopes: runner === 'graph' ? planAnswers(random, rate, 4, envelopeFault) : [],
    incidents: planIncidents(random, runner, operations),
    results: random.pick(['at home', 'at home', 'abroad', 'redirected abroad']),
    waitsIn: random.pick(['Retry-After', 'Retry-After', 'header', 'body']),
  };
}

function planOptions(random: Random): OptionsPlan {
  return {
    totalTimeout: random.pick([5000, 5000, 5000, 30_000, 30_000, 30_000, 120_000, 900_000]),
    requestTimeout: random.pick([1000, 10_000]),
    notFoundGrace: random.pick([0, 5000, 30_000, 30_000]),
    consecutiveFailures: random.pick([1, 3, 5, 5]),
    unknownStatus: random.chance(0.1) ? 'fail' : 'keepPolling',
    schedule: random.pick(['default', 'default', 'fixed', 'exponential']),
    initialDelay: random.pick([0, 0, 0, 2000]),
    fetchResult: random.chance(0.15),
    maxRetryAfter: random.pick([undefined, undefined, undefined, undefined, 2000, 60_000]),
    maxResponseSize: random.pick([undefined, undefined, 4096]),
    token: random.pick(['text', 'at once', 'at once', 'later', 'later', random.chance(0.1) ? 'failing' : 'later']),
  };
}

function planOperation(random: Random, runner: Plan['runner'], options: OptionsPlan, rate: number): OperationPlan {
  const wording: Wording =
    runner === 'graph' || random.chance(0.6)
      ? 'longRunning'
      : random.pick(['google.longrunning', 'azure.statusMonitor', 'azure.location', 'graph.driveCopy']);
  const lasts = random.pick([0, 500, 3000, 10_000, options.totalTimeout * random.next() * 1.2]);
  const visibleAt = random.chance(0.2) ? random.whole(0, 4000) : 0;
  const runsAt = visibleAt + (random.chance(0.3) ? random.whole(0, 3000) : 0);
  const choose = wording === 'longRunning' ? graphFault : wording === 'graph.driveCopy' ? openFault : plainFault;
  return {
    wording,
    startsAt: random.chance(0.5) ? 0 : random.whole(0, 2000),
    visibleAt,
    runsAt,
    endsAt: runsAt + Math.floor(lasts),
    end: random.chance(0.08) ? undefined : random.pick(['succeeded', 'succeeded', 'succeeded', 'failed', 'canceled']),
    variant: random.whole(0, 1),
    start: startsByClient(runner) && random.chance(0.35) ? planStart(random, runner, wording) : undefined,
    answers: planAnswers(random, rate, 14, choose),
    turns: runner === 'queue' ? planTurns(random) : [],
    handOvers: keepsRecords(runner) && random.chance(0.5) ? [random.pick(handOvers), random.pick(handOvers)] : [],
    resumedAfter: !isStored(runner) && random.chance(0.25) ? random.pick([0, 0, 500, 5000]) : undefined,
    cancelForm: isStored(runner) ? 'preset' : planCancelForm(random, wording),
    cancels: isStored(runner) ? [] : Array.from({length: 3}, () => planCancel(random)),
  };
}

function planCancelForm(random: Random, wording: Wording): CancelForm {
  // Its location may be where the answer to its start is the first report.
  if (wording === 'google.longrunning') return random.pick(['preset', 'DELETE', 'DELETE', 'suffix']);
  return random.chance(0.1) ? 'preset' : random.pick(cancelForms);
}

const cancelNames = Object.keys(cancels) as CancelName[];
const chooseCancel = weighted(cancelNames, (name) => cancels[name].weight);

function planCancel(random: Random): CancelPlan {
  const is = chooseCancel(random);
  const mayAsk = is === 'http 429' || is === 'http 503' || is === 'http 403' ? 0.6 : 0.1;
  return {is, wait: random.chance(mayAsk) ? random.pick(waitNames) : undefined};
}

const turnNames = Object.keys(turns) as TurnName[];
const chooseTurn = weighted(turnNames, (name) => turns[name]);

function planTurns(random: Random): OperationPlan['turns'] {
  const rate = random.pick([0, 0.1, 0.3]);
  return Array.from({length: 14}, () => (random.chance(rate) ? chooseTurn(random) : undefined));
}

function planStoreFaults(random: Random): Plan['storeFaults'] {
  const rate = random.pick([0, 0, 0.1, 0.4]);
  return Array.from({length: 30}, () => (random.chance(rate) ? random.pick(storeFaults) : undefined));
}

const startNames = Object.keys(starts) as StartName[];

function planStart(random: Random, runner: Plan['runner'], wording: Wording): StartPlan {
  const password = runner === 'graph' && random.chance(0.5) ? random.pick(['chosen', 'made'] as const) : undefined;
  // Where locations lead anywhere, none is abroad, and a name leads nowhere else.
  const leadsAbroad = wording !== 'graph.driveCopy' && wording !== 'google.longrunning';
  const names = startNames.filter(
    (name) => (name !== 'abroad' || leadsAbroad) && (name !== 'quoting location' || password !== undefined),
  );
  const is = weighted(names, (name) => starts[name].weight)(random);
  const wait = random.chance(0.3) ? random.pick(waitNames) : undefined;
  return {is, wait, password, quotes: random.chance(0.5)};
}

function planAnswers(
  random: Random,
  rate: number,
  count: number,
  choose: (random: Random) => FaultName,
): readonly AnswerPlan[] {
  if (rate === 0) return [];
  return Array.from({length: count}, () => {
    const fault = random.chance(rate) ? choose(random) : undefined;
    // Who throttles mostly says for how long.
    const often = fault === 'http 429' || fault === 'http 503' ? 0.6 : 0.3;
    const wait = random.chance(fault === undefined ? rate / 4 : often) ? random.pick(waitNames) : undefined;
    return {fault, wait};
  });
}

function planIncidents(
  random: Random,
  runner: Plan['runner'],
  operations: readonly OperationPlan[],
): readonly Incident[] {
  const incidents: Incident[] = [];
  const span = Math.max(...operations.map(({startsAt, endsAt}) => startsAt + endsAt), 2000);
  const some = (): number => random.whole(0, Math.min(span, 30_000));
  const moment = (): Moment =>
    random.chance(0.3)
      ? {at: some()}
      : {atNext: random.pick(['event', 'request', 'answer', 'token', 'write', 'await']), number: random.whole(1, 8)};
  if (random.chance(0.35)) {
    for (let count = random.whole(1, 3); count > 0; count--) {
      incidents.push({is: 'crash', moment: moment(), downtime: random.pick([0, 10, 1500, 20_000])});
    }
  }
  if (runner === 'tracker' && random.chance(0.4)) {
    for (let count = random.whole(1, 3); count > 0; count--) {
      incidents.push({is: 'close', moment: moment(), downtime: random.pick([0, 0, 10, 1500, 20_000])});
    }
  }
  // A workflow lives by the time that its engine records, and a record by that of its runner, which is the wall clock's: they know
  // no jump, and no freeze.
  if (!isStored(runner) && random.chance(0.15)) {
    incidents.push({is: 'jump', at: some(), by: random.pick([-86_400_000, -60_000, -1500, 1500, 60_000, 86_400_000])});
  }
  if (random.chance(0.12)) {
    const how = random.pick(['stalled', 'frozen'] as const);
    incidents.push({
      is: 'suspend',
      at: some(),
      how: isStored(runner) ? 'stalled' : how,
      milliseconds: random.pick([300, 5000, 60_000, 3_600_000]),
    });
  }
  if (!isStored(runner) && random.chance(0.15)) {
    for (let count = random.pick([1, 1, 2, 3]); count > 0; count--) {
      const operation = random.whole(0, operations.length - 1);
      const resumedAfter = random.chance(0.5) ? random.pick([0, random.whole(0, 5000)]) : undefined;
      incidents.push({is: random.pick(['abort', 'stop']), moment: moment(), operation, resumedAfter});
    }
  }
  if (runner !== 'durable' && random.chance(0.12)) {
    for (let count = random.whole(1, 4); count > 0; count--) {
      incidents.push({is: 'wake', moment: moment(), operation: random.whole(0, operations.length - 1)});
    }
  }
  // Only pollers can cancel.
  if (!isStored(runner) && random.chance(0.25)) {
    for (let count = random.pick([1, 1, 2, 3]); count > 0; count--) {
      const operation = random.whole(0, operations.length - 1);
      const atNext = operations[operation]?.start === undefined ? 'over' : 'begin';
      const when: Moment = random.chance(0.4) ? {atNext, number: random.whole(1, 2)} : moment();
      incidents.push({is: 'cancel', moment: when, operation, times: random.pick([1, 1, 2])});
    }
  }
  return incidents;
}

/** The names of what a plan has in it, as `--without` takes them. */
export function without(plan: Plan, unwanted: (name: string) => boolean): Plan {
  const clean = (answers: readonly AnswerPlan[]): readonly AnswerPlan[] =>
    answers.map(({fault, wait}) => ({
      fault: fault === undefined || unwanted(fault) ? undefined : fault,
      wait: wait === undefined || unwanted(wait) ? undefined : wait,
    }));
  return {
    ...plan,
    options:
      unwanted('default schedule') && plan.options.schedule === 'default'
        ? {...plan.options, schedule: 'fixed'}
        : plan.options,
    skew: unwanted('skew') ? 0 : plan.skew,
    ways: plan.ways.filter((way) => !unwanted(way)),
    batch: plan.batch && !unwanted('batch'),
    storeFaults: plan.storeFaults.map((name) => (name === undefined || unwanted(`store ${name}`) ? undefined : name)),
    operations: plan.operations
      .map((operation) => ({
        ...operation,
        start: operation.start === undefined || unwanted(`start ${operation.start.is}`) ? undefined : operation.start,
        cancels: operation.cancels.filter(({is}) => !unwanted(`cancel ${is}`)),
        answers: clean(operation.answers),
        turns: operation.turns.map((name) => (name === undefined || unwanted(`turn ${name}`) ? undefined : name)),
        handOvers: operation.handOvers.map((how) => (unwanted(`onEnd ${how}`) ? 'resolves' : how)),
        resumedAfter: unwanted('resumed') ? undefined : operation.resumedAfter,
      }))
      .filter(({wording, variant}) => !unwanted(wording) && !unwanted(`${wording} ${variant}`)),
    envelopes: clean(plan.envelopes),
    incidents: plan.incidents.filter(
      ({is, ...incident}) => !unwanted(is) && !('how' in incident && unwanted(incident.how)),
    ),
  };
}
