// Why a poll came early.
import type {JobEvent} from './queue-events.ts';
import type {EarlyPoll} from './service.ts';
import type {Trouble} from './trouble.ts';

/** Why a poll may come early: what happened to the worker that got the answer before, or to Redis. */
export const causes = ['killed', 'stopped', 'redis', 'presumedDead', 'unexplained'] as const;
export type Cause = (typeof causes)[number];

/** How long before and after an answer something may happen that loses it, in milliseconds: it is still on its way, or being stored. */
const margin = 2000;

/** Why a poll was early. @param events what happened to its job */
export function causeOf(
  {poll: {askedAt: at}, before}: EarlyPoll,
  troubles: readonly Trouble[],
  events: readonly JobEvent[],
  recoverAfter: number,
): Cause {
  const isLossOf = ({token = before.token, from, to}: Trouble): boolean =>
    token === before.token && to >= before.askedAt - margin && from <= Math.min(at, before.answeredAt) + margin;
  const trouble = troubles.find(isLossOf);
  if (trouble !== undefined) return trouble.kind;
  // Where the processor is busy, a worker loses its lock, and what it asked all the same arrives when another one has asked, too.
  const isStalled = events.some(
    ({name, at: stall}) =>
      name === 'stalled' && stall >= before.askedAt - 3 * recoverAfter && stall <= at + recoverAfter,
  );
  return isStalled ? 'presumedDead' : 'unexplained';
}
