import {setTimeout as sleep} from 'node:timers/promises';
import {beforeAll, describe, expect, test} from '@jest/globals';
import {play} from '../../../src/testing/runner-kit/check-runner.ts';
import {rules, violationsOf} from '../../../src/testing/runner-kit/rules.ts';
import {scenarios} from '../../../src/testing/runner-kit/scenarios.ts';
import {calmShare, type Scene, shortestLease} from '../../../src/testing/runner-kit/scene.ts';
import {type BrokenQueue, brokenQueues} from './broken-queue.ts';

const lost = 'Nothing is lost: onEnd is called for each operation';
const again = 'onEnd is called again until it has resolved';
const once = 'onEnd is called once where nothing goes wrong';
const said = 'onEnd gets what the service said';
const same = 'Each call of onEnd has the id, key and data that were stored';
const isStored = 'An end is stored before onEnd is called: no poll follows it';
const end = 'No poll follows the end that the service reported, except after a kill';
const early = 'No poll is earlier than the service or the schedule allows, except after a kill';
const hint = 'A hint makes no poll earlier than the service allows';
const deadline = 'No poll follows the deadline, except one that comes late';
const secret = 'No access token is stored';
const undisturbed = 'undisturbed, two instances';

/** In what time another instance takes over from one that was killed, in milliseconds. */
const takeOver = 1.5 * shortestLease;

/** The rule that each of them breaks, and a scenario in which that is seen. */
const caught: ReadonlyArray<readonly [fault: BrokenQueue, rule: string, scenario: string]> = [
  ['hands an end over before it is stored', isStored, 'killed during onEnd'],
  ['hands an end over before it is stored', said, 'killed during onEnd'],
  ['ignores when a turn is due', early, undisturbed],
  ['takes a record out of the table for its turn', lost, 'killed during a poll'],
  ['takes a record out of the table for its turn', lost, 'killed before a turn is stored'],
  ['takes a record out of the table for its turn', again, 'killed during onEnd'],
  ['leases nothing, so that turns are taken twice at once and the older is written too', early, undisturbed],
  ['writes although its lease has run out', isStored, 'an answer slower than a lease'],
  ['changes a record that is there although its lease has run out', isStored, 'an answer slower than a lease'],
  ['removes a record before onEnd has resolved', again, 'killed during onEnd'],
  ['swallows what onEnd rejects with', again, undisturbed],
  ['polls at once after a hint', hint, 'hints that come too early'],
  ['stores the access token', secret, undisturbed],
  ['makes a new id for each call', same, undisturbed],
  ['reports every end as a success', said, undisturbed],
  ['has no deadline', deadline, undisturbed],
  ['keeps a record that is done', once, undisturbed],
  ['polls once more before it believes an end', end, undisturbed],
];

describe('catches a runner that', () => {
  const seen: string[][] = [];

  beforeAll(async () => {
    const check = async ([fault, rule, scenario]: (typeof caught)[number], index: number): Promise<void> => {
      const [played, broken] = [named(scenarios, scenario), named(rules, rule)];
      const violations = (scene: Scene): string[] => violationsOf(broken, played, scene);
      // A stall may hide what is wrong with a queue that writes to memory, and is no reason for it: what was seen need not be seen again.
      const isEnough = (scene: Scene): boolean => scene.isCalm || violations(scene).length > 0;
      const patience = scenario.startsWith('killed') ? takeOver : 5000;
      seen[index] = violations(await play(played, () => new brokenQueues[fault](), patience, undefined, isEnough));
    };
    const checkThose = (isMeant: (fault: BrokenQueue) => boolean) =>
      Promise.all(caught.map((row, index) => (isMeant(row[0]) ? check(row, index) : undefined)));
    // Alone: its two requests for a turn have to arrive at once, and on a busy machine those of all others would come in between.
    const isTakenTwice = (fault: BrokenQueue): boolean => fault.startsWith('leases nothing');
    await checkThose(isTakenTwice);
    await checkThose((fault) => !isTakenTwice(fault));
  }, 400_000);

  test.each(caught.map((row, index) => [...row, index] as const))('%s: %s (%s)', (_, __, scenario, index) => {
    expect(seen[index]?.[0]).toMatch(new RegExp(`^${scenario}: `));
  });

  test('polls at once after a hint, also where stalls that are short enough make the hint late', async () => {
    const stalls = 3;
    const stall = (0.8 * calmShare * shortestLease) / stalls;
    class Stalling extends brokenQueues['polls at once after a hint'] {
      #stalls = stalls;
      override async wake(key: string): Promise<void> {
        for (; this.#stalls > 0; this.#stalls -= 1) {
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, stall);
          await sleep(50);
        }
        await super.wake(key);
      }
    }
    const played = named(scenarios, 'hints that come too early');
    const scene = await play(played, () => new Stalling(), 5000);
    expect([scene.isCalm, violationsOf(named(rules, hint), played, scene).length]).toEqual([true, 1]);
  }, 400_000);

  test('breaks any of the rules', () => {
    expect(new Set(caught.map(([, rule]) => rule))).toEqual(new Set(rules.map(({name}) => name)));
  });
});

function named<T extends {readonly name: string}>(all: readonly T[], name: string): T {
  const found = all.find((each) => each.name === name);
  if (found === undefined) throw new Error(`There is none named ${name}`);
  return found;
}
