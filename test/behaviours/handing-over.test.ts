// "Handing the end over", rows 81 and 82 of the table of behaviours.

import type {ServerResponse} from 'node:http';
import {describe, expect, jest, test} from '@jest/globals';
import {toPromise} from 'xstate';
import {
  OperationCanceledError,
  type OperationError,
  OperationFailedError,
  type OperationPoller,
  type PollOptions,
  protocols,
  ResultUnavailableError,
  resumeOperation,
  schedules,
  UnreachableError,
  WatchAbortedError,
  WatchTimeoutError,
} from '../../src/index.ts';
import type {OperationStep} from '../../src/testing/index.ts';
import {
  allArrived,
  atRest,
  begin,
  pendingTimers,
  quick,
  recordEvents,
  skipWaits,
  startEmulator,
  startServer,
  times,
  turns,
  types,
  until,
  waits,
  watch,
} from '../support/behaviours.ts';

const long = 60_000;

interface End {
  readonly script: readonly OperationStep[];
  readonly options?: PollOptions;
  readonly act?: (poller: OperationPoller) => unknown;
  readonly status: string;
  readonly abandoned?: string;
  readonly error?: abstract new (...given: never[]) => OperationError;
}

const ends: ReadonlyArray<readonly [name: string, end: End]> = [
  ['succeeded', {script: ['running', 'succeeded'], status: 'succeeded'}],
  ['failed', {script: ['running', 'failed'], status: 'failed', error: OperationFailedError}],
  ['canceled', {script: ['skipped'], status: 'canceled', error: OperationCanceledError}],
  [
    'stopped',
    {
      script: ['running'],
      options: {schedule: schedules.fixed(long)},
      act: (poller) => poller.on('waiting', () => poller.stop()),
      status: 'abandoned',
      abandoned: 'stopped',
      error: WatchAbortedError,
    },
  ],
  [
    'out of time',
    {
      script: ['running'],
      options: {totalTimeout: 50},
      status: 'abandoned',
      abandoned: 'timeout',
      error: WatchTimeoutError,
    },
  ],
  [
    'unreachable',
    {
      script: [{http: 503}],
      options: {consecutiveFailures: 1},
      status: 'abandoned',
      abandoned: 'unreachable',
      error: UnreachableError,
    },
  ],
];

describe('81: outcome()', () => {
  test.each(ends)('%s: it resolves, with the error of result() where there is one', async (_, end) => {
    const watched = await watch(end.script, end.options);
    const {poller, operation} = watched;
    expect(poller.abandoned).toBeUndefined();
    end.act?.(poller);
    const outcome = await poller.outcome();
    expect(await poller.outcome()).toBe(outcome);
    expect([outcome.status, poller.abandoned]).toEqual([end.status, end.abandoned]);
    expect(outcome.operation).toBe(poller.operation);
    if (outcome.status === 'succeeded') expect(await poller.result()).toBe(outcome.operation);
    else {
      await expect(poller.result()).rejects.toBe(outcome.error);
      expect(outcome.error).toBeInstanceOf(end.error ?? Error);
    }
    if (outcome.status === 'abandoned') expect(outcome.reason).toBe(end.abandoned);
    await allArrived(watched.emulator);
    await atRest(watched, operation.requests.length);
  });

  test.each(ends)('%s: it is what the machine gives', async (_, end) => {
    const {poller} = await watch(end.script, end.options);
    const given = toPromise(poller.actor);
    end.act?.(poller);
    const outcome = await poller.outcome();
    expect(await given).toEqual(outcome);
    expect(poller.actor.getSnapshot().value).toBe(end.status);
  });

  test('a result that cannot be fetched: given up, although the operation succeeded', async () => {
    const emulator = await startEmulator();
    const {location} = emulator.addOperation({
      script: [{status: 'succeeded', resourceLocation: `${emulator.root}/nothing`}],
    });
    const {poller} = begin(location, {fetchResult: true, notFoundGrace: 0});
    const outcome = await poller.outcome();
    expect(outcome).toMatchObject({status: 'abandoned', reason: 'result', operation: {status: 'succeeded'}});
    expect([poller.status, poller.abandoned]).toEqual(['succeeded', 'result']);
    await expect(poller.result()).rejects.toBeInstanceOf(ResultUnavailableError);
  });

  test('a watch that goes on from an abandoned one is not abandoned', async () => {
    const {poller} = await watch(['running', 'succeeded'], {schedule: schedules.fixed(20)});
    poller.on('waiting', () => poller.stop());
    await poller.outcome();
    expect(poller.abandoned).toBe('stopped');
    const {poller: resumed} = recordEvents(resumeOperation(poller.toJSON(), quick));
    expect(resumed.abandoned).toBeUndefined();
    expect((await resumed.outcome()).status).toBe('succeeded');
    expect(resumed.abandoned).toBeUndefined();
  });
});

/** Wakes a poller a thousand times in one turn. */
function wakeOften(poller: OperationPoller): void {
  for (let count = 0; count < 1000; count += 1) poller.wake();
}

describe('82: wake()', () => {
  const everyMinute = {schedule: schedules.fixed(long)};

  test.each([
    ['once', (poller: OperationPoller) => poller.wake()],
    ['a thousand times', wakeOften],
  ])('during a wait by the schedule, %s: polls at once', async (_, wake) => {
    jest.useFakeTimers();
    const watched = await watch(['notStarted', 'running'], everyMinute);
    const {poller, events, operation} = watched;
    await until(() => waits(events).length === 1);
    await jest.advanceTimersByTimeAsync(1000);
    wake(poller);
    expect(poller.toJSON().dueAt).toBe(Date.now());
    await jest.advanceTimersByTimeAsync(0);
    await until(() => waits(events).length === 3);
    expect(waits(events)).toEqual([
      [long, 'schedule'],
      [0, 'wake'],
      [long, 'schedule'],
    ]);
    await jest.advanceTimersByTimeAsync(long - 1);
    await turns();
    expect(times(operation.requests)).toEqual([0, 1000]);
    poller.stop();
    await atRest(watched, 2);
  });

  test.each([
    ['before watching has begun', async () => {}, ['initialDelay', 'wake', 'schedule']],
    ['after that', () => turns(3), ['initialDelay', 'wake', 'schedule']],
  ])('during initialDelay, %s: polls at once', async (_, begun, causes) => {
    const watched = await watch(['running', 'succeeded'], {...everyMinute, initialDelay: long});
    const {poller, events} = watched;
    await begun();
    wakeOften(poller);
    await poller.waitFor('running');
    await until(() => waits(events).length === 3);
    expect(waits(events).map(([, because]) => because)).toEqual(causes);
    poller.stop();
    await atRest(watched, 1);
  });

  test.each<[string, OperationStep]>([
    ['a good answer', {status: 'running', retryAfter: 30}],
    ['a 429', {http: 429, retryAfter: 30}],
    ['a 503', {http: 503, retryAfter: 30}],
  ])('during a wait that %s asked for: polls when that is over', async (_, step) => {
    jest.useFakeTimers();
    const watched = await watch(['running', step, 'succeeded'], {schedule: schedules.fixed(10)});
    const {poller, events, operation} = watched;
    await until(() => waits(events).length === 1);
    await jest.advanceTimersByTimeAsync(10);
    await until(() => waits(events).length === 2);
    await jest.advanceTimersByTimeAsync(1000);
    wakeOften(poller);
    await jest.advanceTimersByTimeAsync(28_999);
    await turns();
    expect(operation.requests).toHaveLength(2);
    await jest.advanceTimersByTimeAsync(1);
    await poller.result();
    expect(times(operation.requests)).toEqual([0, 10, 30_010]);
    expect(waits(events)).toEqual([
      [10, 'schedule'],
      [30_000, 'retryAfter'],
    ]);
    await atRest(watched, 3);
  });

  test('again and again, as soon as each poll has ended: polls every 100 ms', async () => {
    jest.useFakeTimers();
    const watched = await watch(['running'], everyMinute);
    const {poller, events, operation} = watched;
    for (let count = 1; count <= 5; count += 1) {
      await until(() => waits(events).filter(([, because]) => because === 'schedule').length === count);
      wakeOften(poller);
      await jest.advanceTimersByTimeAsync(count === 1 ? 0 : 100);
    }
    await until(() => operation.requests.length === 6);
    expect(times(operation.requests)).toEqual([0, 0, 100, 200, 300, 400]);
    poller.stop();
    await atRest(watched, 6);
  });

  test('the same while the service fails', async () => {
    jest.useFakeTimers();
    const watched = await watch([{http: 400}], {...everyMinute, consecutiveFailures: 9});
    const {poller, events, operation} = watched;
    for (let count = 1; count <= 4; count += 1) {
      await until(() => waits(events).filter(([, because]) => because === 'schedule').length === count);
      wakeOften(poller);
      await jest.advanceTimersByTimeAsync(count === 1 ? 0 : 100);
    }
    await until(() => operation.requests.length === 5);
    expect(times(operation.requests)).toEqual([0, 0, 100, 200, 300]);
    poller.stop();
    await atRest(watched, 5);
  });

  test('during minimumInterval: polls when that is over', async () => {
    jest.useFakeTimers();
    const protocol = protocols.define({...protocols.longRunning, name: 'slow', minimumInterval: 5000});
    const watched = await watch(['running', 'succeeded'], {...everyMinute, protocol});
    const {poller, events, operation} = watched;
    await until(() => waits(events).length === 1);
    await jest.advanceTimersByTimeAsync(1000);
    wakeOften(poller);
    expect(waits(events)).toEqual([
      [long, 'schedule'],
      [4000, 'wake'],
    ]);
    await jest.advanceTimersByTimeAsync(3999);
    await turns();
    expect(operation.requests).toHaveLength(1);
    await jest.advanceTimersByTimeAsync(1);
    await poller.result();
    expect(times(operation.requests)).toEqual([0, 5000]);
    await atRest(watched, 2);
  });

  test('in the rest of a told wait, after a resume: polls when that is over', async () => {
    jest.useFakeTimers();
    const watched = await watch([{status: 'running', retryAfter: 30}, 'succeeded']);
    await until(() => waits(watched.events).length === 1);
    watched.poller.stop();
    await jest.advanceTimersByTimeAsync(10_000);
    const resumed = recordEvents(resumeOperation(watched.poller.toJSON(), quick));
    await until(() => waits(resumed.events).length === 1);
    wakeOften(resumed.poller);
    expect(waits(resumed.events)).toEqual([[20_000, 'resume']]);
    await jest.advanceTimersByTimeAsync(20_000);
    await resumed.poller.result();
    expect(times(watched.operation.requests)).toEqual([0, 30_000]);
  });

  test.each<[string, OperationStep, readonly number[]]>([
    ['a wait by the schedule: polls once more', 'running', [0, 9000, 9600]],
    ['a told wait: does not poll', {status: 'running', retryAfter: 30}, [0, 9000]],
  ])('between the last poll and the deadline, in %s', async (_, step, requests) => {
    jest.useFakeTimers();
    const watched = await watch([step], {...everyMinute, totalTimeout: 10_000});
    const {poller, events, operation} = watched;
    await until(() => waits(events).length === 1);
    await jest.advanceTimersByTimeAsync(9000);
    await until(() => waits(events).length === 2);
    await jest.advanceTimersByTimeAsync(600);
    wakeOften(poller);
    await jest.advanceTimersByTimeAsync(0);
    await until(() => operation.requests.length === requests.length);
    await until(() => poller.toJSON().attempt === requests.length);
    expect(poller.abandoned).toBeUndefined();
    await jest.advanceTimersByTimeAsync(400);
    expect((await poller.outcome()).status).toBe('abandoned');
    expect(poller.abandoned).toBe('timeout');
    expect(times(operation.requests)).toEqual(requests);
    await atRest(watched, requests.length);
  });

  test('between the last poll and the deadline, polled once more and told to wait: does not poll again', async () => {
    jest.useFakeTimers();
    const script = ['running', 'running', {status: 'running', retryAfter: 30}];
    const watched = await watch(script, {...everyMinute, totalTimeout: 10_000});
    const {poller, events, operation} = watched;
    for (const [index, elapsed] of [9000, 300, 300, 400].entries()) {
      await until(() => poller.toJSON().attempt === Math.min(index + 1, 3) && types(events).at(-1) === 'waiting');
      if (elapsed < 400) {
        poller.wake();
        await jest.advanceTimersByTimeAsync(0);
        await until(() => operation.requests.length === 3 && poller.toJSON().attempt === 3);
      }
      if (index === 2) expect(waits(events).at(-1)).toEqual([1000, 'deadline']);
      await jest.advanceTimersByTimeAsync(elapsed);
    }
    expect((await poller.outcome()).status).toBe('abandoned');
    expect(times(operation.requests)).toEqual([0, 9000, 9000]);
    await atRest(watched, 3);
  });

  test('during a backoff within a poll: nothing more than the backoff does', async () => {
    jest.useFakeTimers();
    const retry = {retries: 3, minTimeout: 500, maxTimeout: 500, randomize: false};
    const watched = await watch([{http: 503}, 'running'], {...everyMinute, retry});
    const {poller, events, operation} = watched;
    await until(() => types(events).includes('retrying'));
    await jest.advanceTimersByTimeAsync(100);
    wakeOften(poller);
    await jest.advanceTimersByTimeAsync(399);
    await turns();
    expect(operation.requests).toHaveLength(1);
    await jest.advanceTimersByTimeAsync(1);
    await until(() => waits(events).length === 1);
    await jest.advanceTimersByTimeAsync(long - 1);
    await turns();
    expect(times(operation.requests)).toEqual([0, 500]);
    expect(waits(events)).toEqual([[long, 'schedule']]);
    poller.stop();
    await atRest(watched, 2);
  });

  /** Watches an operation that is running; the test sends each answer. */
  async function watchHeld(options: PollOptions = {}) {
    const held: ServerResponse[] = [];
    const server = await startServer((_, response) => void held.push(response));
    const answer = async (head: Readonly<Record<string, string>> = {}, status = 200): Promise<void> => {
      await until(() => held.length > 0);
      const body = status === 200 ? {id: 'b', status: 'running'} : {};
      held
        .shift()
        ?.writeHead(status, {'content-type': 'application/json', ...head})
        .end(JSON.stringify(body));
    };
    return {server, answer, ...begin(`${server.root}/operations/b`, {...everyMinute, ...options})};
  }

  test.each([
    ['the first poll', 0, []],
    ['a poll after a wait', 5, ['initialDelay']],
  ])('during %s: one more poll afterwards', async (_, initialDelay, before) => {
    jest.useFakeTimers();
    const {server, answer, poller, events} = await watchHeld({initialDelay});
    await until(() => waits(events).length === before.length);
    await turns();
    await jest.advanceTimersByTimeAsync(initialDelay);
    await until(() => server.requests.length === 1);
    wakeOften(poller);
    await answer();
    await until(() => waits(events).length === 2 + before.length);
    await jest.advanceTimersByTimeAsync(0);
    await until(() => server.requests.length === 2);
    await answer();
    await until(() => waits(events).length === 3 + before.length);
    await turns();
    expect(server.requests).toHaveLength(2);
    expect(waits(events).map(([, because]) => because)).toEqual([...before, 'schedule', 'wake', 'schedule']);
    expect(pendingTimers()).toBe(1);
    poller.stop();
    expect(pendingTimers()).toBe(0);
  });

  test('during a poll whose answer asks for a wait: one more poll when that is over', async () => {
    const {server, answer, poller, events} = await watchHeld();
    await until(() => server.requests.length === 1);
    wakeOften(poller);
    await answer({'retry-after': '30'});
    await until(() => waits(events).length === 1);
    await turns();
    expect(server.requests).toHaveLength(1);
    expect(waits(events)).toEqual([[30_000, 'retryAfter']]);
    poller.stop();
  });

  test('during a request that fails and is repeated within its poll: that is enough', async () => {
    const {server, answer, poller, events} = await watchHeld();
    await until(() => server.requests.length === 1);
    wakeOften(poller);
    await answer({}, 503);
    await answer();
    await until(() => waits(events).length === 1);
    await turns();
    expect(server.requests).toHaveLength(2);
    expect(waits(events)).toEqual([[long, 'schedule']]);
    poller.stop();
  });

  test('by a listener to the wait: polls at once, and that poll is not aborted', async () => {
    const watched = await watch(['running', 'succeeded'], everyMinute);
    const {poller} = watched;
    poller.on('waiting', () => wakeOften(poller));
    await poller.result();
    await atRest(watched, 2);
  });

  test('after the end, however it ended: nothing', async () => {
    const watched = await watch(['running', 'succeeded']);
    await watched.poller.result();
    wakeOften(watched.poller);
    await atRest(watched, 2);
    const stopped = await watch(['running'], everyMinute);
    await until(() => waits(stopped.events).length === 1);
    stopped.poller.stop();
    wakeOften(stopped.poller);
    await atRest(stopped, 1);
  });

  test('stopped by a listener to the wait that a hint made: no poll', async () => {
    const watched = await watch(['running'], everyMinute);
    const {poller, events} = watched;
    await until(() => waits(events).length === 1);
    poller.on('waiting', () => poller.stop());
    poller.wake();
    expect([poller.abandoned, pendingTimers()]).toEqual(['stopped', 0]);
    await atRest(watched, 1);
  });

  test("no hint: the waits are the schedule's", async () => {
    jest.useFakeTimers();
    const watched = await watch(['running', 'succeeded'], everyMinute);
    skipWaits(watched);
    await watched.poller.result();
    expect(times(watched.operation.requests)).toEqual([0, long]);
    await atRest(watched, 2);
  });
});
