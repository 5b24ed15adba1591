import type {OriginHold} from './step-unless-held.ts';

/** Until when origins are held back because their services asked for it, in milliseconds since 1970 by the runner's clock. */
export type OriginHolds = ReadonlyMap<string, number>;

/** Until when requests to a location are held back; `undefined` where they are not. */
export function heldUntil(holds: OriginHolds, location: string, now: number): number | undefined {
  // Nearly always nothing is held.
  if (holds.size === 0) return undefined;
  const until = holds.get(new URL(location).origin) ?? now;
  return until > now ? until : undefined;
}

/** Adds a hold, which ends no longer one, and forgets those that are over. */
export function addHold(holds: Map<string, number>, {origin, until}: OriginHold, now: number): void {
  for (const [held, end] of holds) if (end <= now) holds.delete(held);
  holds.set(origin, Math.max(until, holds.get(origin) ?? 0));
}
