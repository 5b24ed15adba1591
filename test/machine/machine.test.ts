import {inspect} from 'node:util';
import {afterEach, beforeEach, describe, expect, jest, test} from '@jest/globals';
import fc from 'fast-check';
import ky, {type KyInstance} from 'ky';
import {
  type AnyActorRef,
  assign,
  createActor,
  fromCallback,
  initialTransition,
  type Snapshot,
  setup,
  toPromise,
  transition,
  waitFor,
} from 'xstate';
import {getShortestPaths} from 'xstate/graph';
import {statusMachine} from '../../src/machine/machine.ts';
import type {OperationMachineEvent, OperationSnapshot} from '../../src/machine/machine-type.ts';
import {snapshotOf} from '../../src/machine/snapshot.ts';
import * as table from '../../src/machine/transitions.ts';
import {OperationError} from '../../src/operation/errors.ts';
import type {OperationEvent} from '../../src/operation/events.ts';
import {hasEnded, type OperationStatus, statusRank} from '../../src/operation/operation.ts';
import type {Outcome} from '../../src/operation/outcome.ts';
import type {Reduced} from '../../src/operation/reducer.ts';
import {type AbandonReason, type OperationStateValue, stateValue, type WatchState} from '../../src/operation/state.ts';
import type {AbandonEvent, ReportEvent, WatchEvent} from '../../src/operation/watch-event.ts';
import {operationMachine, watchOperation} from '../../src/polling/operation-machine.ts';
import * as schedules from '../../src/schedule/schedules.ts';
import {beginning, location, operationOf, pollError, stateOf, statuses, tasks} from '../support/core.ts';

const at = beginning + 1000;
const error = new OperationError('given up');

const report = (status: OperationStatus): ReportEvent => ({type: 'report', operation: operationOf(status), at});
const abandon = (reason: AbandonReason = 'timeout'): AbandonEvent => ({type: 'abandon', reason, error, at});

/** As the table has it; an event that the machine does not take changes nothing. */
const move = (state: WatchState, event: WatchEvent): Reduced => table.transition(state, event) ?? {state, events: []};

const rankOf = ({highestStatus}: WatchState): number => (highestStatus === undefined ? -1 : statusRank[highestStatus]);

interface Reached {
  readonly snapshot: OperationSnapshot;
  /** The names of the events that the last event led to. */
  readonly told: readonly string[];
}

interface Action {
  readonly type: string;
  readonly params?: unknown;
}

/** The emitted events among the actions that a pure transition gives; XState's types leave them out. */
function emittedBy(actions: readonly Action[]): readonly OperationEvent[] {
  return actions.flatMap(({type, params}) =>
    type === 'xstate.emit' ? [(params as {event: OperationEvent}).event] : [],
  );
}

/** Where an event leads, by XState's own pure function: no actor, no timer, no request. */
function step({snapshot}: Reached, event: WatchEvent): Reached {
  const [next, actions] = transition(operationMachine, snapshot, event);
  return {snapshot: next, told: emittedBy(actions).map(({type}) => type)};
}

/** Where events lead from the beginning. */
function led(events: readonly WatchEvent[]): Reached {
  const [snapshot] = initialTransition(operationMachine, {location, protocol: tasks});
  return events.reduce(step, {snapshot, told: []});
}

const valueAfter = (events: readonly WatchEvent[]): OperationStateValue => led(events).snapshot.value;

describe('the machine, used purely', () => {
  test('begins where nothing is known', () => {
    const [snapshot, actions] = initialTransition(operationMachine, {location, protocol: tasks});
    expect([snapshot.value, snapshot.status, snapshot.output]).toEqual(['notStarted', 'active', undefined]);
    expect(snapshot.context).toMatchObject({location, attempt: 0, operation: undefined, observed: {}});
    expect(emittedBy(actions)).toEqual([]);
  });

  // state → event → state
  const ways = {
    'nothing known': [],
    notStarted: [report('notStarted')],
    running: [report('running')],
    succeeded: [report('succeeded')],
    failed: [report('failed')],
    canceled: [report('canceled')],
    abandoned: [abandon()],
  } as const satisfies Record<string, readonly WatchEvent[]>;

  test.each<[keyof typeof ways, OperationStatus, OperationStateValue, readonly string[]]>([
    ['nothing known', 'notStarted', 'notStarted', ['polled', 'notStarted']],
    ['nothing known', 'running', 'running', ['polled', 'running']],
    ['nothing known', 'succeeded', 'succeeded', ['polled', 'succeeded']],
    ['nothing known', 'failed', 'failed', ['polled', 'failed']],
    ['nothing known', 'canceled', 'canceled', ['polled', 'canceled']],
    ['notStarted', 'notStarted', 'notStarted', ['polled']],
    ['notStarted', 'running', 'running', ['polled', 'running']],
    ['notStarted', 'succeeded', 'succeeded', ['polled', 'succeeded']],
    ['notStarted', 'failed', 'failed', ['polled', 'failed']],
    ['notStarted', 'canceled', 'canceled', ['polled', 'canceled']],
    ['running', 'notStarted', 'notStarted', ['polled']],
    ['running', 'running', 'running', ['polled']],
    ['running', 'succeeded', 'succeeded', ['polled', 'succeeded']],
    ['running', 'failed', 'failed', ['polled', 'failed']],
    ['running', 'canceled', 'canceled', ['polled', 'canceled']],
    ...(['succeeded', 'failed', 'canceled', 'abandoned'] as const).flatMap((ended) =>
      statuses.map((status): [keyof typeof ways, OperationStatus, OperationStateValue, string[]] => [
        ended,
        status,
        ended,
        [],
      ]),
    ),
  ])('%s → report %s → %s, tells %p', (from, status, to, told) => {
    const reached = led([...ways[from], report(status)]);
    expect([reached.snapshot.value, reached.told]).toEqual([to, told]);
    expect(reached.snapshot.matches(to)).toBe(true);
    expect(reached.snapshot.status).toBe(to === 'notStarted' || to === 'running' ? 'active' : 'done');
  });

  test.each([
    ['nothing known', 'abandoned', ['abandoned']],
    ['notStarted', 'abandoned', ['abandoned']],
    ['running', 'abandoned', ['abandoned']],
    ['succeeded', 'succeeded', []],
    ['failed', 'failed', []],
    ['canceled', 'canceled', []],
    ['abandoned', 'abandoned', []],
  ] as const)('%s → abandon → %s, tells %p', (from, to, told) => {
    const reached = led([...ways[from], abandon('stopped')]);
    expect([reached.snapshot.value, reached.told]).toEqual([to, told]);
  });

  const others: readonly WatchEvent[] = [
    {type: 'unknownWord', rawStatus: 'odd', at},
    {type: 'retry', error: pollError(503), delay: 5, at},
    {type: 'trouble', error: pollError(404), counts: 'missing', at},
    {type: 'wait', delay: 5, because: 'schedule', at},
    {
      type: 'relocate',
      followed: true,
      location: 'https://graph.example/y',
      redactedLocation: 'https://graph.example/y',
      at,
    },
    {type: 'stall', at},
  ];

  test.each(others.map((event): [string, WatchEvent] => [event.type, event]))(
    '%s machineEvents nothing',
    (_, event) => {
      for (const [from, way] of Object.entries(ways)) {
        const before = led(way);
        const {snapshot, told} = step(before, event);
        expect([from, snapshot.value]).toEqual([from, before.snapshot.value]);
        if (before.snapshot.status === 'done') expect([told, snapshot.context]).toEqual([[], before.snapshot.context]);
        else expect(snapshot.context).not.toEqual(before.snapshot.context);
      }
    },
  );

  test('running → notStarted → running is recorded, and neither is told of twice', () => {
    const events = [report('running'), report('notStarted'), report('running')];
    expect([1, 2, 3].map((count) => valueAfter(events.slice(0, count)))).toEqual(['running', 'notStarted', 'running']);
    const {snapshot, told} = led(events);
    expect(told).toEqual(['polled']);
    expect(snapshot.context).toMatchObject({
      attempt: 3,
      highestStatus: 'running',
      observed: {running: 2, notStarted: 1},
    });
  });

  test.each([
    ['the first percentage', [undefined, 40], ['polled', 'progress']],
    ['another percentage', [40, 60], ['polled', 'progress']],
    ['the same percentage', [40, 40], ['polled']],
    ['a percentage that is no longer told', [40, undefined], ['polled']],
    ['a percentage that goes back', [60, 40], ['polled', 'progress']],
  ])('%s tells %p', (_, [first, second], expected) => {
    const events = [first, second].map((percentComplete): WatchEvent => {
      return {type: 'report', operation: operationOf('running', {percentComplete}), at};
    });
    expect(led(events).told).toEqual(expected);
  });

  test('an unknown word is told of once', () => {
    const odd: WatchEvent = {type: 'unknownWord', rawStatus: 'odd', at};
    const other: WatchEvent = {...odd, rawStatus: 'other'};
    expect([[odd], [odd, odd], [odd, other], [odd, other, odd]].map((events) => led(events).told)).toEqual([
      ['polled', 'unknownStatus'],
      ['polled'],
      ['polled', 'unknownStatus'],
      ['polled'],
    ]);
  });

  test('unknown words do not fill the memory: 20 are kept, 100 characters of each', () => {
    const events = Array.from(
      {length: 30},
      (_, index): WatchEvent => ({type: 'unknownWord', rawStatus: `${index}${'x'.repeat(1e5)}`, at}),
    );
    const {unknownWords, attempt} = led(events).snapshot.context;
    expect([unknownWords.length, attempt, unknownWords[19]]).toEqual([20, 30, `19${'x'.repeat(98)}`]);
  });
});

const anAnswer = fc.option(fc.constant({httpStatus: 200, clientRequestId: 'c'}), {nil: undefined});
const times = fc.integer({min: beginning, max: beginning + 1e6});
const anyReport = fc
  .tuple(
    fc.constantFrom(...statuses),
    fc.record(
      {
        percentComplete: fc.integer({min: -10, max: 110}),
        statusDetail: fc.constantFrom('a', 'b'),
        error: fc.constant({code: 'c'}),
      },
      {requiredKeys: []},
    ),
    times,
    anAnswer,
  )
  .map(
    ([status, body, at, answer]): WatchEvent => ({type: 'report', operation: operationOf(status, body), at, answer}),
  );
const anyError = fc.constantFrom(
  pollError(503),
  pollError(429, {retryAfter: 5000}),
  pollError(404),
  pollError(undefined),
);
/** Every kind of event, a terminal one rarely, so that sequences get long. */
const anyEvent: fc.Arbitrary<WatchEvent> = fc.oneof(
  {weight: 6, arbitrary: anyReport.filter((event) => event.type === 'report' && !hasEnded(event.operation))},
  {weight: 1, arbitrary: anyReport},
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('unknownWord' as const),
      rawStatus: fc.constantFrom('odd', 'x', '__proto__'),
      at: times,
    }),
  },
  {weight: 1, arbitrary: fc.record({type: fc.constant('retry' as const), error: anyError, delay: fc.nat(), at: times})},
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('trouble' as const),
      error: anyError,
      counts: fc.constantFrom('failure', 'deferral', 'missing', 'nothing'),
      at: times,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('wait' as const),
      delay: fc.nat(),
      because: fc.constantFrom('schedule', 'retryAfter', 'deadline'),
      after: fc.option(anyError, {nil: undefined}),
      at: times,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('https://graph.example/y', 'https://graph.example/z').chain((to) =>
      fc.record({
        type: fc.constant('relocate' as const),
        followed: fc.constant(true as const),
        location: fc.constant(to),
        redactedLocation: fc.constant(to),
        at: times,
      }),
    ),
  },
  {weight: 1, arbitrary: fc.record({type: fc.constant('stall' as const), at: times})},
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('abandon' as const),
      reason: fc.constantFrom<AbandonReason>('timeout', 'stopped', 'unreachable'),
      error: fc.constant(error),
      at: times,
    }),
  },
);
const anySequence = fc.array(anyEvent, {maxLength: 25});

describe('any sequence of events', () => {
  test('leads to the same states and events by move(), by an actor, and by pure transitions', () => {
    fc.assert(
      fc.property(anySequence, (sequence) => {
        let moved: WatchState = stateOf();
        const actor = createActor(statusMachine, {snapshot: snapshotOf(moved), input: {location}}).start();
        const heard: OperationEvent[] = [];
        actor.on('*', (event) => heard.push(event));
        let snapshot = snapshotOf(moved);
        const told: OperationEvent[] = [];
        for (const event of sequence) {
          const step = move(moved, event);
          moved = step.state;
          told.push(...step.events);
          const [next, actions] = transition(statusMachine, snapshot, event);
          // An actor that has stopped takes no event.
          if (actor.getSnapshot().status === 'active') actor.send(event);
          expect(emittedBy(actions)).toEqual(step.events);
          expect(heard).toEqual(told);
          snapshot = next;
          expect([snapshot.value, snapshot.context]).toEqual([stateValue(moved), moved]);
          expect([actor.getSnapshot().value, actor.getSnapshot().context]).toEqual([stateValue(moved), moved]);
          expect(actor.getSnapshot().status).toBe(snapshot.status);
        }
        actor.stop();
      }),
    );
  });

  test('keeps what must always hold', () => {
    fc.assert(
      fc.property(anySequence, (sequence) => {
        let state: WatchState = stateOf();
        const told: OperationEvent[] = [];
        for (const event of sequence) {
          const before = state;
          const step = move(before, event);
          state = step.state;
          told.push(...step.events);
          // A terminal state is left by nothing, and nothing is told of it any more.
          if (before.endedAt !== undefined) {
            expect(step).toEqual({state: before, events: []});
            continue;
          }
          // A status is what the service last reported, and only a report or giving up changes the state.
          const expected =
            event.type === 'report'
              ? event.operation.status
              : event.type === 'abandon'
                ? 'abandoned'
                : stateValue(before);
          expect(stateValue(state)).toBe(expected);
          if (event.type !== 'report') expect(state.operation).toBe(before.operation);
          // Over is what the machine's final states say, and nothing else.
          const over = ['succeeded', 'failed', 'canceled', 'abandoned'].includes(stateValue(state));
          expect(state.endedAt).toBe(over ? event.at : undefined);
          // A poll counts once; what stands between polls does not.
          const isPoll = ['report', 'unknownWord', 'trouble'].includes(event.type);
          expect(state.attempt).toBe(before.attempt + (isPoll ? 1 : 0));
          // A good answer forgets all failures.
          if (event.type === 'report' || event.type === 'unknownWord') {
            expect([state.failures, state.deferredAttempts, state.missingSince]).toEqual([0, 0, undefined]);
          }
          // The furthest status is never forgotten.
          expect(rankOf(state)).toBeGreaterThanOrEqual(rankOf(before));
        }
        // Each status is told of once, each later than the one before, and an end comes last.
        const told_ = told.filter(({type}) => Object.hasOwn(statusRank, type) || type === 'abandoned');
        const ranks = told_.map(({type}) => (type === 'abandoned' ? 3 : statusRank[type as OperationStatus]));
        expect(ranks).toEqual([...new Set(ranks)].sort());
        expect(ranks.filter((rank) => rank >= 2).length).toBeLessThanOrEqual(1);
        // Listeners can change nothing.
        expect(told.every((event) => Object.isFrozen(event))).toBe(true);
      }),
    );
  });
});

describe('every state', () => {
  const events: OperationMachineEvent[] = [...statuses.map(report), abandon(), {type: 'stall', at}];
  // Not the context: it counts polls, so that the ways would have no end.
  const paths = getShortestPaths(statusMachine, {
    input: {location, protocol: tasks},
    events,
    serializeState: ({value}) => value,
  });

  test('can be reached, and nothing else', () => {
    expect(paths.map(({state}) => state.value).sort()).toEqual(
      ['abandoned', 'canceled', 'failed', 'notStarted', 'running', 'succeeded'].sort(),
    );
  });

  test.each(paths.map((path): [string, typeof path] => [path.state.value, path]))(
    '%s, by an actor too',
    (value, path) => {
      const actor = createActor(statusMachine, {input: {location, protocol: tasks}}).start();
      const ends: unknown[] = [];
      actor.subscribe({complete: () => ends.push(actor.getSnapshot().output)});
      for (const {event} of path.steps) {
        if (!event.type.startsWith('xstate.')) actor.send(event);
      }
      expect(actor.getSnapshot().value).toBe(value);
      expect(ends.map((output) => (output as Outcome).status)).toEqual(
        value === 'notStarted' || value === 'running' ? [] : [value],
      );
      actor.stop();
    },
  );
});

/** A `watch` actor that reports what a test says. */
const scripted = (...events: readonly WatchEvent[]) =>
  fromCallback(({sendBack}) => {
    for (const event of events) sendBack(event);
  });

describe("the machine's output", () => {
  const fault = {code: 'accessDenied', message: 'No'};
  const failed = operationOf('failed', {error: fault, statusDetail: 'd'});
  const canceled = operationOf('canceled');
  const running = operationOf('running');
  test.each<[string, readonly WatchEvent[], unknown]>([
    ['succeeded', [report('running'), report('succeeded')], {status: 'succeeded', operation: operationOf('succeeded')}],
    [
      'failed',
      [{type: 'report', operation: failed, at}],
      {
        status: 'failed',
        operation: failed,
        error: {
          name: 'OperationFailedError',
          message: 'Operation b failed: accessDenied, No',
          operation: failed,
          attempts: 1,
        },
      },
    ],
    [
      'canceled',
      [{type: 'report', operation: canceled, at}],
      {
        status: 'canceled',
        operation: canceled,
        error: {name: 'OperationCanceledError', message: 'Operation b was canceled', operation: canceled},
      },
    ],
    [
      'abandoned before anything was known',
      [abandon('unreachable')],
      {status: 'abandoned', reason: 'unreachable', operation: undefined, error: {name: 'OperationError'}},
    ],
    [
      'abandoned while running',
      [{type: 'report', operation: running, at}, abandon('stopped')],
      {status: 'abandoned', reason: 'stopped', operation: running, error: {message: 'given up'}},
    ],
  ])('%s', async (_, events, expected) => {
    const machine = operationMachine.provide({actors: {watch: scripted(...events)}});
    const actor = createActor(machine, {input: {location, protocol: tasks}}).start();
    expect(await toPromise(actor)).toMatchObject(expected as Record<string, unknown>);
  });
});

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

  test('goes on when the operation has succeeded, having seen each state', () => {
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

describe('the machine that asks the service', () => {
  const token = 'marker-of-the-token';
  const asked: {at: number; authorization: string | null}[] = [];
  let answers: unknown[] = [];
  let http: KyInstance;

  beforeEach(() => {
    jest.useFakeTimers({now: beginning, doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate']});
    asked.length = 0;
    answers = [];
    http = ky.create({
      fetch: async (input, init) => {
        const {headers} = new Request(input, init);
        asked.push({at: Date.now() - beginning, authorization: headers.get('authorization')});
        return Response.json(answers.length > 1 ? answers.shift() : answers[0]);
      },
    });
  });

  afterEach(() => {
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
  });

  const times = (): number[] => asked.map(({at}) => at);
  /** Lets so much time pass, and what is due happen. */
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
    const heard: string[] = [];
    actor.on('*', ({type}) => heard.push(type));
    actor.start();
    await pass(0);
    expect([times(), actor.getSnapshot().value]).toEqual([[0], 'notStarted']);
    await pass(10_000);
    expect([times(), actor.getSnapshot().value]).toEqual([[0, 10_000], 'running']);
    await pass(10_000);
    expect(times()).toEqual([0, 10_000, 20_000]);
    expect(await toPromise(actor)).toMatchObject({status: 'succeeded', operation: {status: 'succeeded', id: 'b'}});
    expect(heard).toEqual(['polled', 'notStarted', 'waiting', 'polled', 'running', 'waiting', 'polled', 'succeeded']);
    expect(asked.map(({authorization}) => authorization)).toEqual(Array(3).fill(`Bearer ${token}`));
  });

  test('asks no more when it is stopped', async () => {
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
    const heard: OperationEvent[] = [];
    actor.on('*', (event) => heard.push(event));
    actor.start();
    await pass(0);
    const {value, context} = actor.getSnapshot();
    expect([value, context.operation?.createdDateTime]).toEqual(['running', new Date('2020-03-19T12:01:03.450Z')]);
    expect(Object.isFrozen(context.operation)).toBe(true);
    await pass(30_000);
    expect(await toPromise(actor)).toMatchObject({status: 'succeeded'});
    expect(times()).toEqual(expected);
    expect(asked.map(({authorization}) => authorization)).toEqual(Array(3).fill(`Bearer ${token}`));
    expect(heard.map(({type}) => type).filter((type) => type === 'running' || type === 'succeeded')).toEqual([
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
    expect(asked).toEqual([{at: 0, authorization: `Bearer ${expected}`}]);
  });

  test('options of watchOperation are checked when it is called', () => {
    expect(() => watchOperation({requestTimeout: -1})).toThrow(
      new RangeError('requestTimeout: expected milliseconds, from 1 on, got -1'),
    );
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
