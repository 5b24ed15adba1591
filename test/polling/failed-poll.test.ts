import {describe, expect, test} from '@jest/globals';
import type {PollErrorFacts} from '../../src/operation/poll-error.ts';
import type {WatchState} from '../../src/operation/state.ts';
import {readOptions} from '../../src/options/settings.ts';
import {countOf, reasonToAbandon} from '../../src/polling/failed-poll.ts';
import {beginning, pollError, stateOf, tasks} from '../support/core.ts';

type Facts = Partial<PollErrorFacts>;

const settings = readOptions({
  protocol: tasks,
  retry: {retries: 2},
  notFoundGrace: 5000,
  consecutiveFailures: 3,
});

describe('a failed poll counts as', () => {
  test.each<[string, ReturnType<typeof countOf>, number | undefined, Facts, number]>([
    ['missing: a 404', 'missing', 404, {}, 0],
    ['missing: a 404 with a Retry-After', 'missing', 404, {retryAfter: 2000}, 0],
    ['a failure: a 403', 'failure', 403, {transient: false}, 0],
    ['a failure: no response', 'failure', undefined, {}, 0],
    ['a failure: a 503 without a Retry-After', 'failure', 503, {}, 0],
    ['a failure: one with a Retry-After that no retry helps', 'failure', 400, {transient: false, retryAfter: 2000}, 0],
    ['nothing: throttling with a Retry-After of a second', 'nothing', 429, {retryAfter: 1000}, 0],
    ['a deferral: throttling with a shorter one', 'deferral', 429, {retryAfter: 999}, 0],
    ['a deferral: a 503 with a Retry-After', 'deferral', 503, {retryAfter: 1000}, 0],
    ['a deferral: as many as retries', 'deferral', 503, {retryAfter: 1000}, 1],
    ['a failure: one more than retries', 'failure', 503, {retryAfter: 1000}, 2],
  ])('%s', (_, expected, httpStatus, facts, deferredAttempts) => {
    expect(countOf(pollError(httpStatus, facts), stateOf({deferredAttempts}), settings)).toBe(expected);
  });
});

describe('with maxRetryAfter, throttling counts as', () => {
  test.each<[string, ReturnType<typeof countOf>, number, number]>([
    ['nothing: its wait is cut to less than a second', 'nothing', 150, 150],
    ['a deferral: its wait is shorter than that', 'deferral', 149, 150],
    ['nothing: a second is not cut', 'nothing', 1000, 2000],
    ['a deferral: less than a second is not cut', 'deferral', 999, 2000],
  ])('%s', (_, expected, retryAfter, maxRetryAfter) => {
    const limited = {...settings, maxRetryAfter};
    expect(countOf(pollError(429, {retryAfter}), stateOf(), limited)).toBe(expected);
  });
});

describe('watching ends after a failed poll', () => {
  const at = beginning + 60_000;
  test.each<[string, ReturnType<typeof reasonToAbandon>, number | undefined, Facts, Partial<WatchState>]>([
    ['not before consecutiveFailures', undefined, 503, {}, {failures: 2}],
    ['as unreachable with consecutiveFailures', 'unreachable', 503, {}, {failures: 3}],
    ['as a matter of the protocol where no retry helps', 'protocol', 400, {transient: false}, {failures: 3}],
    ['as unauthorized where there is no token', 'unauthorized', undefined, {kind: 'token'}, {failures: 3}],
    ['at once where polling again is pointless', 'forbidden', 403, {ends: 'forbidden'}, {failures: 1}],
    ['not before notFoundGrace', undefined, 404, {}, {failures: 1, missingSince: at - 4999}],
    ['as not found with notFoundGrace', 'notFound', 404, {}, {failures: 1, missingSince: at - 5000}],
    ['only by a 404 as not found', undefined, 503, {}, {failures: 1, missingSince: at - 5000}],
    ['only by a 404 that is missing as not found', undefined, 404, {}, {failures: 1, missingSince: undefined}],
    ['not before the deadline', undefined, 503, {}, {failures: 1, deadlineAt: at + 1}],
    ['as timed out at the deadline', 'timeout', 503, {}, {failures: 1, deadlineAt: at}],
    ['as timed out rather than unreachable', 'timeout', 503, {}, {failures: 3, deadlineAt: at}],
    ['as not found rather than timed out', 'notFound', 404, {}, {missingSince: at - 5000, deadlineAt: at}],
  ])('%s', (_, expected, httpStatus, facts, changes) => {
    expect(reasonToAbandon(pollError(httpStatus, facts), stateOf(changes), settings, at)).toBe(expected);
  });
});
