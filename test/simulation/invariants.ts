import {
  cancelsAsItsProtocolSays,
  cancelsOnlyWhatItWasAskedTo,
  cancelsWhileItIsWaitedFor,
  settlesEachCancel,
  tellsWhatBecameOfACancel,
} from './cancel-invariants.ts';
import {containsText} from './contains-text.ts';
import {cancelsUnderWay, type Facts, isAskedJustThen, isForResult, lastPollAt, ranks, readMemoryOf} from './facts.ts';
import {mayHaveToken} from './network.ts';
import {isStored, keepsRecords} from './plan.ts';
import {abroad, markerOf, passwordOf} from './service.ts';
import type {Happening, Sent, World} from './world.ts';

/** A check of one kind of happening, before it is counted: says what is wrong, or nothing. */
export type Check<Is extends Happening['is'] = Happening['is']> = (
  happening: Extract<Happening, {readonly is: Is}>,
  world: World,
  facts: Facts,
) => string | undefined;

/** A check of any request, also one that starts an operation. */
type RequestCheck = (request: Sent, world: World, facts: Facts) => string | undefined;

/** The least that lies between two polls, where the service asks for nothing and the schedule is sound, in milliseconds. */
const leastWait = 100;

/** No request leaves for an operation that is not watched any more. */
const isQuietAfterTheEnd: Check<'request'> = ({url}, _, facts) => {
  if (!facts.isWatched) return 'a request after the watch was over';
  if (facts.abandonedBy !== undefined) return `a request after the watch was ${facts.abandonedBy}`;
  return facts.endRead !== undefined && !isForResult(url) ? 'a poll after the end' : undefined;
};

/** No poll is earlier than the service asked, but for the last one before the deadline. */
const waitsAsLongAsAsked: Check<'request'> = ({url}, world, facts) => {
  const {now} = world.time;
  if (now >= facts.notBefore || isForResult(url) || facts.isFollowedUp || facts.slack > 0) return undefined;
  return now >= lastPollAt(facts, world)
    ? undefined
    : `${facts.notBefore - now} ms before the time that the service asked for`;
};

/** Nor is it later than that, once nothing else holds it back. */
const waitsNoLongerThanAsked: Check<'request'> = ({url}, world, facts) => {
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
const holdsAllRequestsBack: RequestCheck = ({url}, world, facts) => {
  const {time, plan} = world;
  const {heldUntil} = world.gateOf(url);
  if (time.now >= heldUntil || isAskedJustThen(url, world, facts)) return undefined;
  const {isFollowedUp} = facts;
  // Without a client, a turn that goes on is not held back.
  if (!plan.hasClient && (isFollowedUp || leavesAfter(plan) > 0)) return undefined;
  return `${heldUntil - time.now} ms before the service takes requests again`;
};

/** Once it takes requests again, they leave no faster than it took them before, however many have waited. */
const keepsThePace: RequestCheck = ({url, place}, world, facts) => {
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
const keepsToItsConcurrency: RequestCheck = ({inFlight, together}, {plan}) => {
  if (!limitsConcurrency(plan) || inFlight === 0 || inFlight + together <= plan.concurrency) return undefined;
  return `${inFlight + together} requests in flight, where ${plan.concurrency} may be`;
};

/** Polls follow each other at a distance, whatever the answers are. */
const isNoFlood: Check<'request'> = ({url, isBatched}, world, facts) => {
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
const boundsRequests: Check<'request'> = (_, {time, plan}, facts) => {
  const most = 40 + 12 * plan.operations.length + (2 * time.now) / leastWait;
  return facts.requests > most ? `more than ${Math.floor(most)} requests` : undefined;
};

/** How long a turn waits for the gate of its client before its record is put off, in milliseconds. */
const longestGateWait = 1000;

/** For how many milliseconds a poll may wait for its token and for its batch. */
function leavesAfter({options: {token}, latency, batch}: World['plan']): number {
  return (token === 'text' || token === 'at once' ? 0 : latency + 3) + (batch ? 50 : 0);
}

/** No retry begins once the deadline has passed; a step that comes late polls once. */
const asksNothingAfterTheDeadline: Check<'request'> = ({url}, world, facts) => {
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
const sendsTheTokenHome: RequestCheck = ({url, authorization}, _, {trusts}) =>
  authorization !== undefined && !mayHaveToken(url) && !trusts ? `a token went to ${new URL(url).origin}` : undefined;

/** The token goes in the header, and after the scheme, that its protocol says. */
const sendsTheTokenAsItsProtocolSays: RequestCheck = ({operation, authorization}, {plan}) => {
  if (authorization === undefined || plan.operations[operation]?.wording === 'graph.driveCopy') return undefined;
  const scheme = authorization.slice(0, authorization.indexOf(' '));
  const expected = {bearer: 'Bearer', header: 'x-api-key', scheme: 'Key'}[plan.key];
  return scheme === expected ? undefined : `a token went as ${scheme}, not as ${expected}`;
};

/** What a client has in its headers goes home, and nowhere else at all. */
const sendsTheKeyHome: RequestCheck = ({url, key}, {plan}) => {
  if (key !== undefined && !mayHaveToken(url)) return `a key went to ${new URL(url).origin}`;
  return key === undefined && plan.hasHeaders && mayHaveToken(url) ? 'the key is missing' : undefined;
};

/** A status is announced once, and none after a later one. */
const announcesEachStatusOnce: Check<'event'> = ({event: {type}}, _, facts) => {
  const rank = ranks[type];
  return rank === undefined || rank > facts.rank ? undefined : `${type} after a status of rank ${facts.rank}`;
};

/** A status is announced only where the service has said it. */
const announcesOnlyWhatWasSaid: Check<'event'> = ({event: {type}}, _, facts) => {
  const rank = ranks[type];
  if (rank === undefined) return undefined;
  if (rank === 2)
    return type === facts.endRead ? undefined : `${type}, but the service said ${facts.endRead ?? 'no end'}`;
  const {lastAnswer} = facts;
  return lastAnswer?.says === type ? undefined : `${type}, but the service said ${lastAnswer?.says}`;
};

/** Each good answer makes one `polled`. */
const reportsEachPollOnce: Check<'event'> = ({event: {type}}, {plan}, facts) =>
  // A recorded poll is reported whenever the workflow gets there.
  type === 'polled' && facts.unreported <= 0 && plan.runner !== 'durable' ? 'polled without an answer' : undefined;

/** A poll is made again only where a request of it failed. What is recorded is reported later. */
const retriesForAReason: Check<'event'> = ({event: {type}}, world, facts) =>
  type !== 'retrying' || facts.failures > 0 || isTimedOut(facts, world) || isStored(world.plan.runner)
    ? undefined
    : 'a retry though nothing failed';

/** Polls are numbered, one by one. */
const numbersPolls: Check<'event'> = ({event: {type, attempt}}, _, facts) => {
  // A retry carries the number of its poll, which was never made if watching is given up then.
  if (type === 'abandoned' && attempt === facts.attempt - 1) return undefined;
  // Nothing but an event says whether the number that was stored was that of a poll that was still going on.
  const most = facts.attempt + (facts.eventAt === 0 ? 2 : 1);
  return attempt < facts.attempt || attempt > most ? `attempt ${attempt} after attempt ${facts.attempt}` : undefined;
};

/** Time goes on, whatever is done to the wall clock; that of a worker whose clock is off does not. */
const keepsTheOrderOfTime: Check<'event'> = ({event: {type, at}}, {plan}, facts) =>
  at < facts.eventAt && !(keepsRecords(plan.runner) && facts.slack > 0)
    ? `${type} happened ${facts.eventAt - at} ms before the event that came before it`
    : undefined;

/** The same percentage is no news, nor is a word that was announced. */
const announcesNewsOnly: Check<'event'> = ({event: {type, percentComplete, rawStatus}}, _, facts) => {
  if (type === 'progress' && percentComplete === facts.percent) return `${percentComplete} % again`;
  return rawStatus !== undefined && facts.words.includes(rawStatus) ? `the word ${rawStatus} again` : undefined;
};

/** Nothing is emitted once the watch is over. */
const isSilentAfterTheEnd: Check<'event'> = ({event: {type}}, _, facts) =>
  facts.isWatched ? undefined : `${type} after the watch was over`;

/** No event, error, resume token or record holds a token. */
function secretIn(whole: unknown, {plan}: World): string | undefined {
  return containsText(whole, markerOf(plan.seed))
    ? `the token is in ${JSON.stringify(whole).slice(0, 300)}`
    : undefined;
}
const keepsTheSecretInEvents: Check<'event'> = ({whole}, world) =>
  world.hasEchoes ? secretIn(whole, world) : undefined;
const keepsTheSecretInOutcomes: Check<'over'> = ({outcome}, world) => secretIn(outcome.whole, world);
const keepsTheSecretInHandOvers: Check<'hand over'> = ({outcome}, world) => secretIn(outcome.whole, world);
/** The new password is handed over once the service has said that its reset has succeeded, and the right one. */
const handsOverThePassword: Check<'password'> = ({operation, password, error}, world, facts) => {
  const {endRead} = readMemoryOf(facts);
  if (password === undefined)
    return endRead === 'succeeded' ? 'no password, though the reset has succeeded' : secretIn(error, world);
  if (password !== passwordOf(world.plan.seed, operation)) return `the new password is ${password}`;
  return endRead === 'succeeded' ? undefined : `a password, but the service said ${endRead ?? 'no end'}`;
};
const keepsTheSecretInErrors: Check<'not started'> = ({whole}, world) => secretIn(whole, world);
const keepsTheSecretInCancels: Check<'cancel over'> = ({error}, world) => secretIn(error, world);
const keepsTheSecretInStores: Check<'stored'> = ({whole}, world) =>
  world.hasEchoes ? secretIn(whole, world) : undefined;

/** An end is reported if and only if the service has said it, and it is the one that it said. */
const reportsTheEndThatWasSaid: Check<'over'> = ({outcome}, {plan}, facts) => {
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
const givesItsResult: Check<'over'> = ({outcome}, {plan}, {operation}) => {
  if (outcome.is !== 'succeeded' || !plan.options.fetchResult) return undefined;
  if (plan.operations[operation]?.wording !== 'longRunning') return undefined;
  const {of} = (outcome.operation?.result ?? {}) as {readonly of?: unknown};
  return of === `op-${operation}`
    ? undefined
    : `succeeded with the result ${JSON.stringify(outcome.operation?.result)}`;
};

/** Whether its share of a batch was given up for lost, while the batch goes on for others. */
function isTimedOut({lastRequestAt, settledAt = -1}: Facts, {time, plan}: World): boolean {
  return (
    lastRequestAt !== undefined && settledAt < lastRequestAt && time.now - lastRequestAt >= plan.options.requestTimeout
  );
}

/** What starts an operation is sent once, and once more with a new token. */
const startsOnce: Check<'start request'> = (_, __, {startRequests, startAnswer, isStarting}) => {
  if (!isStarting) return 'a start that nobody waits for';
  if (startRequests === 0) return undefined;
  const isRefused = startAnswer?.answer.http === 401 && !startAnswer.isLost;
  return isRefused && startRequests === 1 ? undefined : `start number ${startRequests + 1}`;
};

/** None leaves when nobody waits for its answer any more. */
const startsWhileItIsWaitedFor: Check<'start request'> = (_, {time}, {startDueAt}) =>
  time.now < startDueAt ? undefined : `a start ${time.now - startDueAt} ms after its time was over`;

/** What came of a start is what the service did with it. */
const tellsWhatBecameOfAStart: Check<'not started'> = ({how, mayHaveStarted}, {plan, time}, facts) => {
  const {startAnswer, abandonedBy, lastTrouble, startedAt} = facts;
  if (startAnswer === undefined) {
    // Who gives up just before it leaves learns that it may have.
    if ((mayHaveStarted && abandonedBy === undefined) || how !== 'notStarted') return `${how}, though nothing was sent`;
    // One that is held back is given up like one that is not answered.
    const isLate = time.now - startedAt >= plan.startTimeout;
    return isLate || abandonedBy !== undefined || lastTrouble === 'token' ? undefined : 'not sent, for no reason';
  }
  const {answer, isLost, isGivenUp} = startAnswer;
  const {http, delivery, place, headDelay} = answer;
  const isRefused = http >= 400 && http < 500;
  if (how === 'notStarted') {
    const mayRun = delivery !== 'dns' && (isLost || !isRefused);
    if (mayRun && !mayHaveStarted) return `it may have started, after ${http} ${delivery}`;
    // Who gives up does not wait for what becomes of it.
    if (!mayRun && mayHaveStarted && !isGivenUp && abandonedBy === undefined)
      return `it cannot have started, after ${http} ${delivery}`;
    const isUnread = isLost || startAnswer.isUnread || delivery !== 'whole' || headDelay >= plan.startTimeout;
    return http >= 400 || isUnread || abandonedBy !== undefined ? undefined : `not started after ${http}`;
  }
  if (isLost || http >= 300) return `${how} after ${http}`;
  if (how === 'unconfirmed') return place === undefined ? undefined : `unconfirmed, though it is at ${place}`;
  return place !== undefined && !mayHaveToken(place) ? undefined : `cannot be watched at ${place}`;
};

/** An operation is watched where the service says that it is. */
const watchesWhatWasStarted: Check<'begin'> = ({trusts = false}, __, {startAnswer}) => {
  if (startAnswer === undefined) return undefined;
  const {answer, isLost} = startAnswer;
  const {http, place} = answer;
  const isWatchable = place !== undefined && place.startsWith(abroad) === trusts;
  return !isLost && http < 300 && isWatchable ? undefined : `watched after ${http}`;
};

/** A start takes no longer than it may. */
const startsInTime: Check<'rest'> = (_, world) => {
  const {plan, time, stalled} = world;
  for (const {operation, isStarting, startRequests, startAnswer, startedAt, stalledAtBegin} of world.facts) {
    const late = time.now - startedAt - plan.startTimeout - leavesAfter(plan) - (stalled - stalledAtBegin);
    // What was refused may be held back before it is sent again.
    if (isStarting && startRequests > 0 && startAnswer === undefined && late > 0)
      return `nothing has come of the start of op-${operation}`;
  }
  return undefined;
};

/** A hint ends a wait as soon as the service allows it. */
const wakesAtOnce: Check<'request'> = ({url}, world, facts) => {
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
const sendsNothingWhileItIsHeldBack: Check<'request'> = (_, {time}, {turnHeldUntil, slack}) =>
  time.now < turnHeldUntil - slack ? `${turnHeldUntil - time.now} ms before the hold ends` : undefined;

/** What is handed over is the end that was stored, and it was stored before. */
const handsOverWhatWasStored: Check<'hand over'> = ({id, isOurs, outcome}, _, facts) => {
  const {outcome: stored, isHandedOver, recordId} = facts;
  if (stored === undefined || isHandedOver === undefined) return `${outcome.is} before it was stored`;
  if (outcome.is !== stored.is) return `${outcome.is}, but ${stored.is} was stored`;
  if (outcome.message !== stored.message) return `'${outcome.message}', but '${stored.message}' was stored`;
  return isOurs && id === recordId ? undefined : `with the id ${id} or the data of another record`;
};

/** It is handed over once, and again only where nobody can know that it was, and never once its record is gone. */
const handsOverOnce: Check<'hand over'> = (_, __, {handOvers, repeats, isHandedOver, isDoubled}) => {
  if (isHandedOver === true && !isDoubled) return 'after its record was removed';
  return handOvers > repeats && !isDoubled ? `${handOvers + 1} times, for no reason` : undefined;
};

/** No record is removed whose end nobody got. */
const handsOverBeforeItRemoves: Check<'removed'> = (_, __, {wasTaken}) =>
  wasTaken ? undefined : 'removed, and onEnd has not resolved';

/** Whoever waits for anything but the result learns of the end too. */
const tellsEverybody: Check<'rest'> = (_, world) => world.unsettled();

/** What a listener throws is reported, and does no harm. */
const reportsWhatListenersThrow: Check<'rest'> = (_, {thrown, reported}) =>
  thrown === reported ? undefined : `${reported} of ${thrown} errors of listeners are reported`;

/** Watching is given up for a reason that there is. */
const givesUpForAReason: Check<'over'> = ({outcome: {is}}, world, facts) => {
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

/** Whether no more than so many requests are made at once. */
function limitsConcurrency({runner, hasClient}: World['plan']): boolean {
  return hasClient || runner === 'tracker';
}

/** Whether requests may have to wait for each other. */
function isCrowded(plan: World['plan']): boolean {
  if (!limitsConcurrency(plan)) return false;
  let most = plan.operations.length;
  for (const incident of plan.incidents) if (incident.is === 'cancel') most += incident.times;
  return plan.concurrency < most;
}

/** Whether a turn may have to wait until another one is over: it knows no deadline then, and comes late. */
function waitsForItsPlace(plan: World['plan']): boolean {
  return plan.runner === 'tracker' && isCrowded(plan);
}

/** A watch that timed out has asked until the end, unless it was kept from it. */
const asksUntilTheDeadline: Check<'over'> = ({outcome: {is}}, world, facts) => {
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
const endsByItsDeadline: Check<'rest'> = (_, world) => {
  for (const facts of world.facts) {
    if (facts.isWatched && world.time.now > endsBy(world, facts)) {
      return `op-${facts.operation} is watched ${world.time.now - facts.deadlineAt} ms after its deadline`;
    }
  }
  return undefined;
};
const endsInTime: Check<'over'> = (_, world, facts) =>
  world.time.now > endsBy(world, facts) ? `over ${world.time.now - facts.deadlineAt} ms after the deadline` : undefined;

/** What a tracker knows is in its store once it is closed. */
const storesWhatItKnows: Check<'closed'> = ({attempt, isFailing}, _, {reported}) =>
  isFailing || attempt === undefined || attempt >= reported
    ? undefined
    : `attempt ${attempt} is stored, and attempt ${reported} was reported`;

/** What was read is reported at once. */
const tellsAtOnce: Check<'rest'> = (_, {facts: all, plan}) => {
  if (isStored(plan.runner)) return undefined;
  for (const {operation, isWatched, endRead, unreported, abandonedBy} of all) {
    if (!isWatched || abandonedBy !== undefined) continue;
    if (unreported > 0) return `nothing tells of an answer to op-${operation}`;
    if (endRead !== undefined && !plan.options.fetchResult) return `nothing tells that op-${operation} has ended`;
  }
  return undefined;
};

/** Nobody waits for ever. */
const settlesEverything: Check<'end'> = (_, {facts: all}) => {
  const canceling = all.find((facts) => cancelsUnderWay(facts) > 0);
  if (canceling !== undefined)
    return `nothing is left to happen, and nothing has come of canceling op-${canceling.operation}`;
  const waiting = all.find(({outcome}) => outcome === undefined);
  return waiting === undefined ? undefined : `nothing is left to happen, and op-${waiting.operation} is not over`;
};

/** Once everything is over there is no timer and no request. */
const leavesNothingBehind: Check<'rest'> = (_, {facts: all, time, network, isClosing}) => {
  if (!all.every(({isWatched, isStarting, wasBegun}) => wasBegun && !isWatched && !isStarting)) return undefined;
  if (all.some(({isHandedOver}) => isHandedOver === false)) return undefined;
  if (all.some((facts) => cancelsUnderWay(facts) > 0)) return undefined;
  // The other one may go on.
  if (all.some(({isDoubled}) => isDoubled)) return undefined;
  // Once it is over, closing is checked by itself.
  if (time.libraryTimers > 0 && !isClosing) return `${time.libraryTimers} timers are left`;
  return network.open.size > 0 ? `${network.open.size} requests are left` : undefined;
};

/** Nothing happens that should not. */
const breaksNothing: Check<'broken'> = ({why}) => why;

/** Those of any request, whatever it is for. */
const ofAnyRequest: readonly RequestCheck[] = [
  holdsAllRequestsBack,
  keepsThePace,
  keepsToItsConcurrency,
  sendsTheTokenHome,
  sendsTheTokenAsItsProtocolSays,
  sendsTheKeyHome,
];

/** All invariants, by what they look at. To add one, write a small function and add it here: its name is what is reported. */
const invariants: {readonly [Is in Happening['is']]?: readonly Check<Is>[]} = {
  request: [
    isQuietAfterTheEnd,
    waitsAsLongAsAsked,
    waitsNoLongerThanAsked,
    ...ofAnyRequest,
    isNoFlood,
    boundsRequests,
    asksNothingAfterTheDeadline,
    wakesAtOnce,
    sendsNothingWhileItIsHeldBack,
  ],
  event: [
    isSilentAfterTheEnd,
    announcesEachStatusOnce,
    announcesOnlyWhatWasSaid,
    reportsEachPollOnce,
    retriesForAReason,
    numbersPolls,
    keepsTheOrderOfTime,
    announcesNewsOnly,
    keepsTheSecretInEvents,
  ],
  'start request': [...ofAnyRequest, startsOnce, startsWhileItIsWaitedFor],
  'cancel request': [...ofAnyRequest, cancelsAsItsProtocolSays, cancelsOnlyWhatItWasAskedTo, cancelsWhileItIsWaitedFor],
  password: [handsOverThePassword],
  'cancel over': [tellsWhatBecameOfACancel, keepsTheSecretInCancels],
  begin: [watchesWhatWasStarted],
  'not started': [tellsWhatBecameOfAStart, keepsTheSecretInErrors],
  stored: [keepsTheSecretInStores],
  'hand over': [handsOverWhatWasStored, handsOverOnce, keepsTheSecretInHandOvers],
  removed: [handsOverBeforeItRemoves],
  over: [
    reportsTheEndThatWasSaid,
    givesUpForAReason,
    givesItsResult,
    asksUntilTheDeadline,
    endsInTime,
    keepsTheSecretInOutcomes,
  ],
  rest: [
    endsByItsDeadline,
    startsInTime,
    settlesEachCancel,
    tellsAtOnce,
    tellsEverybody,
    reportsWhatListenersThrow,
    leavesNothingBehind,
  ],
  closed: [storesWhatItKnows],
  end: [settlesEverything],
  broken: [breaksNothing],
};

/** The same by any happening. */
export const checks = invariants as unknown as Readonly<
  Record<string, readonly ((happening: Happening, world: World, facts: Facts | undefined) => string | undefined)[]>
>;

/** Those that go by what was said in the turn that goes on: where two go on at the same time, nobody knows in which. */
export const checksOfOneTurn: ReadonlySet<unknown> = new Set([
  isQuietAfterTheEnd,
  waitsAsLongAsAsked,
  waitsNoLongerThanAsked,
  isNoFlood,
  wakesAtOnce,
  sendsNothingWhileItIsHeldBack,
  announcesOnlyWhatWasSaid,
  reportsEachPollOnce,
  givesUpForAReason,
  asksUntilTheDeadline,
]);
