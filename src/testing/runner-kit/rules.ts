import {isDeepStrictEqual} from 'node:util';
import type {StepAnswer} from '../operation-step.ts';
import type {EndCall} from './ends-server.ts';
import type {Scenario} from './scenarios.ts';
import {calmShare, pollInterval, type Scene, type WatchedOperation} from './scene.ts';
import type {RunnerAbility} from './tested-runner.ts';

/** What was seen of one operation. */
export interface Facts {
  readonly scenario: Scenario;
  readonly scene: Scene;
  readonly operation: WatchedOperation;
  /** When its polls arrived, in milliseconds since 1970. */
  readonly polls: readonly number[];
  readonly calls: readonly EndCall[];
}

/** A rule that runners keep: says what is wrong, or nothing. */
export interface Rule {
  readonly name: string;
  readonly needs?: RunnerAbility | undefined;
  readonly violation: (facts: Facts) => string | undefined;
}

/**
 * How much earlier than it is due a poll may come, in milliseconds: clocks are read in whole milliseconds, on two machines, and a
 * process that stalls reads them before it does.
 */
const toleranceOf = ({stalls}: Scene): number => Math.max(5, stalls.stall);

/** Whether a kill may have cut off the poll that arrived then, or later: a request that was on its way may arrive after the kill. */
const mayHaveCutOff = ({lease}: Scene, killedAt: number, at: number): boolean => killedAt >= at - calmShare * lease;

/** The least wait after a failure, in milliseconds. */
const leastWait = 100;

const isEnd = ({status}: StepAnswer): boolean => status === 'succeeded' || status === 'failed';

/** Polls that came too early, with the wait that was due and the one that there was, but for those after a kill. */
function* earlyPolls({scenario, scene, operation: {plan, addedAt}, polls}: Facts): Generator<string> {
  if (scenario.overlaps) return;
  const tolerance = toleranceOf(scene);
  for (const [index, at] of polls.entries()) {
    const before = polls[index - 1];
    if (before === undefined) continue;
    const {retryAfter, http = 200, fault} = plan.script[Math.min(index, plan.script.length) - 1] ?? {};
    const isFailure = http >= 400 || fault !== undefined;
    const wait = retryAfter === undefined ? (isFailure ? leastWait : pollInterval) : Number(retryAfter) * 1000;
    const isCutOff = scene.kills.some((killedAt) => mayHaveCutOff(scene, killedAt, before) && killedAt <= at);
    // The last one before the deadline may come sooner.
    const isLast = plan.totalTimeout !== undefined && at >= addedAt + plan.totalTimeout - pollInterval;
    if (at - before < wait - tolerance && !isCutOff && !isLast)
      yield `polled after ${at - before} ms instead of ${wait}`;
  }
}

const times = (count: number): string => (count === 1 ? 'once' : `${count} times`);

/** All rules, by the names that a report has. */
export const rules: readonly Rule[] = [
  {
    name: 'Nothing is lost: onEnd is called for each operation',
    violation: ({calls, polls}) => (calls.length === 0 ? `no call of onEnd after ${polls.length} polls` : undefined),
  },
  {
    name: 'onEnd is called again until it has resolved',
    violation: ({calls}) =>
      calls.length > 0 && calls.every(({answer}) => answer !== 'resolve')
        ? `no further call after ${calls.length}, none of which resolved`
        : undefined,
  },
  {
    name: 'onEnd is called once where nothing goes wrong',
    violation: ({calls, scene, scenario, operation: {plan}}) => {
      const planned = 1 + (plan.onEnd?.length ?? 0);
      const isDisturbed = scene.kills.length > 0 || scenario.overlaps;
      return isDisturbed || calls.length <= planned ? undefined : `${calls.length} calls instead of ${planned}`;
    },
  },
  {
    name: 'onEnd gets what the service said',
    violation: ({calls, operation: {plan}}) => {
      const expected = {...plan.outcome, result: plan.outcome.result};
      const wrong = calls.find(({status, reason, result}) => {
        const isSame = status === expected.status && reason === expected.reason;
        return !isSame || !isDeepStrictEqual(result, expected.result);
      });
      if (wrong === undefined) return undefined;
      const {status, reason = '', result} = wrong;
      const seen = result === undefined ? '' : ` with ${JSON.stringify(result)}`;
      return `${`${status} ${reason}`.trim()}${seen} instead of ${expected.status}`;
    },
  },
  {
    name: 'Each call of onEnd has the id, key and data that were stored',
    violation: ({calls, operation: {data}}) => {
      const ids = new Set(calls.map(({id}) => id));
      if (ids.size > 1) return `${ids.size} ids`;
      const wrong = calls.find((call) => !isDeepStrictEqual(call.data, data));
      return wrong === undefined
        ? undefined
        : `the data ${JSON.stringify(wrong.data)} instead of ${JSON.stringify(data)}`;
    },
  },
  {
    name: 'An end is stored before onEnd is called: no poll follows it',
    violation: ({operation: {plan}, calls: [first], polls}) => {
      // A poll that the deadline cut off may still arrive.
      if (first === undefined || plan.totalTimeout !== undefined) return undefined;
      const later = polls.filter((at) => at > first.at);
      return later.length === 0 ? undefined : `polled ${times(later.length)} after onEnd was called`;
    },
  },
  {
    name: 'No poll follows the end that the service reported, except after a kill',
    violation: ({scenario, scene, operation: {plan}, polls}) => {
      const ends = plan.script.findIndex(isEnd);
      const later = ends < 0 || scenario.overlaps ? 0 : polls.length - ends - 1 - scene.kills.length;
      return later <= 0 ? undefined : `polled ${times(later)} after the end`;
    },
  },
  {
    name: 'No poll is earlier than the service or the schedule allows, except after a kill',
    violation: (facts) => (facts.operation.plan.isWoken ? undefined : earlyPolls(facts).next().value),
  },
  {
    name: 'A hint makes no poll earlier than the service allows',
    needs: 'wake',
    violation: (facts) => (facts.operation.plan.isWoken ? earlyPolls(facts).next().value : undefined),
  },
  {
    name: 'No poll follows the deadline, except one that comes late',
    violation: ({scene, operation: {plan, storedAt}, polls}) => {
      const deadlineAt = storedAt + (plan.totalTimeout ?? Number.POSITIVE_INFINITY);
      const later = polls.filter((at) => at > deadlineAt);
      // A turn that a kill cut off is taken again.
      const allowed = 1 + scene.kills.filter((killedAt) => mayHaveCutOff(scene, killedAt, deadlineAt)).length;
      return later.length <= allowed ? undefined : `polled ${times(later.length)} after the deadline`;
    },
  },
  {
    name: 'No access token is stored',
    needs: 'stored',
    violation: ({scene: {token, stored}}) =>
      [...stored].some((text) => forms(token).some((form) => text.includes(form)))
        ? 'the token is in the store'
        : undefined,
  },
];

/** A token as it is, and as Base64 has it. */
function forms(token: string): string[] {
  return [token, Buffer.from(token).toString('base64').slice(0, -4)];
}

/** Everything that a rule objects to in a scene. */
export function violationsOf({violation}: Rule, scenario: Scenario, scene: Scene): string[] {
  const found = scene.operations.map((operation) => {
    const {plan, emulated} = operation;
    const polls = emulated.requests.map(({at}) => at);
    const seen = violation({scenario, scene, operation, polls, calls: scene.callsFor(plan.key)});
    return seen === undefined ? [] : [`${scenario.name}: ${plan.key}: ${seen}`];
  });
  return found.flat();
}
