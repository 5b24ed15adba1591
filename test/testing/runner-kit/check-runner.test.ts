import {setTimeout as sleep} from 'node:timers/promises';
import {beforeAll, expect, test} from '@jest/globals';
import {
  checkRunner,
  type RunnerInstance,
  type RunnerInstanceOptions,
  type RunnerReport,
} from 'operation-poller/testing';
import {openOwnQueue} from '../../../docs/examples/test-own-queue.ts';
import {rules} from '../../../src/testing/runner-kit/rules.ts';
import {Queue} from './broken-queue.ts';

/** One that cannot do much. */
class Limited extends Queue {
  override readonly cannot = {
    fetchResult: 'nobody wants it',
    severalInstances: 'the store is locked',
    clockAhead: 'there is one clock',
    wake: 'it sleeps well',
  };
  #isLocked = false;

  override async start(options: RunnerInstanceOptions): Promise<RunnerInstance> {
    if (this.#isLocked) throw new Error('The store is locked');
    this.#isLocked = true;
    const instance = await super.start(options);
    const kill = (): void => {
      instance.kill();
      this.#isLocked = false;
    };
    return {kill};
  }
}

const runners = {
  'the queue of the documents': openOwnQueue,
  'the right queue': () => new Queue(),
  limited: () => new Limited(),
};
let reports: readonly RunnerReport[];

// They wait most of the time.
beforeAll(async () => {
  reports = await Promise.all(Object.entries(runners).map(([name, open]) => checkRunner(name, open)));
}, 400_000);

test('a runner keeps all rules: the queue of the documents, and the one that the broken ones are made of', () => {
  expect(reports.flatMap(({checks}) => checks.flatMap(({seen}) => seen))).toEqual([]);
  const checks = rules.map((rule) => ({name: rule.name, result: 'ok', seen: []}));
  expect(reports.slice(0, 2)).toEqual([
    {runner: 'the queue of the documents', ok: true, checks, cannot: new Map(), disturbed: new Map()},
    {runner: 'the right queue', ok: true, checks, cannot: new Map(), disturbed: new Map()},
  ]);
});

test.each<[string, readonly unknown[], string | RegExp]>([
  ['no name', [undefined, () => new Queue()], 'runner: expected a string, got undefined'],
  ['no function', ['mine', new Map()], 'open: expected a function that makes a runner, got Map(0) {}'],
  ['no options', ['mine', () => new Queue(), 5], 'options: expected an object, got 5'],
  [
    'a function that makes nothing',
    ['mine', async () => undefined],
    'the runner that open makes: expected an object with the functions start, add and close, got undefined',
  ],
  [
    'a function that makes half a runner',
    ['mine', () => ({start: true, add: () => {}, close: () => {}})],
    /^the runner that open makes: expected an object with the functions start, add and close, got \{ start: true/,
  ],
  [
    'an instance that cannot be killed',
    ['mine', () => Object.assign(new Queue(), {start: async () => undefined})],
    'what start resolves with: expected an object with the function kill, got undefined',
  ],
])('%s is refused, and the argument named', async (_, given, message) => {
  await expect(Reflect.apply(checkRunner, undefined, given)).rejects.toThrow(message);
});

test('an instance that goes on after its kill is refused: no kill would show anything', async () => {
  class Immortal extends Queue {
    override async start(options: RunnerInstanceOptions): Promise<RunnerInstance> {
      await super.start(options);
      return {kill: () => undefined};
    }
  }
  await expect(checkRunner('mine', () => new Immortal())).rejects.toThrow(
    'kill: the instance goes on polling after it',
  );
}, 120_000);

test('what a runner throws ends the scenarios, and is thrown once each has closed its runner', async () => {
  let open = 0;
  class Refusing extends Queue {
    override async add(): Promise<void> {
      throw new Error('The disk is full');
    }
    override async close(): Promise<void> {
      await super.close();
      await sleep(50);
      open -= 1;
    }
  }
  class Right extends Queue {
    override async close(): Promise<void> {
      await super.close();
      open -= 1;
    }
  }
  const kinds = [Right, Right, Refusing].values();
  const openNext = (): Queue => {
    open += 1;
    return new (kinds.next().value ?? Right)();
  };
  await expect(checkRunner('mine', openNext)).rejects.toThrow('The disk is full');
  expect(open).toBe(0);
}, 120_000);

const hint = 'A hint makes no poll earlier than the service allows';

test('what a runner cannot is left out, and named', () => {
  const report = reports.at(-1);
  const results = report?.checks.map(({name, result}) => [name, result]);
  expect(results).toEqual(rules.map(({name}) => [name, name === hint ? 'skipped' : 'ok']));
  expect([...(report?.cannot.keys() ?? [])]).toEqual(['wake', 'fetchResult', 'severalInstances', 'clockAhead']);
});
