import {describe, expect, test} from '@jest/globals';
import fc from 'fast-check';
import type {Operation} from '../../src/operation/operation.ts';
import {longRunning} from '../../src/protocol/long-running.ts';
import {type ParsedOperation, parseErrorObject, parseOperation} from '../../src/protocol/parse-operation.ts';
import {defineProtocol, protocolReader} from '../../src/protocol/protocol.ts';
import {statuses, tasks} from '../support/core.ts';

const graph = protocolReader(longRunning);
const read = (body: unknown): ParsedOperation => parseOperation(body, graph);
const readTask = (body: Readonly<Record<string, unknown>>): ParsedOperation =>
  parseOperation({id: 'b', ...body}, protocolReader(tasks));

/** What stands at a name of the operation that was read. */
const field = (reading: ParsedOperation, name: string): unknown =>
  reading.is === 'operation' ? Reflect.get(reading.operation, name) : `not read: ${reading.is}`;

/** A document of so many levels. */
function nested(levels: number): Record<string, unknown> {
  let document: Record<string, unknown> = {status: 'running'};
  for (let level = 1; level < levels; level++) document = {status: 'running', inner: document};
  return document;
}

describe('an operation', () => {
  test("as Graph documents it: the seed resource's own example", () => {
    const body = {
      status: 'running',
      createdDateTime: '2020-03-19T12-01-03.45Z',
      lastActionDateTime: '2020-03-19T12-01-04.23Z',
      id: '2d497bb-57bd-47a6-8749-5ccd0869f2bd',
    };
    expect(read(body)).toEqual({
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

  test('has no key for what the answer did not tell', () => {
    const body = {
      id: 'b',
      status: 'succeeded',
      createdDateTime: 'soon',
      statusDetail: null,
      resourceLocation: 5,
      error: 'x',
    };
    const reading = read(body);
    expect(reading).toEqual({
      is: 'operation',
      operation: {id: 'b', status: 'succeeded', rawStatus: 'succeeded', raw: body},
    });
    expect(field(reading, 'raw')).toBe(body);
  });

  test.each([
    ['a GUID', '8f0a4a2a-57bd-47a6-8749-5ccd0869f2bd', '8f0a4a2a-57bd-47a6-8749-5ccd0869f2bd'],
    ['commas and a prefix', 'contoso,1,2', 'contoso,1,2'],
    ['missing', undefined, undefined],
    ['a number', 5, undefined],
  ])('with an id that is %s', (_, id, expected) => {
    expect(field(read({id, status: 'running'}), 'id')).toBe(expected);
  });

  test('is frozen through and through, and so is what was read', () => {
    const body = {id: 'b', status: 'failed', error: {code: 'c', innerError: {code: 'd'}}, list: [{deep: [1]}]};
    const reading = read(body);
    const operation = reading.is === 'operation' ? reading.operation : undefined;
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
    expect(Object.isFrozen(field(reading, 'error'))).toBe(true);
  });

  test.each([
    ['succeeded', {result: {answer: 42}}],
    ['failed', {error: {code: 'c'}}],
    ['canceled', {error: {code: 'c'}}],
    ['running', {}],
    ['notStarted', {}],
  ])('%s: only what its status has of result and error', (status, expected) => {
    const reading = readTask({status, result: {answer: 42}, error: {code: 'c'}});
    const raw = {id: 'b', status, result: {answer: 42}, error: {code: 'c'}};
    expect(reading).toEqual({is: 'operation', operation: {id: 'b', status, rawStatus: status, raw, ...expected}});
  });

  test.each([
    ['a text', 'done', 'done'],
    ['false', false, false],
    ['null, which is none', null, undefined],
  ])('with a result that is %s', (_, result, expected) => {
    expect(field(readTask({status: 'succeeded', result}), 'result')).toBe(expected);
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
    const reading = read({status: word});
    expect([field(reading, 'status'), field(reading, 'rawStatus')]).toEqual([status, word]);
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
  ])('%p of the longRunning preset is unknown, never matched by a part', (word) => {
    expect(read({status: word})).toEqual({is: 'unknownStatus', rawStatus: word});
  });

  test('in any case is the same word', () => {
    const cases = fc.constantFrom(...Object.keys(longRunning.words)).chain((word) => fc.mixedCase(fc.constant(word)));
    fc.assert(
      fc.property(cases, (word) => {
        const known = Object.entries(longRunning.words).find(([own]) => own.toLowerCase() === word.toLowerCase());
        expect(field(read({status: word}), 'status')).toBe(known?.[1]);
      }),
    );
  });

  test('with anything around it is another word', () => {
    const around = fc.tuple(fc.string(), fc.constantFrom(...Object.keys(longRunning.words)), fc.string());
    fc.assert(
      fc.property(
        around.filter(([before, , after]) => before + after !== ''),
        (parts) => {
          expect(read({status: parts.join('')})).toEqual({is: 'unknownStatus', rawStatus: parts.join('')});
        },
      ),
    );
  });

  test.each([
    ['the first place that holds something', {status: null, properties: {state: 'Ready'}}, 'succeeded'],
    ['the first of several', {status: 'Busy', properties: {state: 'Ready'}}, 'running'],
  ])('stands at %s', (_, body, status) => {
    const protocol = defineProtocol({
      name: 'azure',
      status: ['/status', '/properties/state'],
      words: {Ready: 'succeeded', Busy: 'running'},
    });
    expect(field(parseOperation(body, protocolReader(protocol)), 'status')).toBe(status);
  });
});

describe('a percentage', () => {
  test.each([
    ['a whole number', 40, 40],
    ['a fraction', 40.5, 40.5],
    ['a text', '75', 75],
    ['a text with a fraction and spaces', ' 12.5 ', 12.5],
    ['none done', 0, 0],
    ['all done', 100, 100],
    ['the text 0', '0', 0],
  ])('%s', (_, percentComplete, expected) => {
    expect(field(readTask({status: 'running', percentComplete}), 'percentComplete')).toBe(expected);
  });

  test.each([
    ['below 0', -1],
    ['above 100', 100.1],
    ['a text above 100', '101'],
    ['an empty text', ''],
    ['spaces', '  '],
    ['a text with a sign', '40 %'],
    ['a word', 'half'],
    ['the text NaN', 'NaN'],
    ['null', null],
    ['true', true],
    ['a list', [40]],
    ['an object', {value: 40}],
  ])('is none when it is %s', (_, percentComplete) => {
    const reading = readTask({status: 'running', percentComplete});
    expect(reading.is === 'operation' && Object.keys(reading.operation)).toEqual(['id', 'status', 'rawStatus', 'raw']);
  });
});

describe('a service error', () => {
  const deep = {code: 'a', innerError: {code: 'b', innererror: {code: 'c', innerError: {code: ''}}}};
  test.each<[string, unknown, unknown]>([
    ['a code and a message', {code: 'itemNotFound', message: 'Gone'}, {code: 'itemNotFound', message: 'Gone'}],
    ['the innermost code', {code: 'a', message: 'm', innerError: {code: 'b', message: 'n'}}, {code: 'b', message: 'm'}],
    ['the innermost code, in lower case', {code: 'a', innererror: {code: 'b'}}, {code: 'b'}],
    ['the innermost code that says something', deep, {code: 'c'}],
    ['an inner error without a code', {code: 'a', innerError: {date: 'x', 'request-id': 'y'}}, {code: 'a'}],
    ['an empty code outside', {code: '', innerError: {code: 'b'}}, {code: 'b'}],
    ['an empty code, and no other', {code: '', message: 'm'}, {message: 'm'}],
    ['UnknownError outside', {code: 'UnknownError', innerError: {code: 'b'}}, {code: 'b'}],
    ['UnknownError inside', {code: 'a', innerError: {code: 'UnknownError'}}, {code: 'a'}],
    ['UnknownError, and no other', {code: 'UnknownError', message: ''}, {code: 'UnknownError', message: ''}],
    ['a number for the code', {code: 5, message: 'm'}, {code: '5', message: 'm'}],
    ['a text alone', 'accessDenied', {code: 'accessDenied'}],
    ['a message that is none', {code: 'a', message: {text: 'm'}}, {code: 'a'}],
    ['nothing in it', {}, undefined],
    ['an inherited code', Object.create({code: 'a'}), undefined],
    ['null', null, undefined],
    ['a number', 5, undefined],
    ['a list', [{code: 'a'}], undefined],
  ])('with %s', (_, error, expected) => {
    expect(parseErrorObject(error)).toEqual(expected);
  });

  test('nested without end is read in an instant', () => {
    let error: Record<string, unknown> = {code: 'innermost'};
    for (let depth = 0; depth < 100_000; depth++) error = {code: 'outer', innerError: error};
    expect(parseErrorObject(error)).toEqual({code: 'outer'});
  });
});

describe('a body is unreadable', () => {
  test.each<[string, unknown, string]>([
    ['null', null, 'expected a JSON object, got null'],
    ['a text', 'x', 'expected a JSON object, got a string'],
    ['a number', 5, 'expected a JSON object, got a number'],
    ['true', true, 'expected a JSON object, got a boolean'],
    ['a list', [], 'expected a JSON object, got an array'],
    ['a list of operations', [{status: 'running'}], 'expected a JSON object, got an array'],
    ['no JSON at all', undefined, 'expected a JSON object, got a undefined'],
    ['an empty object', {}, 'there is no status at /status'],
    ['a status of null', {status: null}, 'there is no status at /status'],
    ['a status of 5', {status: 5}, 'there is no status at /status'],
    ['a status of true', {status: true}, 'there is no status at /status'],
    ['a status in a list', {status: ['running']}, 'there is no status at /status'],
    ['a status in an object', {status: {value: 'running'}}, 'there is no status at /status'],
    ['an error under 200', {error: {code: 'itemNotFound'}}, 'there is no status at /status'],
    ['an inherited status', Object.create({status: 'running'}), 'there is no status at /status'],
    ['a status of the prototype', JSON.parse('{"__proto__": {"status": "running"}}'), 'there is no status at /status'],
    ['101 levels', nested(101), 'the body is nested more than 100 levels deep'],
  ])('when it is %s', (_, body, why) => {
    expect(read(body)).toEqual({is: 'unreadable', why});
  });

  test('100 levels are read', () => {
    expect(field(read(nested(100)), 'status')).toBe('running');
  });

  test('nested 100,000 levels deep, without overflowing the stack', () => {
    const text = `{"status": "running", "list": ${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
    expect(read(JSON.parse(text))).toEqual({is: 'unreadable', why: 'the body is nested more than 100 levels deep'});
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

  test('is an operation, an unknown word or protocolError, and nothing is thrown', () => {
    fc.assert(
      fc.property(bodies, (body) => {
        const reading = parseOperation(body, protocolReader(tasks));
        const word = Array.isArray(body) ? undefined : Object.getOwnPropertyDescriptor(Object(body), 'status')?.value;
        const said = typeof word === 'string' ? word.toLowerCase() : undefined;
        const status = statuses.find((known) => known.toLowerCase() === said);
        if (typeof word !== 'string') expect(reading).toMatchObject({is: 'unreadable', why: expect.any(String)});
        else if (status === undefined) expect(reading).toEqual({is: 'unknownStatus', rawStatus: word});
        else expect(reading).toMatchObject({is: 'operation', operation: {status, rawStatus: word, raw: body}});
      }),
      {numRuns: 500},
    );
  });
});

describe('a body after one that is known', () => {
  const json = (): fc.Arbitrary<unknown> => fc.jsonValue({maxDepth: 3});
  const taskBody = (more: unknown): unknown => JSON.parse(JSON.stringify({id: 'b', status: 'running', more}));
  const known = (body: unknown): Operation => {
    const reading = parseOperation(body, protocolReader(tasks));
    if (reading.is !== 'operation') throw new Error('it is no operation');
    return reading.operation;
  };

  test('is the same operation where it says the same, and else what it is without it', () => {
    fc.assert(
      fc.property(json(), json(), (first, second) => {
        const before = known(taskBody(first));
        expect(parseOperation(taskBody(first), protocolReader(tasks), 200, before)).toEqual({
          is: 'operation',
          operation: before,
        });
        const body = taskBody(second);
        const after = parseOperation(body, protocolReader(tasks), 200, before);
        expect(after).toEqual(parseOperation(body, protocolReader(tasks), 200));
      }),
    );
  });

  test('is nothing made anew', () => {
    const before = known(taskBody({of: ['the', {same: null}]}));
    const again = parseOperation(taskBody({of: ['the', {same: null}]}), protocolReader(tasks), 200, before);
    expect(again.is === 'operation' && again.operation).toBe(before);
  });

  test('is read by its HTTP status where the protocol goes by that', () => {
    const reader = protocolReader(
      defineProtocol({...tasks, name: 'by-http', httpStatuses: {200: 'succeeded', 202: 'running'}}),
    );
    const first = parseOperation({id: 'b'}, reader, 202);
    const second = parseOperation({id: 'b'}, reader, 200, first.is === 'operation' ? first.operation : undefined);
    expect([field(first, 'status'), field(second, 'status')]).toEqual(['running', 'succeeded']);
  });
});
