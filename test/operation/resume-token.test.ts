import {describe, expect, test} from '@jest/globals';
import fc from 'fast-check';
import {transition} from '../../src/machine/transitions.ts';
import {InvalidResumeTokenError, OperationError} from '../../src/operation/errors.ts';
import {readResumeToken} from '../../src/operation/read-resume-token.ts';
import {type ResumeToken, writeResumeToken} from '../../src/operation/resume-token.ts';
import type {WatchState} from '../../src/operation/state.ts';
import type {WatchEvent} from '../../src/operation/watch-event.ts';
import {resumeOperation} from '../../src/poll-operation.ts';
import {beginning, location, operationOf, pollError, stateOf, statuses, tasks, thrownBy} from '../support/core.ts';

const answer = {httpStatus: 200, requestId: 'r', clientRequestId: 'c', date: 'Thu, 19 Mar 2020 12:00:00 GMT'};
const at = beginning + 1000;

/** The state that some events lead to. */
function reachedBy(events: readonly WatchEvent[], state: WatchState = stateOf()): WatchState {
  return events.reduce((reached, event) => transition(reached, event)?.state ?? reached, state);
}

const body = {
  createdDateTime: '2020-03-19T12-01-03.45Z',
  lastActionDateTime: '2020-03-19T12:01:04.2345678Z',
  statusDetail: 'ResetSuccess',
  percentComplete: 40,
  resourceLocation: 'https://graph.example/x',
  nested: {list: [1, {two: null}]},
};
const running = reachedBy([
  {type: 'report', operation: operationOf('running', body), at, answer},
  {type: 'wait', delay: 5000, because: 'schedule', at},
]);
const succeeded = reachedBy([
  {type: 'report', operation: operationOf('succeeded', {...body, result: {url: 'u'}}), at, answer},
]);
const fault = {code: 'a', message: 'm', innerError: {code: 'b'}};
const failed = reachedBy([{type: 'report', operation: operationOf('failed', {error: fault}), at, answer}]);
const canceled = reachedBy([{type: 'report', operation: operationOf('canceled'), at, answer}]);
const error = new OperationError('given up');
const abandoned = reachedBy([{type: 'abandon', reason: 'timeout', error, at, answer}], running);
const troubled = reachedBy([
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
const token = writeResumeToken(running);

const states: readonly [string, WatchState][] = [
  ['before the first poll', stateOf()],
  ['without a deadline', stateOf({}, {totalTimeout: false})],
  ['before the first poll, with an initial delay', stateOf({}, {initialDelay: 5000})],
  ['running', running],
  ['in trouble: unknown words, failures, deferredAttempts, 404, stalled, relocated', troubled],
  ['succeeded', succeeded],
  ['failed', failed],
  ['canceled', canceled],
  ['abandoned', abandoned],
  ['abandoned before the first answer', reachedBy([{type: 'abandon', reason: 'stopped', error, at}])],
];

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

/** The fields of the token, some of them changed. */
const changed = (changes: Readonly<Record<string, unknown>>): unknown => ({...token, ...changes});
const inOperation = (changes: Readonly<Record<string, unknown>>): unknown =>
  changed({operation: {...token.operation, ...changes}});
const inAnswer = (changes: Readonly<Record<string, unknown>>): unknown =>
  changed({endedAt: at, abandoned: 'timeout', answer: {...answer, ...changes}});

const text = JSON.stringify(token);
const withProto = (path: string): unknown => JSON.parse(text.replace(path, `${path}"__proto__":{"attempt":5},`));

const wrong: readonly [string, unknown, string][] = [
  ['truncated text', text.slice(0, -20), 'it is not JSON; was it truncated?'],
  ['an empty text', '', 'it is not JSON; was it truncated?'],
  ['another text', 'eyJraW5kIjoi', 'it is not JSON; was it truncated?'],
  ['a text of a text', JSON.stringify(text), 'the token is not an object'],
  ['a list', [token], 'the token is not an object'],
  ['null', null, 'the token is not an object'],
  ['undefined', undefined, 'the token is not an object'],
  ['a number', 5, 'the token is not an object'],
  ['an empty object', {}, 'it is of another kind (undefined), expected "operation-poller"'],
  ['another kind', changed({kind: 'core-lro'}), 'it is of another kind ("core-lro"), expected "operation-poller"'],
  ['a later version', changed({version: 2}), 'it has version 2, this library reads 1'],
  ['a version that is a text', changed({version: '1'}), 'it has version "1", this library reads 1'],
  ['no version', changed({version: undefined}), 'it has version undefined, this library reads 1'],
  ['a foreign key', changed({extra: 1}), 'the token has a foreign key, "extra"'],
  ['__proto__', withProto('{'), 'the token has a foreign key, "__proto__"'],
  ['constructor', changed({constructor: {}}), 'the token has a foreign key, "constructor"'],
  ['a foreign key in the operation', inOperation({extra: 1}), 'its operation has a foreign key, "extra"'],
  ['__proto__ in the operation', withProto('"operation":{'), 'its operation has a foreign key, "__proto__"'],
  ['a foreign key in the answer', inAnswer({authorization: 'x'}), 'its answer has a foreign key, "authorization"'],
  ['no location', changed({location: undefined}), "the token's location is not an absolute http or https URL"],
  [
    'a location that is a list',
    changed({location: [location]}),
    "the token's location is not an absolute http or https URL",
  ],
  ...[
    'file:///etc/passwd',
    'ftp://a.example/',
    'javascript:alert(1)',
    '/operations/b',
    'https://u:p@a.example/',
    '',
  ].map((bad): [string, unknown, string] => [
    `the location ${JSON.stringify(bad)}`,
    changed({location: bad}),
    "the token's location is not an absolute http or https URL",
  ]),
  ...['https://a.example/', 'https://a.example/x', 'a.example', 'null', 5, undefined].map(
    (bad): [string, unknown, string] => [
      `the tokenOrigin ${JSON.stringify(bad)}`,
      changed({tokenOrigin: bad}),
      "the token's tokenOrigin is not an origin or an empty string",
    ],
  ),
  ['a protocol that is no text', changed({protocol: {}}), "the token's protocol is not a string"],
  ...['startedAt', 'dueAt', 'changedAt', 'deadlineAt', 'missingSince'].flatMap((name) =>
    ['5', null, 1e300, {}].map((bad): [string, unknown, string] => [
      `${name} ${JSON.stringify(bad)}`,
      changed({[name]: bad}),
      `the token's ${name} is not a time in milliseconds`,
    ]),
  ),
  ...['startedAt', 'dueAt', 'changedAt'].map((name): [string, unknown, string] => [
    `no ${name}`,
    changed({[name]: undefined}),
    `the token's ${name} is not a time in milliseconds`,
  ]),
  ...['attempt', 'failures', 'deferredAttempts'].flatMap((name) =>
    ['5', null, -1, 1.5, 2 ** 60].map((bad): [string, unknown, string] => [
      `${name} ${JSON.stringify(bad)}`,
      changed({[name]: bad}),
      `the token's ${name} is not a count`,
    ]),
  ),
  ...['other', '', 1, null, []].map((bad): [string, unknown, string] => [
    `highestStatus ${JSON.stringify(bad)}`,
    changed({highestStatus: bad}),
    "the token's highestStatus is not a status",
  ]),
  ...['odd', [5], {}].map((bad): [string, unknown, string] => [
    `unknownWords ${JSON.stringify(bad)}`,
    changed({unknownWords: bad}),
    "the token's unknownWords is not a list of strings",
  ]),
  ...[undefined, null, [], 5, {running: '1'}, {running: -1}, {running: {}}].map((bad): [string, unknown, string] => [
    `observed ${JSON.stringify(bad)}`,
    changed({observed: bad}),
    "the token's observed is not counts",
  ]),
  ['stalled false', changed({stalled: false}), "the token's stalled is not true"],
  ['an unknown reason', changed({endedAt: at, abandoned: 'bored'}), "the token's abandoned is not a reason"],
  ['an inherited reason', changed({endedAt: at, abandoned: 'toString'}), "the token's abandoned is not a reason"],
  ['an operation that is a text', changed({operation: 'running'}), "the token's operation is not an operation"],
  ['an operation that is a list', changed({operation: []}), 'its operation is not an object'],
  ['an operation without a status', inOperation({status: undefined}), "its operation's status is not a status"],
  ['an operation with another status', inOperation({status: 'Running'}), "its operation's status is not a status"],
  ['an operation without its word', inOperation({rawStatus: undefined}), "its operation's rawStatus is not a string"],
  ['an operation without its body', inOperation({raw: undefined}), "its operation's raw is not a body"],
  ['an id that is a number', inOperation({id: 5}), "its operation's id is not a string"],
  ['a date that is none', inOperation({createdDateTime: 'soon'}), "its operation's createdDateTime is not a date"],
  ['a date that is a number', inOperation({lastActionDateTime: 5}), "its operation's lastActionDateTime is not a date"],
  ['a detail that is an object', inOperation({statusDetail: {}}), "its operation's statusDetail is not a string"],
  [
    'a percentage that is a text',
    inOperation({percentComplete: '40'}),
    "its operation's percentComplete is not a number",
  ],
  [
    'a resource that is a list',
    inOperation({resourceLocation: []}),
    "its operation's resourceLocation is not a string",
  ],
  ['an error that is a text', inOperation({error: 'x'}), "its operation's error is not an object"],
  ['an error with more in it', inOperation({error: {stack: 'x'}}), 'its error has a foreign key, "stack"'],
  ['an error code that is a number', inOperation({error: {code: 5}}), "its error's code is not a string"],
  ['an answer that is a text', changed({answer: '200'}), 'its answer is not an object'],
  [
    'an answer without its request',
    inAnswer({clientRequestId: undefined}),
    "its answer's clientRequestId is not a string",
  ],
  ['an HTTP status that is a text', inAnswer({httpStatus: '200'}), "its answer's httpStatus is not a number"],
  ['an end without an outcome', changed({endedAt: at}), 'endedAt and the status do not agree'],
  ['an outcome without an end', changed({abandoned: 'timeout'}), 'endedAt and the status do not agree'],
  ['a terminal status without an end', inOperation({status: 'failed'}), 'endedAt and the status do not agree'],
  [
    'a body that is nested too deeply',
    inOperation({raw: JSON.parse(`{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`)}),
    'its operation is nested too deeply',
  ],
];

describe('what is no resume token is refused (row 31)', () => {
  test.each(wrong)('%s', (_, value, why) => {
    const thrown = thrownBy(() => readResumeToken(value));
    expect(thrown).toBeInstanceOf(InvalidResumeTokenError);
    expect(thrown).toMatchObject({
      name: 'InvalidResumeTokenError',
      message: `Invalid resume token: ${why}`,
      operation: undefined,
      resumeToken: undefined,
    });
  });

  // An operation that has ended leaves nothing to give up; such a token would be asked for again.
  test('given up after the end', () => {
    const both = {...writeResumeToken(succeeded), abandoned: 'timeout'};
    expect(() => readResumeToken(both)).toThrow(InvalidResumeTokenError);
  });

  test('of another protocol than that of the options', () => {
    expect(thrownBy(() => resumeOperation(token))).toEqual(
      new InvalidResumeTokenError(
        'Invalid resume token: its protocol is "tasks", that of the options is "longRunning"',
      ),
    );
  });

  test('without a prototype to pollute', () => {
    thrownBy(() => readResumeToken(text.replace('{', '{"__proto__":{"polluted":true},')));
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
  });
});

describe('the token of an operation that has ended gives the same outcome again (row 30)', () => {
  test('succeeded', async () => {
    const poller = resumeOperation(JSON.stringify(writeResumeToken(succeeded)), {protocol: tasks});
    expect(await poller.result()).toEqual(succeeded.operation);
  });

  test.each([
    ['failed', failed, 'OperationFailedError', 'Operation b failed: b, m'],
    ['canceled', canceled, 'OperationCanceledError', 'Operation b was canceled'],
  ])('%s', async (_, state, name, message) => {
    const original = writeResumeToken(state);
    const poller = resumeOperation(original, {protocol: tasks});
    await expect(poller.result()).rejects.toMatchObject({
      name,
      message,
      operation: state.operation,
      location,
      attempts: 1,
      elapsed: 1000,
      observed: {[name === 'OperationFailedError' ? 'failed' : 'canceled']: 1},
      requestId: 'r',
      clientRequestId: 'c',
      date: answer.date,
      resumeToken: original,
    });
  });
});

describe('a token that somebody changed', () => {
  const leaf = fc.oneof(fc.jsonValue(), fc.constantFrom(...statuses, location, 'timeout', at, -1, 2));

  test('is refused as such or is a state, and nothing else is thrown', () => {
    const paths = fc.constantFrom<readonly string[]>(
      ...Object.keys(token).map((key) => [key]),
      ...[
        'deferredAttempts',
        'missingSince',
        'unknownWords',
        'stalled',
        'endedAt',
        'answer',
        'abandoned',
        '__proto__',
      ].map((key) => [key]),
      ...['id', 'status', 'createdDateTime', 'error', 'raw', 'result', '__proto__'].map((key) => ['operation', key]),
      ...['httpStatus', 'clientRequestId', '__proto__'].map((key) => ['answer', key]),
      ['observed', '__proto__'],
      ['observed', 'running'],
    );
    const edits = fc.array(fc.tuple(paths, fc.option(leaf)), {minLength: 1, maxLength: 3});
    let refused = 0;
    fc.assert(
      fc.property(fc.constantFrom(...states), edits, fc.boolean(), ([, state], changes, asText) => {
        const mutated = JSON.parse(JSON.stringify(writeResumeToken(state)));
        for (const [path, value] of changes) {
          const place = path.length === 1 ? mutated : mutated[path[0] ?? ''];
          if (typeof place !== 'object' || place === null) continue;
          Object.defineProperty(place, path.at(-1) ?? '', {
            value,
            enumerable: true,
            configurable: true,
            writable: true,
          });
        }
        let read: unknown;
        try {
          read = writeResumeToken(readResumeToken(asText ? JSON.stringify(mutated) : mutated));
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(InvalidResumeTokenError);
          refused++;
          return;
        }
        expect(JSON.parse(JSON.stringify(read))).toMatchObject({
          kind: 'operation-poller',
          version: 1,
          location: expect.any(String),
        });
      }),
      {numRuns: 1000},
    );
    expect(refused).toBeGreaterThan(100);
  });

  test('cut off anywhere is refused', () => {
    const whole = JSON.stringify(writeResumeToken(failed));
    fc.assert(
      fc.property(fc.nat(whole.length - 1), (length) => {
        expect(() => readResumeToken(whole.slice(0, length))).toThrow('it is not JSON; was it truncated?');
      }),
    );
  });

  test('of any JSON value is refused', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(thrownBy(() => readResumeToken(value))).toBeInstanceOf(InvalidResumeTokenError);
      }),
    );
  });

  test('is not shown beyond 40 characters', () => {
    const secret = 's3cret'.repeat(50);
    const fields = [...Object.keys(token), 'answer', 'abandoned', 'unknownWords', secret];
    for (const name of fields) {
      const bad = {...token, [name]: name === 'location' ? `ftp://a.example/${secret}` : secret};
      const thrown = ['protocol'].includes(name)
        ? thrownBy(() => resumeOperation(bad as unknown as ResumeToken))
        : thrownBy(() => readResumeToken(bad));
      const {message} = thrown as Error;
      expect(thrown).toBeInstanceOf(InvalidResumeTokenError);
      expect(message).not.toContain(secret.slice(0, 41));
      expect(message.length).toBeLessThan(160);
    }
  });
});
