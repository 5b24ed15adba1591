import type {Check, RequestCheck} from './check.ts';
import {isCrowded, leastWait, leavesAfter, limitsConcurrency, longestGateWait, waitsForItsPlace} from './delays.ts';
import {isForResult, lastPollAt} from './facts.ts';
import {isAskedJustThen} from './gates.ts';
import {mayHaveToken} from './network.ts';
import {isStored, keepsRecords} from './plan.ts';

/** No request leaves for an operation that is not watched any more. */
export const isQuietAfterTheEnd: Check<'request'> = ({url}, _, facts) => {
  if (!facts.isWatched) return 'a request after the watch was over';
  if (facts.abandonedBy !== undefined) return `a request after the watch was ${facts.abandonedBy}`;
  return facts.endRead !== undefined && !isForResult(url) ? 'a poll after the end' : undefined;
};

/** No poll is earlier than the service asked, but for the last one before the deadline. */
export const waitsAsLongAsAsked: Check<'request'> = ({url}, world, facts) => {
  const {now} = world.time;
  if (now >= facts.notBefore || isForResult(url) || facts.isFollowedUp || facts.slack > 0) return undefined;
  return now >= lastPollAt(facts, world)
    ? undefined
    : `${facts.notBefore - now} ms before the time that the service asked for`;
};

/** Nor is it later than that, once nothing else holds it back. */
export const waitsNoLongerThanAsked: Check<'request'> = ({url}, world, facts) => {
  const {plan, time, isPaced, stalled} = world;
  const {waitAskedAt, notBefore, resumedAt, lastTrouble, slack} = facts;
  if (waitAskedAt === undefined || resumedAt > waitAskedAt || isForResult(url) || facts.isFollowedUp) return undefined;
  if (stalled > 0 || slack > 0 || lastTrouble === 'token' || facts.wasHeld) return undefined;
  if (isPaced || isCrowded(plan)) return undefined;
  // A timer may be late by what the library rounds up.
  const late = time.now - notBefore - leavesAfter(plan) - 3 * plan.store.takes - facts.late - 2;
  return late > 0 ? `${late} ms later than the service asked for` : undefined;
};

/** A wait that a client was asked for once holds for all its operations. */
export const holdsAllRequestsBack: RequestCheck = ({url}, world, facts) => {
  const {time, plan} = world;
  const {heldUntil} = world.gateOf(url);
  if (time.now >= heldUntil || isAskedJustThen(url, world, facts)) return undefined;
  const {isFollowedUp} = facts;
  // Without a client, a turn that goes on is not held back.
  if (!plan.hasClient && (isFollowedUp || leavesAfter(plan) > 0)) return undefined;
  return `${heldUntil - time.now} ms before the service takes requests again`;
};

/** Once it takes requests again, they leave no faster than it took them before, however many have waited. */
export const keepsThePace: RequestCheck = ({url, place}, world, facts) => {
  const {pace} = world.gateOf(url);
  if (pace === undefined || isAskedJustThen(url, world, facts)) return undefined;
  const elapsed = world.time.now - Math.max(pace.opensAt, 0);
  // After that it has tried for more.
  if (elapsed > 5000 || pace.sent > 50) return undefined;
  // A timer may be up to 1 ms early. A batch that was held back leaves as a whole, as late as its first may.
  const due = (pace.sent - place) * (pace.interval - 1);
  return elapsed < due ? `${pace.sent + 1} requests in ${elapsed} ms, at ${pace.interval} ms for each` : undefined;
};

/** No more requests are in flight than a client may have; a batch that is larger has nothing beside it. */
export const keepsToItsConcurrency: RequestCheck = ({inFlight, together}, {plan}) => {
  if (!limitsConcurrency(plan) || inFlight === 0 || inFlight + together <= plan.concurrency) return undefined;
  return `${inFlight + together} requests in flight, where ${plan.concurrency} may be`;
};

/** Polls follow each other at a distance, whatever the answers are. */
export const isNoFlood: Check<'request'> = ({url, isBatched}, world, facts) => {
  const {settledAt, isFollowedUp} = facts;
  // A request whose batch failed is repeated once, by itself.
  if (isFollowedUp && isBatched && facts.lastTrouble === 'lost') return 'a batch at once after one that failed';
  if (settledAt === undefined || isFollowedUp || isForResult(url)) return undefined;
  // A worker takes what another one has put off for due.
  if (keepsRecords(world.plan.runner) && facts.slack > 0) return undefined;
  const {now} = world.time;
  // The last one before the deadline may come sooner.
  if (now - settledAt >= leastWait || now >= lastPollAt(facts, world) - facts.slack) return undefined;
  // Each hint may make one come sooner.
  facts.hints -= 1;
  return facts.hints >= 0 ? undefined : `a poll ${now - settledAt} ms after the one before`;
};

/** However they came about, there are no more requests than time for them. */
export const boundsRequests: Check<'request'> = (_, {time, plan}, facts) => {
  const most = 40 + 12 * plan.operations.length + (2 * time.now) / leastWait;
  return facts.requests > most ? `more than ${Math.floor(most)} requests` : undefined;
};

/** No retry begins once the deadline has passed; a step that comes late polls once. */
export const asksNothingAfterTheDeadline: Check<'request'> = ({url}, world, facts) => {
  const {now} = world.time;
  const {plan} = world;
  // A journal takes its time.
  const isJournalled = isStored(plan.runner) && plan.store.takes > 0;
  const isLate =
    isJournalled ||
    waitsForItsPlace(plan) ||
    facts.late > 0 ||
    facts.resumedAt >= facts.deadlineAt ||
    world.stalled > facts.stalledAtBegin ||
    facts.slack > 0;
  // What waited for its batch, for a token, at the gate or for another request leaves at the very deadline if need be.
  const waitsForOthers = isCrowded(plan) || (plan.hasClient && facts.isDoubled);
  // So does what a hint in the last millisecond makes: it goes by a timer, which takes one. That step comes late, and may have to wait
  // for its token.
  const wasWoken = facts.wokenAt !== undefined;
  const mayWait = leavesAfter(plan) > 0 || world.isPaced || waitsForOthers || wasWoken;
  // A record that was held back until the deadline has not had its last poll: its step comes late, and may have to keep the pace.
  const afterwards = facts.wasHeld || wasWoken ? leavesAfter(plan) : 0;
  const due = facts.deadlineAt + afterwards + (facts.wasHeld && world.isPaced ? longestGateWait : 0);
  const isEarly = mayWait || facts.wasHeld ? now <= due : now < due;
  if (isEarly || isLate || isForResult(url) || facts.isFollowedUp) return undefined;
  return `a request ${now - facts.deadlineAt} ms after the deadline`;
};

/** The token goes home, and nowhere else, but where its user trusts another origin. */
export const sendsTheTokenHome: RequestCheck = ({url, authorization}, _, {trusts}) =>
  authorization !== undefined && !mayHaveToken(url) && !trusts ? `a token went to ${new URL(url).origin}` : undefined;

/** The token goes in the header, and after the scheme, that its protocol says. */
export const sendsTheTokenAsItsProtocolSays: RequestCheck = ({authorization}, {plan}, {planned}) => {
  if (authorization === undefined || planned.wording === 'graph.driveCopy') return undefined;
  const scheme = authorization.slice(0, authorization.indexOf(' '));
  const expected = {bearer: 'Bearer', header: 'x-api-key', scheme: 'Key'}[plan.key];
  return scheme === expected ? undefined : `a token went as ${scheme}, not as ${expected}`;
};

/** What a client has in its headers goes home, and nowhere else at all. */
export const sendsTheKeyHome: RequestCheck = ({url, key}, {plan}) => {
  if (key !== undefined && !mayHaveToken(url)) return `a key went to ${new URL(url).origin}`;
  return key === undefined && plan.hasHeaders && mayHaveToken(url) ? 'the key is missing' : undefined;
};

/** A hint ends a wait as soon as the service allows it. */
export const wakesAtOnce: Check<'request'> = ({url}, world, facts) => {
  const {plan, time, isPaced, stalled} = world;
  const {wokenAt, askedUntil, resumedAt, failures, slack, wasHeld, late: turnsLate} = facts;
  if (wokenAt === undefined || resumedAt >= wokenAt || failures > 0 || isForResult(url) || facts.isFollowedUp)
    return undefined;
  if (stalled > 0 || slack > 0 || wasHeld || facts.isPutOff || isPaced || isCrowded(plan)) return undefined;
  // What the answer to its start asked for holds besides an initial delay.
  if (facts.lastRequestAt === undefined && facts.startAnswer?.answer.retryAfter !== undefined) return undefined;
  // However many there are, polls keep their least distance.
  const due = Math.max(wokenAt + leastWait, askedUntil);
  const late = time.now - due - leavesAfter(plan) - 3 * plan.store.takes - turnsLate - 2;
  return late > 0 ? `${late} ms later than it could have been after a hint` : undefined;
};

/** A worker that knows that the service takes no requests sends none. */
export const sendsNothingWhileItIsHeldBack: Check<'request'> = (_, {time}, {turnHeldUntil, slack}) =>
  time.now < turnHeldUntil - slack ? `${turnHeldUntil - time.now} ms before the hold ends` : undefined;
