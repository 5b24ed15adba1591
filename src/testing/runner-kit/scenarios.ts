import {setTimeout as sleep} from 'node:timers/promises';
import {longLease, type PlannedOperation, pollInterval, type Scene, shortestLease} from './scene.ts';
import type {RunnerAbility} from './tested-runner.ts';

/** What a runner is put through. */
export interface Scenario {
  readonly name: string;
  /** What it takes of a runner. */
  readonly needs?: RunnerAbility | undefined;
  /** Whether two instances may work on one operation at the same time, without either being wrong. */
  readonly overlaps?: true | undefined;
  readonly play: (scene: Scene) => Promise<void>;
}

const notStarted = {status: 'notStarted'};
const running = {status: 'running'};
const succeeded = {status: 'succeeded'};
const failed = {status: 'failed', error: {code: 'PolicyViolation', message: 'The password is too short.'}};
const waitsOneSecond = {status: 'running', retryAfter: 1};

/** Operations that only differ in what their service says. @param lease in milliseconds */
const peaceful = (lease: number): readonly PlannedOperation[] => [
  {key: 'succeeded', script: [notStarted, running, succeeded], outcome: succeeded},
  {key: 'failed', script: [running, failed], outcome: {status: 'failed'}},
  {key: 'unknownWord', script: [running, {status: 'waitingForApproval'}, succeeded], outcome: succeeded},
  {key: 'retryAfter', script: [{...running, retryAfter: (1.5 * lease) / 1000}, succeeded], outcome: succeeded},
  {key: 'throttled', script: [running, {http: 429, retryAfter: 1}, succeeded], outcome: succeeded},
  {key: 'unavailable', script: [{http: 503}, {fault: 'reset'}, running, succeeded], outcome: succeeded},
  {key: 'slow', script: [{...running, delay: 300}, {...running, delay: 300}, succeeded], outcome: succeeded},
  {key: 'deadline', script: [running], totalTimeout: 1200, outcome: {status: 'abandoned', reason: 'timeout'}},
  {key: 'rejected', script: [running, failed], outcome: {status: 'failed'}, onEnd: ['reject', 'reject']},
];

/** Adds the same operation several times: `key-1`, `key-2` and so on. */
async function addSeveral(scene: Scene, plan: PlannedOperation, count = 3): Promise<void> {
  for (let number = 1; number <= count; number += 1) await scene.add({...plan, key: `${plan.key}-${number}`});
}

/** All that a runner is put through, each scenario with a store of its own. */
export const scenarios: readonly Scenario[] = [
  {
    name: 'undisturbed, two instances',
    play: async (scene) => {
      await scene.start({lease: longLease});
      await scene.startAnother({lease: longLease});
      for (const plan of peaceful(scene.lease)) await scene.add(plan);
      const echo = {status: 'running', detail: `Bearer ${scene.token}`, fields: {sent: scene.token}};
      await scene.add({key: 'echo', script: [echo, {...echo, ...succeeded}], outcome: succeeded});
    },
  },
  {
    name: 'a result to fetch',
    needs: 'fetchResult',
    play: async (scene) => {
      await scene.start({lease: longLease});
      const result = {id: 'report', rows: 3};
      const {location} = scene.emulator.addResource({path: '/reports/report', script: [{http: 404}, {body: result}]});
      const script = [running, {...succeeded, resourceLocation: location}];
      await scene.add({key: 'result', script, outcome: {...succeeded, result}});
    },
  },
  {
    name: 'hints that come too early',
    needs: 'wake',
    play: async (scene) => {
      await scene.start({lease: longLease});
      // So long that a poll at once is early even where stalls make the first hint late.
      const script = [{...running, retryAfter: (2 * scene.lease) / 1000}, succeeded];
      await scene.add({key: 'woken', script, outcome: succeeded, isWoken: true});
      await scene.polled('woken', 1);
      for (const pause of [100, 300, 500, 600]) {
        await sleep(pause);
        await scene.runner.wake?.('woken');
      }
    },
  },
  {
    name: 'killed during a poll',
    play: async (scene) => {
      await scene.start();
      const script = [running, {...running, delay: 3 * scene.lease}, succeeded];
      await addSeveral(scene, {key: 'cut', script, outcome: succeeded});
      await scene.polled('cut-1', 2);
      await scene.kill();
      await scene.start();
    },
  },
  {
    name: 'killed before a turn is stored',
    play: async (scene) => {
      await scene.start();
      await addSeveral(scene, {key: 'lost', script: [running, running, succeeded], outcome: succeeded});
      for (const poll of [2, 3]) {
        await scene.polled('lost-1', poll);
        await scene.kill();
        await scene.start();
      }
    },
  },
  {
    name: 'killed during onEnd',
    play: async (scene) => {
      await scene.start();
      const onEnd = ['hold'] as const;
      await scene.add({key: 'success', script: [running, succeeded], outcome: succeeded, onEnd});
      await scene.add({key: 'failure', script: [running, failed], outcome: {status: 'failed'}, onEnd});
      await scene.called('success');
      await scene.called('failure');
      // What was stored is handed over again, whatever the service would say by now.
      for (const {plan, emulated} of scene.operations) emulated.rescript([plan.key === 'success' ? failed : succeeded]);
      await scene.kill();
      await scene.start();
    },
  },
  {
    name: 'killed, and started late',
    play: async (scene) => {
      await scene.start();
      await addSeveral(scene, {key: 'late', script: [waitsOneSecond, running, succeeded], outcome: succeeded});
      const outcome = {status: 'abandoned', reason: 'timeout'};
      await scene.add({key: 'overdue', script: [running], totalTimeout: scene.lease, outcome});
      await scene.polled('late-1', 1);
      await sleep(pollInterval);
      await scene.kill();
      await scene.stayDown(scene.lease);
      await scene.start();
    },
  },
  {
    name: 'an answer slower than a lease',
    needs: 'severalInstances',
    overlaps: true,
    play: async (scene) => {
      await scene.start();
      await scene.startAnother();
      const script = [running, {...running, delay: 2 * scene.lease}, succeeded];
      await addSeveral(scene, {key: 'slower', script, outcome: succeeded});
      // Until the answer is there at last: a runner that writes it all the same forgets the end that it has stored. The waits
      // between the calls double, from one second on.
      const rejections = Math.ceil(Math.log2(scene.lease / 1000 + 2));
      const onEnd = Array.from({length: rejections}, () => 'reject' as const);
      await scene.add({key: 'unhandled', script, outcome: succeeded, onEnd});
    },
  },
  {
    name: 'clocks that differ',
    needs: 'clockAhead',
    overlaps: true,
    play: async (scene) => {
      await scene.start();
      await scene.startAnother({clockAhead: 1.5 * shortestLease});
      const script = [running, waitsOneSecond, running, succeeded];
      await addSeveral(scene, {key: 'skewed', script, outcome: succeeded});
    },
  },
];
