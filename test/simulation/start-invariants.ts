import type {Check} from './check.ts';
import {leavesAfter} from './delays.ts';
import {mayHaveToken} from './network.ts';
import {abroad} from './service.ts';

/** What starts an operation is sent once, and once more with a new token. */
export const startsOnce: Check<'start request'> = (_, __, {startRequests, startAnswer, isStarting}) => {
  if (!isStarting) return 'a start that nobody waits for';
  if (startRequests === 0) return undefined;
  const isRefused = startAnswer?.answer.http === 401 && !startAnswer.isLost;
  return isRefused && startRequests === 1 ? undefined : `start number ${startRequests + 1}`;
};

/** None leaves when nobody waits for its answer any more. */
export const startsWhileItIsWaitedFor: Check<'start request'> = (_, {time}, {startDueAt, abandonedBy}) => {
  if (abandonedBy !== undefined) return `a start that was ${abandonedBy}`;
  return time.now < startDueAt ? undefined : `a start ${time.now - startDueAt} ms after its time was over`;
};

/** What came of a start is what the service did with it. */
export const tellsWhatBecameOfAStart: Check<'not started'> = ({how, mayHaveStarted}, {plan, time}, facts) => {
  const {startAnswer, abandonedBy, lastTrouble, startedAt} = facts;
  if (startAnswer === undefined) {
    // Who gives up just before it leaves learns that it may have.
    if ((mayHaveStarted && abandonedBy === undefined) || how !== 'notStarted') return `${how}, though nothing was sent`;
    // One that is held back is given up like one that is not answered.
    const isLate = time.now - startedAt >= plan.startTimeout;
    return isLate || abandonedBy !== undefined || lastTrouble === 'token' ? undefined : 'not sent, for no reason';
  }
  const {answer, isLost, isGivenUp} = startAnswer;
  const {http, delivery, place, headDelay} = answer;
  const isRefused = http >= 400 && http < 500;
  if (how === 'notStarted') {
    const mayRun = delivery !== 'dns' && (isLost || !isRefused);
    if (mayRun && !mayHaveStarted) return `it may have started, after ${http} ${delivery}`;
    // Who gives up does not wait for what becomes of it.
    if (!mayRun && mayHaveStarted && !isGivenUp && abandonedBy === undefined)
      return `it cannot have started, after ${http} ${delivery}`;
    const isUnread = isLost || startAnswer.isUnread || delivery !== 'whole' || headDelay >= plan.startTimeout;
    return http >= 400 || isUnread || abandonedBy !== undefined ? undefined : `not started after ${http}`;
  }
  if (isLost || http >= 300) return `${how} after ${http}`;
  if (how === 'unconfirmed') return place === undefined ? undefined : `unconfirmed, though it is at ${place}`;
  return place !== undefined && !mayHaveToken(place) ? undefined : `cannot be watched at ${place}`;
};

/** An operation is watched where the service says that it is. */
export const watchesWhatWasStarted: Check<'begin'> = ({trusts = false}, __, {startAnswer}) => {
  if (startAnswer === undefined) return undefined;
  const {answer, isLost} = startAnswer;
  const {http, place} = answer;
  const isWatchable = place !== undefined && place.startsWith(abroad) === trusts;
  return !isLost && http < 300 && isWatchable ? undefined : `watched after ${http}`;
};

/** A start takes no longer than it may. */
export const startsInTime: Check<'rest'> = (_, world) => {
  const {plan, time, stalled} = world;
  for (const {operation, isStarting, startRequests, startAnswer, startedAt, stalledAtBegin} of world.facts) {
    const late = time.now - startedAt - plan.startTimeout - leavesAfter(plan) - (stalled - stalledAtBegin);
    // What was refused may be held back before it is sent again.
    if (isStarting && startRequests > 0 && startAnswer === undefined && late > 0)
      return `nothing has come of the start of op-${operation}`;
  }
  return undefined;
};
