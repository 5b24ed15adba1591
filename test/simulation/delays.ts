import type {Facts} from './facts.ts';
import type {World} from './world.ts';

/** The least that lies between two polls, where the service asks for nothing and the schedule is sound, in milliseconds. */
export const leastWait = 100;

/** How long a turn waits for the gate of its client before its record is put off, in milliseconds. */
export const longestGateWait = 1000;

/** For how many milliseconds a poll may wait for its token and for its batch. */
export function leavesAfter({options: {token}, latency, batch}: World['plan']): number {
  return (token === 'text' || token === 'at once' ? 0 : latency + 3) + (batch ? 50 : 0);
}

/** Whether no more than so many requests are made at once. */
export function limitsConcurrency({runner, hasClient}: World['plan']): boolean {
  return hasClient || runner === 'tracker';
}

/** Whether requests may have to wait for each other. */
export function isCrowded(plan: World['plan']): boolean {
  if (!limitsConcurrency(plan)) return false;
  let most = plan.operations.length;
  for (const incident of plan.incidents) if (incident.is === 'cancel') most += incident.times;
  return plan.concurrency < most;
}

/** Whether a turn may have to wait until another one is over: it knows no deadline then, and comes late. */
export function waitsForItsPlace(plan: World['plan']): boolean {
  return plan.runner === 'tracker' && isCrowded(plan);
}

/** Whether its share of a batch was given up for lost, while the batch goes on for others. */
export function isTimedOut({lastRequestAt, settledAt = -1}: Facts, {time, plan}: World): boolean {
  return (
    lastRequestAt !== undefined && settledAt < lastRequestAt && time.now - lastRequestAt >= plan.options.requestTimeout
  );
}
