import {describe, expect, test} from '@jest/globals';
import fc from 'fast-check';
import type {Operation} from '../../src/operation/operation.ts';
import {defineProtocol} from '../../src/protocol/define-protocol.ts';
import {parseErrorObject} from '../../src/protocol/error-object.ts';
import {longRunning} from '../../src/protocol/long-running.ts';
import {type ParsedOperation, parseOperation} from '../../src/protocol/parse-operation.ts';
import type {Protocol} from '../../src/protocol/protocol.ts';
import {protocolReader} from '../../src/protocol/protocol-reader.ts';
import {statuses, tasks} from '../support/core.ts';

const graph = protocolReader(longRunning);
const parse = (body: unknown): ParsedOperation => parseOperation({json: body}, graph);
const parseTask = (body: Readonly<Record<string, unknown>>): ParsedOperation =>
  parseOperation({json: {id: 'b', ...body}}, protocolReader(tasks));

/** A field of the parsed operation. */
const field = (parsed: ParsedOperation, name: string): unknown =>
  parsed.is === 'operation' ? Reflect.get(parsed.operation, name) : `not an operation: ${parsed.is}`;

/** A document with this many levels. */
function nested(levels: number): Record<string, unknown> {
  let document: Record<string, unknown> = {status: 'running'};
  for (let level = 1; level < levels; level++) document = {status: 'running', inner: document};
  return document;
}

describe('an operation', () => {
  test("is parsed from Graph's own documentation example", () => {
    const body = {
      status: 'running',
      createdDateTime: '2020-03-19T12-01-03.45Z',
      lastActionDateTime: '2020-03-19T12-01-04.23Z',
      id: '2d497bb-57bd-47a6-8749-5ccd0869f2bd',
    };
    expect(parse(body)).toEqual({
      is: 'operation',
      operation: {
        id: '2d497bb-57bd-47a6-8749-5ccd0869f2bd',
        status: 'running',
        rawStatus: 'running',
        createdDateTime: new Date('2020-03-19T12:01:03.450Z'),
        lastActionDateTime: new Date('2020-03-19T12:01:04.230Z'),
        raw: body,
      },
    });
  });

  test('has no key for a field that the response lacks', () => {
    const body = {
      id: 'b',
      status: 'succeeded',
      createdDateTime: 'soon',
      statusDetail: null,
      resourceLocation: 5,
      error: 'x',
    };
    const parsed = parse(body);
    expect(parsed).toEqual({
      is: 'operation',
      operation: {id: 'b', status: 'succeeded', rawStatus: 'succeeded', raw: body},
    });
    expect(field(parsed, 'raw')).toBe(body);
  });

  test.each([
    ['a GUID', '8f0a4a2a-57bd-47a6-8749-5ccd0869f2bd', '8f0a4a2a-57bd-47a6-8749-5ccd0869f2bd'],
    ['commas and a prefix', 'contoso,1,2', 'contoso,1,2'],
    ['missing', undefined, undefined],
    ['a number', 5, '5'],
    ['a number that JSON has rounded', 2 ** 53, undefined],
    ['a fraction', 1.5, undefined],
  ])('with an id that is %s', (_, id, expected) => {
    expect(field(parse({id, status: 'running'}), 'id')).toBe(expected);
  });

  test('is deeply frozen, and so is the body', () => {
    const body = {id: 'b', status: 'failed', error: {code: 'c', innerError: {code: 'd'}}, list: [{deep: [1]}]};
    const parsed = parse(body);
    const operation = parsed.is === 'operation' ? parsed.operation : undefined;
    const parts = [
      operation,
      operation?.raw,
      body.error,
      body.error.innerError,
      body.list,
      body.list[0],
      body.list[0]?.deep,
    ];
    expect(parts.map(Object.isFrozen)).toEqual(parts.map(() => true));
    expect(Object.isFrozen(field(parsed, 'error'))).toBe(true);
  });

  test.each([
    ['succeeded', {result: {answer: 42}}],
    ['failed', {error: {code: 'c'}}],
    ['canceled', {error: {code: 'c'}}],
    ['running', {}],
    ['notStarted', {}],
  ])('that is %s has only the result or error of its status', (status, expected) => {
    const parsed = parseTask({status, result: {answer: 42}, error: {code: 'c'}});
    const raw = {id: 'b', status, result: {answer: 42}, error: {code: 'c'}};
    expect(parsed).toEqual({is: 'operation', operation: {id: 'b', status, rawStatus: status, raw, ...expected}});
  });

  test.each([
    ['a string', 'done', 'done'],
    ['false', false, false],
    ['null, which means none', null, undefined],
  ])('with a result that is %s', (_, result, expected) => {
    expect(field(parseTask({status: 'succeeded', result}), 'result')).toBe(expected);
  });
});

describe('a status word', () => {
  test.each([
    ['notStarted', 'notStarted'],
    ['running', 'running'],
    ['succeeded', 'succeeded'],
    ['failed', 'failed'],
    ['skipped', 'canceled'],
    ['Running', 'running'],
    ['RUNNING', 'running'],
    ['NotStarted', 'notStarted'],
    ['notstarted', 'notStarted'],
    ['SKIPPED', 'canceled'],
  ])('%s of the longRunning preset is %s', (word, status) => {
    const parsed = parse({status: word});
    expect([field(parsed, 'status'), field(parsed, 'rawStatus')]).toEqual([status, word]);
  });

  test.each([
    ['NotSucceeded'],
    ['FailoverInProgress'],
    ['Completed'],
    ['inProgress'],
    ['canceled'],
    ['unknownFutureValue'],
    ['somethingNew'],
    ['running '],
    ['succeeded, almost'],
    ['not started'],
    [''],
    ['toString'],
    ['__proto__'],
    ['constructor'],
  ])('%p of the longRunning preset is unknown: words are never matched in part', (word) => {
    expect(parse({status: word})).toEqual({is: 'unknownStatus', rawStatus: word});
  });

  test('is matched case-insensitively', () => {
    const cases = fc.constantFrom(...Object.keys(longRunning.words)).chain((word) => fc.mixedCase(fc.constant(word)));
    fc.assert(
      fc.property(cases, (word) => {
        const known = Object.entries(longRunning.words).find(([own]) => own.toLowerCase() === word.toLowerCase());
        expect(field(parse({status: word}), 'status')).toBe(known?.[1]);
      }),
    );
  });

  test('with anything before or after it is unknown', () => {
    const around = fc.tuple(fc.string(), fc.constantFrom(...Object.keys(longRunning.words)), fc.string());
    fc.assert(
      fc.property(
        around.filter(([before, , after]) => before + after !== ''),
        (parts) => {
          expect(parse({status: parts.join('')})).toEqual({is: 'unknownStatus', rawStatus: parts.join('')});
        },
      ),
    );
  });

  test.each([
    ['the first place with a value', {status: null, properties: {state: 'Ready'}}, 'succeeded'],
    ['the first of several', {status: 'Busy', properties: {state: 'Ready'}}, 'running'],
  ])('is taken from %s', (_, body, status) => {
    const protocol = defineProtocol({
      name: 'azure',
      status: ['/status', '/properties/state'],
      words: {Ready: 'succeeded', Busy: 'running'},
    });
    expect(field(parseOperation({json: body}, protocolReader(protocol)), 'status')).toBe(status);
  });
});

describe('a percentage', () => {
  test.each([
    ['an integer', 40, 40],
    ['a fraction', 40.5, 40.5],
    ['a string', '75', 75],
    ['a string with a fraction and spaces', ' 12.5 ', 12.5],
    ['0', 0, 0],
    ['100', 100, 100],
    ['the string 0', '0', 0],
    ['a string with a percent sign', '20%', 20],
    ['a string with a percent sign and spaces', ' 40.5 % ', 40.5],
  ])('%s', (_, percentComplete, expected) => {
    expect(field(parseTask({status: 'running', percentComplete}), 'percentComplete')).toBe(expected);
  });

  test.each([
    ['below 0', -1],
    ['above 100', 100.1],
    ['a string above 100', '101'],
    ['an empty string', ''],
    ['spaces', '  '],
    ['a string with two percent signs', '40%%'],
    ['a hexadecimal string', '0x10'],
    ['a word', 'half'],
    ['the string NaN', 'NaN'],
    ['null', null],
    ['true', true],
    ['a list', [40]],
    ['an object', {value: 40}],
  ])('is ignored when it is %s', (_, percentComplete) => {
    const parsed = parseTask({status: 'running', percentComplete});
    expect(parsed.is === 'operation' && Object.keys(parsed.operation)).toEqual(['id', 'status', 'rawStatus', 'raw']);
  });

  test('is looked for no longer than its text is long', () => {
    const begun = process.cpuUsage();
    parseTask({status: 'running', percentComplete: `1${' '.repeat(100_000)}%${' '.repeat(100_000)}x`});
    parseTask({status: 'running', percentComplete: `1${' '.repeat(100_000)}x`});
    expect(process.cpuUsage(begun).user / 1000).toBeLessThan(2000);
  });
});

describe('a service error', () => {
  const deep = {code: 'a', innerError: {code: 'b', innererror: {code: 'c', innerError: {code: ''}}}};
  test.each<[string, unknown, unknown]>([
    ['a code and a message', {code: 'itemNotFound', message: 'Gone'}, {code: 'itemNotFound', message: 'Gone'}],
    ['the innermost code', {code: 'a', message: 'm', innerError: {code: 'b', message: 'n'}}, {code: 'b', message: 'n'}],
    ['the innermost code, in lower case', {code: 'a', innererror: {code: 'b'}}, {code: 'b'}],
    ['the innermost meaningful code', deep, {code: 'c'}],
    ['an inner error without a code', {code: 'a', innerError: {date: 'x', 'request-id': 'y'}}, {code: 'a'}],
    ['an empty code outside', {code: '', innerError: {code: 'b'}}, {code: 'b'}],
    ['only an empty code', {code: '', message: 'm'}, {message: 'm'}],
    ['UnknownError outside', {code: 'UnknownError', innerError: {code: 'b'}}, {code: 'b'}],
    ['UnknownError inside', {code: 'a', innerError: {code: 'UnknownError'}}, {code: 'a'}],
    ['only UnknownError', {code: 'UnknownError', message: ''}, {code: 'UnknownError', message: ''}],
    ['a numeric code', {code: 5, message: 'm'}, {code: '5', message: 'm'}],
    ['just a string', 'accessDenied', {code: 'accessDenied'}],
    ['a message that is not a string', {code: 'a', message: {text: 'm'}}, {code: 'a'}],
    ['no fields', {}, undefined],
    ['an inherited code', Object.create({code: 'a'}), undefined],
    ['null', null, undefined],
    ['a number', 5, {code: '5'}],
    ['0', 0, undefined],
    ['a list', [{code: 'a'}], undefined],
  ])('with %s', (_, error, expected) => {
    expect(parseErrorObject(error)).toEqual(expected);
  });

  test.each<[string, Partial<Protocol>, object, object]>([
    ['the code', {}, {error: 'Line 3 is no JSON.'}, {code: 'Line 3 is no JSON.'}],
    ['the message, where it stands for that', {errorMessage: '/error'}, {error: 'Line 3.'}, {message: 'Line 3.'}],
    [
      'not the message, beside it',
      {errorMessage: '/why'},
      {error: 'bad', why: 'Line 3.'},
      {code: 'bad', message: 'Line 3.'},
    ],
    [
      'the message, beside a code of its own',
      {errorMessage: '/error', errorCode: '/kind'},
      {error: 'Line 3.', kind: 'bad'},
      {code: 'bad', message: 'Line 3.'},
    ],
  ])('that is a text is %s', (_, fields, body, error) => {
    const reader = protocolReader(defineProtocol({...longRunning, name: 'text', ...fields}));
    const parsed = parseOperation({json: {status: 'failed', ...body}}, reader);
    expect(parsed).toMatchObject({operation: {status: 'failed'}});
    expect('operation' in parsed && parsed.operation).toHaveProperty('error', error);
  });

  test.each<[string, object, object]>([
    [
      'the first of a list',
      {errors: [{code: 'A', message: 'm'}, {code: 'B'}]},
      {status: 'failed', error: {code: 'A', message: 'm'}},
    ],
    ['the text that is the first of a list', {errors: ['A', 'B']}, {status: 'failed', error: {code: 'A'}}],
    ['none where the list is empty', {errors: []}, {status: 'succeeded'}],
    ['none where the list has null', {errors: [null]}, {status: 'succeeded'}],
  ])('is %s', (_, body, expected) => {
    const fields = {...longRunning, name: 'listed', errorMeansFailed: true, error: '/errors'} as const;
    const byWord = protocolReader(defineProtocol(fields));
    expect(parseOperation({json: {status: 'succeeded', ...body}}, byWord)).toMatchObject({operation: expected});
    const httpStatuses = {200: 'succeeded'} as const;
    const byHttp = protocolReader(defineProtocol({...fields, httpStatuses, status: '/none'}));
    const parsed = parseOperation({json: body}, byHttp, 200);
    expect(parsed.is).toBe('error' in expected ? 'unreadable' : 'operation');
  });

  test('is read once, also where its code decides on the status', () => {
    let reads = 0;
    const error = {
      code: '9',
      get message() {
        reads++;
        return 'm';
      },
    };
    const readsBy = (fields: Partial<Protocol>, body: object): number => {
      reads = 0;
      const reader = protocolReader(defineProtocol({...longRunning, name: 'coded', ...fields}));
      expect(parseOperation({json: body}, reader)).toMatchObject({
        operation: {status: 'failed', error: {code: '9', message: 'm'}},
      });
      return reads;
    };
    const once = readsBy({}, {id: 'a', status: 'failed', error});
    const coded = {errorMeansFailed: true, errorCodes: {9: 'failed'}} as const;
    expect(readsBy(coded, {id: 'a', status: 'succeeded', error})).toBe(once);
  });

  test('nested 100,000 levels deep is parsed without recursion', () => {
    let error: Record<string, unknown> = {code: 'innermost'};
    for (let depth = 0; depth < 100_000; depth++) error = {code: 'outer', innerError: error};
    expect(parseErrorObject(error)).toEqual({code: 'outer'});
  });
});

describe('a body is unreadable', () => {
  test.each<[string, unknown, string]>([
    ['null', null, 'expected a JSON object, got null'],
    ['a string', 'x', 'expected a JSON object, got a string'],
    ['a number', 5, 'expected a JSON object, got a number'],
    ['true', true, 'expected a JSON object, got a boolean'],
    ['a list', [], 'expected a JSON object, got a list'],
    ['a list of operations', [{status: 'running'}], 'expected a JSON object, got a list'],
    ['not JSON at all', undefined, 'it is not JSON'],
    ['an empty object', {}, 'there is no status at /status'],
    ['a status of null', {status: null}, 'there is no status at /status'],
    ['a status of 5', {status: 5}, 'there is no status at /status'],
    ['a status of true', {status: true}, 'there is no status at /status'],
    ['a status in a list', {status: ['running']}, 'there is no status at /status'],
    ['a status in an object', {status: {value: 'running'}}, 'there is no status at /status'],
    ['an error under 200', {error: {code: 'itemNotFound'}}, 'there is no status at /status'],
    ['an inherited status', Object.create({status: 'running'}), 'there is no status at /status'],
    ['a status on the prototype', JSON.parse('{"__proto__": {"status": "running"}}'), 'there is no status at /status'],
    ['101 levels', nested(101), 'the body is nested more than 100 levels deep'],
  ])('when it is %s', (_, body, why) => {
    expect(parse(body)).toEqual({is: 'unreadable', why});
  });

  test('100 levels are parsed', () => {
    expect(field(parse(nested(100)), 'status')).toBe('running');
  });

  test('nested 100,000 levels deep, without overflowing the stack', () => {
    const text = `{"status": "running", "list": ${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
    expect(parse(JSON.parse(text))).toEqual({is: 'unreadable', why: 'the body is nested more than 100 levels deep'});
  });
});

describe('any JSON value', () => {
  const status = fc.oneof(fc.constantFrom(...statuses, 'skipped', 'Completed'), fc.jsonValue());
  const bodies = fc.oneof(
    fc.jsonValue(),
    fc.record({
      status,
      id: fc.jsonValue(),
      createdDateTime: fc.jsonValue(),
      error: fc.jsonValue(),
      percentComplete: fc.jsonValue(),
    }),
    fc.dictionary(fc.constantFrom('status', 'id', 'error', 'innerError', 'code', '__proto__'), fc.jsonValue()),
  );

  test('is an operation, an unknown status or unreadable, and nothing is thrown', () => {
    fc.assert(
      fc.property(bodies, (body) => {
        const parsed = parseOperation({json: body}, protocolReader(tasks));
        const word = Array.isArray(body) ? undefined : Object.getOwnPropertyDescriptor(Object(body), 'status')?.value;
        const lowerCase = typeof word === 'string' ? word.toLowerCase() : undefined;
        const status = statuses.find((known) => known.toLowerCase() === lowerCase);
        if (typeof word !== 'string') expect(parsed).toMatchObject({is: 'unreadable', why: expect.any(String)});
        else if (status === undefined) expect(parsed).toEqual({is: 'unknownStatus', rawStatus: word});
        else expect(parsed).toMatchObject({is: 'operation', operation: {status, rawStatus: word, raw: body}});
      }),
      {numRuns: 500},
    );
  });
});

describe('a body parsed after another', () => {
  const json = (): fc.Arbitrary<unknown> => fc.jsonValue({maxDepth: 3});
  const taskBody = (more: unknown): unknown => JSON.parse(JSON.stringify({id: 'b', status: 'running', more}));
  const operationIn = (body: unknown): Operation => {
    const parsed = parseOperation({json: body}, protocolReader(tasks));
    if (parsed.is !== 'operation') throw new Error('expected an operation');
    return parsed.operation;
  };

  test('gives the previous operation if it is equal, and otherwise what it gives by itself', () => {
    fc.assert(
      fc.property(json(), json(), (first, second) => {
        const before = operationIn(taskBody(first));
        expect(parseOperation({json: taskBody(first)}, protocolReader(tasks), 200, before)).toEqual({
          is: 'operation',
          operation: before,
        });
        const body = taskBody(second);
        const after = parseOperation({json: body}, protocolReader(tasks), 200, before);
        expect(after).toEqual(parseOperation({json: body}, protocolReader(tasks), 200));
      }),
    );
  });

  test('gives the very same object if it is equal', () => {
    const before = operationIn(taskBody({of: ['the', {same: null}]}));
    const again = parseOperation({json: taskBody({of: ['the', {same: null}]})}, protocolReader(tasks), 200, before);
    expect(again.is === 'operation' && again.operation).toBe(before);
  });

  test('is parsed by its HTTP status where the protocol has httpStatuses', () => {
    const reader = protocolReader(
      defineProtocol({...tasks, name: 'by-http', httpStatuses: {200: 'succeeded', 202: 'running'}}),
    );
    const first = parseOperation({json: {id: 'b'}}, reader, 202);
    const second = parseOperation(
      {json: {id: 'b'}},
      reader,
      200,
      first.is === 'operation' ? first.operation : undefined,
    );
    expect([field(first, 'status'), field(second, 'status')]).toEqual(['running', 'succeeded']);
  });
});
