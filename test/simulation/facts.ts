import type {ServiceAnswer} from './faults.ts';
import type {ReceivedOnce, SeenOutcome} from './happenings.ts';
import type {OperationPlan} from './plan.ts';
import type {End} from './wordings.ts';
import type {World} from './world.ts';

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
  readonly planned: OperationPlan;
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

  constructor(operation: number, planned: OperationPlan) {
    super();
    this.operation = operation;
    this.planned = planned;
  }
}

/** Whether an answer is waited for that was asked for when watching had begun so many times. */
export function isWanted({abandonedBy, isWatched, watches}: Facts, asked: number): boolean {
  return abandonedBy === undefined && isWatched && watches === asked;
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

/** When the last poll goes out, where the deadline cuts a wait. */
export function lastPollAt(facts: Facts, {plan}: World): number {
  return Math.floor(facts.deadlineAt - Math.min(1000, plan.options.totalTimeout / 10));
}

/** Whether a request is for what the operation produced. */
export function isForResult(url: string): boolean {
  return url.includes('/results/') || url.includes('/items/');
}
