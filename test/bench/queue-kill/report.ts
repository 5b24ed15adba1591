import {type Cause, causeOf} from './cause.ts';
import type {JobEvent} from './queue-events.ts';
import type {EarlyPoll, Service} from './service.ts';
import type {Trouble} from './trouble.ts';

/** What came of the trouble. */
export interface QueueKillReport {
  /** How often each kind of trouble was made. */
  readonly kills: number;
  readonly stops: number;
  readonly restarts: number;
  /** Operations without an outcome. */
  readonly lost: number;
  /** Outcomes that the service has not said. */
  readonly wrong: number;
  /** Operations that ended more than once. */
  readonly twice: number;
  readonly polls: number;
  /** Polls of operations that have ended that are in no outcome, because their answer was lost. */
  readonly uncounted: number;
  /** Polls that came earlier than an answer allowed, or after an end, by why that answer was lost. */
  readonly early: Readonly<Record<Cause, number>>;
  /** Those without a known cause, and what happened to their jobs. */
  readonly unexplained: ReadonlyArray<EarlyPoll & {readonly events: readonly JobEvent[]}>;
  readonly troubles: readonly Trouble[];
  /** How long after the moment that the service named each other poll came, in milliseconds. */
  readonly lateness: readonly number[];
}

/** What is known when all operations have ended. */
export interface Observed {
  readonly service: Service;
  /** The statuses of the outcomes, by the operations' numbers. */
  readonly ends: ReadonlyArray<string | undefined>;
  readonly troubles: readonly Trouble[];
  /** What happened to each operation's job, by the operation's key. */
  readonly jobs: ReadonlyMap<string, readonly JobEvent[]>;
}

export function reportOf({service, ends, troubles, jobs}: Observed): QueueKillReport {
  const eventsOf = (key: string): readonly JobEvent[] => jobs.get(key) ?? [];
  const early = service.early.map((poll) => ({poll, cause: causeOf(poll, troubles, eventsOf(poll.key))}));
  const happened = (kind: Trouble['kind']): number => troubles.filter((trouble) => trouble.kind === kind).length;
  const completions = [...jobs].map(([key, events]) => ({key, ends: events.filter(({name}) => name === 'completed')}));
  const lostPolls = completions.map(({key, ends: [end]}) =>
    end?.attempts === undefined ? 0 : service.pollsOf(key) - end.attempts,
  );
  return {
    kills: happened('killed'),
    stops: happened('stopped'),
    restarts: happened('redis'),
    lost: ends.filter((end) => end === undefined).length,
    wrong: ends.filter((end, id) => end !== undefined && end !== service.endOf(id)).length,
    twice: completions.filter((each) => each.ends.length > 1).length,
    polls: service.polls,
    uncounted: lostPolls.reduce((sum, lost) => sum + lost, 0),
    early: countsOf(early),
    unexplained: early.flatMap(({poll, cause}) =>
      cause === 'unexplained' ? [{...poll, events: eventsOf(poll.key)}] : [],
    ),
    troubles,
    lateness: service.lateness,
  };
}

function countsOf(early: ReadonlyArray<{readonly cause: Cause}>): Readonly<Record<Cause, number>> {
  const counts = {killed: 0, stopped: 0, redis: 0, forgotten: 0, presumedDead: 0, unexplained: 0};
  for (const {cause} of early) counts[cause] += 1;
  return counts;
}
