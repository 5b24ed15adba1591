import {afterEach, beforeEach, expect, test} from '@jest/globals';
import {rules, violationsOf} from '../../../src/testing/runner-kit/rules.ts';
import {type Scenario, scenarios} from '../../../src/testing/runner-kit/scenarios.ts';
import {Scene} from '../../../src/testing/runner-kit/scene.ts';

const lease = 2000;
const totalTimeout = 60_000;
let scene: Scene;

/** A runner whose polls and kills are the test's. */
const puppet = {start: async () => ({kill: () => {}}), add: async () => {}, close: async () => {}};

beforeEach(async () => {
  scene = await Scene.open(puppet, {lease, patience: 1000});
});
afterEach(() => scene.close());

/** What a rule says of a scene. */
function seen(name: string, scenario: string): string[] {
  const isNamed = <T extends {readonly name: string}>(all: readonly T[], wanted: string): T => {
    const found = all.find((each) => each.name === wanted);
    if (found === undefined) throw new Error(`There is none named ${wanted}`);
    return found;
  };
  return violationsOf(isNamed(rules, name), isNamed<Scenario>(scenarios, scenario), scene);
}

test.each([
  ['no kill', undefined, 1],
  ['a kill long before the deadline', -lease, 1],
  ['a kill just before the deadline, whose poll arrives after it', -100, 0],
  ['a kill after the deadline', 1, 0],
])('two polls after the deadline, with %s', async (_, killedAfter, violations) => {
  await scene.add({key: 'overdue', script: [{status: 'running'}], totalTimeout, outcome: {status: 'abandoned'}});
  const [operation] = scene.operations;
  if (operation === undefined) throw new Error('There is no operation');
  const deadlineAt = Date.now() - 10;
  operation.storedAt = deadlineAt - totalTimeout;
  for (let polls = 0; polls < 2; polls += 1) {
    await (await fetch(operation.emulated.location, {headers: {authorization: `Bearer ${scene.token}`}})).text();
  }
  if (killedAfter !== undefined) scene.kills.push(deadlineAt + killedAfter);
  expect(seen('No poll follows the deadline, except one that comes late', 'killed, and started late')).toHaveLength(
    violations,
  );
});
