import {describe, expect, test} from '@jest/globals';
import {emittedEvents} from '../../src/operation/emitted-events.ts';
import type {OperationEvent} from '../../src/operation/events.ts';
import {reduce} from '../../src/operation/reducer.ts';
import type {OperationStateValue, WatchState} from '../../src/operation/state.ts';
import type {WatchEvent} from '../../src/operation/watch-event.ts';
import {operationOf, pollError, stateOf} from '../support/core.ts';
import {answer, at} from './states.ts';

const polled = stateOf({attempt: 7, answer});

/** The state that an event leads to, and what is emitted. */
function take(
  before: WatchState,
  event: WatchEvent,
  next: OperationStateValue,
): {readonly state: WatchState; readonly events: readonly OperationEvent[]} {
  const after = reduce(before, event, next);
  return {state: after, events: emittedEvents({before, event, after})};
}

describe('the events of a poll that is going on', () => {
  test('a retry has the number of that poll, which is counted later', () => {
    const {state, events} = take(polled, {type: 'retry', error: pollError(503), delay: 200, at}, 'notStarted');
    expect(events).toEqual([expect.objectContaining({type: 'retrying', attempt: 8, delay: 200})]);
    expect(state).toMatchObject({attempt: 7, dueAt: at + 200, observed: {503: 1}});
  });

  test('a request that is held back has it too, a wait between polls that of the last one', () => {
    const wait = {type: 'wait', delay: 200, at} as const;
    expect(take(polled, {...wait, because: 'heldBack'}, 'notStarted').events).toMatchObject([{attempt: 8}]);
    expect(take(polled, {...wait, because: 'schedule'}, 'notStarted').events).toMatchObject([{attempt: 7}]);
  });
});

test('a location that is not followed is announced once', () => {
  const event = {type: 'relocate', followed: false, to: 'https://proxy.example', at} as const;
  const first = take(stateOf(), event, 'notStarted');
  expect(first.events).toMatchObject([{type: 'relocated', followed: false, to: 'https://proxy.example'}]);
  const second = take(first.state, event, 'notStarted');
  expect(second.events).toEqual([]);
  expect(second.state.observed).toEqual({notFollowed: 2});
});

test('a location that is followed is announced each time, also after one that was not', () => {
  const refused = {type: 'relocate', followed: false, to: 'https://proxy.example', at} as const;
  const location = 'https://graph.example/moved';
  const event = {type: 'relocate', followed: true, location, redactedLocation: location, at} as const;
  const {state} = take(stateOf(), refused, 'notStarted');
  expect(take(state, event, 'notStarted').events).toMatchObject([{type: 'relocated', followed: true, to: location}]);
});

test('the remaining time is in the events that may have it, where it is known', () => {
  const remaining = {p10: 1, p50: 2, p90: 3};
  const report = {type: 'report', operation: operationOf('running', {percentComplete: 40}), at} as const;
  const wait = {type: 'wait', delay: 200, because: 'schedule', at} as const;
  const eventsOf = (known: object): readonly OperationEvent[] => [
    ...take(polled, {...report, ...known}, 'running').events,
    ...take(polled, {...wait, ...known}, 'running').events,
  ];
  const withRemaining = eventsOf({remaining}).filter((each) => 'remaining' in each && each.remaining === remaining);
  expect(withRemaining.map(({type}) => type)).toEqual(['polled', 'progress', 'waiting']);
  expect(eventsOf({remaining: undefined}).filter((each) => 'remaining' in each)).toEqual([]);
});

test.each([
  ['the first time', [], ['odd']],
  ['after another word', ['strange'], ['odd']],
  ['another time', ['odd'], []],
])('a word of which only otherWords says the meaning: what is announced %s', (_, unknownWords, announced) => {
  const event = {type: 'report', operation: operationOf('running'), unknownWord: 'odd', at} as const;
  const {state, events} = take(stateOf({unknownWords}), event, 'running');
  expect(events.flatMap((each) => (each.type === 'unknownStatus' ? each.rawStatus : []))).toEqual(announced);
  expect(state.unknownWords).toEqual([...new Set([...unknownWords, 'odd'])]);
});

test('an event is frozen, and has an answer only where there was one', () => {
  const event = {type: 'report', operation: operationOf('running', {percentComplete: 40}), at} as const;
  const without = take(polled, event, 'running').events;
  expect(without.map(({type}) => type)).toEqual(['polled', 'progress', 'running']);
  expect(without.every((each) => Object.isFrozen(each) && !('answer' in each))).toBe(true);
  expect(take(polled, {...event, answer}, 'running').events.map((each) => each.answer)).toEqual([
    answer,
    answer,
    answer,
  ]);
});
