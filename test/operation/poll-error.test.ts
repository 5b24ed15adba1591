import {expect, test} from '@jest/globals';
import {PollError, type PollErrorFacts, readPollError, writePollError} from '../../src/operation/poll-error.ts';

const answered = (httpStatus: number) => ({httpStatus, clientRequestId: 'c', requestId: 'r', date: 'd'});

test.each<[string, PollErrorFacts, boolean | undefined]>([
  ['without an answer', {kind: 'network', transient: true, code: 'ECONNRESET'}, undefined],
  ['that was not throttled', {kind: 'http', transient: false, answer: answered(403), ends: 'forbidden'}, undefined],
  ['throttled by its status', {kind: 'http', transient: true, answer: answered(429), retryAfter: 5}, undefined],
  ['throttled by another', {kind: 'http', transient: true, answer: answered(403), throttled: true}, true],
  ['throttled without an answer', {kind: 'token', transient: true, throttled: true}, true],
])('a failed request %s is the same after JSON', (_, facts, written) => {
  const error = new PollError('It failed', facts);
  const json = writePollError(error);
  expect(json.throttled).toBe(written);
  const read = readPollError(JSON.parse(JSON.stringify(json)));
  expect({...read, message: read.message}).toEqual({...error, message: error.message});
  expect(read.answer === undefined || Object.isFrozen(read.answer)).toBe(true);
});
