import type {Facts} from './facts.ts';
import type {ServiceAnswer} from './faults.ts';
import type {Happening} from './happenings.ts';
import {isRefused} from './network.ts';
import {keepsRecords} from './plan.ts';
import {locationOf} from './service.ts';
import type {World} from './world.ts';

/** What the services of an origin have asked a client for. */
export interface Gate {
  /** Until when its requests are held back, and when the service last asked for that. */
  heldUntil: number;
  closedAt: number | undefined;
  /** How it paces them, because the service has refused some. */
  pace: Pace | undefined;
  /** What the service has accepted since it last refused a request: when the first, and how many. */
  accepted: {readonly since: number; count: number} | undefined;
}

/** The distance between the requests of a client, in milliseconds, and how many have left since they may leave again. */
export interface Pace {
  readonly opensAt: number;
  readonly interval: number;
  sent: number;
}

/** The least distance of requests where the service refuses some before it has taken any, in milliseconds. */
const unknownInterval = 50;
/** The longest distance that is kept, which is 1000 ms at first and shrinks with each request that the service takes. */
const longestInterval = 800;

/** Whether all requests to an origin are held back where the service asks one to wait. */
function sharesHolds({runner, hasClient}: World['plan']): boolean {
  return hasClient || runner === 'tracker';
}

/** Whether an answer may hold others back. Without a client, it is the operation's origin that is held back, and no other. */
export function closesTheGate(world: World, {operation, url}: Extract<Happening, {is: 'answer'}>): boolean {
  const {plan} = world;
  if (plan.hasClient) return true;
  const {planned} = world.factsOf(operation);
  return sharesHolds(plan) && world.gateOf(url) === world.gateOf(locationOf(planned, operation));
}

/** Whether a user asks to cancel in the very moment in which the answer arrives that closes the gate. */
export function isAskedJustThen(url: string, world: World, {cancels}: Facts): boolean {
  return cancels.askedAt === world.gateOf(url).closedAt && cancels.askedAt === world.time.now;
}

/** A request has left. */
export function countAsSent(world: World, url: string, facts: Facts): void {
  const {pace} = world.gateOf(url);
  if (pace !== undefined && !isAskedJustThen(url, world, facts)) pace.sent += 1;
}

/** Applies to the gate, and so to all, what the service says to one. */
export function updateGate(world: World, url: string, answer: ServiceAnswer): void {
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
