import {expect, test} from '@jest/globals';
import {resumeTokenOf} from '../../src/operation/resume-token.ts';
import {shiftTimes, type WatchState} from '../../src/operation/state.ts';
import {beginning, stateOf} from '../support/core.ts';

const times = {
  startedAt: beginning + 1,
  dueAt: beginning + 2,
  notBefore: beginning + 3,
  deadlineAt: beginning + 4,
  missingSince: beginning + 5,
  changedAt: beginning + 6,
  lastSeenAt: beginning + 7,
  endedAt: beginning + 8,
} satisfies Partial<WatchState>;

test.each([1, -1, 5000])('all times of a state are shifted, and nothing else: by %i ms', (by) => {
  const state = stateOf({...times, attempt: 3, failures: 2});
  const shifted = Object.fromEntries(Object.entries(times).map(([name, time]) => [name, time + by]));
  expect(shiftTimes(state, by)).toEqual({...state, ...shifted});
});

test('a time that is not set is not shifted', () => {
  const {notBefore, deadlineAt, missingSince, lastSeenAt, endedAt} = shiftTimes(stateOf({deadlineAt: undefined}), 5000);
  expect([notBefore, deadlineAt, missingSince, lastSeenAt, endedAt]).toEqual(Array.from({length: 5}));
});

test('a state whose clock shows the same time is the same object', () => {
  const state = stateOf(times);
  expect(shiftTimes(state, 0)).toBe(state);
});

test('a resume token has times of the wall clock', () => {
  const clock = {now: () => beginning, wallOffset: () => 5000};
  expect(resumeTokenOf(stateOf(times), clock)).toMatchObject({startedAt: beginning + 5001, dueAt: beginning + 5002});
  expect(resumeTokenOf(stateOf(times), undefined)).toMatchObject({startedAt: beginning + 1, dueAt: beginning + 2});
});
