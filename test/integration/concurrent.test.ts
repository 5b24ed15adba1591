// Several users of one poller, and users that act from within its events.

import {describe, expect, jest, test} from '@jest/globals';
import ky from 'ky';
import {toPromise} from 'xstate';
import {
  ForbiddenError,
  type Operation,
  OperationCanceledError,
  OperationError,
  OperationFailedError,
  type OperationPoller,
  type OperationStatus,
  pollOperation,
  protocols,
  resumeOperation,
  schedules,
  WatchAbortedError,
  WatchTimeoutError,
} from '../../src/index.ts';
import {
  afterwards,
  answered,
  atRest,
  begin,
  failure,
  fakeHttp,
  only,
  pendingTimers,
  quick,
  startEmulator,
  turns,
  types,
  until,
  watch,
} from '../support/behaviours.ts';

const long = 60_000;

/** All that a loop over a poller yields, and what it throws. */
async function consume(poller: OperationPoller): Promise<{seen: Operation[]; thrown: unknown}> {
  const seen: Operation[] = [];
  try {
    for await (const operation of poller) seen.push(operation);
  } catch (thrown) {
    return {seen, thrown};
  }
  return {seen, thrown: undefined};
}

const statuses = ({seen}: {seen: readonly Operation[]}): string[] => seen.map(({status}) => status);

describe('result()', () => {
  test('many times, before, during and after: the same promise, one poller', async () => {
    const emulator = await startEmulator();
    const operation = emulator.addOperation({script: ['notStarted', 'running', 'succeeded']});
    const recording = begin(operation.location);
    const {poller} = recording;
    const first = poller.result();
    const during: Array<Promise<unknown>> = [];
    poller.on('*', () => during.push(poller.result()));
    const result = await first;
    expect(during.every((promise) => promise === first)).toBe(true);
    expect(poller.result()).toBe(first);
    expect(await Promise.all(Array.from({length: 100}, () => poller.result()))).toEqual(Array(100).fill(result));
    await atRest({emulator, operation, ...recording}, 3);
  });

  test('first asked for after the end', async () => {
    const watched = await watch(['failed']);
    await until(() => types(watched.events).includes('failed'));
    const error = await failure(watched.poller.result(), OperationFailedError);
    await expect(watched.poller.result()).rejects.toBe(error);
  });

  test('two pollers of one location each ask for themselves', async () => {
    const emulator = await startEmulator();
    const operation = emulator.addOperation({script: ['running', 'running', 'running', 'succeeded']});
    const [one, other] = [begin(operation.location), begin(operation.location)];
    await Promise.all([one.poller.result(), other.poller.result()]);
    expect(types(one.events).at(-1)).toBe('succeeded');
    expect(operation.requests.length).toBeGreaterThanOrEqual(5);
  });
});

describe('iteration', () => {
  test('by two consumers, one of them slow: each sees each change', async () => {
    const emulator = await startEmulator();
    const operation = emulator.addOperation({
      script: ['notStarted', {status: 'running', times: 3}, 'notStarted', 'running', 'succeeded'],
    });
    const recording = begin(operation.location);
    const {poller} = recording;
    const slow = (async () => {
      const seen: Operation[] = [];
      for await (const each of poller) {
        seen.push(each);
        if (seen.length === 1) await poller.result();
      }
      return seen;
    })();
    const expected = ['notStarted', 'running', 'notStarted', 'running', 'succeeded'];
    expect(statuses(await consume(poller))).toEqual(expected);
    expect(statuses({seen: await slow})).toEqual(expected);
    await atRest({emulator, operation, ...recording}, 7);
  });

  test('yields each change of the percentage', async () => {
    const protocol = protocols.define({
      ...protocols.longRunning,
      name: 'tasks',
      percentComplete: '/percentageComplete',
    });
    const at = (percentageComplete: number) => ({status: 'running', percentageComplete});
    const {location} = (await startEmulator()).addOperation({script: [at(0), at(40), at(40), at(80), 'succeeded']});
    const {poller, events} = begin(location, {protocol});
    const {seen} = await consume(poller);
    expect(seen.map(({percentComplete}) => percentComplete)).toEqual([0, 40, 80, undefined]);
    expect(only(events, 'progress').map(({percentComplete}) => percentComplete)).toEqual([0, 40, 80]);
  });

  test.each([
    ['failed', OperationFailedError],
    ['skipped', OperationCanceledError],
  ])('of {%s}: the last change, then what result() rejects with', async (word, kind) => {
    const {poller} = await watch(['running', word]);
    const {seen, thrown} = await consume(poller);
    expect(seen.at(-1)).toBe(poller.operation);
    expect(thrown).toBeInstanceOf(kind);
    await expect(poller.result()).rejects.toBe(thrown);
  });

  test('begun late starts with what is known; begun after the end it is that alone', async () => {
    const watched = await watch(['notStarted', 'running', {status: 'running', delay: 20}, 'succeeded']);
    const {poller} = watched;
    await poller.waitFor('running');
    expect(statuses(await consume(poller))).toEqual(['running', 'succeeded']);
    expect(statuses(await consume(poller))).toEqual(['succeeded']);
    await atRest(watched, 4);
  });

  test('of a poller that is stopped throws its error', async () => {
    const {poller} = await watch(['running'], {schedule: schedules.fixed(long)});
    const consumed = consume(poller);
    await poller.waitFor('running');
    poller.stop('enough');
    expect(await consumed).toMatchObject({
      seen: [{status: 'running'}],
      thrown: {name: 'WatchAbortedError', cause: 'enough'},
    });
  });

  test('of a poller that never gets an answer throws its error', async () => {
    const {poller} = await watch([{fault: 'hang'}], {totalTimeout: 20});
    const {seen, thrown} = await consume(poller);
    expect([seen, thrown]).toEqual([[], expect.any(WatchTimeoutError)]);
  });

  test('left by break does not stop watching, and can be begun again', async () => {
    const watched = await watch(['notStarted', 'running', 'succeeded']);
    for await (const {status} of watched.poller) {
      expect(['notStarted', 'running', 'succeeded']).toContain(status);
      break;
    }
    expect(statuses(await consume(watched.poller)).at(-1)).toBe('succeeded');
    await atRest(watched, 3);
  });

  test('left by an error in the loop', async () => {
    const watched = await watch(['notStarted', 'running', 'succeeded']);
    const mine = new Error('mine');
    const loop = async (): Promise<void> => {
      for await (const _ of watched.poller) throw mine;
    };
    await expect(loop()).rejects.toBe(mine);
    expect((await watched.poller.result()).status).toBe('succeeded');
  });

  test('that nobody goes on with leaves no unhandled rejection', async () => {
    const watched = await watch(['running', 'failed']);
    const iterator = watched.poller[Symbol.asyncIterator]();
    await iterator.next();
    await until(() => types(watched.events).includes('failed'));
    await turns();
    await iterator.return(undefined);
    expect(await iterator.next()).toEqual({done: true, value: undefined});
    await atRest(watched, 2);
  });
});

describe('waitFor', () => {
  test('a status that the operation already has', async () => {
    const watched = await watch(['running'], {schedule: schedules.fixed(long)});
    await watched.poller.waitFor('running');
    const {operation} = watched.poller;
    expect(await watched.poller.waitFor('running')).toBe(operation);
    expect(await watched.poller.waitFor('notStarted')).toBe(operation);
  });

  test('a status that comes later: in that event, not after', async () => {
    const {poller} = await watch(['notStarted', 'notStarted', 'running', 'succeeded']);
    const waited = poller.waitFor('running').then(({status}) => [status, poller.status]);
    expect(await waited).toEqual(['running', 'running']);
    expect((await poller.waitFor('succeeded')).status).toBe('succeeded');
  });

  test.each(['succeeded', 'failed', 'skipped'])('running, and it ends as {%s} first: that operation', async (word) => {
    const {poller} = await watch(['notStarted', word]);
    const operation = await poller.waitFor('running');
    expect(operation.rawStatus).toBe(word);
    expect(await poller.waitFor('notStarted')).toBe(operation);
  });

  test.each<[OperationStatus, string]>([
    ['succeeded', 'failed'],
    ['succeeded', 'skipped'],
    ['failed', 'skipped'],
    ['canceled', 'failed'],
  ])('%s, and it ends as {%s}: rejects as result() does, before and after', async (status, word) => {
    const {poller} = await watch(['running', word]);
    const [waited, result, late] = await Promise.allSettled([
      poller.waitFor(status),
      poller.result(),
      poller.result().catch(() => poller.waitFor(status)),
    ]);
    expect(waited).toEqual(result);
    expect(late).toEqual(result);
    expect((waited as PromiseRejectedResult).reason).toBe((result as PromiseRejectedResult).reason);
  });

  test.each<[OperationStatus, string]>([
    ['failed', 'succeeded'],
    ['canceled', 'succeeded'],
  ])('%s, and it ends as {%s}: an OperationError that says so', async (status, word) => {
    const {poller, operation} = await watch(['running', word]);
    const error = await failure(poller.waitFor(status), OperationError);
    expect(error.message).toBe(`${operation.location} succeeded, so it will never be ${status}`);
    expect([error.operation, error.attempts, error.location]).toEqual([poller.operation, 2, operation.location]);
    await failure(poller.waitFor(status), OperationError);
    expect((await poller.result()).status).toBe('succeeded');
  });

  test.each<[OperationStatus, string]>([
    ['failed', 'failed'],
    ['canceled', 'skipped'],
  ])('%s, and it ends so: resolves', async (status, word) => {
    const {poller} = await watch(['running', word]);
    expect((await poller.waitFor(status)).status).toBe(status);
    expect((await poller.waitFor(status)).status).toBe(status);
  });

  test('a later status when watching is abandoned: its error; an earlier one: the operation', async () => {
    const watched = await watch(['running', {http: 403}]);
    const waited = failure(watched.poller.waitFor('succeeded'), ForbiddenError);
    expect((await watched.poller.waitFor('running')).status).toBe('running');
    await waited;
    expect((await watched.poller.waitFor('notStarted')).status).toBe('running');
    await expect(watched.poller.waitFor('succeeded')).rejects.toMatchObject({name: 'ForbiddenError'});
    await atRest(watched, 2);
  });

  test.each(['abandoned', 'Running', '', undefined, '__proto__'])('%s: a TypeError', async (status) => {
    const {poller} = await watch(['running'], {schedule: schedules.fixed(long)});
    expect(() => void poller.waitFor(status as OperationStatus)).toThrow(TypeError);
  });
});

describe('a listener', () => {
  test('that stops the poller is followed by abandoned alone, which all get in order', async () => {
    const watched = await watch(['notStarted', 'running', 'succeeded']);
    const {poller, events} = watched;
    poller.on('running', () => poller.stop('seen enough'));
    const error = await failure(poller.result(), WatchAbortedError);
    expect([error.cause, error.operation?.status]).toEqual(['seen enough', 'running']);
    expect(types(events)).toEqual(['polled', 'notStarted', 'waiting', 'polled', 'running', 'abandoned']);
    await atRest(watched, 2);
  });

  test.each(['polled', 'running', 'waiting', 'retrying'] as const)(
    'that stops the poller at %s: no later request',
    async (type) => {
      const emulator = await startEmulator();
      const operation = emulator.addOperation({script: [{http: 503}, 'running', 'succeeded']});
      const poller = pollOperation(operation.location, quick);
      poller.on(type, () => poller.stop());
      const events: string[] = [];
      poller.on('*', (event) => events.push(event.type));
      await failure(poller.result(), WatchAbortedError);
      expect(events).toContain('abandoned');
      await fetch(`${emulator.root}/fence`);
      await emulator.idle();
      expect([operation.requests.length, pendingTimers()]).toEqual([type === 'retrying' ? 1 : 2, 0]);
    },
  );

  test('that stops the poller at the last event changes nothing', async () => {
    const watched = await watch(['running', 'succeeded']);
    watched.poller.on('succeeded', () => watched.poller.stop());
    watched.poller.on('polled', ({operation}) => {
      if (operation?.status === 'succeeded') watched.poller.stop();
    });
    expect((await watched.poller.result()).status).toBe('succeeded');
    expect(types(watched.events)).not.toContain('abandoned');
    await atRest(watched, 2);
  });

  test('that aborts the signal at abandoned or stops again changes nothing', async () => {
    const controller = new AbortController();
    const watched = await watch(['running'], {schedule: schedules.fixed(long), signal: controller.signal});
    watched.poller.on('abandoned', () => {
      controller.abort('second');
      watched.poller.stop('third');
    });
    await watched.poller.waitFor('running');
    watched.poller.stop('first');
    expect((await failure(watched.poller.result(), WatchAbortedError)).cause).toBe('first');
    expect(only(watched.events, 'abandoned')).toHaveLength(1);
  });

  test('that unsubscribes itself gets no more events; the others go on', async () => {
    const {poller} = await watch(['running', 'running', 'running', 'succeeded']);
    const calls: string[] = [];
    const once = poller.on('polled', () => {
      calls.push('once');
      once.unsubscribe();
      once.unsubscribe();
    });
    poller.on('polled', () => void calls.push('always'));
    await poller.result();
    expect(calls.filter((name) => name === 'once')).toHaveLength(1);
    expect(calls.filter((name) => name === 'always').length).toBeGreaterThanOrEqual(3);
  });

  test('that is added twice is called twice, and each subscription ends by itself', async () => {
    const {location} = (await startEmulator()).addOperation({script: ['running', 'running', 'succeeded']});
    const {poller} = begin(location);
    let calls = 0;
    const listener = (): void => {
      calls += 1;
    };
    const one = poller.on('polled', listener);
    poller.on('polled', listener);
    await poller.waitFor('running');
    expect(calls).toBe(2);
    one.unsubscribe();
    await poller.result();
    expect(calls).toBe(4);
  });

  test('that is added within a listener gets the next event, not this one', async () => {
    const {location} = (await startEmulator()).addOperation({script: ['running', 'running', 'succeeded']});
    const {poller} = begin(location);
    const calls: number[] = [];
    let added = false;
    poller.on('polled', () => {
      if (added) return;
      added = true;
      poller.on('polled', ({attempt}) => void calls.push(attempt));
    });
    await poller.result();
    expect(calls).toEqual([2, 3]);
  });

  test('for one event gets it before those for all do', async () => {
    const {location} = (await startEmulator()).addOperation({script: ['succeeded']});
    const poller = pollOperation(location, quick);
    const calls: string[] = [];
    poller.on('*', ({type}) => void calls.push(`* ${type}`));
    poller.on('succeeded', ({type}) => void calls.push(type));
    await poller.result();
    expect(calls).toEqual(['* polled', 'succeeded', '* succeeded']);
  });

  test.each([undefined, null, 'x', {}])('that is %p: a TypeError', async (listener) => {
    const {poller} = await watch(['succeeded']);
    expect(() => poller.on('running', listener as never)).toThrow(TypeError);
  });
});

describe('Symbol.asyncDispose', () => {
  test('stops watching', async () => {
    const watched = await watch(['running'], {schedule: schedules.fixed(long)});
    await watched.poller.waitFor('running');
    await watched.poller[Symbol.asyncDispose]();
    await failure(watched.poller.result(), WatchAbortedError);
    await atRest(watched, 1);
  });

  test('after the end does nothing', async () => {
    const watched = await watch(['succeeded']);
    await watched.poller.result();
    await watched.poller[Symbol.asyncDispose]();
    expect((await watched.poller.result()).status).toBe('succeeded');
  });
});

describe('poller.actor', () => {
  test('before, during and after: follows the poller', async () => {
    const emulator = await startEmulator();
    const operation = emulator.addOperation({
      script: ['notStarted', {http: 503}, 'running', 'somethingNew', 'succeeded'],
    });
    const recording = begin(operation.location);
    const {poller} = recording;
    const {actor} = poller;
    expect(poller.actor).toBe(actor);
    expect([actor.getSnapshot().value, actor.getSnapshot().status]).toEqual(['notStarted', 'active']);
    const values: string[] = [];
    actor.subscribe(({value}) => {
      if (values.at(-1) !== value) values.push(value);
    });
    const emitted: string[] = [];
    actor.on('*', ({type}) => void emitted.push(type));
    const outcome = await toPromise(actor);
    expect(outcome).toEqual({status: 'succeeded', operation: await poller.result()});
    expect(values).toEqual(['notStarted', 'running', 'succeeded']);
    expect(emitted).toEqual(types(recording.events));
    expect(actor.getSnapshot().status).toBe('done');
    await atRest({emulator, operation, ...recording}, 5);
  });

  test('first asked for in the middle', async () => {
    const watched = await watch(['running', {status: 'running', delay: 10}, 'failed']);
    await watched.poller.waitFor('running');
    const {actor} = watched.poller;
    expect(actor.getSnapshot().value).toBe('running');
    const outcome = await toPromise(actor);
    expect(outcome).toMatchObject({
      status: 'failed',
      operation: {status: 'failed'},
      error: {name: 'OperationFailedError'},
    });
    await atRest(watched, 3);
  });

  test.each([
    ['succeeded', 'succeeded'],
    ['failed', 'failed'],
    ['skipped', 'canceled'],
    [{http: 403}, 'abandoned'],
  ])('first asked for after the end: %p', async (last, value) => {
    const watched = await watch(['running', last]);
    const [result] = await Promise.allSettled([watched.poller.result()]);
    const {actor} = watched.poller;
    expect(actor.getSnapshot()).toMatchObject({value, status: 'done', output: {status: value}});
    const {output} = actor.getSnapshot();
    if (result?.status === 'rejected') expect((output as {error?: unknown}).error).toBe(result.reason);
    expect(await toPromise(actor)).toBe(output);
    await atRest(watched, 2);
  });

  test('of a resumed poller', async () => {
    const watched = await watch(['running'], {schedule: schedules.fixed(long)});
    await watched.poller.waitFor('running');
    await turns();
    watched.poller.stop();
    watched.operation.rescript(['succeeded']);
    const poller = resumeOperation({...watched.poller.toJSON(), dueAt: Date.now()}, quick);
    expect(poller.actor.getSnapshot()).toMatchObject({value: 'running', status: 'active'});
    expect(await toPromise(poller.actor)).toMatchObject({status: 'succeeded'});
  });

  test('stopped: watching stops', async () => {
    const warn = jest.spyOn(console, 'warn').mockImplementation(() => undefined);
    const watched = await watch(['running'], {schedule: schedules.fixed(long)});
    await watched.poller.waitFor('running');
    watched.poller.actor.stop();
    const error = await failure(watched.poller.result(), WatchAbortedError);
    expect(error.cause).toBe('its actor was stopped');
    expect(types(watched.events).at(-1)).toBe('abandoned');
    expect(warn.mock.calls).toEqual([]);
    await atRest(watched, 1);
  });

  test('stopped after the end: nothing', async () => {
    const watched = await watch(['succeeded']);
    await watched.poller.result();
    watched.poller.actor.stop();
    expect((await watched.poller.result()).status).toBe('succeeded');
    await atRest(watched, 1);
  });

  test('stopped by a listener of the poller', async () => {
    const warn = jest.spyOn(console, 'warn').mockImplementation(() => undefined);
    const {location} = (await startEmulator()).addOperation({script: ['running', 'running', 'succeeded']});
    const {poller, events} = begin(location);
    const {actor} = poller;
    poller.on('running', () => actor.stop());
    await failure(poller.result(), WatchAbortedError);
    expect([only(events, 'abandoned').length, warn.mock.calls]).toEqual([1, []]);
  });

  test('whose subscriber stops the poller: abandoned comes last, and once', async () => {
    const {location} = (await startEmulator()).addOperation({script: ['notStarted', 'running', 'succeeded']});
    const {poller, events} = begin(location);
    poller.actor.subscribe(({value}) => {
      if (value === 'running') poller.stop();
    });
    await failure(poller.result(), WatchAbortedError);
    await turns();
    expect(types(events)).toEqual(['polled', 'notStarted', 'waiting', 'abandoned']);
    expect(poller.toJSON()).toMatchObject({abandoned: 'stopped', operation: {status: 'running'}});
  });

  test.each(['before the first poll', 'while the result is fetched'])(
    'asked for %s: the result is fetched',
    async (when) => {
      const succeeded = {id: 'b', status: 'succeeded', resourceLocation: '/result'};
      const {http} = fakeHttp(({url}) => Response.json(url.endsWith('/result') ? [1] : succeeded));
      const poller = pollOperation('https://service.example/b', {...quick, http, fetchResult: true});
      if (when === 'before the first poll') expect(poller.actor.getSnapshot().status).toBe('active');
      else poller.on('succeeded', () => expect(poller.actor.getSnapshot().status).toBe('done'));
      expect(await poller.outcome()).toMatchObject({status: 'succeeded', operation: {result: [1]}});
    },
  );

  test('that the poller stops is abandoned', async () => {
    const watched = await watch(['running'], {schedule: schedules.fixed(long)});
    const {actor} = watched.poller;
    await watched.poller.waitFor('running');
    watched.poller.stop('enough');
    expect(actor.getSnapshot()).toMatchObject({
      value: 'abandoned',
      status: 'done',
      output: {status: 'abandoned', reason: 'stopped', operation: {status: 'running'}},
    });
  });
});

describe('an http instance that ignores its signal', () => {
  test('does not delay a stop, and its late answer is ignored', async () => {
    let answer: (response: Response) => void = () => undefined;
    const {http, requests} = fakeHttp(
      () =>
        new Promise<Response>((resolve) => {
          answer = resolve;
        }),
    );
    const {poller, events} = begin('https://graph.example/operations/b', {http});
    await until(() => requests.length === 1);
    poller.stop('enough');
    await failure(poller.result(), WatchAbortedError);
    expect(pendingTimers()).toBe(0);
    answer(answered('succeeded'));
    await turns();
    expect([types(events), poller.status]).toEqual([['abandoned'], 'notStarted']);
  });

  test('does not delay the deadline', async () => {
    const http = ky.create({fetch: () => new Promise<Response>(() => undefined)});
    const {poller, events} = begin('https://graph.example/operations/b', {http, totalTimeout: 30});
    await failure(poller.result(), WatchTimeoutError);
    expect([types(events), pendingTimers()]).toEqual([['abandoned'], 0]);
  });

  test('does not delay requestTimeout, and its late failure is ignored', async () => {
    let fail: (error: Error) => void = () => undefined;
    const {http, requests} = fakeHttp((_, count) =>
      count === 1
        ? new Promise<Response>((_resolve, reject) => {
            fail = reject;
          })
        : answered('succeeded'),
    );
    const {poller, events} = begin('https://graph.example/operations/b', {http, requestTimeout: 10});
    await poller.result();
    fail(new Error('late'));
    await turns();
    expect(types(events)).toEqual(['retrying', 'polled', 'succeeded']);
    expect(requests).toHaveLength(2);
    expect(requests[0]?.signal.aborted).toBe(true);
  });
});

test('watching begins in the turn after the call: listeners added right away get everything', async () => {
  const {http, requests} = fakeHttp(() => answered('succeeded'));
  const poller = pollOperation('https://graph.example/operations/b', {http, ...{token: quick.token}});
  afterwards(() => poller.stop());
  expect(requests).toHaveLength(0);
  const calls: string[] = [];
  poller.on('*', ({type}) => void calls.push(type));
  await poller.result();
  expect(calls).toEqual(['polled', 'succeeded']);
});

test('a poller that is stopped before it began asks nothing', async () => {
  const {http, requests} = fakeHttp(() => answered('succeeded'));
  const {poller, events} = begin('https://graph.example/operations/b', {http});
  poller.stop('at once');
  expect((await failure(poller.result(), WatchAbortedError)).cause).toBe('at once');
  await turns();
  expect([requests, types(events)]).toEqual([[], ['abandoned']]);
});
