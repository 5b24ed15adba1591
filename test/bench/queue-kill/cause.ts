// Why a poll came early.
import type {JobEvent} from './queue-events.ts';
import type {EarlyPoll} from './service.ts';
import type {Trouble} from './trouble.ts';

/**
 * Why a poll may come early: its worker, or the one that made the poll before, was killed or stopped, or presumed dead; or Redis was
 * killed while an answer was being stored, or has forgotten what it had acknowledged.
 */
export const causes = ['killed', 'stopped', 'redis', 'forgotten', 'presumedDead', 'unexplained'] as const;
export type Cause = (typeof causes)[number];

/**
 * How long Redis may hold back from its append-only file what it has acknowledged, in milliseconds: while an `fsync` of every second is
 * under way. When it is killed then, it forgets that. @see https://redis.io/docs/latest/operate/oss_and_stack/management/persistence/
 */
const longestHoldBack = 2000;

/** Why a poll was early. @param events what happened to its job */
export function causeOf(
  {poll, number, before}: EarlyPoll,
  troubles: readonly Trouble[],
  events: readonly JobEvent[],
): Cause {
  // A worker polls once each time it gets a job.
  const takes = events.filter(({name, at}) => name === 'active' && at <= poll.askedAt).length;
  if (takes < number) return 'forgotten';
  const takenAt = earliestTake(events, before.askedAt);
  const stored = events.find(({name, at}) => at >= before.answeredAt && (name === 'delayed' || name === 'completed'));
  const until = Math.min(poll.askedAt, stored?.at ?? poll.askedAt);
  const possible = troubles.filter(
    ({token, from, to}) =>
      to >= takenAt &&
      (token === undefined
        ? from <= until + longestHoldBack
        : from <= until && [before.token, poll.token].includes(token)),
  );
  const distance = ({from, to}: Trouble): number => Math.max(0, before.askedAt - to, from - before.answeredAt);
  const [nearest] = possible.sort((one, other) => distance(one) - distance(other));
  if (nearest !== undefined) return nearest.kind;
  // Where the processor is busy, a worker loses its lock, and what it asked all the same arrives when another one has asked, too.
  const isStalled = events.some(({name, at}) => name === 'stalled' && at >= takenAt && at <= poll.askedAt);
  return isStalled ? 'presumedDead' : 'unexplained';
}

/**
 * When the turn began that made a poll. From one wait to the next a job has one turn, unless its worker was presumed dead: that one may
 * still ask when another one has put the job back.
 */
function earliestTake(events: readonly JobEvent[], askedAt: number): number {
  const turns: JobEvent[][] = [[]];
  for (const event of events) {
    if (event.at > askedAt) break;
    if (event.name === 'delayed') turns.push([]);
    else turns.at(-1)?.push(event);
  }
  const [before = [], last = []] = [turns.at(-2), turns.at(-1)];
  const possible = before.some(({name}) => name === 'stalled') ? [...before, ...last] : last;
  return possible.find(({name}) => name === 'active')?.at ?? askedAt;
}
