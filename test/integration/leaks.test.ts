// Proofs that nothing is left behind: a process ends by itself, a signal has no listener, no request follows.

import {getEventListeners} from 'node:events';
import {setFlagsFromString} from 'node:v8';
import {runInNewContext} from 'node:vm';
import {describe, expect, jest, test} from '@jest/globals';
import ky from 'ky';
import {pollOperation, schedules, WatchAbortedError} from '../../src/index.ts';
import type {OperationStep} from '../../src/testing/index.ts';
import {
  afterwards,
  countingController,
  failure,
  pendingTimers,
  quick,
  startEmulator,
  startServer,
  turns,
  until,
} from '../support/behaviours.ts';
import {runInChild} from '../support/child.ts';

const long = 60_000;

/** The emulator runs in the test's process: only the poller could keep the child's alive. */
const endings: ReadonlyArray<readonly [name: string, script: readonly OperationStep[], body: string, says: string]> = [
  [
    'the result',
    ['running', 'succeeded'],
    'console.log((await pollOperation(given, quick).result()).status);',
    'succeeded',
  ],
  [
    'a failure that nobody asked for',
    ['running', 'failed'],
    "pollOperation(given, quick).on('failed', ({type}) => console.log(type));",
    'failed',
  ],
  [
    'abandoning',
    [{http: 503}],
    'await pollOperation(given, quick).result().catch(({name}) => console.log(name));',
    'UnreachableError',
  ],
  [
    'stop in a long wait',
    ['running'],
    `const poller = pollOperation(given, {...quick, schedule: schedules.fixed(${long})});
     poller.on('waiting', () => poller.stop());
     await poller.result().catch(({name}) => console.log(name));`,
    'WatchAbortedError',
  ],
  [
    'abort in a request that hangs',
    [{fault: 'hang'}],
    `const controller = new AbortController();
     const poller = pollOperation(given, {...quick, signal: controller.signal});
     setTimeout(() => controller.abort(), 50);
     await poller.result().catch(({name}) => console.log(name));`,
    'WatchAbortedError',
  ],
  [
    'abort in a long backoff',
    [{http: 503}],
    `const controller = new AbortController();
     const retry = {minTimeout: ${long}, maxTimeout: ${long}};
     const poller = pollOperation(given, {...quick, retry, signal: controller.signal});
     poller.on('retrying', () => setTimeout(() => controller.abort(), 1));
     await poller.result().catch(({name}) => console.log(name));`,
    'WatchAbortedError',
  ],
  [
    'a time-out in a request that hangs',
    [{fault: 'hang'}],
    // A watch that begins after its deadline, as on a busy machine, still polls once: for the requestTimeout.
    `const options = {...quick, totalTimeout: 50, requestTimeout: 1000};
     await pollOperation(given, options).result().catch(({name}) => console.log(name));`,
    'WatchTimeoutError',
  ],
  [
    'a body without an end',
    [{fault: 'endless'}],
    'await pollOperation(given, quick).result().catch(({name}) => console.log(name));',
    'ProtocolError',
  ],
  [
    'stopping the actor',
    ['running'],
    `const poller = pollOperation(given, {...quick, schedule: schedules.fixed(${long})});
     poller.on('waiting', () => poller.actor.stop());
     await poller.result().catch(({name}) => console.log(name));`,
    'WatchAbortedError',
  ],
  [
    "stopping a machine's actor",
    ['running'],
    `const actor = createActor(operationMachine, {input: {...quick, location: given, schedule: schedules.fixed(${long})}});
     actor.on('waiting', ({type}) => setTimeout(() => {
       actor.stop();
       console.log(type);
     }, 1));
     actor.start();`,
    'waiting',
  ],
  [
    'leaving a loop and stopping',
    ['running'],
    `const poller = pollOperation(given, {...quick, schedule: schedules.fixed(${long})});
     for await (const {status} of poller) {
       console.log(status);
       break;
     }
     await poller[Symbol.asyncDispose]();`,
    'running',
  ],
];

/**
 * Says at the exit whether that comes within 1500 ms after what a program says at its end, by a timer that keeps no process alive. That
 * goes off late where the machine is busy, and the process then has some turns of the event loop for what was due before.
 */
const atOnce = `
  const say = console.log;
  let turns = 20;
  const count = () => --turns > 0 && setTimeout(count, 1).unref();
  console.log = (text) => {
    say(text);
    setTimeout(count, 1500).unref();
  };
  process.once('exit', () => say(turns > 0 ? 'at once' : 'late'));`;

describe('a process ends by itself after', () => {
  test.each(endings)('%s', async (_, script, body, says) => {
    const emulator = await startEmulator();
    const {location} = emulator.addOperation({script});
    const {code, out, err} = await runInChild(`${atOnce}\n${body}`, location);
    expect({code, out, err}).toEqual({code: 0, out: expect.stringContaining(says), err: ''});
    expect(out).toContain('at once');
    // Connections that were idle are closed by now, and so are those that hung.
    await until(() => emulator.connections === 0);
  });
});

test('a process does not end while an operation is watched', async () => {
  const emulator = await startEmulator();
  const {location} = emulator.addOperation({script: [{status: 'running', until: 150}, 'succeeded']});
  const {code, out} = await runInChild(
    `pollOperation(given, {...quick, schedule: schedules.fixed(20)}).on('succeeded', ({type}) => console.log(type));`,
    location,
  );
  expect([code, out]).toEqual([0, 'succeeded\n']);
});

test('300 pollers on one emulator and one signal, aborted midway: all settle, no later request', async () => {
  const emulator = await startEmulator({record: false});
  const {controller, listeners} = countingController();
  const script: OperationStep[] = ['notStarted', 'running', {http: 503}, {http: 429, retryAfter: 0.01}, 'running'];
  const counts: Record<string, number> = {};
  let aborted = false;
  let late = 0;
  const note = (what: string): void => {
    counts[what] = (counts[what] ?? 0) + 1;
    if (aborted) late += 1;
  };
  const http = ky.create({
    fetch: (input, init) => {
      note('sent');
      return fetch(input, init);
    },
  });
  const options = {...quick, http, signal: controller.signal, schedule: schedules.fixed(5)};
  const pollers = Array.from({length: 300}, () => {
    const poller = pollOperation(emulator.addOperation({script}).location, options);
    poller.on('*', ({type}) => note(type));
    return poller;
  });
  afterwards(() => controller.abort());
  const results = pollers.map((poller) => failure(poller.result(), WatchAbortedError));
  // Some wait, some are being answered, most are still connecting.
  await new Promise<void>((resolve) => {
    for (const poller of pollers) poller.on('waiting', () => void (counts['waiting'] === 100 && resolve()));
  });
  controller.abort('enough');
  aborted = true;
  expect([pendingTimers(), listeners.now, getEventListeners(controller.signal, 'abort')]).toEqual([0, 0, []]);
  const errors = await Promise.all(results);
  expect(new Set(errors.map(({cause}) => cause))).toEqual(new Set(['enough']));
  expect([counts['abandoned'], counts['sent']! >= 300]).toEqual([300, true]);
  await emulator.idle();
  await turns();
  expect([late, pendingTimers()]).toEqual([0, 0]);
  expect(pollers.every((poller) => poller.toJSON().abandoned === 'aborted')).toBe(true);
});

test('a poller without references goes on and ends', async () => {
  const emulator = await startEmulator();
  const operation = emulator.addOperation({script: ['running', 'running', 'succeeded']});
  pollOperation(operation.location, quick);
  await until(() => operation.polls === 3 && pendingTimers() === 0);
  await fetch(`${emulator.root}/fence`);
  await emulator.idle();
  expect([operation.polls, pendingTimers()]).toEqual([3, 0]);
});

test('redirects and answers that are not read hold no connection', async () => {
  const server = await startServer((request, response) => {
    response.writeHead(request.url === '/b' ? 302 : 200, {location: '/c'});
    if (request.url === '/b') response.write('x'.repeat(100_000));
    response.end(request.url === '/b' ? '' : '{"status": "succeeded"}');
  });
  const poller = pollOperation(`${server.root}/b`, quick);
  await poller.result();
  expect(server.requests.map(({url}) => url)).toEqual(['/b', '/c']);
  expect(pendingTimers()).toBe(0);
});

test("a body that hangs holds no connection after its time, even once ky's own request has been collected", async () => {
  setFlagsFromString('--expose-gc');
  const collectGarbage: () => void = runInNewContext('gc');
  let closed = 0;
  const server = await startServer((_, response) => {
    response.once('close', () => {
      closed += 1;
    });
    response.writeHead(200, {'content-type': 'application/json'}).write('{"id":');
  });
  const heads: Response[] = [];
  const own = ky.create({
    fetch: async (input, init) => {
      const response = await fetch(input, init);
      heads.push(response);
      return response;
    },
  });
  const controller = new AbortController();
  const poller = pollOperation(`${server.root}/op`, {...quick, http: own, signal: controller.signal});
  await until(() => heads.length === 1);
  await turns();
  collectGarbage();
  await turns();
  collectGarbage();
  controller.abort();
  await failure(poller.result(), WatchAbortedError);
  await until(() => closed === 1);
});

test('under fake timers no timer is left in any state', async () => {
  jest.useFakeTimers();
  const emulator = await startEmulator();
  for (const script of [
    ['running'],
    [{http: 503}],
    [{fault: 'hang'}],
    [{http: 429, retryAfter: 9}],
  ] as OperationStep[][]) {
    const operation = emulator.addOperation({script});
    const poller = pollOperation(operation.location, {token: 'test-token'});
    await until(() => operation.polls > 0 && jest.getTimerCount() > 0);
    poller.stop();
    expect(jest.getTimerCount()).toBe(0);
  }
  await emulator.idle();
  expect(jest.getTimerCount()).toBe(0);
});
