import {describe, expect, test} from '@jest/globals';
import fc from 'fast-check';
import {createActor, initialTransition, toPromise, transition} from 'xstate';
import {getShortestPaths} from 'xstate/graph';
import {statusMachine} from '../../src/machine/machine.ts';
import type {OperationMachineEvent, OperationSnapshot} from '../../src/machine/machine-type.ts';
import {snapshotOf} from '../../src/machine/snapshot.ts';
import * as table from '../../src/machine/transitions.ts';
import {emittedEvents} from '../../src/operation/emitted-events.ts';
import type {OperationEvent} from '../../src/operation/events.ts';
import {type OperationStatus, statusRank} from '../../src/operation/operation.ts';
import type {Outcome} from '../../src/operation/outcome.ts';
import {type OperationStateValue, stateValue, type WatchState} from '../../src/operation/state.ts';
import type {WatchEvent} from '../../src/operation/watch-event.ts';
import {operationMachine} from '../../src/polling/operation-machine.ts';
import {location, operationOf, stateOf, statuses, tasks} from '../support/core.ts';
import {abandon, anySequence, at, emittedBy, otherEvents, report, scripted} from './events.ts';

/** Moves a state by the table; an event that the machine does not take changes nothing. */
function move(before: WatchState, event: WatchEvent): {state: WatchState; events: readonly OperationEvent[]} {
  const made = table.transition(before, event);
  return made === undefined ? {state: before, events: []} : {state: made.after, events: emittedEvents(made)};
}

const rankOf = ({highestStatus}: WatchState): number => (highestStatus === undefined ? -1 : statusRank[highestStatus]);

interface Position {
  readonly snapshot: OperationSnapshot;
  /** The names of the events that were emitted for the last one. */
  readonly emitted: readonly string[];
}

/** Where an event leads, by XState's own pure function: no actor, no timer, no request. */
function step({snapshot}: Position, event: WatchEvent): Position {
  const [next, actions] = transition(operationMachine, snapshot, event);
  return {snapshot: next, emitted: emittedBy(actions).map(({type}) => type)};
}

/** Where events lead from the start. */
function positionAfter(events: readonly WatchEvent[]): Position {
  const [snapshot] = initialTransition(operationMachine, {location, protocol: tasks});
  return events.reduce(step, {snapshot, emitted: []});
}

const valueAfter = (events: readonly WatchEvent[]): OperationStateValue => positionAfter(events).snapshot.value;

describe('the machine, used purely', () => {
  test('starts where nothing is known', () => {
    const [snapshot, actions] = initialTransition(operationMachine, {location, protocol: tasks});
    expect([snapshot.value, snapshot.status, snapshot.output]).toEqual(['notStarted', 'active', undefined]);
    expect(snapshot.context).toMatchObject({location, attempt: 0, operation: undefined, observed: {}});
    expect(emittedBy(actions)).toEqual([]);
  });

  test.each([
    ['input', undefined, 'an object, got undefined'],
    ['input', location, 'an object, got a string'],
    ['location', {}, 'an absolute http or https URL, got undefined'],
  ])('does not start by a wrong %s: %p', async (name, input, but) => {
    const actor = createActor(operationMachine, {input: input as never});
    actor.subscribe({error: () => undefined});
    actor.start();
    await expect(toPromise(actor)).rejects.toEqual(new TypeError(`${name}: expected ${but}`));
  });

  // state → event → state
  const histories = {
    'nothing known': [],
    notStarted: [report('notStarted')],
    running: [report('running')],
    succeeded: [report('succeeded')],
    failed: [report('failed')],
    canceled: [report('canceled')],
    abandoned: [abandon()],
  } as const satisfies Record<string, readonly WatchEvent[]>;

  test.each<[keyof typeof histories, OperationStatus, OperationStateValue, readonly string[]]>([
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
      statuses.map((status): [keyof typeof histories, OperationStatus, OperationStateValue, string[]] => [
        ended,
        status,
        ended,
        [],
      ]),
    ),
  ])('%s → report %s → %s, emits %p', (from, status, to, expected) => {
    const {snapshot, emitted} = positionAfter([...histories[from], report(status)]);
    expect([snapshot.value, emitted]).toEqual([to, expected]);
    expect(snapshot.matches(to)).toBe(true);
    expect(snapshot.status).toBe(to === 'notStarted' || to === 'running' ? 'active' : 'done');
  });

  test.each([
    ['nothing known', 'abandoned', ['abandoned']],
    ['notStarted', 'abandoned', ['abandoned']],
    ['running', 'abandoned', ['abandoned']],
    ['succeeded', 'succeeded', []],
    ['failed', 'failed', []],
    ['canceled', 'canceled', []],
    ['abandoned', 'abandoned', []],
  ] as const)('%s → abandon → %s, emits %p', (from, to, expected) => {
    const {snapshot, emitted} = positionAfter([...histories[from], abandon('stopped')]);
    expect([snapshot.value, emitted]).toEqual([to, expected]);
  });

  test.each(otherEvents.map((event): [string, WatchEvent] => [event.type, event]))(
    '%s changes no state',
    (_, event) => {
      for (const [from, history] of Object.entries(histories)) {
        const before = positionAfter(history);
        const {snapshot, emitted} = step(before, event);
        expect([from, snapshot.value]).toEqual([from, before.snapshot.value]);
        if (before.snapshot.status === 'done')
          expect([emitted, snapshot.context]).toEqual([[], before.snapshot.context]);
        else expect(snapshot.context).not.toEqual(before.snapshot.context);
      }
    },
  );

  test('running → notStarted → running is recorded, and neither status is announced twice', () => {
    const events = [report('running'), report('notStarted'), report('running')];
    expect([1, 2, 3].map((count) => valueAfter(events.slice(0, count)))).toEqual(['running', 'notStarted', 'running']);
    const {snapshot, emitted} = positionAfter(events);
    expect(emitted).toEqual(['polled']);
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
    ['a percentage that is no longer reported', [40, undefined], ['polled']],
    ['a percentage that goes back', [60, 40], ['polled', 'progress']],
  ])('%s, %p, emits %p', (_, [first, second], expected) => {
    const events = [first, second].map((percentComplete): WatchEvent => {
      return {type: 'report', operation: operationOf('running', {percentComplete}), at};
    });
    expect(positionAfter(events).emitted).toEqual(expected);
  });

  test('an unknown word is announced once', () => {
    const odd: WatchEvent = {type: 'unknownWord', rawStatus: 'odd', at};
    const other: WatchEvent = {...odd, rawStatus: 'other'};
    expect([[odd], [odd, odd], [odd, other], [odd, other, odd]].map((events) => positionAfter(events).emitted)).toEqual(
      [['polled', 'unknownStatus'], ['polled'], ['polled', 'unknownStatus'], ['polled']],
    );
  });

  test('unknown words do not fill the memory: 20 are kept, 100 characters of each', () => {
    const events = Array.from(
      {length: 30},
      (_, index): WatchEvent => ({type: 'unknownWord', rawStatus: `${index}${'x'.repeat(1e5)}`, at}),
    );
    const {unknownWords, attempt} = positionAfter(events).snapshot.context;
    expect([unknownWords.length, attempt, unknownWords[19]]).toEqual([20, 30, `19${'x'.repeat(98)}`]);
  });
});

describe('any sequence of events', () => {
  test('leads to the same states and events by the table, by an actor, and by pure transitions', () => {
    fc.assert(
      fc.property(anySequence, (sequence) => {
        let state: WatchState = stateOf();
        const actor = createActor(statusMachine, {snapshot: snapshotOf(state), input: {location}}).start();
        const byActor: OperationEvent[] = [];
        actor.on('*', (event) => byActor.push(event));
        let snapshot = snapshotOf(state);
        const emitted: OperationEvent[] = [];
        for (const event of sequence) {
          const step = move(state, event);
          state = step.state;
          emitted.push(...step.events);
          const [next, actions] = transition(statusMachine, snapshot, event);
          // An actor that has stopped takes no event.
          if (actor.getSnapshot().status === 'active') actor.send(event);
          expect(emittedBy(actions)).toEqual(step.events);
          expect(byActor).toEqual(emitted);
          snapshot = next;
          expect([snapshot.value, snapshot.context]).toEqual([stateValue(state), state]);
          expect([actor.getSnapshot().value, actor.getSnapshot().context]).toEqual([stateValue(state), state]);
          expect(actor.getSnapshot().status).toBe(snapshot.status);
        }
        actor.stop();
      }),
    );
  });

  test('satisfies the invariants', () => {
    fc.assert(
      fc.property(anySequence, (sequence) => {
        let state: WatchState = stateOf();
        const emitted: OperationEvent[] = [];
        for (const event of sequence) {
          const before = state;
          const step = move(before, event);
          state = step.state;
          emitted.push(...step.events);
          // Nothing leaves a terminal state, and nothing is emitted any more.
          if (before.endedAt !== undefined) {
            expect(step).toEqual({state: before, events: []});
            continue;
          }
          // A status is what the service last reported, and only a report or abandoning changes the state.
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
          // A poll counts once; what happens between polls does not.
          const isPoll = ['report', 'unknownWord', 'trouble'].includes(event.type);
          expect(state.attempt).toBe(before.attempt + (isPoll ? 1 : 0));
          // A good answer resets all failures.
          if (event.type === 'report' || event.type === 'unknownWord') {
            expect([state.failures, state.deferredAttempts, state.missingSince]).toEqual([0, 0, undefined]);
          }
          // The highest status never goes back.
          expect(rankOf(state)).toBeGreaterThanOrEqual(rankOf(before));
        }
        // Each status is announced once, each later than the one before, and an end comes last.
        const announced = emitted.filter(({type}) => Object.hasOwn(statusRank, type) || type === 'abandoned');
        const ranks = announced.map(({type}) => (type === 'abandoned' ? 3 : statusRank[type as OperationStatus]));
        expect(ranks).toEqual([...new Set(ranks)].sort());
        expect(ranks.filter((rank) => rank >= 2).length).toBeLessThanOrEqual(1);
        // Listeners can change nothing.
        expect(emitted.every((event) => Object.isFrozen(event))).toBe(true);
      }),
    );
  });
});

describe('every state', () => {
  const events: OperationMachineEvent[] = [...statuses.map(report), abandon(), {type: 'stall', at}];
  // Not the context: it counts polls, so there would be no end of paths.
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
