import {beforeEach, expect, test} from '@jest/globals';
import {protocols} from 'operation-poller';
import type {EndedRecord} from 'operation-poller/runner';
import {allArrived} from '../support/behaviours.ts';
import {Bench, describeWithRedis, until} from './setup.ts';

const define = (name: string) =>
  protocols.define({name, status: '/status', words: {running: 'running', succeeded: 'succeeded', failed: 'failed'}});
const [renders, exportJobs] = [define('renders'), define('exports')];

describeWithRedis('those who run a queue', () => {
  const bench = new Bench();
  beforeEach(() => void bench.fresh());

  test('pause it, and resume it: nobody is asked in between, and nothing is lost', async () => {
    const emulator = await bench.emulator({script: ['running', 'running', 'succeeded']});
    const queue = bench.queue();
    // Two turns later nothing would be left to pause.
    for (let count = 0; count < 2; count += 1) bench.worker({schedule: ({attempt}) => (attempt === 1 ? 60_000 : 20)});
    const raw = bench.raw();
    const locations = Array.from({length: 10}, () => ({location: emulator.addOperation().location}));
    const queued = await queue.addMany(locations);
    const polls = (): number => emulator.operations.flatMap(({requests}) => requests).length;
    await until(() => polls() >= 10);
    await raw.pause();
    await until(async () => (await queue.counts()).active === 0);
    const before = polls();
    for (const {key} of queued) await queue.wake(key);
    expect(await queue.counts()).toMatchObject({active: 0, due: 10});
    await allArrived(emulator);
    expect(polls()).toBe(before);
    await raw.resume();
    await Promise.all(queued.map((operation) => operation.result()));
    expect(polls()).toBe(30);
    expect(bench.errors).toEqual([]);
  });

  test('read from BullMQ’s metrics how many operations ended', async () => {
    const emulator = await bench.emulator();
    const queue = bench.queue();
    bench.worker({metrics: {maxDataPoints: 60}});
    const scripts = [['running', 'succeeded'], ['failed'], ['running', 'running', 'succeeded']] as const;
    const queued = await queue.addMany(scripts.map((script) => ({location: emulator.addOperation({script}).location})));
    await Promise.all(queued.map((operation) => operation.outcome()));
    await until(async () => (await queue.counts()).ended === 3);
    expect((await bench.raw().getMetrics('completed')).meta.count).toBe(3);
    expect((await bench.raw().getMetrics('failed')).meta.count).toBe(0);
    expect(() => bench.worker({metrics: {maxDataPoints: 0}})).toThrow(/^metrics\.maxDataPoints: expected /);
  });

  test('deploy new protocols and an onEnd worker by worker: everything is finished, by those that can', async () => {
    const emulator = await bench.emulator();
    const queue = bench.queue();
    const ends: EndedRecord[] = [];
    const onEnd = (ended: EndedRecord): void => void ends.push(ended);
    const script = ['running', 'running', 'running', 'succeeded'] as const;
    const add = async (count: number) => {
      const options = [
        {},
        {handOver: true},
        {protocol: renders},
        {protocol: renders, handOver: true},
        {protocol: exportJobs},
        {protocol: exportJobs, handOver: true},
      ];
      const many = Array.from({length: count}, () => options).flat();
      return await queue.addMany(many.map((each) => ({location: emulator.addOperation({script}).location, ...each})));
    };
    const old = [bench.worker({protocols: [renders]}), bench.worker({protocols: [renders]})];
    const queued = await add(5);
    // Otherwise a new worker may take all of them before an old one.
    await until(() => bench.errors.length > 0);
    const current = {protocols: [renders, exportJobs], onEnd};
    bench.worker(current);
    await old[0]?.close();
    queued.push(...(await add(5)));
    bench.worker(current);
    await old[1]?.close();
    queued.push(...(await add(5)));
    const outcomes = await Promise.all(queued.map((operation) => operation.outcome()));
    expect(new Set(outcomes.map(({status}) => status))).toEqual(new Set(['succeeded']));
    await until(async () => (await queue.counts()).ended === 90);
    expect(new Set(ends.map(({id}) => id)).size).toBe(45);
    expect(ends).toHaveLength(45);
    expect(new Set(bench.errors.map(({name}) => name))).toEqual(new Set(['JobSkippedError']));
  });
});
