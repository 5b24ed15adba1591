import {applicationOf} from './applications.ts';
import {type AnswerPlan, keepsRecords, type OperationPlan, type Plan, planOf, without} from './plan.ts';
import {UserError} from './users.ts';
import {type Violation, World} from './world.ts';

/** What became of one world. */
export interface Simulated {
  readonly plan: Plan;
  readonly violation: Violation | undefined;
  readonly counts: ReadonlyMap<string, number>;
  readonly outcomes: readonly (string | undefined)[];
  /** How often anything happened, and all of it where it was wanted. */
  readonly timeline: readonly string[];
}

/** Lives through the world of a plan. */
export async function simulatePlan(plan: Plan, withTimeline = false): Promise<Simulated> {
  const world = new World(plan, applicationOf, withTimeline);
  const onUncaught = (error: unknown): void => {
    if (error instanceof UserError) world.reported += 1;
    else world.broken(`uncaught: ${String(error)}`);
  };
  uncaught = onUncaught;
  await world.run();
  const outcomes = world.facts.map(({outcome}) => outcome?.is);
  const timeline = (world.timeline ?? []).filter((line) => line !== '');
  return {plan, violation: world.violation, counts: world.counts, outcomes, timeline};
}

let uncaught: ((error: unknown) => void) | undefined;

/** What nobody catches is the fault of the world that is being lived through. */
export function catchUncaught(): () => void {
  const listener = (error: unknown): void => uncaught?.(error);
  process.on('unhandledRejection', listener);
  process.on('uncaughtException', listener);
  // What a host offers for errors in listeners.
  Object.assign(globalThis, {reportError: listener});
  return () => {
    process.off('unhandledRejection', listener);
    process.off('uncaughtException', listener);
    Reflect.deleteProperty(globalThis, 'reportError');
  };
}

/**
 * Lives through the world of a seed. One with crashes, or trackers that are closed, in which nothing can keep the operations from their ends is lived
 * through a second time without: it has to end as before.
 */
export async function simulate(seed: number, unwanted: (name: string) => boolean = () => false): Promise<Simulated> {
  const plan = without(planOf(seed), unwanted);
  const simulated = await simulatePlan(plan);
  if (simulated.violation !== undefined || !isBenign(plan)) return simulated;
  const undisturbed = await simulatePlan({...plan, incidents: []});
  const {violation, outcomes} = undisturbed;
  if (violation !== undefined) return undisturbed;
  const differs = outcomes.findIndex((outcome, operation) => outcome !== simulated.outcomes[operation]);
  if (differs < 0) return simulated;
  const why = `op-${differs} ends as ${outcomes[differs]} without crashes, and as ${simulated.outcomes[differs]} with them`;
  return {...simulated, violation: {invariant: 'endsAsWithoutCrashes', why}};
}

/** Whether a world has nothing but crashes and trackers that are closed that could keep an operation from its end. */
function isBenign({incidents, operations, envelopes, options, storeFaults}: Plan): boolean {
  if (incidents.length === 0 || options.token === 'failing' || options.totalTimeout < 120_000) return false;
  if (!incidents.every((incident) => 'downtime' in incident && incident.downtime <= 1500)) return false;
  if (envelopes.some(({fault}) => fault !== undefined)) return false;
  if (storeFaults.some((fault) => fault !== undefined)) return false;
  return operations.every(
    ({answers, end, endsAt, visibleAt, start, turns, variant}) =>
      end !== undefined &&
      turns.every((trouble) => trouble === undefined) &&
      (start === undefined || start.is === 'accepted') &&
      endsAt < 30_000 &&
      visibleAt === 0 &&
      // A result that is not there at first may be given up as missing, or be there by the time that a crash is over.
      (variant === 0 || !options.fetchResult || options.notFoundGrace > 0) &&
      answers.every(({fault, wait}) => fault === undefined && wait !== 'wait 1 h'),
  );
}

/** The smallest world that can be made of one and still shows the same violation. */
export async function shrink(plan: Plan, violation: Violation): Promise<Simulated> {
  let smallest = await simulatePlan(plan, true);
  for (let improved = true, tries = 0; improved && tries < 400; ) {
    improved = false;
    for (const candidate of smaller(smallest.plan)) {
      tries += 1;
      const simulated = await simulatePlan(candidate, true);
      if (simulated.violation?.invariant !== violation.invariant) continue;
      smallest = simulated;
      improved = true;
      break;
    }
  }
  return smallest;
}

function* smaller(plan: Plan): Generator<Plan> {
  const {operations, incidents, envelopes} = plan;
  for (let index = 0; index < operations.length && operations.length > 1; index++) {
    // Incidents name operations by their place.
    if (incidents.some((incident) => 'operation' in incident)) break;
    yield {...plan, operations: operations.toSpliced(index, 1)};
  }
  for (let index = 0; index < incidents.length; index++) yield {...plan, incidents: incidents.toSpliced(index, 1)};
  for (const fewer of fewerAnswers(envelopes)) yield {...plan, envelopes: fewer};
  for (const [index, operation] of operations.entries()) {
    for (const answers of fewerAnswers(operation.answers)) {
      yield {...plan, operations: operations.with(index, {...operation, answers})};
    }
  }
  for (const [index, operation] of operations.entries()) {
    if (operation.start === undefined) continue;
    yield {...plan, operations: operations.with(index, {...operation, start: undefined})};
  }
  for (const [index, operation] of operations.entries()) {
    for (const [number, trouble] of operation.turns.entries()) {
      if (trouble === undefined) continue;
      const turns = operation.turns.with(number, undefined);
      yield {...plan, operations: operations.with(index, {...operation, turns})};
    }
    if (operation.handOvers.length === 0) continue;
    yield {...plan, operations: operations.with(index, {...operation, handOvers: operation.handOvers.slice(1)})};
  }
  for (const [index, operation] of operations.entries()) {
    if (operation.resumedAfter === undefined) continue;
    yield {...plan, operations: operations.with(index, {...operation, resumedAfter: undefined})};
  }
  for (let index = 0; index < plan.ways.length; index++) yield {...plan, ways: plan.ways.toSpliced(index, 1)};
  for (const [index, fault] of plan.storeFaults.entries()) {
    if (fault !== undefined) yield {...plan, storeFaults: plan.storeFaults.with(index, undefined)};
  }
  if (plan.losesWrites) yield {...plan, losesWrites: false};
  if (plan.key !== 'bearer') yield {...plan, key: 'bearer'};
  if (plan.hasHeaders) yield {...plan, hasHeaders: false};
  if (keepsRecords(plan.runner) && plan.hasClient) yield {...plan, hasClient: false, hasHeaders: false};
  if (plan.withKy) yield {...plan, withKy: false};
  if (plan.batch) yield {...plan, batch: false};
  if (plan.concurrency < 40) yield {...plan, concurrency: 40};
  if (plan.sharesSignal) yield {...plan, sharesSignal: false};
  if (plan.skew !== 0) yield {...plan, skew: 0};
  if (plan.latency !== 0) yield {...plan, latency: 0};
  if (plan.results !== 'at home') yield {...plan, results: 'at home'};
  if (plan.waitsIn !== 'Retry-After') yield {...plan, waitsIn: 'Retry-After'};
  const {options} = plan;
  if (options.token !== 'text') yield {...plan, options: {...options, token: 'text'}};
  if (options.fetchResult) yield {...plan, options: {...options, fetchResult: false}};
  if (options.initialDelay > 0) yield {...plan, options: {...options, initialDelay: 0}};
  if (options.schedule !== 'fixed') yield {...plan, options: {...options, schedule: 'fixed'}};
  const shift = (operation: OperationPlan): OperationPlan => ({...operation, startsAt: 0});
  if (operations.some(({startsAt}) => startsAt > 0)) yield {...plan, operations: operations.map(shift)};
}

function* fewerAnswers(answers: readonly AnswerPlan[]): Generator<readonly AnswerPlan[]> {
  if (answers.length > 1 && answers.some(isTrouble)) yield answers.slice(0, answers.length / 2);
  for (const [index, answer] of answers.entries()) {
    if (!isTrouble(answer)) continue;
    yield answers.with(index, {});
    if (answer.fault !== undefined && answer.wait !== undefined) yield answers.with(index, {fault: answer.fault});
  }
  const last = answers.findLastIndex(isTrouble);
  if (last + 1 < answers.length) yield answers.slice(0, last + 1);
}

function isTrouble({fault, wait}: AnswerPlan): boolean {
  return fault !== undefined || wait !== undefined;
}
