import type {Check} from './check.ts';
import {isTimedOut} from './delays.ts';
import {ranks} from './facts.ts';
import {isStored, keepsRecords} from './plan.ts';

/** Nothing is emitted once the watch is over. */
export const isSilentAfterTheEnd: Check<'event'> = ({event: {type}}, _, facts) =>
  facts.isWatched ? undefined : `${type} after the watch was over`;

/** A status is announced once, and none after a later one. */
export const announcesEachStatusOnce: Check<'event'> = ({event: {type}}, _, facts) => {
  const rank = ranks[type];
  return rank === undefined || rank > facts.rank ? undefined : `${type} after a status of rank ${facts.rank}`;
};

/** A status is announced only where the service has said it. */
export const announcesOnlyWhatWasSaid: Check<'event'> = ({event: {type}}, _, facts) => {
  const rank = ranks[type];
  if (rank === undefined) return undefined;
  if (rank === 2)
    return type === facts.endRead ? undefined : `${type}, but the service said ${facts.endRead ?? 'no end'}`;
  const {lastAnswer} = facts;
  return lastAnswer?.says === type ? undefined : `${type}, but the service said ${lastAnswer?.says}`;
};

/** Each good answer makes one `polled`. */
export const reportsEachPollOnce: Check<'event'> = ({event: {type}}, {plan}, facts) =>
  // A recorded poll is reported whenever the workflow gets there.
  type === 'polled' && facts.unreported <= 0 && plan.runner !== 'durable' ? 'polled without an answer' : undefined;

/** A poll is made again only where a request of it failed. What is recorded is reported later. */
export const retriesForAReason: Check<'event'> = ({event: {type}}, world, facts) =>
  type !== 'retrying' || facts.failures > 0 || isTimedOut(facts, world) || isStored(world.plan.runner)
    ? undefined
    : 'a retry though nothing failed';

/** Polls are numbered, one by one. */
export const numbersPolls: Check<'event'> = ({event: {type, attempt}}, _, facts) => {
  // A retry carries the number of its poll, which was never made if watching is given up then.
  if (type === 'abandoned' && attempt === facts.attempt - 1) return undefined;
  // Nothing but an event says whether the number that was stored was that of a poll that was still going on.
  const most = facts.attempt + (facts.eventAt === 0 ? 2 : 1);
  return attempt < facts.attempt || attempt > most ? `attempt ${attempt} after attempt ${facts.attempt}` : undefined;
};

/** Time goes on, whatever is done to the wall clock; that of a worker whose clock is off does not. */
export const keepsTheOrderOfTime: Check<'event'> = ({event: {type, at}}, {plan}, facts) =>
  at < facts.eventAt && !(keepsRecords(plan.runner) && facts.slack > 0)
    ? `${type} happened ${facts.eventAt - at} ms before the event that came before it`
    : undefined;

/** The same percentage is no news, nor is a word that was announced. */
export const announcesNewsOnly: Check<'event'> = ({event: {type, percentComplete, rawStatus}}, _, facts) => {
  if (type === 'progress' && percentComplete === facts.percent) return `${percentComplete} % again`;
  return rawStatus !== undefined && facts.words.includes(rawStatus) ? `the word ${rawStatus} again` : undefined;
};
