import {describe, expect, test} from '@jest/globals';
import fc from 'fast-check';
import {readResumeToken} from '../../src/operation/read-resume-token.ts';
import {writeResumeToken} from '../../src/operation/resume-token.ts';
import {beginning, location, operationOf, stateOf, statuses} from '../support/core.ts';
import {answer, at, body, running, states, token} from './states.ts';

describe('a resume token (row 29)', () => {
  test.each(states)('gives back the state that it was made from: %s', (_, state) => {
    expect(readResumeToken(writeResumeToken(state))).toEqual(state);
  });

  test.each(states)('does so as JSON text too, from another process: %s', (_, state) => {
    const text = JSON.stringify(writeResumeToken(state));
    expect(readResumeToken(text)).toEqual(state);
    expect(readResumeToken(JSON.parse(text))).toEqual(state);
    expect(JSON.stringify(writeResumeToken(readResumeToken(text)))).toBe(text);
  });

  test('is plain JSON of a known version', () => {
    expect(writeResumeToken(running)).toEqual({
      kind: 'operation-poller',
      version: 1,
      location,
      tokenOrigin: 'https://graph.example',
      protocol: 'tasks',
      startedAt: beginning,
      dueAt: at + 5000,
      deadlineAt: beginning + 900_000,
      attempt: 1,
      operation: {
        id: 'b',
        status: 'running',
        rawStatus: 'running',
        createdDateTime: '2020-03-19T12:01:03.450Z',
        lastActionDateTime: '2020-03-19T12:01:04.234Z',
        statusDetail: 'ResetSuccess',
        percentComplete: 40,
        resourceLocation: 'https://graph.example/x',
        raw: {id: 'b', status: 'running', ...body},
      },
      highestStatus: 'running',
      observed: {running: 1},
      changedAt: at,
      lastSeenAt: at,
      answer,
    });
  });

  test('leaves out what has its ordinary value', () => {
    expect(Object.keys(writeResumeToken(stateOf({}, {totalTimeout: false})))).toEqual([
      'kind',
      'version',
      'location',
      'tokenOrigin',
      'protocol',
      'startedAt',
      'dueAt',
      'attempt',
      'observed',
      'changedAt',
    ]);
  });

  test('gives an operation that is frozen and has dates', () => {
    const {operation} = readResumeToken(JSON.stringify(token));
    expect([operation, operation?.raw].map(Object.isFrozen)).toEqual([true, true]);
    expect(operation?.createdDateTime).toEqual(new Date('2020-03-19T12:01:03.450Z'));
    expect(() => operation?.createdDateTime?.setTime(0)).toThrow(TypeError);
  });

  test('of a location that is a capability holds it whole, and shows it without its query', () => {
    const capability = 'https://drive.example/monitor/5?sig=SECRET';
    const state = readResumeToken({...token, location: capability, tokenOrigin: ''});
    expect([state.location, state.redactedLocation]).toEqual([capability, 'https://drive.example/monitor/5']);
  });

  test('of any state gives that state back', () => {
    const time = fc.integer({min: 0, max: 8.64e15});
    const operations = fc.option(
      fc
        .tuple(
          fc.constantFrom('notStarted', 'running'),
          fc.record(
            {
              createdDateTime: fc.oneof(
                fc.string(),
                fc.date({noInvalidDate: true}).map((date) => date.toISOString()),
                fc.constantFrom('0002-01-01T00:00:00+05:00', '9999-12-31T23:59:59-12:00'),
              ),
              statusDetail: fc.string(),
              percentComplete: fc.double(),
              more: fc.jsonValue(),
            },
            {requiredKeys: []},
          ),
        )
        .map(([status, more]) => operationOf(status as 'running', JSON.parse(JSON.stringify(more)))),
      {nil: undefined},
    );
    const any = fc.record({
      startedAt: time,
      dueAt: time,
      deadlineAt: fc.option(time, {nil: undefined}),
      attempt: fc.nat(),
      failures: fc.nat(),
      deferredAttempts: fc.nat(),
      missingSince: fc.option(time, {nil: undefined}),
      operation: operations,
      highestStatus: fc.option(fc.constantFrom(...statuses), {nil: undefined}),
      unknownWords: fc.array(fc.string()),
      observed: fc.dictionary(fc.string(), fc.nat()).map((observed) => ({...observed})),
      changedAt: time,
      stalled: fc.boolean(),
    });
    fc.assert(
      fc.property(any, (changes) => {
        const state = stateOf(changes);
        const again = JSON.stringify(writeResumeToken(readResumeToken(JSON.stringify(writeResumeToken(state)))));
        expect(again).toBe(JSON.stringify(writeResumeToken(state)));
      }),
    );
  });
});
