import {inspect} from 'node:util';
import {afterEach, beforeEach, describe, expect, jest, test} from '@jest/globals';
import ky, {type KyInstance} from 'ky';
import {type AnyActorRef, assign, createActor, fromCallback, type Snapshot, setup, toPromise, waitFor} from 'xstate';
import type {OperationEvent} from '../../src/operation/events.ts';
import type {Outcome} from '../../src/operation/outcome.ts';
import type {WatchEvent} from '../../src/operation/watch-event.ts';
import {operationMachine, watchOperation} from '../../src/polling/operation-machine.ts';
import {graph} from '../../src/protocol/presets.ts';
import * as schedules from '../../src/schedule/schedules.ts';
import {abandon, report, scripted} from '../machine/events.ts';
import {beginning, location, tasks} from '../support/core.ts';

describe("the machine in a user's own", () => {
  const workflow = setup({
    types: {context: {} as {readonly seen: readonly string[]; readonly outcome?: Outcome}},
    actors: {operation: operationMachine},
  }).createMachine({
    context: {seen: []},
    initial: 'resetting',
    states: {
      resetting: {
        invoke: {
          id: 'reset',
          src: 'operation',
          input: {location, protocol: tasks},
          onSnapshot: {
            actions: assign(({context, event}) => ({seen: [...context.seen, event.snapshot.value]})),
          },
          onDone: [
            {guard: ({event}) => event.output.status === 'succeeded', target: 'notified'},
            {target: 'escalated', actions: assign(({event}) => ({outcome: event.output}))},
          ],
        },
      },
      notified: {type: 'final'},
      escalated: {type: 'final'},
    },
  });
  const withWatch = (...events: readonly WatchEvent[]) =>
    workflow.provide({actors: {operation: operationMachine.provide({actors: {watch: scripted(...events)}})}});

  test('goes on once the operation has succeeded, having seen each state', () => {
    const actor = createActor(withWatch(report('notStarted'), report('running'), report('succeeded'))).start();
    const {value, context} = actor.getSnapshot();
    expect(value).toBe('notified');
    expect(context.seen).toEqual(expect.arrayContaining(['notStarted', 'running']));
  });

  test.each<[string, readonly WatchEvent[]]>([
    ['failed', [report('running'), report('failed')]],
    ['canceled', [report('canceled')]],
    ['abandoned', [report('running'), abandon('timeout')]],
  ])('escalates when it has %s', (status, events) => {
    const {value, context} = createActor(withWatch(...events))
      .start()
      .getSnapshot();
    expect([value, context.outcome?.status]).toEqual(['escalated', status]);
  });

  test('is done with the actor when it leaves the state', () => {
    const stopped = jest.fn();
    const watch = fromCallback(() => stopped);
    const machine = workflow.provide({actors: {operation: operationMachine.provide({actors: {watch}})}});
    const actor = createActor(machine).start();
    expect(stopped).not.toHaveBeenCalled();
    actor.stop();
    expect(stopped).toHaveBeenCalledTimes(1);
  });
});

describe('the machine that polls the service', () => {
  const token = 'marker-of-the-token';
  const requests: {at: number; authorization: string | null}[] = [];
  let answers: unknown[] = [];
  let http: KyInstance;

  beforeEach(() => {
    jest.useFakeTimers({now: beginning, doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate']});
    requests.length = 0;
    answers = [];
    http = ky.create({
      fetch: async (input, init) => {
        const {headers} = new Request(input, init);
        requests.push({at: Date.now() - beginning, authorization: headers.get('authorization')});
        return Response.json(answers.length > 1 ? answers.shift() : answers[0]);
      },
    });
  });

  afterEach(() => {
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
  });

  const times = (): number[] => requests.map(({at}) => at);
  /** Lets time pass, and everything happen that is due. */
  const pass = async (milliseconds: number): Promise<void> => {
    await jest.advanceTimersByTimeAsync(milliseconds);
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
  };
  const body = {id: 'b', createdDateTime: '2020-03-19T12-01-03.45Z'};
  const schedule = schedules.fixed(10_000);

  test('polls, waits and ends', async () => {
    answers = [
      {...body, status: 'notStarted'},
      {...body, status: 'running'},
      {...body, status: 'succeeded'},
    ];
    const actor = createActor(operationMachine, {input: {location, token, http, schedule}});
    const emitted: string[] = [];
    actor.on('*', ({type}) => emitted.push(type));
    actor.start();
    await pass(0);
    expect([times(), actor.getSnapshot().value]).toEqual([[0], 'notStarted']);
    await pass(10_000);
    expect([times(), actor.getSnapshot().value]).toEqual([[0, 10_000], 'running']);
    await pass(10_000);
    expect(times()).toEqual([0, 10_000, 20_000]);
    expect(await toPromise(actor)).toMatchObject({status: 'succeeded', operation: {status: 'succeeded', id: 'b'}});
    expect(emitted).toEqual(['polled', 'notStarted', 'waiting', 'polled', 'running', 'waiting', 'polled', 'succeeded']);
    expect(requests.map(({authorization}) => authorization)).toEqual(Array(3).fill(`Bearer ${token}`));
  });

  test('sends no more requests once it is stopped', async () => {
    answers = [{...body, status: 'running'}];
    const actor = createActor(operationMachine, {input: {location, http, schedule}}).start();
    await pass(10_000);
    actor.stop();
    await pass(3_600_000);
    expect(times()).toEqual([0, 10_000]);
  });

  /** A machine stored as JSON in the middle of a wait, 4 s after the poll that began it, and stopped. */
  const storedInWait = async (): Promise<string> => {
    answers = [{...body, status: 'running'}];
    const actor = createActor(operationMachine, {input: {location, token: () => token, http, schedule}}).start();
    await pass(4000);
    expect(times()).toEqual([0]);
    const stored = JSON.stringify(actor.getPersistedSnapshot());
    expect(inspect(actor.getPersistedSnapshot(), {depth: Infinity, showHidden: true})).not.toContain(token);
    actor.stop();
    return stored;
  };
  const restore = (stored: string): Snapshot<unknown> => JSON.parse(stored);

  test.each([
    ['in time, when it is restored during the wait', 2000, [0, 10_000, 20_000]],
    ['at once, when it is restored after the wait', 50_000, [0, 54_000, 64_000]],
  ])('restored in the middle of a wait, it polls again %s (row 34)', async (_, later, expected) => {
    const stored = await storedInWait();
    await pass(later);
    expect(times()).toEqual([0]);
    answers = [
      {...body, status: 'running'},
      {...body, status: 'succeeded'},
    ];
    const machine = operationMachine.provide({actors: {watch: watchOperation({token, http, schedule})}});
    const actor = createActor(machine, {snapshot: restore(stored), input: {location}});
    const emitted: OperationEvent[] = [];
    actor.on('*', (event) => emitted.push(event));
    actor.start();
    await pass(0);
    const {value, context} = actor.getSnapshot();
    expect([value, context.operation?.createdDateTime]).toEqual(['running', new Date('2020-03-19T12:01:03.450Z')]);
    expect(Object.isFrozen(context.operation)).toBe(true);
    await pass(30_000);
    expect(await toPromise(actor)).toMatchObject({status: 'succeeded'});
    expect(times()).toEqual(expected);
    expect(requests.map(({authorization}) => authorization)).toEqual(Array(3).fill(`Bearer ${token}`));
    expect(emitted.map(({type}) => type).filter((type) => type === 'running' || type === 'succeeded')).toEqual([
      'succeeded',
    ]);
  });

  test('its deadline is restored too', async () => {
    const stored = await storedInWait();
    const machine = operationMachine.provide({actors: {watch: watchOperation({http, schedule})}});
    const actor = createActor(machine, {snapshot: restore(stored), input: {location}}).start();
    await pass(900_000);
    expect(await toPromise(actor)).toMatchObject({status: 'abandoned', reason: 'timeout', error: {elapsed: 900_000}});
    expect(times().at(-1)).toBe(899_000);
  });

  test.each([
    ['in a wait', 4000],
    ['during a request', 0],
  ])('a snapshot stored %s holds no token, no option and no function', async (_, milliseconds) => {
    answers = [{...body, status: 'running'}];
    const actor = createActor(operationMachine, {input: {location, token, http, schedule}}).start();
    if (milliseconds > 0) await pass(milliseconds);
    const persisted = actor.getPersistedSnapshot();
    const shown = [
      JSON.stringify(persisted),
      inspect(persisted, {depth: Infinity, showHidden: true}),
      inspect(structuredClone(JSON.parse(JSON.stringify(persisted))), {depth: Infinity}),
    ];
    for (const text of shown) {
      expect(text).toContain('graph.example');
      expect(text).not.toContain(token);
      expect(text).not.toContain('requestTimeout');
    }
    actor.stop();
    await pass(0);
  });

  test.each([
    ['given with the input comes first', {token: 'of-the-input'}, 'of-the-input'],
    ['not given with the input comes from watchOperation', {}, 'of-watchOperation'],
    ['of undefined in the input is absent', {token: undefined}, 'of-watchOperation'],
  ])('an option that is %s', async (_, input, expected) => {
    answers = [{...body, status: 'succeeded'}];
    const machine = operationMachine.provide({actors: {watch: watchOperation({token: 'of-watchOperation', http})}});
    const actor = createActor(machine, {input: {location, ...input}}).start();
    await pass(0);
    expect(await toPromise(actor)).toMatchObject({status: 'succeeded'});
    expect(requests).toEqual([{at: 0, authorization: `Bearer ${expected}`}]);
  });

  test('the options of watchOperation make its first state too: the protocol, where no token goes, and the times', async () => {
    answers = [{...body, status: 'inProgress'}];
    const {driveCopy} = graph;
    const watch = watchOperation({http, schedule, protocol: driveCopy, initialDelay: 2000, totalTimeout: 30_000});
    const machine = operationMachine.provide({actors: {watch}});
    const monitor = 'https://files.example/monitor/b';
    const actor = createActor(machine, {input: {location: `${monitor}?marker=1`, totalTimeout: 20_000}});
    const emitted: OperationEvent[] = [];
    actor.on('*', (event) => emitted.push(event));
    actor.start();
    const first = {protocol: driveCopy.name, tokenOrigin: '', redactedLocation: monitor, startedAt: beginning};
    expect(actor.getSnapshot().context).toMatchObject({...first, deadlineAt: beginning + 20_000});
    await pass(1000);
    const machineInWait = JSON.stringify(actor.getPersistedSnapshot());
    await pass(29_000);
    expect(times()).toEqual([2000, 12_000, 19_000]);
    const {reason, error} = (await toPromise(actor)) as Extract<Outcome, {status: 'abandoned'}>;
    expect([reason, error.resumeToken?.protocol]).toEqual(['timeout', driveCopy.name]);
    for (const {location: shown} of emitted) expect(shown).toBe(monitor);
    const again = createActor(machine, {snapshot: restore(machineInWait), input: {location}}).start();
    expect(again.getSnapshot().context).toMatchObject({...first, deadlineAt: beginning + 20_000});
    again.stop();
    await pass(0);
  });

  test('a token of watchOperation is not for a location where others can read it', () => {
    const machine = operationMachine.provide({actors: {watch: watchOperation({token, http})}});
    const actor = createActor(machine, {input: {location: 'http://plain.example/b'}});
    const errors: unknown[] = [];
    actor.subscribe({error: (error) => errors.push(error)});
    actor.start();
    expect(errors).toEqual([expect.objectContaining({message: expect.stringMatching(/^location: expected https/)})]);
    expect(requests).toEqual([]);
  });

  test('options of watchOperation are checked when it is called', () => {
    expect(() => watchOperation({requestTimeout: -1})).toThrow(
      new RangeError('requestTimeout: expected milliseconds, from 1 on, got -1'),
    );
    expect(() => watchOperation({trustedOrigins: ['ftp://files.example']})).toThrow(/^trustedOrigins: /);
  });

  test('options of the input that do not go together with those of watchOperation are an error of the actor', () => {
    const machine = operationMachine.provide({actors: {watch: watchOperation({token, http})}});
    const actor = createActor(machine, {input: {location, trustedOrigins: ['http://plain.example']}});
    const errors: unknown[] = [];
    actor.subscribe({error: (error) => errors.push(error)});
    actor.start();
    expect(errors).toEqual([expect.objectContaining({message: expect.stringMatching(/^trustedOrigins: /)})]);
    expect(requests).toEqual([]);
  });

  test("XState's own waitFor sees its states", async () => {
    answers = [
      {...body, status: 'running'},
      {...body, status: 'failed'},
    ];
    const actor = createActor(operationMachine, {input: {location, http, schedule}}).start();
    const running = waitFor(actor, (snapshot) => snapshot.matches('running'), {timeout: Infinity});
    await pass(0);
    expect((await running).context.operation?.status).toBe('running');
    const failed = waitFor(actor as AnyActorRef, (snapshot) => snapshot.status === 'done', {timeout: Infinity});
    await pass(10_000);
    expect((await failed).output.status).toBe('failed');
  });
});
