import type {Check} from './check.ts';
import {isCrowded, isTimedOut, leavesAfter, waitsForItsPlace} from './delays.ts';
import {type Facts, lastPollAt, ranks} from './facts.ts';
import {keepsRecords} from './plan.ts';
import type {World} from './world.ts';

/** An end is reported if and only if the service has said it, and it is the one that it said. */
export const reportsTheEndThatWasSaid: Check<'over'> = ({outcome}, {plan}, facts) => {
  const said = facts.isDoubled ? facts.endSaid : facts.endRead;
  const isAnEnd = ranks[outcome.is] === 2;
  if (isAnEnd && outcome.is !== said) return `${outcome.is}, but the service said ${said ?? 'no end'}`;
  if (isAnEnd && outcome.operation?.status !== outcome.is)
    return `${outcome.is} with an operation that is ${outcome.operation?.status}`;
  if (said === undefined || isAnEnd || facts.abandonedBy !== undefined || facts.isDoubled) return undefined;
  // A result is fetched after the end.
  return outcome.is === 'result' && plan.options.fetchResult
    ? undefined
    : `${outcome.is}, but the service had said ${said}`;
};

/** Whoever asks for the result gets the one of this operation. */
export const givesItsResult: Check<'over'> = ({outcome}, {plan}, {operation, planned}) => {
  if (outcome.is !== 'succeeded' || !plan.options.fetchResult) return undefined;
  if (planned.wording !== 'longRunning') return undefined;
  const {of} = (outcome.operation?.result ?? {}) as {readonly of?: unknown};
  return of === `op-${operation}`
    ? undefined
    : `succeeded with the result ${JSON.stringify(outcome.operation?.result)}`;
};

/** Watching is given up for a reason that there is. */
export const givesUpForAReason: Check<'over'> = ({outcome: {is}}, world, facts) => {
  const {plan, time} = world;
  const {consecutiveFailures, notFoundGrace, unknownStatus} = plan.options;
  const {lastAnswer, lastTrouble, missingSince, slack} = facts;
  const failures = facts.failures + (isTimedOut(facts, world) ? 1 : 0);
  const had = (...names: readonly string[]): boolean =>
    lastAnswer?.faults.some((name) => names.includes(name)) === true;
  switch (is) {
    case 'succeeded':
    case 'failed':
    case 'canceled':
      return undefined;
    case 'timeout':
      return time.now >= facts.deadlineAt - slack
        ? undefined
        : `a time-out ${facts.deadlineAt - time.now} ms before the deadline`;
    case 'aborted':
    case 'stopped':
      return facts.abandonedBy === undefined ? `${is} by nobody` : undefined;
    case 'unauthorized':
      if (lastTrouble === 'token') return undefined;
      return lastAnswer?.says === 'unauthorized' ? undefined : `unauthorized after ${lastAnswer?.http}`;
    case 'forbidden':
      // With a wait, it is a deferral.
      return lastAnswer?.http === 403 && lastAnswer.retryAfter === undefined
        ? undefined
        : `forbidden after ${lastAnswer?.http}`;
    case 'notFound':
      if (lastAnswer?.http === 410) return undefined;
      if (lastAnswer?.http !== 404 || missingSince === undefined) return `not found after ${lastAnswer?.http}`;
      return time.now - missingSince >= notFoundGrace - slack
        ? undefined
        : `not found after ${time.now - missingSince} ms`;
    case 'unreachable':
      return failures >= consecutiveFailures ? undefined : `unreachable after ${failures} requests that failed`;
    case 'protocol':
      if (had('huge', 'endless', 'long')) return undefined;
      return failures >= consecutiveFailures || lastAnswer?.says === 'redirect'
        ? undefined
        : `given up for its protocol after ${failures} answers that cannot be read`;
    case 'unknownStatus':
      return unknownStatus === 'fail' && lastAnswer?.says === 'unknown word' ? undefined : 'no unknown word was said';
    case 'result':
      return plan.options.fetchResult ? undefined : 'nobody asked for a result';
    default:
      return `the outcome is ${is}`;
  }
};

/** A watch that timed out has asked until the end, unless it was kept from it. */
export const asksUntilTheDeadline: Check<'over'> = ({outcome: {is}}, world, facts) => {
  if (
    is !== 'timeout' ||
    facts.slack > 0 ||
    facts.late > 0 ||
    facts.wasHeld ||
    world.stalled > 0 ||
    facts.resumedAt >= lastPollAt(facts, world)
  )
    return undefined;
  if (
    world.isPaced ||
    isCrowded(world.plan) ||
    /later|failing/.test(world.plan.options.token) ||
    facts.lastTrouble === 'token'
  )
    return undefined;
  // A retry may be collected for a batch that would leave too late.
  if (world.plan.batch && facts.failures > 0) return undefined;
  const due = lastPollAt(facts, world);
  const {lastRequestAt = 0, settledAt = -1} = facts;
  // One that was not answered was waited for.
  const last = settledAt < lastRequestAt ? world.time.now : settledAt;
  return last >= due ? undefined : `its last request was ${due - last} ms before the last poll was due`;
};

/** How many requests a poll may take: redirects, one more with a new token, one more outside of a batch. */
const requestsOfPoll = 13;

/** By when a watch must be over: by its deadline and the time of one request; late where the process could not run. */
function endsBy(world: World, facts: Facts): number {
  const {requestTimeout, notFoundGrace, fetchResult} = world.plan.options;
  const {store, latency} = world.plan;
  const late =
    world.stalled -
    facts.stalledAtBegin +
    facts.slack +
    facts.late +
    (waitsForItsPlace(world.plan) ? 2 * requestTimeout : 0) +
    2 * store.takes +
    3 * leavesAfter(world.plan) +
    requestsOfPoll * latency;
  const {deadlineAt, resumedAt, lastRequestAt = 0} = facts;
  // A step that comes late may be held back for as long as a request may take, and its answer takes as long again.
  const begins =
    resumedAt < deadlineAt ? deadlineAt : Math.max(resumedAt, Math.min(lastRequestAt, resumedAt + requestTimeout));
  const end = begins + requestTimeout + late;
  if (!fetchResult || facts.endReadAt === undefined) return end;
  // `totalTimeout` does not apply to a result, which a worker or a tracker does not ask for while it leaves the service alone.
  const heldUntil = keepsRecords(world.plan.runner) ? Math.max(facts.turnHeldUntil, world.heldUntil) : 0;
  return Math.max(end, resumedAt, facts.endReadAt, heldUntil) + notFoundGrace + 2 * requestTimeout + late;
}

/** Every operation ends by its deadline and one request. */
export const endsByItsDeadline: Check<'rest'> = (_, world) => {
  for (const facts of world.facts) {
    if (facts.isWatched && world.time.now > endsBy(world, facts)) {
      return `op-${facts.operation} is watched ${world.time.now - facts.deadlineAt} ms after its deadline`;
    }
  }
  return undefined;
};

export const endsInTime: Check<'over'> = (_, world, facts) =>
  world.time.now > endsBy(world, facts) ? `over ${world.time.now - facts.deadlineAt} ms after the deadline` : undefined;
