import {describe, expect, test} from '@jest/globals';
import fc from 'fast-check';
import {InvalidResumeTokenError} from '../../src/operation/errors.ts';
import {readResumeToken} from '../../src/operation/read-resume-token.ts';
import {type ResumeToken, writeResumeToken} from '../../src/operation/resume-token.ts';
import {resumeOperation} from '../../src/poll-operation.ts';
import {location, statuses, thrownBy} from '../support/core.ts';
import {answer, at, failed, states, succeeded, token} from './states.ts';

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
  ['an empty string', '', 'it is not JSON; was it truncated?'],
  ['another string', 'eyJraW5kIjoi', 'it is not JSON; was it truncated?'],
  ['a string of a string', JSON.stringify(text), 'the token is not an object'],
  ['a list', [token], 'the token is not an object'],
  ['null', null, 'the token is not an object'],
  ['undefined', undefined, 'the token is not an object'],
  ['a number', 5, 'the token is not an object'],
  ['an empty object', {}, 'its kind is undefined, not "operation-poller"'],
  ['another kind', changed({kind: 'core-lro'}), 'its kind is "core-lro", not "operation-poller"'],
  [
    'a kind that is long',
    changed({kind: `${'k'.repeat(40)}l`}),
    `its kind is "${'k'.repeat(40)}", not "operation-poller"`,
  ],
  ['a later version', changed({version: 2}), 'it has version 2, this library reads version 1'],
  ['a version that is a string', changed({version: '1'}), 'it has version "1", this library reads version 1'],
  ['no version', changed({version: undefined}), 'it has version undefined, this library reads version 1'],
  ['an unknown field', changed({extra: 1}), 'the token has an unknown field, "extra"'],
  ['__proto__', withProto('{'), 'the token has an unknown field, "__proto__"'],
  ['constructor', changed({constructor: {}}), 'the token has an unknown field, "constructor"'],
  ['an unknown field in the operation', inOperation({extra: 1}), 'its operation has an unknown field, "extra"'],
  ['__proto__ in the operation', withProto('"operation":{'), 'its operation has an unknown field, "__proto__"'],
  [
    'an unknown field in the answer',
    inAnswer({authorization: 'x'}),
    'its answer has an unknown field, "authorization"',
  ],
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
    'https://a.example, https://a.example',
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
  ['a protocol that is not a string', changed({protocol: {}}), "the token's protocol is not a string"],
  ...['startedAt', 'dueAt', 'changedAt', 'deadlineAt', 'missingSince', 'notBefore', 'lastSeenAt', 'endedAt'].flatMap(
    (name) =>
      ['5', null, 8.64e15 + 1, -8.64e15 - 1, Number.NaN, {}].map((bad): [string, unknown, string] => [
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
    ['5', null, -1, 1.5, 2 ** 53 + 2].map((bad): [string, unknown, string] => [
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
  ...['ftp://graph.example/x', '/x', '', 5, {}, ['https://graph.example/x']].map((bad): [string, unknown, string] => [
    `resultLocation ${JSON.stringify(bad)}`,
    changed({resultLocation: bad}),
    "the token's resultLocation is not an absolute http or https URL or null",
  ]),
  ['stalled false', changed({stalled: false}), "the token's stalled is not true"],
  ['an unknown reason', changed({endedAt: at, abandoned: 'bored'}), "the token's abandoned is not a reason"],
  ['an inherited reason', changed({endedAt: at, abandoned: 'toString'}), "the token's abandoned is not a reason"],
  ['an operation that is a string', changed({operation: 'running'}), "the token's operation is not an operation"],
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
    'a percentage that is a string',
    inOperation({percentComplete: '40'}),
    "its operation's percentComplete is not a number",
  ],
  [
    'a resource that is a list',
    inOperation({resourceLocation: []}),
    "its operation's resourceLocation is not a string",
  ],
  ['an error that is a string', inOperation({error: 'x'}), "its operation's error is not an object"],
  ['an error with more in it', inOperation({error: {stack: 'x'}}), 'its error has an unknown field, "stack"'],
  ['an error code that is a number', inOperation({error: {code: 5}}), "its error's code is not a string"],
  ['an answer that is a string', changed({answer: '200'}), 'its answer is not an object'],
  [
    'an answer without its request',
    inAnswer({clientRequestId: undefined}),
    "its answer's clientRequestId is not a string",
  ],
  ['an HTTP status that is a string', inAnswer({httpStatus: '200'}), "its answer's httpStatus is not a number"],
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

  test('without a prototype to pollute', () => {
    thrownBy(() => readResumeToken(text.replace('{', '{"__proto__":{"polluted":true},')));
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
  });
});

describe('a resume token may hold', () => {
  test.each([
    ['resultLocation', null],
    ['resultLocation', 'https://graph.example/x?y'],
    ['startedAt', 8.64e15],
    ['startedAt', -8.64e15],
    ['attempt', 0],
    ['attempt', 2 ** 53],
    ['tokenOrigin', ''],
    ['tokenOrigin', 'https://other.example'],
  ])('the %s %j', (name, value) => {
    expect(readResumeToken(changed({[name]: value}))).toHaveProperty(name, value);
  });

  test('undefined where a field may be left out', () => {
    const [optional, ofAnswer] = [
      ['notBefore', 'deadlineAt', 'failures', 'operation', 'unknownWords', 'stalled', 'endedAt', 'answer', 'abandoned'],
      ['requestId', 'date'],
    ].map((names) => Object.fromEntries(names.map((name) => [name, undefined])));
    expect(readResumeToken(changed({...optional}))).toMatchObject({
      ...optional,
      failures: 0,
      unknownWords: [],
      stalled: false,
    });
    expect(readResumeToken(inAnswer({...ofAnswer})).answer).toMatchObject({...ofAnswer, httpStatus: 200});
    expect(readResumeToken(inOperation({statusDetail: undefined})).operation).toHaveProperty('statusDetail', undefined);
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
