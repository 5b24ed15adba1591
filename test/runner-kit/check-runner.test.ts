import {expect, test} from '@jest/globals';
import {checkRunner, type RunnerInstance, type RunnerInstanceOptions} from 'operation-poller/testing';
import {openOwnQueue} from '../../docs/examples/test-own-queue.ts';
import {rules} from '../../src/runner-kit/rules.ts';
import {Queue} from './broken-queue.ts';

test('a runner keeps all rules: the queue of the documents, and the one that the broken ones are made of', async () => {
  const reports = await Promise.all([
    checkRunner('the queue of the documents', openOwnQueue),
    checkRunner('the right queue', () => new Queue()),
  ]);
  expect(reports.flatMap(({checks}) => checks.flatMap(({seen}) => seen))).toEqual([]);
  const checks = rules.map((rule) => ({name: rule.name, result: 'ok', seen: []}));
  expect(reports).toEqual([
    {runner: 'the queue of the documents', ok: true, checks, cannot: new Map(), disturbed: new Map()},
    {runner: 'the right queue', ok: true, checks, cannot: new Map(), disturbed: new Map()},
  ]);
}, 400_000);

const hint = 'A hint makes no poll earlier than the service allows';

test('what a runner cannot is left out, and named', async () => {
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
  const report = await checkRunner('limited', () => new Limited());
  expect(report.checks.flatMap(({seen}) => seen)).toEqual([]);
  const results = report.checks.map(({name, result}) => [name, result]);
  expect(results).toEqual(rules.map(({name}) => [name, name === hint ? 'skipped' : 'ok']));
  expect([...report.cannot.keys()]).toEqual(['wake', 'fetchResult', 'severalInstances', 'clockAhead']);
}, 400_000);
