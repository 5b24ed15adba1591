import {getEventListeners} from 'node:events';
import {afterEach, beforeEach, describe, expect, jest, test} from '@jest/globals';
import {Limit} from '../../src/graph/concurrency-limit.ts';
import {Gate} from '../../src/graph/rate-gate.ts';
import * as protocols from '../../src/protocol/protocols.ts';
import {startEmulator} from '../testing/emulators.ts';
import {clientOf, eventsOf, quick, rejectionOf} from './clients.ts';

const {signal} = new AbortController();

beforeEach(() => {
  jest.useFakeTimers({now: 1_000_000});
});

afterEach(() => {
  jest.useRealTimers();
});

const turn = () => jest.advanceTimersByTimeAsync(0);

/** Whether it passes at once is told by nothing but the time. */
async function pass(gate: Gate, ...request: Parameters<Gate['pass']>): Promise<void> {
  await gate.pass(...request);
}

/** When each of so many requests passes, in milliseconds from now. */
function passing(gate: Gate, count: number): {at: number[]; order: number[]} {
  const start = Date.now();
  const passed = {at: [] as number[], order: [] as number[]};
  for (let index = 0; index < count; index++) {
    void pass(gate, 1, signal).then(() => {
      passed.at.push(Date.now() - start);
      passed.order.push(index);
    });
  }
  return passed;
}

describe('the gate', () => {
  test('lets all pass at once as long as nothing was refused', async () => {
    const {at} = passing(new Gate(), 100);
    await turn();
    expect([at.length, jest.getTimerCount()]).toEqual([100, 0]);
  });

  test('holds all until the service is to be asked again, just before and just after', async () => {
    const gate = new Gate();
    gate.refused(3000);
    const {at} = passing(gate, 3);
    await jest.advanceTimersByTimeAsync(2999);
    expect([at.length, gate.isOpen]).toEqual([0, false]);
    await jest.advanceTimersByTimeAsync(1);
    expect([at.length, gate.isOpen]).toEqual([1, true]);
  });

  test('then lets them go spread out, in their order, somewhat slower than the service took them', async () => {
    const gate = new Gate();
    for (let index = 0; index < 10; index++) gate.took();
    await jest.advanceTimersByTimeAsync(400);
    gate.refused(600); // 10 in 1000 ms
    const {at, order} = passing(gate, 5);
    await jest.runAllTimersAsync();
    expect(at).toEqual([600, 720, 840, 960, 1080]);
    expect(order).toEqual([0, 1, 2, 3, 4]);
  });

  test('counts what is wider for as many as it is', async () => {
    const gate = new Gate();
    gate.took();
    gate.refused(100);
    const at: number[] = [];
    const start = Date.now();
    for (const weight of [5, 1]) void pass(gate, weight, signal).then(() => at.push(Date.now() - start));
    await jest.runAllTimersAsync();
    expect(at).toEqual([100, 700]);
  });

  test('forgets its pace, with requests and with time', async () => {
    const gate = new Gate();
    gate.took();
    gate.refused(1000);
    await jest.advanceTimersByTimeAsync(1000);
    for (let index = 0; index < 6000; index++) gate.took();
    expect(passing(gate, 50).at).toEqual([]);
    await turn();
    expect(jest.getTimerCount()).toBe(0);

    const slow = new Gate();
    slow.took();
    slow.refused(1000);
    await jest.advanceTimersByTimeAsync(1000 + 500_000);
    slow.took();
    const {at} = passing(slow, 50);
    await turn();
    expect(at).toHaveLength(50);
  });

  test('is not paced for ever by one refusal with a long wait', async () => {
    const gate = new Gate();
    gate.took();
    gate.refused(600_000);
    const {at} = passing(gate, 3);
    await jest.runAllTimersAsync();
    expect(at).toEqual([600_000, 601_000, 602_000]);
  });

  test('that closes again holds those that were waiting, without a second row of them', async () => {
    const gate = new Gate();
    gate.refused(1000);
    const {at, order} = passing(gate, 4);
    await jest.advanceTimersByTimeAsync(1000);
    gate.refused(500);
    const late = passing(gate, 1);
    await jest.runAllTimersAsync();
    expect([at[0], at[1]]).toEqual([1000, 1500]);
    expect(new Set(at).size).toBe(4);
    expect(order).toEqual([0, 1, 2, 3]);
    expect(late.at[0]! + 1000).toBeGreaterThan(at[3]!);
  });

  test('the longest wait counts, a wait of 0 is none', async () => {
    const gate = new Gate();
    gate.refused(0);
    expect(gate.isOpen).toBe(true);
    gate.refused(2000);
    gate.refused(1000);
    const {at} = passing(gate, 1);
    await jest.runAllTimersAsync();
    expect(at).toEqual([2000]);
  });

  test('one that is given up leaves no timer and no listener, and no gap', async () => {
    const gate = new Gate();
    gate.refused(1000);
    const controller = new AbortController();
    const given = rejectionOf(pass(gate, 1, controller.signal));
    const {at} = passing(gate, 1);
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(1);
    controller.abort('enough');
    expect(await given).toBe('enough');
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
    await jest.runAllTimersAsync();
    expect(at).toEqual([1000]);

    gate.refused(1000);
    const second = new AbortController();
    const last = rejectionOf(pass(gate, 1, second.signal));
    second.abort('enough');
    await last;
    expect(jest.getTimerCount()).toBe(0);
    expect(await rejectionOf(pass(gate, 1, second.signal))).toBe('enough');
  });
});

describe('the limit', () => {
  test('lets so many in, in their order, and each that leaves makes room', async () => {
    const limit = new Limit(2);
    const entered: string[] = [];
    const enter = (name: string, weight = 1) => void limit.enter(weight, signal).then(() => entered.push(name));
    enter('a');
    enter('b');
    enter('wide', 2);
    enter('c');
    await turn();
    expect(entered).toEqual(['a', 'b']);
    limit.leave(1);
    await turn();
    expect(entered).toEqual(['a', 'b']);
    limit.leave(1);
    await turn();
    expect(entered).toEqual(['a', 'b', 'wide']);
    limit.leave(2);
    await turn();
    expect(entered).toEqual(['a', 'b', 'wide', 'c']);
  });

  test('one that is wider than the limit goes when nothing else is under way', async () => {
    const limit = new Limit(2);
    await limit.enter(1, signal);
    let entered = false;
    const wide = limit.enter(20, signal).then(() => {
      entered = true;
    });
    await turn();
    expect(entered).toBe(false);
    limit.leave(1);
    await wide;
  });

  test('one that is given up makes room for those behind it, and leaves no listener', async () => {
    const limit = new Limit(2);
    await limit.enter(1, signal);
    const controller = new AbortController();
    const wide = rejectionOf(limit.enter(2, controller.signal));
    const behind = limit.enter(1, signal);
    controller.abort('enough');
    expect(await wide).toBe('enough');
    await behind;
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
  });
});

describe('over HTTP', () => {
  test('after a 429 nothing goes to that origin until then, other origins go on', async () => {
    const emulator = await startEmulator();
    const foreign = await startEmulator();
    const graph = clientOf(emulator, {batch: false});
    const throttled = emulator.addOperation({script: [{http: 429, retryAfter: 10}, 'succeeded']});
    const other = emulator.addOperation({script: ['succeeded']});
    const monitor = foreign.addOperation({path: '/m', version: false, bearer: false, script: ['completed']});
    const first = graph.watch(throttled.location, quick);
    await new Promise((resolve) => first.on('waiting', resolve));

    // Its requestTimeout is shorter than the wait, and does not run.
    const held = graph.watch(other.location, {...quick, requestTimeout: 500});
    const events = eventsOf(held);
    const impatient = graph.watch(emulator.addOperation().location, {...quick, totalTimeout: 2000});
    const {status} = await graph.watch(monitor.location, {...quick, protocol: protocols.graph.driveCopy}).result();
    expect(status).toBe('succeeded');
    await jest.advanceTimersByTimeAsync(2000);
    // The deadline runs while a request is held.
    await expect(impatient.result()).rejects.toMatchObject({name: 'WatchTimeoutError'});
    await jest.advanceTimersByTimeAsync(7900);
    expect(emulator.received).toBe(1);
    const ends = Promise.all([first.result(), held.result()]);
    await jest.advanceTimersByTimeAsync(100);
    await Promise.race([first.result(), held.result()]);
    await jest.advanceTimersByTimeAsync(1000);
    await ends;
    expect(events.map(({type}) => type)).toEqual(['polled', 'succeeded']);
    expect(other.requests[0]!.at - throttled.requests[0]!.at).toBeGreaterThanOrEqual(10_000);
    expect(jest.getTimerCount()).toBe(0);
  });

  test('a stop while a request is held leaves no timer', async () => {
    const emulator = await startEmulator();
    const graph = clientOf(emulator);
    const first = graph.watch(emulator.addOperation({script: [{http: 503, retryAfter: 60}]}).location, quick);
    const waiting = new Promise((resolve) => first.on('waiting', resolve));
    await turn();
    await jest.advanceTimersByTimeAsync(50);
    await waiting;
    const held = graph.watch(emulator.addOperation().location, quick);
    await jest.advanceTimersByTimeAsync(100);
    first.stop();
    held.stop();
    await Promise.allSettled([first.result(), held.result()]);
    expect([emulator.received, jest.getTimerCount()]).toEqual([1, 0]);
  });
});
