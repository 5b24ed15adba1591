import {transition} from '../../src/machine/transitions.ts';
import {OperationError} from '../../src/operation/errors.ts';
import {writeResumeToken} from '../../src/operation/resume-token.ts';
import type {WatchState} from '../../src/operation/state.ts';
import type {WatchEvent} from '../../src/operation/watch-event.ts';
import {beginning, operationOf, pollError, stateOf} from '../support/core.ts';

export const answer = {httpStatus: 200, requestId: 'r', clientRequestId: 'c', date: 'Thu, 19 Mar 2020 12:00:00 GMT'};
export const at = beginning + 1000;

/** The state that some events lead to. */
function stateAfter(events: readonly WatchEvent[], state: WatchState = stateOf()): WatchState {
  return events.reduce((before, event) => transition(before, event)?.after ?? before, state);
}

export const body = {
  createdDateTime: '2020-03-19T12-01-03.45Z',
  lastActionDateTime: '2020-03-19T12:01:04.2345678Z',
  statusDetail: 'ResetSuccess',
  percentComplete: 40,
  resourceLocation: 'https://graph.example/x',
  nested: {list: [1, {two: null}]},
};
export const running = stateAfter([
  {type: 'report', operation: operationOf('running', body), at, answer},
  {type: 'wait', delay: 5000, because: 'schedule', at},
]);
export const succeeded = stateAfter([
  {type: 'report', operation: operationOf('succeeded', {...body, result: {url: 'u'}}), at, answer},
]);
const fault = {code: 'a', message: 'm', innerError: {code: 'b'}};
export const failed = stateAfter([{type: 'report', operation: operationOf('failed', {error: fault}), at, answer}]);
export const canceled = stateAfter([{type: 'report', operation: operationOf('canceled'), at, answer}]);
const error = new OperationError('given up');
export const abandoned = stateAfter([{type: 'abandon', reason: 'timeout', error, at, answer}], running);
export const troubled = stateAfter([
  {type: 'unknownWord', rawStatus: 'odd', at},
  {type: 'trouble', error: pollError(503), counts: 'failure', at},
  {type: 'trouble', error: pollError(503), counts: 'deferral', at},
  {type: 'trouble', error: pollError(404), counts: 'missing', at},
  {type: 'stall', at},
  {
    type: 'relocate',
    followed: true,
    location: 'https://graph.example/y?z',
    redactedLocation: 'https://graph.example/y?z',
    at,
  },
]);
export const token = writeResumeToken(running);

export const states: readonly [string, WatchState][] = [
  ['before the first poll', stateOf()],
  ['without a deadline', stateOf({}, {totalTimeout: false})],
  ['before the first poll, with an initial delay', stateOf({}, {initialDelay: 5000})],
  ['running', running],
  ['in trouble: unknown words, failures, deferredAttempts, 404, stalled, relocated', troubled],
  ['succeeded', succeeded],
  ['failed', failed],
  ['canceled', canceled],
  ['abandoned', abandoned],
  ['abandoned before the first answer', stateAfter([{type: 'abandon', reason: 'stopped', error, at}])],
];
