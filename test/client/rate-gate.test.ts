import {getEventListeners} from 'node:events';
import {afterEach, beforeEach, describe, expect, jest, test} from '@jest/globals';
import {ConcurrencyLimit} from '../../src/client/concurrency-limit.ts';
import {RateGate} from '../../src/client/rate-gate.ts';
import {defineProtocol} from '../../src/protocol/define-protocol.ts';
import {longRunning} from '../../src/protocol/long-running.ts';
import * as protocols from '../../src/protocol/protocols.ts';
import {clientOf, eventsOf, quick, rejectionOf} from '../graph/clients.ts';
import {startEmulator} from '../testing/emulators.ts';

const {signal} = new AbortController();

beforeEach(() => {
  jest.useFakeTimers({now: 1_000_000});
});

afterEach(() => {
  jest.useRealTimers();
});

const turn = () => jest.advanceTimersByTimeAsync(0);

/** A gate with no limit of how many requests are in flight. */
function unlimitedGate(): RateGate {
  return new RateGate(new ConcurrencyLimit(Number.POSITIVE_INFINITY));
}

/** When each of so many requests may leave, in milliseconds from now. */
function admissions(gate: RateGate, count: number): {at: number[]; order: number[]} {
  const start = Date.now();
  const admitted = {at: [] as number[], order: [] as number[]};
  for (let index = 0; index < count; index++) {
    void gate.acquire(1, signal).then(() => {
      admitted.at.push(Date.now() - start);
      admitted.order.push(index);
    });
  }
  return admitted;
}

describe('the rate gate', () => {
  test('is idle until it is closed, and again once it is open, nobody waits, and its pace is forgotten', async () => {
    const gate = unlimitedGate();
    await gate.acquire(1, signal);
    expect(gate.isIdle).toBe(true);
    gate.throttled(1000);
    expect(gate.isIdle).toBe(false);
    // 60 ms between two requests, which shrink to one within 205 s.
    await jest.advanceTimersByTimeAsync(1000 + 204_000);
    expect(gate.isIdle).toBe(false);
    await jest.advanceTimersByTimeAsync(1000);
    expect(gate.isIdle).toBe(true);
    const full = new RateGate(new ConcurrencyLimit(1));
    await full.acquire(1, signal);
    expect(full.isIdle).toBe(true);
    const controller = new AbortController();
    const waiting = full.acquire(1, controller.signal);
    expect(full.isIdle).toBe(false);
    controller.abort();
    await expect(waiting).rejects.toThrow();
    expect(full.isIdle).toBe(true);
  });

  test('admits all requests at once as long as none was throttled', async () => {
    const {at} = admissions(unlimitedGate(), 100);
    await turn();
    expect([at.length, jest.getTimerCount()]).toEqual([100, 0]);
  });

  test('paces by what was accepted since the first one, however much later the last one was', async () => {
    const gate = unlimitedGate();
    gate.accepted();
    await jest.advanceTimersByTimeAsync(900);
    gate.accepted();
    gate.throttled(100);
    const {at} = admissions(gate, 2);
    await jest.advanceTimersByTimeAsync(1000);
    // Two in a second, and a fifth slower, to be cautious.
    expect(at).toEqual([100, 700]);
  });

  test('holds all requests until the wait is over, just before and just after', async () => {
    const gate = unlimitedGate();
    gate.throttled(3000);
    const {at} = admissions(gate, 3);
    await jest.advanceTimersByTimeAsync(2999);
    expect(at).toHaveLength(0);
    await jest.advanceTimersByTimeAsync(1);
    expect(at).toHaveLength(1);
  });

  test('then admits them one by one, in their order, somewhat slower than the service accepted them', async () => {
    const gate = unlimitedGate();
    for (let index = 0; index < 10; index++) gate.accepted();
    await jest.advanceTimersByTimeAsync(400);
    gate.throttled(600); // 10 in 1000 ms
    const {at, order} = admissions(gate, 5);
    await jest.runAllTimersAsync();
    expect(at).toEqual([600, 720, 840, 960, 1080]);
    expect(order).toEqual([0, 1, 2, 3, 4]);
  });

  test('counts a batch for as many requests as it contains', async () => {
    const gate = unlimitedGate();
    gate.accepted();
    gate.throttled(100);
    const at: number[] = [];
    const start = Date.now();
    for (const weight of [5, 1]) void gate.acquire(weight, signal).then(() => at.push(Date.now() - start));
    await jest.runAllTimersAsync();
    expect(at).toEqual([100, 700]);
  });

  test('forgets its interval, with requests and with time', async () => {
    const gate = unlimitedGate();
    gate.accepted();
    gate.throttled(1000);
    await jest.advanceTimersByTimeAsync(1000);
    for (let index = 0; index < 6000; index++) gate.accepted();
    expect(admissions(gate, 50).at).toEqual([]);
    await turn();
    expect(jest.getTimerCount()).toBe(0);

    const slow = unlimitedGate();
    slow.accepted();
    slow.throttled(1000);
    await jest.advanceTimersByTimeAsync(1000 + 500_000);
    slow.accepted();
    const {at} = admissions(slow, 50);
    await turn();
    expect(at).toHaveLength(50);
  });

  test.each([
    ['a hundred accepted requests', 100, 0, 120 * 0.9985 ** 100],
    ['fifty seconds', 1, 50_000, 120 / Math.E],
    ['one accepted request', 1, 0, 120 * 0.9985],
  ])('has a shorter interval after %s', async (_, count, elapsed, expected) => {
    const gate = unlimitedGate();
    for (let index = 0; index < 10; index++) gate.accepted();
    gate.throttled(1000);
    await jest.advanceTimersByTimeAsync(1000 + elapsed);
    for (let index = 0; index < count; index++) gate.accepted();
    const {at} = admissions(gate, 11);
    await jest.runAllTimersAsync();
    // Each timer takes a whole millisecond.
    expect(at[10]).toBeGreaterThanOrEqual(10 * expected);
    expect(at[10]).toBeLessThanOrEqual(10 * expected + 10);
  });

  test('keeps an interval of more than a millisecond', async () => {
    const gate = unlimitedGate();
    gate.accepted();
    gate.throttled(1);
    await jest.advanceTimersByTimeAsync(1);
    gate.accepted();
    const {at} = admissions(gate, 100);
    await jest.runAllTimersAsync();
    expect(at.at(-1)).toBeGreaterThan(90);
  });

  test('is not slowed down for ever by one long wait', async () => {
    const gate = unlimitedGate();
    gate.accepted();
    gate.throttled(600_000);
    const {at} = admissions(gate, 3);
    await jest.runAllTimersAsync();
    expect(at).toEqual([600_000, 601_000, 602_000]);
  });

  test('that closes again keeps the waiting requests in one line', async () => {
    const gate = unlimitedGate();
    gate.throttled(1000);
    const {at, order} = admissions(gate, 4);
    await jest.advanceTimersByTimeAsync(1000);
    gate.throttled(500);
    const late = admissions(gate, 1);
    await jest.runAllTimersAsync();
    expect([at[0], at[1]]).toEqual([1000, 1500]);
    expect(new Set(at).size).toBe(4);
    expect(order).toEqual([0, 1, 2, 3]);
    expect(late.at[0]! + 1000).toBeGreaterThan(at[3]!);
  });

  test('the longest wait counts, a wait of 0 is none', async () => {
    const gate = unlimitedGate();
    gate.throttled(0);
    await gate.acquire(1, signal);
    gate.throttled(2000);
    gate.throttled(1000);
    const {at} = admissions(gate, 1);
    await jest.runAllTimersAsync();
    expect(at).toEqual([2000]);
  });

  test('a wait of 0 paces nobody, and does not make the gate forget what the service accepted', async () => {
    const gate = unlimitedGate();
    for (let index = 0; index < 10; index++) gate.accepted();
    await jest.advanceTimersByTimeAsync(400);
    gate.throttled(0);
    const atOnce = admissions(gate, 30);
    await turn();
    expect([atOnce.at.length, jest.getTimerCount()]).toEqual([30, 0]);
    gate.throttled(600); // 10 in 1000 ms
    const {at} = admissions(gate, 3);
    await jest.runAllTimersAsync();
    expect(at).toEqual([600, 720, 840]);
  });

  test('that is throttled while it is closed stays closed for longer, at the same interval', async () => {
    const gate = unlimitedGate();
    gate.accepted();
    gate.throttled(100); // 1 in 100 ms
    gate.accepted(); // A response that was still on its way.
    gate.throttled(900);
    const {at} = admissions(gate, 3);
    await jest.runAllTimersAsync();
    expect(at).toEqual([900, 1020, 1140]);
  });

  test('that opens admits the next request at once, just before and just after', async () => {
    for (const [elapsed, isAdmitted] of [
      [999, false],
      [1000, true],
    ] as const) {
      const gate = unlimitedGate();
      gate.throttled(1000);
      await jest.advanceTimersByTimeAsync(elapsed);
      const {at} = admissions(gate, 1);
      await turn();
      expect(at).toEqual(isAdmitted ? [0] : []);
    }
  });

  test('that has opened keeps the interval also for requests that come one by one, just before and just after', async () => {
    const gate = unlimitedGate();
    gate.throttled(1000); // Nothing was accepted before: 60 ms.
    await jest.advanceTimersByTimeAsync(1000);
    await gate.acquire(1, signal);
    await jest.advanceTimersByTimeAsync(60);
    await gate.acquire(2, signal);
    await jest.advanceTimersByTimeAsync(119);
    const {at} = admissions(gate, 1);
    await turn();
    expect(at).toEqual([]);
    await jest.advanceTimersByTimeAsync(1);
    expect(at).toEqual([1]);
  });

  test('a request that is given up leaves no timer, no listener and no gap', async () => {
    const gate = unlimitedGate();
    gate.throttled(1000);
    const controller = new AbortController();
    const abandoned = rejectionOf(gate.acquire(1, controller.signal));
    const {at} = admissions(gate, 1);
    await turn();
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(1);
    controller.abort('enough');
    expect(await abandoned).toBe('enough');
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
    await jest.runAllTimersAsync();
    expect(at).toEqual([1000]);

    gate.throttled(1000);
    const second = new AbortController();
    const last = rejectionOf(gate.acquire(1, second.signal));
    second.abort('enough');
    await last;
    expect(jest.getTimerCount()).toBe(0);
    const onHeldBack = jest.fn();
    expect(await rejectionOf(gate.acquire(1, second.signal, onHeldBack))).toBe('enough');
    expect(onHeldBack).not.toHaveBeenCalled();
  });
});

describe('a request at the gate', () => {
  test('gets the time each time that it is held back, wherever it waits', async () => {
    const gate = new RateGate(new ConcurrencyLimit(1));
    await gate.acquire(1, signal);
    const heldBack: [string, number][] = [];
    const start = Date.now();
    const acquire = (name: string) => gate.acquire(1, signal, (until) => heldBack.push([name, until - start]));
    void acquire('waits for the first to end');
    void acquire('waits behind it');
    await turn();
    gate.throttled(1000);
    gate.throttled(2000); // It is closed already.
    void acquire('comes while it is closed');
    expect(heldBack).toEqual([
      ['waits for the first to end', 1000],
      ['waits behind it', 1000],
      ['comes while it is closed', 2000],
    ]);
  });

  test('that has left or was given up is not held back any more', async () => {
    const gate = unlimitedGate();
    const onHeldBack = jest.fn();
    await gate.acquire(1, signal, onHeldBack);
    gate.throttled(1000);
    const controller = new AbortController();
    const abandoned = rejectionOf(gate.acquire(1, controller.signal, onHeldBack));
    controller.abort('enough');
    await abandoned;
    await jest.advanceTimersByTimeAsync(1000);
    gate.throttled(1000);
    expect(onHeldBack.mock.calls).toEqual([[expect.any(Number)]]);
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

    // Its requestTimeout is shorter than the wait, but does not run yet.
    const held = graph.watch(other.location, {...quick, requestTimeout: 500});
    const events = eventsOf(held);
    const impatient = graph.watch(emulator.addOperation().location, {...quick, totalTimeout: 2000});
    const {status} = await graph.watch(monitor.location, {...quick, protocol: protocols.graph.driveCopy}).result();
    expect(status).toBe('succeeded');
    await jest.advanceTimersByTimeAsync(2000);
    // The deadline also runs while a request is held back.
    const timeout = await impatient.result().catch((error: unknown) => error);
    expect(timeout).toMatchObject({name: 'WatchTimeoutError'});
    expect(String((timeout as Error).cause)).toMatch(/held back until \d{4}-\d\d-\d\dT/);
    await jest.advanceTimersByTimeAsync(7900);
    expect(emulator.received).toBe(1);
    const ends = Promise.all([first.result(), held.result()]);
    await jest.advanceTimersByTimeAsync(100);
    await Promise.race([first.result(), held.result()]);
    await jest.advanceTimersByTimeAsync(1000);
    await ends;
    // 63: the wait says that it is not its own.
    expect(events.map(({type}) => type)).toEqual(['waiting', 'polled', 'succeeded']);
    expect(events[0]).toMatchObject({because: 'heldBack'});
    expect(other.requests[0]!.at - throttled.requests[0]!.at).toBeGreaterThanOrEqual(10_000);
    expect(jest.getTimerCount()).toBe(0);
  });

  test('63: a result and a cancellation that are held back end in time, too', async () => {
    const emulator = await startEmulator();
    const protocol = defineProtocol({...longRunning, name: 'cancelable', cancel: {method: 'DELETE'}});
    const graph = clientOf(emulator, {batch: false});
    const options = {...quick, protocol, notFoundGrace: 1000, requestTimeout: 2000};
    const made = emulator.addResource({path: '/made', script: [{fields: {name: 'x'}}]});
    const script = [{status: 'succeeded', resourceLocation: made.location}];
    const succeeded = graph.watch(emulator.addOperation({script}).location, options);
    await succeeded.result();
    const throttled = graph.watch(emulator.addOperation({script: [{http: 429, retryAfter: 3600}]}).location, options);
    await new Promise((resolve) => throttled.on('waiting', resolve));

    const fetching = graph.resume(JSON.stringify(succeeded), {...options, fetchResult: true});
    const ends = Promise.all([rejectionOf(throttled.cancel()), rejectionOf(fetching.result())]);
    await jest.advanceTimersByTimeAsync(3000);
    const cause = {name: 'PollError', message: expect.stringContaining(': held back until ')};
    expect(await ends).toMatchObject([cause, {name: 'ResultUnavailableError', cause}]);
    throttled.stop();
    expect([made.polls, emulator.received, jest.getTimerCount()]).toEqual([0, 2, 0]);
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
