import {describe, expect, test} from '@jest/globals';
import fc from 'fast-check';
import {createActor, transition} from 'xstate';
import {statusMachine} from '../../src/machine/machine.ts';
import type {OperationMachine} from '../../src/machine/machine-type.ts';
import {snapshotOf} from '../../src/machine/snapshot.ts';
import * as table from '../../src/machine/transitions.ts';
import {emittedEvents} from '../../src/operation/emitted-events.ts';
import type {OperationEvent} from '../../src/operation/events.ts';
import {type OperationStateValue, stateValue, type WatchState} from '../../src/operation/state.ts';
import type {WatchEvent} from '../../src/operation/watch-event.ts';
import {location, stateOf, statuses, thrownBy} from '../support/core.ts';
import {abandon, anySequence, emittedBy, otherEvents, report} from './events.ts';
import {
  allTransitions,
  type Definition,
  nameOf,
  type StateConfig,
  withoutTransition,
  withStates,
  withTransitions,
} from './variants.ts';

const {transitionsOf} = table;

const stateValues: readonly OperationStateValue[] = [...statuses, 'abandoned'];
const everyEvent: readonly WatchEvent[] = [...statuses.map(report), ...otherEvents, abandon()];

/** The name of a table's entry, as `nameOf` has it. */
function entryName(from: OperationStateValue, event: WatchEvent): string {
  return `${from} -> ${event.type}${event.type === 'report' ? ` ${event.operation.status}` : ''}`;
}

/** What the table of a machine has: the state that follows, by the name of the entry. */
function entriesOf(machine: OperationMachine): Readonly<Record<string, OperationStateValue>> {
  const transitions = transitionsOf(machine);
  const entries: Record<string, OperationStateValue> = {};
  for (const from of stateValues) {
    for (const event of everyEvent) {
      const next = transitions(from, event);
      if (next !== undefined) entries[entryName(from, event)] = next;
    }
  }
  return entries;
}

const realEntries = entriesOf(statusMachine);

describe('the table of the machine', () => {
  test('leads from an open state to each reported status, to abandoned, and nowhere else', () => {
    const expected = (['notStarted', 'running'] as const).flatMap((from) =>
      everyEvent.map((event) => {
        const next = event.type === 'report' ? event.operation.status : event.type === 'abandon' ? 'abandoned' : from;
        return [entryName(from, event), next];
      }),
    );
    expect(realEntries).toEqual(Object.fromEntries(expected));
  });

  test('is read once for each machine', () => {
    const variant = withTransitions([]);
    expect(transitionsOf(statusMachine)).toBe(transitionsOf(statusMachine));
    expect(transitionsOf(variant)).toBe(transitionsOf(variant));
    expect(transitionsOf(variant)).not.toBe(transitionsOf(withTransitions([])));
  });

  test.each(['type', 'status'])('does not depend on `%s` of a polluted `Object.prototype`', async (name) => {
    Object.defineProperty(Object.prototype, name, {value: 'final', configurable: true, writable: true});
    try {
      // Made anew.
      const path = `../../src/machine/machine.ts?${name}`;
      const polluted = (await import(path)) as {readonly statusMachine: OperationMachine};
      expect(polluted.statusMachine).not.toBe(statusMachine);
      expect(entriesOf(polluted.statusMachine)).toEqual(realEntries);
    } finally {
      Reflect.deleteProperty(Object.prototype, name);
    }
  });

  test('knows no other event and no other status', () => {
    const transitions = transitionsOf(statusMachine);
    const unknown = [{type: 'toString'}, {type: ''}, {type: 'watching'}, {type: 'report', operation: {status: 'odd'}}];
    expect(unknown.map((event) => transitions('running', event as WatchEvent))).toEqual(unknown.map(() => undefined));
  });
});

const named = allTransitions.map((one) => [nameOf(one), one] as const);

describe('a variant of the machine', () => {
  test('is made from all its transitions', () => {
    expect(named.map(([name]) => name).sort()).toEqual(Object.keys(realEntries).sort());
    expect(entriesOf(withTransitions(allTransitions))).toEqual(realEntries);
  });

  test.each(named)('without %s has a table without it, and all else as before', (name, one) => {
    const {[name]: gone, ...others} = realEntries;
    expect(gone).toBeDefined();
    expect(entriesOf(withoutTransition(one))).toEqual(others);
  });

  test.each(named)('with %s alone has a table of that entry alone', (name, one) => {
    expect(entriesOf(withTransitions([]))).toEqual({});
    expect(entriesOf(withTransitions([one]))).toEqual({[name]: realEntries[name]});
  });

  test('is moved by an actor, by a pure transition and by its table in the same way, whatever is taken out', () => {
    const subset = fc.subarray([...allTransitions]);
    fc.assert(
      fc.property(subset, anySequence, (transitions, sequence) => {
        const machine = withTransitions(transitions);
        let state: WatchState = stateOf();
        let snapshot = machine.resolveState({value: 'notStarted', context: state});
        const actor = createActor(machine, {snapshot, input: {location}}).start();
        const emitted: OperationEvent[] = [];
        actor.on('*', (event) => emitted.push(event));
        for (const event of sequence) {
          emitted.length = 0;
          const made = table.transition(state, event, transitionsOf(machine));
          const [next, actions] = transition(machine, snapshot, event);
          if (actor.getSnapshot().status === 'active') actor.send(event);
          state = made?.after ?? state;
          snapshot = next;
          const events = made === undefined ? [] : emittedEvents(made);
          expect([emitted, emittedBy(actions)]).toEqual([events, events]);
          for (const {value, context, status} of [snapshot, actor.getSnapshot()]) {
            expect([value, context, status]).toEqual([stateValue(state), state, snapshot.status]);
          }
        }
        actor.stop();
      }),
    );
  });
});

describe('transition', () => {
  test('gives nothing for an event that the machine does not take', () => {
    const ended = table.transition(stateOf(), report('failed'))?.after ?? stateOf();
    expect(everyEvent.map((event) => table.transition(ended, event))).toEqual(everyEvent.map(() => undefined));
  });

  test('goes by the machine where it is given no table', () => {
    for (const event of everyEvent) {
      const [{context}] = transition(statusMachine, snapshotOf(stateOf()), event);
      expect(table.transition(stateOf(), event)?.after).toEqual(context);
    }
  });
});

describe('a machine that cannot be read as a table is refused', () => {
  const reported = (status: string): Definition['guard'] => ({type: 'reported', params: {status}});
  const running = (definition: Definition, event = 'report'): {readonly running: StateConfig} => ({
    running: {on: {[event]: definition}},
  });
  const recording = (next: string): Definition['actions'] => ({type: 'record', params: {next}});
  const looksAtMore = 'has a guard that looks at more than the reported status';

  test.each<[string, Partial<Record<OperationStateValue, StateConfig>>, string]>([
    [
      'a guard that is a function',
      running({guard: () => true, target: 'failed'}),
      `running -> failed on report ${looksAtMore}`,
    ],
    [
      'a guard of another name',
      running({guard: {type: 'mondays', params: {status: 'failed'}}, target: 'failed'}),
      `running -> failed on report ${looksAtMore}`,
    ],
    [
      'a guard that names no status',
      running({guard: 'reported', target: 'failed'}),
      `running -> failed on report ${looksAtMore}`,
    ],
    [
      'a guard whose status depends on the context',
      running({guard: {type: 'reported', params: () => ({status: 'failed'})}, target: 'failed'}),
      `running -> failed on report ${looksAtMore}`,
    ],
    [
      'a guard for a status that there is not',
      running({guard: reported('paused'), target: 'failed'}),
      `running -> failed on report ${looksAtMore}`,
    ],
    ['a report without a guard', running({target: 'failed'}), `running -> failed on report ${looksAtMore}`],
    [
      'a report that leads to another status',
      running({guard: reported('running'), target: 'failed'}),
      'running -> failed on report should lead to running',
    ],
    [
      'a report that leads to abandoned',
      running({guard: reported('failed'), target: 'abandoned'}),
      'running -> abandoned on report should lead to failed',
    ],
    [
      'a report that leads nowhere',
      running({guard: reported('failed')}),
      'running -> running on report should lead to failed',
    ],
    ['a wildcard', running({}, '*'), 'running -> running on * is not for one event'],
    ['a partial wildcard', running({}, 'report.*'), 'running -> running on report.* is not for one event'],
    ['an eventless transition', {running: {always: {target: 'failed'}}}, 'running -> failed on  is not for one event'],
    [
      'an end that a report leaves',
      {succeeded: {type: 'final', on: {report: {guard: reported('running'), target: 'running'}}}},
      'succeeded -> running on report leaves a terminal state',
    ],
    [
      'an end that still records something',
      {failed: {type: 'final', on: {stall: {}}}},
      'failed -> failed on stall leaves a terminal state',
    ],
    [
      'an abandoned watch that goes on',
      {abandoned: {on: {wait: {target: 'running'}}}},
      'abandoned -> running on wait leaves a terminal state',
    ],
    [
      'another event that changes the state',
      running({target: 'notStarted'}, 'stall'),
      'running -> notStarted on stall should lead to running',
    ],
    [
      'another event that ends it',
      running({target: 'failed'}, 'trouble'),
      'running -> failed on trouble should lead to running',
    ],
    [
      'abandon that leads to an end of the operation',
      running({target: 'failed'}, 'abandon'),
      'running -> failed on abandon should lead to abandoned',
    ],
    ['abandon that leads nowhere', running({}, 'abandon'), 'running -> running on abandon should lead to abandoned'],
    [
      'another event with a guard',
      running({guard: reported('running')}, 'wait'),
      `running -> running on wait ${looksAtMore}`,
    ],
    [
      'a report that is recorded as another status',
      running({guard: reported('failed'), target: 'failed', actions: recording('running')}),
      'running -> failed on report should have one action, which records failed',
    ],
    [
      'a report that is not recorded',
      running({guard: reported('failed'), target: 'failed'}),
      'running -> failed on report should have one action, which records failed',
    ],
    [
      'an action that does more than record',
      running({actions: [recording('running'), 'startWatching']}, 'stall'),
      'running -> running on stall should have one action, which records running',
    ],
    [
      'abandon that is recorded as the status before',
      running({target: 'abandoned', actions: recording('running')}, 'abandon'),
      'running -> abandoned on abandon should have one action, which records abandoned',
    ],
    [
      'a report with several targets',
      running({guard: reported('failed'), target: ['failed', 'abandoned'], actions: recording('failed')}),
      'running -> failed on report has several targets',
    ],
    [
      'a start of the watch actor that changes the state',
      running({target: 'failed'}, 'watching'),
      'running -> failed on watching should lead to running',
    ],
    [
      'a start of the watch actor that leaves an end',
      {succeeded: {type: 'final', on: {watching: {target: 'running'}}}},
      'succeeded -> running on watching leaves a terminal state',
    ],
  ])('%s', (_, states, why) => {
    const machine = withStates(states);
    const message = `The transition ${why}`;
    expect(thrownBy(() => transitionsOf(machine))).toEqual(new TypeError(message));
    // A table that was refused is not kept.
    expect(thrownBy(() => transitionsOf(machine))).toEqual(new TypeError(message));
  });
});
