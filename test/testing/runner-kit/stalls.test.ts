import {setTimeout as sleep} from 'node:timers/promises';
import {afterEach, expect, test} from '@jest/globals';
import {type EndsServer, startEndsServer} from '../../../src/testing/runner-kit/ends-server.ts';
import {kitTurnOptions} from '../../../src/testing/runner-kit/kit-turn-options.ts';
import {scenarios} from '../../../src/testing/runner-kit/scenarios.ts';
import {Scene} from '../../../src/testing/runner-kit/scene.ts';
import {LostTime, StallMonitor} from '../../../src/testing/runner-kit/stalls.ts';
import {Queue} from './broken-queue.ts';

let server: EndsServer | undefined;
afterEach(() => server?.stop());

/** Keeps this process from its events, as a busy machine does. */
function stall(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

test('a stall counts, also the one that begins with the measuring', async () => {
  const monitor = new StallMonitor();
  stall(300);
  expect(monitor.look().lost).toBeGreaterThanOrEqual(240);
  await sleep(50);
  const {stall: longest, lost} = monitor.stop();
  expect(longest).toBeGreaterThanOrEqual(300);
  expect(lost).toBeGreaterThanOrEqual(240);
});

test('short stalls add up', async () => {
  const monitor = new StallMonitor();
  for (let stalls = 0; stalls < 8; stalls += 1) {
    stall(150);
    await sleep(1);
  }
  expect(monitor.stop().lost).toBeGreaterThan(700);
});

test('what counts is what was lost within one turn', () => {
  const lost = new LostTime();
  for (const late of [20, 30, 0, 0, 0, 0, 0, 0, 0, 0]) lost.add(late);
  expect([lost.mostWith(10), lost.mostWith(60)]).toEqual([50, 90]);
  // One more, and what was lost ten checks ago belongs to another turn.
  lost.add(0);
  expect([lost.mostWith(10), lost.mostWith(60)]).toEqual([50, 60]);
});

test('a process tells of its stalls before an end: one that is killed reports none', async () => {
  server = await startEndsServer();
  const {schedule} = kitTurnOptions({
    token: 'test-token',
    endsUrl: server.url,
    pollInterval: 150,
    requestTimeout: 1000,
    lease: 1000,
    clockAhead: 0,
  });
  stall(400);
  await sleep(50);
  expect(schedule()).toBe(150);
  while (server.stalls.length === 0) await sleep(10);
  expect(server.stalls[0]?.stall).toBeGreaterThanOrEqual(400);
  expect(server.calls).toEqual([]);
});

test('a scene is not calm whose turns outlast their leases, however short each stall is', async () => {
  const scene = await Scene.open(new Queue(), {lease: 1000, patience: 5000});
  // A turn takes several rounds of the event loop, each of which they make longer.
  const stalling = setInterval(() => stall(200), 1);
  try {
    await scenarios.find(({name}) => name === 'killed, and started late')?.play(scene);
  } finally {
    clearInterval(stalling);
    await scene.close();
  }
  expect(scene.isCalm).toBe(false);
});
