import type {ServiceAnswer} from './faults.ts';
import {isRefused} from './network.ts';
import {isStored, keepsRecords} from './plan.ts';
import {home, isEnd, locationOf} from './service.ts';
import type {End} from './wordings.ts';
import type {Happening, ReceivedOnce, SeenOutcome, World} from './world.ts';

/** What a process knows, and what a crash takes back to the last resume token that was stored. */
export class Memory {
  /** Until when the service asked not to be asked. */
  notBefore = 0;
  /** Requests that failed since the last good answer. */
  failures = 0;
  /** Since when the service has been answering 404. */
  missingSince: number | undefined;
  /** The rank of the furthest status that an event announced. */
  rank = -1;
  /** The unknown words that events announced. */
  words: readonly string[] = [];
  attempt = 0;
  percent: number | undefined;
  /** Good answers for which no `polled` was emitted yet. */
  unreported = 0;
  /** The end that an answer reported. */
  endRead: End | undefined;
  /** Whether an event said that watching is given up: whoever resumes may have as many failures again. */
  isGivenUp = false;
  /** Whether an event said that the time is up: whoever resumes has a new deadline. */
  hasTimedOut = false;
  /** Where the operation is polled; `undefined`: where it was at first. */
  location: string | undefined;
}

/** How often a user of this process has asked to cancel an operation, and what came of it. */
export class Cancels {
  asked = 0;
  /** How often a request may be sent for that, and how often certainly none is needed: the end is known. */
  wanted = 0;
  needless = 0;
  sent = 0;
  /** How many of the requests were refused for their token, and how many were accepted. */
  refused = 0;
  accepted = 0;
  resolved = 0;
  rejected = 0;
  /** Where the operation was each time. */
  places: (string | undefined)[] = [];
  /** When the last was asked for, and how long the clocks had been standing then. */
  askedAt = Number.NaN;
  stalled = 0;
}

/** How many who asked to cancel still wait. */
export function cancelsUnderWay({cancels: {asked, resolved, rejected}}: Facts): number {
  return asked - resolved - rejected;
}

/** What has happened to one operation. */
export class Facts extends Memory {
  readonly operation: number;
  cancels = new Cancels();
  wasBegun = false;
  /** Whether the application waits for the answer to its start. */
  isStarting = false;
  /** How many requests have left to start it, when the last one, and what came of that, if it has come. */
  startRequests = 0;
  startedAt = 0;
  startAnswer: ReceivedOnce | undefined;
  /** Whether its user trusts another origin that it was found on. */
  trusts = false;
  /** Whether the watch knows the new password, which the service may quote: it was begun by the reset, and not resumed. */
  knowsPassword = false;
  /** By when its last request must have left. */
  startDueAt = 0;
  /** The rank of the furthest status that the service has said. */
  rankSaid = -1;
  /** When the service asked for the wait that is going on. */
  waitAskedAt: number | undefined;
  /** Until when any answer asked for a wait: the last poll before the deadline comes sooner, and a hint after it need not. */
  askedUntil = 0;
  isWatched = false;
  deadlineAt = 0;
  resumedAt = 0;
  /** How long the clocks had been standing or were off when the watch began, and when it was last resumed. */
  stalledAtBegin = 0;
  /** By how many milliseconds a resume token's times may be off. */
  slack = 0;
  requests = 0;
  lastRequestAt: number | undefined;
  /** When the last request came to an end, in whatever way. */
  settledAt: number | undefined;
  /** Whether the next request belongs to the same poll and follows at once. */
  isFollowedUp = false;
  lastAnswer: ServiceAnswer | undefined;
  lastTrouble: 'answer' | 'lost' | 'token' | undefined;
  endReadAt: number | undefined;
  abandonedBy: 'aborted' | 'stopped' | undefined;
  /** When the last event said that it happened. */
  eventAt = 0;
  /** The number of the last poll that an event tells of as over. */
  reported = 0;
  isEmitting = false;
  stored: Memory | undefined;
  /** What was known before an answer arrived of which no event tells yet. */
  beforeAnswer: Memory | undefined;
  /** How often watching has begun: an answer to a request of an earlier time is nobody's. */
  watches = 0;
  outcome: SeenOutcome | undefined;
  /** Whether watching will be resumed after it was abandoned. */
  resumes = false;
  /** When there was a hint since the last request, at a time when nothing but a wait was going on. */
  wokenAt: number | undefined;
  /** How many hints there were that made no poll come sooner yet. */
  hints = 0;
  /** Whether a request is under way. */
  isAsking = false;
  /** By how much turns have been late, in milliseconds. */
  late = 0;
  /** Whether two turns went on at the same time: what happened in which of them is not known. */
  isDoubled = false;
  /** Until when the turn's worker has to leave the service alone, and whether any had to. */
  turnHeldUntil = 0;
  wasHeld = false;
  /** Whether it was put off for the sake of others, and nothing was sent since: a token that is stored then keeps that. */
  isPutOff = false;
  recordId: string | undefined;
  /** Whether its end has been handed over and its record removed; `undefined`: it has not ended. */
  isHandedOver: boolean | undefined;
  /** How often `onEnd` was called, how often it may be called again, because nobody knows that it was, and whether it resolved. */
  handOvers = 0;
  repeats = 0;
  wasTaken = false;
  /** The end that any answer reported. */
  endSaid: End | undefined;

  constructor(operation: number) {
    super();
    this.operation = operation;
  }
}

/** What a resume token written now would remember. */
export function memoryOf(facts: Facts): Memory {
  const memory = new Memory();
  for (const name of Object.keys(memory)) Reflect.set(memory, name, Reflect.get(facts, name));
  return memory;
}

/** What a resume token remembers: an answer that has only just arrived is unknown to who gives up before it is read. */
export function readMemoryOf(facts: Facts): Memory {
  return facts.beforeAnswer ?? memoryOf(facts);
}

export const ranks: Readonly<Record<string, number>> = {
  notStarted: 0,
  running: 1,
  succeeded: 2,
  failed: 2,
  canceled: 2,
};

/** The least distance of requests where the service refuses some before it has taken any, in milliseconds. */
const unknownInterval = 50;
/** The longest distance that is kept, which is 1000 ms at first and shrinks with each request that the service takes. */
const longestInterval = 800;

/** When the last poll goes out, where the deadline cuts a wait. */
export function lastPollAt(facts: Facts, {plan}: World): number {
  return Math.floor(facts.deadlineAt - Math.min(1000, plan.options.totalTimeout / 10));
}

/** Whether a request is for what the operation produced. */
export function isForResult(url: string): boolean {
  return url.includes('/results/') || url.includes('/items/');
}

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
        knowsPassword: plan.operations[facts.operation]?.start?.password !== undefined && happening.trusts !== true,
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

/** Whether all requests to an origin are held back where the service asks one to wait. */
export function sharesHolds({runner, hasClient}: World['plan']): boolean {
  return hasClient || runner === 'tracker';
}

/** Whether an answer may hold others back. Without a client, it is the operation's origin that is held back, and no other. */
function closesTheGate(world: World, {operation, url}: Extract<Happening, {is: 'answer'}>): boolean {
  const {plan} = world;
  if (plan.hasClient) return true;
  const planned = plan.operations[operation];
  return (
    sharesHolds(plan) && planned !== undefined && world.gateOf(url) === world.gateOf(locationOf(planned, operation))
  );
}

/** Whether a user asks to cancel in the very moment in which the answer arrives that closes the gate. */
export function isAskedJustThen(url: string, world: World, {cancels}: Facts): boolean {
  return cancels.askedAt === world.gateOf(url).closedAt && cancels.askedAt === world.time.now;
}

function countAsSent(world: World, url: string, facts: Facts): void {
  const {pace} = world.gateOf(url);
  if (pace !== undefined && !isAskedJustThen(url, world, facts)) pace.sent += 1;
}

/** Applies to the gate, and so to all, what the service says to one. */
function updateGate(world: World, url: string, answer: ServiceAnswer): void {
  const {now} = world.time;
  const gate = world.gateOf(url);
  const {http, retryAfter} = answer;
  if (!isRefused(answer) || retryAfter === undefined) {
    // A head whose body never comes may hold all back, but is not taken for a sign of what the service can take.
    if (http >= 500 || http === 429 || answer.delivery === 'hangBody' || !world.plan.hasClient) return;
    gate.accepted ??= {since: Math.max(now, gate.heldUntil), count: 0};
    gate.accepted.count += 1;
    return;
  }
  // Without a client, only what throttles holds others back.
  if (!world.plan.hasClient && http === 503) return;
  const until = now + retryAfter;
  // A stored operation that is held back is taken up again by its runner.
  if (keepsRecords(world.plan.runner)) for (const facts of world.facts) facts.wasHeld = true;
  if (now >= gate.heldUntil && world.plan.hasClient) {
    const {accepted} = gate;
    // What it took until now, over the time until it takes requests again, is what it can take.
    const interval = accepted === undefined ? unknownInterval : (until - accepted.since) / accepted.count;
    gate.pace = {opensAt: until, interval: Math.min(interval, longestInterval), sent: 0};
    gate.accepted = undefined;
  }
  gate.heldUntil = Math.max(gate.heldUntil, until);
  gate.closedAt = now;
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
