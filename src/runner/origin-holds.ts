import type {WatchState} from '../operation/state.ts';

/** The longest hold of an origin, in milliseconds: whatever a service asks for, it is asked again after so long. */
export const longestHold = 3_600_000;

/** An origin asked for no requests for a while. */
export interface OriginHold {
  readonly origin: string;
  /** In milliseconds since 1970 by the runner's clock, an hour from now at most. */
  readonly until: number;
  /** The wait that the service asked for, in milliseconds; absent where the origin was held already. */
  readonly retryAfter?: number | undefined;
}

/** Until when origins are held back because their services asked for it, in milliseconds since 1970 by the runner's clock. */
export type OriginHolds = ReadonlyMap<string, number>;

/** Until when requests to a location are held back; `undefined` where they are not. */
export function heldUntil(holds: OriginHolds, location: string, now: number): number | undefined {
  // Nearly always nothing is held.
  if (holds.size === 0) return undefined;
  const until = holds.get(new URL(location).origin) ?? now;
  return until > now ? until : undefined;
}

/** The hold of an operation's origin; `undefined` where it is not held. */
export function holdOf({location}: WatchState, until: number | undefined, now: number): OriginHold | undefined {
  if (until === undefined || until <= now) return undefined;
  return {origin: new URL(location).origin, until: Math.min(until, now + longestHold)};
}

/** Adds a hold, and forgets those that are over. A longer hold of the same origin stays. */
export function addHold(holds: Map<string, number>, {origin, until}: OriginHold, now: number): void {
  for (const [held, end] of holds) if (end <= now) holds.delete(held);
  holds.set(origin, Math.max(until, holds.get(origin) ?? 0));
}
