import {type Facts, Memory, memoryOf, ranks, readMemoryOf} from './facts.ts';
import type {ServiceAnswer} from './faults.ts';
import {closesTheGate, countAsSent, updateGate} from './gates.ts';
import type {Happening} from './happenings.ts';
import {isStored, keepsRecords} from './plan.ts';
import {home, isEnd} from './service.ts';
import type {End} from './wordings.ts';
import type {World} from './world.ts';

/** Keeps what has happened. */
export function applyTo(world: World, happening: Happening): void {
  const facts = 'operation' in happening ? world.facts[happening.operation] : undefined;
  if (facts === undefined) return;
  const {time, plan} = world;
  const {now} = time;
  const {cancels} = facts;
  switch (happening.is) {
    case 'start':
      Object.assign(facts, {wasBegun: true, isStarting: true, stalledAtBegin: world.stalled, startedAt: now});
      facts.startDueAt = now + plan.startTimeout;
      break;
    case 'start request':
      countAsSent(world, happening.url, facts);
      facts.startRequests += 1;
      facts.startedAt = now;
      facts.startAnswer = undefined;
      facts.isFollowedUp = false;
      break;
    case 'start answer':
      // Only a whole answer reaches the gate.
      if (!happening.isLost && !happening.isUnread) updateGate(world, home, happening.answer);
      facts.startAnswer = happening;
      facts.isFollowedUp = happening.answer.says === 'unauthorized';
      break;
    case 'cancel': {
      // An answer that has only just arrived may be read before that or not.
      const isNeedless = facts.endRead !== undefined && readMemoryOf(facts).endRead !== undefined;
      cancels.asked += 1;
      cancels.wanted += Number(!isNeedless);
      cancels.needless += Number(facts.endRead !== undefined);
      cancels.places.push(facts.location, readMemoryOf(facts).location);
      cancels.askedAt = now;
      cancels.stalled = world.stalled;
      break;
    }
    case 'cancel request':
      countAsSent(world, happening.url, facts);
      cancels.sent += 1;
      break;
    case 'cancel answer': {
      const {answer: whole, url, isLost, isUnread} = happening;
      // Where there is no client, nobody else hears of it.
      if (plan.hasClient && !isLost && !isUnread) updateGate(world, url, whole);
      cancels.refused += Number(!isLost && whole.http === 401);
      cancels.accepted += Number(!isLost && whole.http < 300);
      break;
    }
    case 'cancel over':
      cancels[happening.error === undefined ? 'resolved' : 'rejected'] += 1;
      break;
    case 'not started':
      facts.isStarting = false;
      facts.outcome = {is: happening.how, operation: undefined, whole: undefined};
      break;
    case 'begin':
      Object.assign(facts, {
        wasBegun: true,
        isWatched: true,
        isStarting: false,
        resumedAt: now,
        stalledAtBegin: world.stalled,
        trusts: happening.trusts === true,
        knowsPassword: facts.planned.start?.password !== undefined && happening.trusts !== true,
        location: facts.startAnswer?.answer.place,
      });
      // A wait until a date may be over by the time that a body which does not come is given up.
      if (plan.options.initialDelay === 0 && facts.startAnswer?.answer.delivery !== 'hangBody')
        askForWait(facts, facts.startAnswer?.answer.retryAfter, now);
      facts.deadlineAt = now + plan.options.totalTimeout;
      facts.watches += 1;
      break;
    case 'resume':
      resume(facts, world);
      break;
    case 'request':
      countAsSent(world, happening.url, facts);
      facts.requests += 1;
      facts.waitAskedAt = undefined;
      facts.lastRequestAt = now;
      facts.isPutOff = false;
      facts.wokenAt = undefined;
      facts.isAsking = true;
      facts.isFollowedUp = false;
      break;
    case 'answer':
      if (closesTheGate(world, happening)) updateGate(world, happening.url, happening.answer);
      if (happening.isWanted) answer(facts, happening, now);
      break;
    case 'first report':
      // A hint that came before is answered by it, without a request.
      facts.wokenAt = undefined;
      answer(facts, {answer: happening.answer, isThere: true}, now);
      break;
    case 'lost':
      if (!happening.isWanted) break;
      facts.settledAt = now;
      facts.isAsking = false;
      facts.failures += 1;
      facts.lastTrouble = 'lost';
      // What was lost with a batch is asked again by itself, unless nobody wanted it any more.
      facts.isFollowedUp = happening.isBatched && happening.why !== 'given up';
      break;
    case 'token failed':
      facts.failures += 1;
      facts.lastTrouble = 'token';
      break;
    case 'event': {
      const {type, attempt, at, percentComplete, rawStatus} = happening.event;
      facts.attempt = attempt;
      facts.eventAt = at;
      // A poll that is held back is not over.
      if (happening.event.because !== 'heldBack') facts.reported = attempt;
      if (type === 'abandoned') facts.isGivenUp = true;
      if (happening.event.reason === 'timeout') facts.hasTimedOut = true;
      if (happening.event.reason !== 'aborted' && happening.event.reason !== 'stopped') facts.beforeAnswer = undefined;
      else if (facts.beforeAnswer !== undefined) facts.beforeAnswer.attempt = attempt;
      if (type === 'polled') {
        facts.unreported -= 1;
        // An answer without a percentage lies between two that have the same.
        if (happening.event.operation !== undefined)
          facts.percent = percentIf(happening.event.operation, facts.percent);
      }
      if (happening.event.because === 'heldBack') facts.isPutOff = true;
      if (type === 'progress') facts.percent = percentComplete;
      if (type === 'unknownStatus' && rawStatus !== undefined) facts.words = [...facts.words, rawStatus];
      facts.rank = Math.max(facts.rank, ranks[type] ?? -1);
      break;
    }
    case 'aborted':
      facts.abandonedBy = happening.how;
      facts.resumes = happening.resumes;
      break;
    case 'over':
      facts.isWatched = false;
      // Whoever resumes has yet to see the last one.
      if (happening.resumes === true) facts.resumes = true;
      else if (!(facts.resumes && happening.outcome.is === facts.abandonedBy)) facts.outcome = happening.outcome;
      if (keepsRecords(plan.runner)) facts.isHandedOver = false;
      break;
    case 'closed':
      facts.isWatched = false;
      facts.abandonedBy = undefined;
      facts.resumes = false;
      // What took it may be unknown to the store.
      if (happening.isFailing) facts.repeats += 1;
      break;
    case 'wake':
      if (!facts.isWatched || facts.abandonedBy !== undefined) break;
      facts.hints += 1;
      if (!facts.isAsking && !facts.isFollowedUp) facts.wokenAt ??= now;
      break;
    case 'turn':
      if (!happening.isAlone) facts.isDoubled = true;
      // What an earlier turn found out and did not store is unknown.
      Object.assign(facts, facts.stored ?? new Memory());
      facts.isFollowedUp = false;
      facts.isAsking = false;
      facts.slack += 2 * Math.abs(happening.offset);
      facts.turnHeldUntil = now + happening.heldFor;
      facts.wasHeld ||= happening.heldFor > 0;
      break;
    case 'turn lost':
      facts.repeats += 1;
      facts.settledAt = undefined;
      facts.waitAskedAt = undefined;
      break;
    case 'hand over':
      facts.handOvers += 1;
      break;
    case 'handed over':
      facts.wasTaken = true;
      break;
    case 'removed':
      facts.isHandedOver = true;
      break;
  }
}

/** The percentage that was announced, unless there is none any more. */
function percentIf(
  {percentComplete}: {readonly percentComplete?: number},
  announced: number | undefined,
): number | undefined {
  return percentComplete === undefined ? undefined : announced;
}

/** The service asks for a wait, or for none. */
function askForWait(facts: Facts, retryAfter: number | undefined, now: number): void {
  facts.notBefore = retryAfter === undefined ? 0 : now + retryAfter;
  facts.askedUntil = Math.max(facts.askedUntil, facts.notBefore);
  facts.waitAskedAt = retryAfter === undefined ? undefined : now;
}

function resume(facts: Facts, {time, plan, jumped, stalled}: World): void {
  facts.isWatched = true;
  facts.resumedAt = time.now;
  facts.knowsPassword = false;
  facts.settledAt = undefined;
  facts.isAsking = false;
  facts.isFollowedUp = false;
  facts.eventAt = 0;
  facts.reported = 0;
  facts.abandonedBy = undefined;
  facts.resumes = false;
  facts.beforeAnswer = undefined;
  facts.waitAskedAt = undefined;
  facts.watches += 1;
  // A token's times are the wall clock's, which may have been set since, and which counts what the machine was frozen.
  // A workflow's are those of its journal, a record's those of its store, and stay as far off as they were.
  if (!isStored(plan.runner)) facts.slack = jumped + time.frozen;
  if (facts.stored === undefined || (facts.stored.hasTimedOut && !isStored(plan.runner))) {
    facts.deadlineAt = time.now + plan.options.totalTimeout;
    facts.stalledAtBegin = stalled;
  }
  // A tracker goes on in memory, and after a crash with what is in its store. A turn begins with that each time.
  if (plan.runner === 'tracker') Object.assign(facts, facts.stored ?? new Memory(), {unreported: 0});
  if (isStored(plan.runner)) return;
  // Where nothing was stored, watching begins at the first location, at home.
  if (facts.stored === undefined) facts.trusts = false;
  Object.assign(facts, facts.stored ?? new Memory());
  // After a time-out everything begins anew, waits included.
  if (facts.hasTimedOut) facts.notBefore = 0;
  if (facts.isGivenUp) Object.assign(facts, {failures: 0, missingSince: undefined});
  facts.isGivenUp = false;
  facts.hasTimedOut = false;
  facts.unreported = 0;
  // A token stored while a step's events are emitted holds the news of those that were still to come.
  facts.percent = undefined;
  // A retry carries the number of the poll that is still going on.
  facts.attempt = Math.max(0, facts.attempt - 1);
}

function answer(
  facts: Facts,
  {answer: whole, isThere}: Pick<Extract<Happening, {is: 'answer'}>, 'answer' | 'isThere'>,
  now: number,
): void {
  const {http, says, retryAfter, faults, delivery} = whole;
  facts.settledAt = now;
  facts.isAsking = false;
  if (!isThere) {
    facts.lastTrouble = 'lost';
    facts.isFollowedUp = true;
    return;
  }
  facts.beforeAnswer ??= memoryOf(facts);
  facts.lastAnswer = {http, says, retryAfter, faults} as ServiceAnswer;
  facts.lastTrouble = 'answer';
  // Everything after the end is about the result.
  if (facts.endRead !== undefined) return;
  // A wait until a date may be over by the time that a body which does not come is given up.
  if (delivery === 'hangBody') facts.isPutOff = true;
  askForWait(facts, delivery === 'hangBody' ? undefined : retryAfter, now);
  facts.rankSaid = Math.max(facts.rankSaid, ranks[says] ?? -1);
  facts.isFollowedUp = says === 'redirect' || says === 'unauthorized';
  if (says === 'trouble' || says === 'unauthorized') {
    facts.failures += 1;
    if (http === 404) facts.missingSince ??= now;
    return;
  }
  // Once more for each poll that leads into a loop.
  if (faults.includes('redirect loop')) facts.failures += 1;
  if (says === 'redirect') return;
  facts.failures = 0;
  facts.missingSince = undefined;
  facts.unreported += 1;
  // Abroad, it is followed where its user trusts that.
  if (!isEnd(says) && (faults.includes('move') || (faults.includes('move abroad') && facts.trusts)))
    facts.location = whole.headers['location'] ?? facts.location;
  if (isEnd(says)) {
    facts.endRead = says as End;
    facts.endSaid = facts.endRead;
    facts.endReadAt ??= now;
  }
}
