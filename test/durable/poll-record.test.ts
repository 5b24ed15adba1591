import {describe, expect, test} from '@jest/globals';
import fc from 'fast-check';
import {type PollRecord, readPollRecord, writePollRecord} from '../../src/durable/poll-record.ts';
import {PollError, type PollErrorKind} from '../../src/operation/poll-error.ts';
import type {AbandonReason} from '../../src/operation/state.ts';
import type {Report} from '../../src/polling/poll.ts';
import {beginning, operationOf, pollError, statuses, thrownBy} from '../support/core.ts';

const answer = {httpStatus: 200, requestId: 'r', clientRequestId: 'c', date: 'Thu, 19 Mar 2020 12:00:00 GMT'};
const dates = {createdDateTime: '2020-03-19T12-01-03.45Z', lastActionDateTime: '2020-03-19T12:01:04.2345678Z'};

const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, {nil: undefined});
const milliseconds = fc.nat({max: 2 ** 31});
const errors: fc.Arbitrary<PollError> = fc
  .record({
    httpStatus: maybe(fc.constantFrom(401, 404, 429, 503)),
    kind: fc.constantFrom<PollErrorKind>('http', 'network', 'timeout', 'protocol', 'token'),
    transient: fc.boolean(),
    code: maybe(fc.string()),
    retryAfter: maybe(milliseconds),
    ends: maybe(fc.constantFrom<AbandonReason>('unauthorized', 'forbidden', 'notFound', 'protocol')),
  })
  .map(({httpStatus, ...facts}) => pollError(httpStatus, facts));
const reports: fc.Arbitrary<Report> = fc.oneof(
  fc
    .record({
      status: fc.constantFrom(...statuses),
      fields: fc.dictionary(fc.constantFrom('result', 'percentComplete', 'more', '__proto__'), fc.jsonValue()),
      retryAfter: maybe(milliseconds),
      relocation: maybe(fc.webUrl().map((location) => ({followed: true as const, location}))),
    })
    .map(
      ({status, fields, retryAfter, relocation}): Report => ({
        is: 'operation',
        operation: operationOf(status, JSON.parse(JSON.stringify({...dates, ...fields}))),
        answer,
        retryAfter,
        relocation,
      }),
    ),
  fc
    .record({rawStatus: fc.string(), retryAfter: maybe(milliseconds)})
    .map((fields): Report => ({is: 'unknownStatus', answer, ...fields})),
  errors.map((error): Report => ({is: 'failure', error})),
);
const records: fc.Arbitrary<PollRecord> = fc.record({
  at: milliseconds.map((delay) => beginning + delay),
  random: fc.double({min: 0, max: 1, maxExcluded: true, noNaN: true}),
  retries: fc.array(fc.record({error: errors, delay: milliseconds, at: milliseconds}), {maxLength: 2}),
  report: reports,
});

/** A failed request with what `toEqual` does not look at in an error. */
const factsOf = (error: PollError) => ({...error, message: error.message, name: error.constructor.name});
const plainOf = ({report, retries, ...rest}: PollRecord) => ({
  ...rest,
  retries: retries.map((retry) => ({...retry, error: factsOf(retry.error)})),
  report: report.is === 'failure' ? factsOf(report.error) : report,
});

describe('a recorded poll', () => {
  test('is read as it was, through JSON', () => {
    fc.assert(
      fc.property(records, (record) => {
        const read = readPollRecord(JSON.parse(JSON.stringify(writePollRecord(record))));
        expect(plainOf(read)).toEqual(plainOf(record));
      }),
    );
  });

  test('is written in one way: what was read is written the same', () => {
    fc.assert(
      fc.property(records, (record) => {
        const written = writePollRecord(record);
        expect(writePollRecord(readPollRecord(written))).toEqual(written);
      }),
    );
  });

  test('keeps that a 403 was throttling', () => {
    const answer = {httpStatus: 403, clientRequestId: 'c'};
    const error = new PollError('It answered 403', {kind: 'http', transient: true, throttled: true, answer});
    const {report} = readPollRecord(
      writePollRecord({at: beginning, random: 0.5, retries: [], report: {is: 'failure', error}}),
    );
    expect(report).toMatchObject({error: {httpStatus: 403, throttled: true}});
  });

  test('keeps a word that only otherWords gives a meaning', () => {
    const operation = {id: 'a', status: 'running', rawStatus: 'odd', raw: {}} as const;
    const answer = {httpStatus: 200, clientRequestId: 'c'};
    const report: Report = {
      is: 'operation',
      operation,
      unknownWord: 'odd',
      answer,
      retryAfter: undefined,
      relocation: undefined,
    };
    expect(readPollRecord(writePollRecord({at: beginning, random: 0.5, retries: [], report})).report).toEqual(report);
  });

  test('is plain JSON of a known version', () => {
    const report: Report = {is: 'failure', error: pollError(503, {retryAfter: 1000})};
    expect(writePollRecord({at: beginning, random: 0.5, retries: [], report})).toEqual({
      version: 1,
      at: beginning,
      random: 0.5,
      report: {
        is: 'failure',
        error: {
          message: 'It answered 503',
          kind: 'http',
          transient: true,
          retryAfter: 1000,
          answer: {httpStatus: 503, clientRequestId: 'client-request'},
        },
      },
    });
  });

  test('gives frozen operations with dates', () => {
    const operation = operationOf('running', dates);
    const report: Report = {is: 'operation', operation, answer, retryAfter: undefined, relocation: undefined};
    const read = readPollRecord(writePollRecord({at: beginning, random: 0, retries: [], report})).report;
    if (read.is !== 'operation') throw new Error('Expected an operation');
    expect(read.operation.lastActionDateTime).toEqual(new Date('2020-03-19T12:01:04.234Z'));
    expect(Object.isFrozen(read.operation)).toBe(true);
    expect(Object.isFrozen(read.operation.raw)).toBe(true);
    expect(Object.isFrozen(read.answer)).toBe(true);
  });

  test.each([[null], ['poll'], [[]], [{}], [{version: 2, at: 0, random: 0, report: {is: 'failure'}}], [{version: 1}]])(
    'is refused when it is none: %j',
    (json) => {
      expect(thrownBy(() => readPollRecord(json))).toMatchObject({
        name: 'TypeError',
        message: expect.stringContaining('was the workflow changed while it ran?'),
      });
    },
  );
});
