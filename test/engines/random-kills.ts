import {setTimeout as sleep} from 'node:timers/promises';
import type {TestedRunner} from 'operation-poller/testing';
import {play} from '../../src/testing/runner-kit/check-runner.ts';
import {rules, violationsOf} from '../../src/testing/runner-kit/rules.ts';
import type {Scenario} from '../../src/testing/runner-kit/scenarios.ts';
import type {Scene} from '../../src/testing/runner-kit/scene.ts';

const running = {status: 'running'};
const ends = [
  {end: {status: 'succeeded'}, outcome: {status: 'succeeded'}},
  {end: {status: 'failed', error: {code: 'PolicyViolation', message: 'No.'}}, outcome: {status: 'failed'}},
];
const troubles = [
  running,
  {...running, retryAfter: 1},
  {...running, delay: 400},
  {http: 503},
  {http: 429, retryAfter: 1},
  {fault: 'reset'},
] as const;

const kills = 6;

const randomKills: Scenario = {
  name: 'killed at random moments',
  play: async (scene) => {
    await scene.start();
    for (const [number, trouble] of troubles.entries()) {
      for (const {end, outcome} of ends) {
        const script = [running, trouble, running, trouble, {...running, delay: 200}, trouble, {...end, delay: 200}];
        await scene.add({key: `${outcome.status}-${number}`, script, outcome});
      }
    }
    for (let killed = 0; killed < kills; killed += 1) {
      await sleep(Math.random() * 800);
      await scene.kill();
      await scene.start();
    }
  },
};

/** Ends that were handed over again although nothing was killed in between. A call of a killed instance may arrive a little later. */
function repeatedEnds(scene: Scene): string[] {
  return scene.operations.flatMap(({plan: {key}}) =>
    scene.callsFor(key).flatMap(({at}, index, calls) => {
      const before = calls[index - 1]?.at ?? Number.NEGATIVE_INFINITY;
      return index === 0 || scene.kills.some((kill) => kill >= before - scene.lease / 4 && kill <= at)
        ? []
        : [`${key} ended twice`];
    }),
  );
}

/**
 * Kills a runner at random moments while it watches several operations.
 *
 * @returns what was lost, wrong, too early, or ended twice without a kill
 */
export async function killAtRandom(open: () => TestedRunner | Promise<TestedRunner>): Promise<readonly string[]> {
  const scene = await play(randomKills, open, 20_000);
  return [...rules.flatMap((rule) => violationsOf(rule, randomKills, scene)), ...repeatedEnds(scene)];
}
