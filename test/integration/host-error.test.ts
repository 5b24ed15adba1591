// What a user's own code throws (a listener, a schedule) is reported to the host, and harms nobody else.

import {describe, expect, test} from '@jest/globals';
import {pollOperation} from '../../src/index.ts';
import {
  afterwards,
  atRest,
  begin,
  quick,
  recordEvents,
  startEmulator,
  types,
  until,
  waits,
  watch,
} from '../support/behaviours.ts';
import {runInChild} from '../support/child.ts';

/** A host with `reportError`, as browsers, Deno and Bun have it. */
function hostThatReports(): unknown[] {
  const reported: unknown[] = [];
  const host = globalThis as {reportError?: unknown};
  const before = host.reportError;
  host.reportError = (error: unknown) => reported.push(error);
  afterwards(() => {
    host.reportError = before;
  });
  return reported;
}

const program = (rest: string): string => `
  const emulator = await startGraphEmulator();
  const {location} = emulator.addOperation({script: ['running', 'succeeded']});
  ${rest}
  const poller = pollOperation(location, quick);
  poller.on('running', () => {
    throw new RangeError('my listener');
  });
  poller.on('running', () => console.log('the other one'));
  console.log((await poller.result()).status);
  await emulator.stop();`;

describe('a listener that throws', () => {
  test('is an uncaughtException where the host has no reportError, and the other listener gets the event', async () => {
    const {code, out, err} = await runInChild(
      program("process.on('uncaughtException', ({name, message}, origin) => console.log(origin, name, message));"),
    );
    expect([code, err]).toEqual([0, '']);
    expect(out.trim().split('\n')).toEqual(['the other one', 'uncaughtException RangeError my listener', 'succeeded']);
  });

  test('ends a process that does not handle that, as any uncaught error does', async () => {
    const {code, out, err} = await runInChild(program(''));
    expect([code, out]).toEqual([1, 'the other one\n']);
    expect(err).toContain('RangeError: my listener');
  });

  test('goes to reportError where the host has it', async () => {
    const {code, out, err} = await runInChild(
      program("globalThis.reportError = ({message}) => console.log('reported', message);"),
    );
    expect([code, err]).toEqual([0, '']);
    expect(out.trim().split('\n')).toEqual(['reported my listener', 'the other one', 'succeeded']);
  });

  test('also one for the last event, and in a poller that is abandoned', async () => {
    const reported = hostThatReports();
    for (const last of ['succeeded', 'failed', {http: 403}]) {
      const emulator = await startEmulator();
      const operation = emulator.addOperation({script: ['running', last]});
      const poller = pollOperation(operation.location, quick);
      poller.on('*', ({type}) => {
        throw type;
      });
      const recording = recordEvents(poller);
      await Promise.allSettled([poller.result()]);
      expect(reported.splice(0)).toEqual(types(recording.events));
      await atRest({emulator, operation, ...recording}, 2);
    }
  });

  test('an asynchronous listener that rejects is an unhandled rejection of its own', async () => {
    const {code, err, out} = await runInChild(`
      process.on('unhandledRejection', ({message}) => console.log('unhandled', message));
      const emulator = await startGraphEmulator();
      const {location} = emulator.addOperation({script: ['running', 'succeeded']});
      const poller = pollOperation(location, quick);
      poller.on('running', async () => {
        throw new Error('later');
      });
      console.log((await poller.result()).status);
      await emulator.stop();`);
    expect([code, err]).toEqual([0, '']);
    expect(out.trim().split('\n')).toEqual(['unhandled later', 'succeeded']);
  });
});

test('a schedule that throws or gives no number is reported, and the default one takes its place', async () => {
  const reported = hostThatReports();
  for (const schedule of [
    () => {
      throw new Error('my schedule');
    },
    () => Number.NaN,
    () => -1,
    () => '5' as unknown as number,
  ]) {
    const {poller, events} = await watch(['running'], {schedule});
    await poller.waitFor('running');
    if (waits(events).length === 0) await new Promise((resolve) => poller.on('waiting', resolve));
    const [[delay, because] = [-1, '']] = waits(events);
    expect([delay >= 0 && delay <= 1000, because]).toEqual([true, 'schedule']);
    poller.stop();
  }
  expect(reported.map(String)).toEqual([
    'Error: my schedule',
    'RangeError: schedule: expected milliseconds from 0 on, got NaN',
    'RangeError: schedule: expected milliseconds from 0 on, got -1',
    'RangeError: schedule: expected milliseconds from 0 on, got "5"',
  ]);
});

test("a subscriber of the poller's actor that throws harms neither", async () => {
  const reported = hostThatReports();
  const emulator = await startEmulator();
  const operation = emulator.addOperation({script: ['running', 'succeeded']});
  const recording = begin(operation.location);
  const values: unknown[] = [];
  const uncaught: unknown[] = [];
  // XState reports what its subscribers throw by a timer.
  const later = globalThis.setTimeout;
  globalThis.setTimeout = ((callback: (...given: unknown[]) => void, delay?: number, ...given: unknown[]) =>
    later(() => {
      try {
        callback(...given);
      } catch (error) {
        uncaught.push(error);
      }
    }, delay)) as typeof setTimeout;
  recording.poller.actor.subscribe(() => {
    throw new Error('my subscriber');
  });
  recording.poller.actor.subscribe(({value}) => values.push(value));
  expect((await recording.poller.result()).status).toBe('succeeded');
  expect(values.at(-1)).toBe('succeeded');
  await until(() => uncaught.length === values.length);
  await atRest({emulator, operation, ...recording}, 2);
  expect([...uncaught, ...reported].map(String)).toContain('Error: my subscriber');
});

test('p-retry options that throw end in trouble, not in silence', async () => {
  const {poller} = await watch([{http: 503}], {
    consecutiveFailures: 2,
    retry: {
      ...quick.retry,
      shouldRetry: () => {
        throw new Error('my shouldRetry');
      },
    },
  });
  await expect(poller.result()).rejects.toMatchObject({
    attempts: 2,
    cause: {message: expect.stringContaining('my shouldRetry')},
  });
});
