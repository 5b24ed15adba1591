import {describe, expect, jest, test} from '@jest/globals';
import {redact, redactJson} from '../../src/http/redact.ts';
import {longRunning} from '../../src/protocol/long-running.ts';
import {pointerPaths, valueAt} from '../../src/protocol/pointer.ts';
import {protocolNamed} from '../../src/protocol/presets.ts';
import type {Protocol, ProtocolFields} from '../../src/protocol/protocol.ts';
import {protocolReader} from '../../src/protocol/protocol-reader.ts';
import * as protocols from '../../src/protocol/protocols.ts';
import {thrownBy} from '../support/core.ts';

const renders = {
  name: 'renders',
  status: '/state',
  words: {queued: 'notStarted', rendering: 'running', done: 'succeeded', broken: 'failed'},
} as const satisfies ProtocolFields;

describe('a JSON pointer', () => {
  // The last nine are the examples of RFC 6901, section 5, that lead to a value.
  const document = {
    status: 'running',
    properties: {provisioningState: 'Succeeded', list: ['zero', {inner: 1}]},
    nothing: null,
    no: false,
    zero: 0,
    '': 0.5,
    'a/b': 1,
    'c%d': 2,
    'e^f': 3,
    'g|h': 4,
    'i\\j': 5,
    'k"l': 6,
    ' ': 7,
    'm~n': 8,
    '~1': 9,
  };
  test.each([
    ['/status', 'running'],
    ['/properties/provisioningState', 'Succeeded'],
    ['/properties/list/0', 'zero'],
    ['/properties/list/1/inner', 1],
    ['/no', false],
    ['/zero', 0],
    ['/', 0.5],
    ['/a~1b', 1],
    ['/c%d', 2],
    ['/e^f', 3],
    ['/g|h', 4],
    ['/i\\j', 5],
    ['/k"l', 6],
    ['/ ', 7],
    ['/m~0n', 8],
    ['/~01', 9],
  ] as const)('%s leads to %p', (pointer, expected) => {
    expect(valueAt(document, pointerPaths(pointer))).toBe(expected);
  });

  test.each([
    ['a missing name', '/Status'],
    ['a name beyond a string', '/status/length'],
    ['a name beyond null', '/nothing/at/all'],
    ['null', '/nothing'],
    ['an index beyond the list', '/properties/list/2'],
    ['an inherited name', '/toString'],
    ['the prototype', '/__proto__'],
    ['the constructor', '/constructor/name'],
    ['an inherited method of a list', '/properties/list/at'],
  ] as const)('leads to nothing by %s', (_, pointer) => {
    expect(valueAt(document, pointerPaths(pointer))).toBeUndefined();
  });

  test('finds an own property named __proto__', () => {
    const document: unknown = JSON.parse('{"__proto__": {"status": "running"}}');
    expect(valueAt(document, pointerPaths('/__proto__/status'))).toBe('running');
    expect(valueAt(document, pointerPaths('/status'))).toBeUndefined();
  });

  test.each([
    ['the first that is present counts', {b: 2, a: 1}, 1],
    ['null counts as absent', {a: null, b: 2}, 2],
    ['false, 0 and an empty string count', {a: '', b: 2}, ''],
    ['none is present', {c: 3}, undefined],
  ])('with alternatives: %s', (_, document, expected) => {
    expect(valueAt(document, pointerPaths(['/a', '/b']))).toBe(expected);
  });

  test.each([undefined, null, 'text', 5, true, []])('leads to nothing in %p', (document) => {
    expect(valueAt(document, pointerPaths('/status'))).toBeUndefined();
  });

  test('that is undefined leads to nothing', () => {
    expect(valueAt({status: 'running'}, pointerPaths(undefined))).toBeUndefined();
  });
});

describe('a protocol', () => {
  test('has defaults that fit most services', () => {
    const {protocol, words, ...defaults} = protocolReader(protocols.define(renders));
    expect(protocol).toEqual(renders);
    expect(Object.fromEntries(words)).toEqual(renders.words);
    expect(defaults).toEqual({
      status: [['state']],
      statusIfKnown: [],
      errorCodes: new Map(),
      throttlingCodes: new Set(),
      pollHeaders: undefined,
      id: [['id']],
      createdDateTime: [['createdDateTime']],
      lastActionDateTime: [['lastActionDateTime']],
      statusDetail: [['statusDetail']],
      percentComplete: [],
      resourceLocation: [['resourceLocation']],
      result: [],
      error: [['error']],
      errorCode: [],
      errorMessage: [],
      locationHeaders: ['operation-location', 'location'],
      sendsToken: true,
      authorization: {header: 'authorization', prefix: 'Bearer '},
      foreignHosts: false,
      minimumInterval: 0,
      maximumInterval: Number.POSITIVE_INFINITY,
      moveHeaders: ['operation-location', 'location'],
      unfollowed: [0],
      read: undefined,
      urlAt: expect.any(Function),
      retryAfter: undefined,
      resultPlaces: ['resourceLocation'],
    });
  });

  test.each([
    ['bearer', true],
    ['none', false],
    [undefined, true],
  ] as const)('with the authorization %s: whether a token is sent is %s', (authorization, sends) => {
    const protocol = protocols.define({...renders, authorization});
    expect(protocolReader(protocol).sendsToken).toBe(sends);
  });

  test('has the defaults of fields that are undefined, as options have', () => {
    const {cancel, retryAfter, locationHeaders, pollHeaders, totalTimeout, ...others} = protocols.google.longrunning;
    const without = protocols.define({...others, cancel: undefined, retryAfter: undefined, locationHeaders: undefined});
    const {protocol, ...reader} = protocolReader(without);
    const {protocol: plain, ...expected} = protocolReader(protocols.define(others));
    expect(reader).toEqual(expected);
    expect([protocol.cancel, plain.cancel]).toEqual([undefined, undefined]);
    const url = {suffix: undefined, at: undefined, body: undefined};
    const wait = {header: undefined, at: '/wait', unit: 's'} as const;
    const authorization = {header: 'X-Api-Key', scheme: undefined};
    const parts = protocols.define({...renders, authorization, cancel: {method: 'PUT', ...url}, retryAfter: wait});
    const read = protocolReader(parts);
    expect(read.authorization).toEqual({header: 'x-api-key', prefix: ''});
    expect(read.retryAfter?.(new Headers(), {wait: 2})).toBe(2000);
  });

  test('is prepared once', () => {
    expect(protocolReader(longRunning)).toBe(protocolReader(longRunning));
  });
});

describe('protocols.longRunning', () => {
  test("maps the words of Graph's longRunningOperation, skipped to canceled", () => {
    expect(protocols.longRunning).toEqual({
      name: 'longRunning',
      status: '/status',
      pollHeaders: {prefer: 'include-unknown-enum-members'},
      words: {
        notStarted: 'notStarted',
        running: 'running',
        succeeded: 'succeeded',
        failed: 'failed',
        skipped: 'canceled',
      },
      locationHeaders: ['location', 'operation-location'],
    });
  });

  test.each([
    ['longRunning', protocols.longRunning],
    ['another', undefined],
    ['__proto__', undefined],
    ['', undefined],
  ])('the preset named %p', (name, expected) => {
    expect(protocolNamed(name)).toBe(expected);
  });
});

describe('protocols.define', () => {
  test('returns the protocol, frozen', () => {
    const defined = protocols.define(renders);
    expect(defined).toEqual(renders);
    expect([Object.isFrozen(defined), Object.isFrozen(defined.words)]).toEqual([true, true]);
    expect([Object.isFrozen(protocols.longRunning), Object.isFrozen(protocols.longRunning.words)]).toEqual([
      true,
      true,
    ]);
  });

  test('returns a protocol that does not change with its source', () => {
    const source = {...renders, words: {...renders.words}, error: ['/error' as const], locationHeaders: ['location']};
    const defined = protocols.define(source);
    Object.assign(source.words, {done: 'failed'});
    source.error.pop();
    source.locationHeaders.push('x-other');
    expect(defined).toEqual({...renders, error: ['/error'], locationHeaders: ['location']});
    expect(protocolReader(defined)).toMatchObject({error: [['error']], locationHeaders: ['location']});
  });

  test.each<[string, Partial<Record<keyof Protocol, unknown>>]>([
    [
      'every field',
      {id: '/a', createdDateTime: '/b', lastActionDateTime: ['/c', '/d'], statusDetail: '/e', result: '/f'},
    ],
    ['the other fields', {percentComplete: '/a', resourceLocation: '/b', error: '/c', locationHeaders: ['x-location']}],
    ['no location header', {locationHeaders: []}],
    ['no wait at all', {maximumInterval: 0}],
    ['no authorization, on foreign hosts', {authorization: 'none', foreignHosts: true}],
    ['the minimum interval and the default timeout', {minimumInterval: 5000, totalTimeout: 3_600_000}],
    [
      'fields that are undefined',
      {id: undefined, error: undefined, locationHeaders: undefined, totalTimeout: undefined},
    ],
    ['a word twice, in different case, with the same meaning', {words: {Done: 'succeeded', done: 'succeeded'}}],
    ['a word that is the name of an inherited property', {words: {done: 'succeeded', constructor: 'failed'}}],
  ])('accepts %s', (_, fields) => {
    const protocol = {...renders, ...fields} as ProtocolFields;
    expect(protocols.define(protocol)).toEqual(protocol);
  });

  const statusOf = 'expected notStarted, running, succeeded, failed or canceled';
  const pointers = "expected JSON pointers such as '/status'";
  const names =
    'status, statusIfKnown, id, createdDateTime, lastActionDateTime, statusDetail, percentComplete, resourceLocation, result, error, ' +
    'errorCode, errorMessage, read, name, words, otherWords, withoutStatus, httpStatuses, resultLocation, start, requestHeaders, pollHeaders, locationHeaders, ' +
    'moveHeaders, pathsUnderRoot, locationOnly, resource, cancel, authorization, errorMeansFailed, errorCodes, throttlingCodes, seeOtherSucceeds, notFoundSucceeds, ' +
    'createdMeansDone, bodyMeansDone, foreignHosts, minimumInterval, maximumInterval, retryAfter, requestTimeout, totalTimeout';
  test.each<[Record<string, unknown>, ErrorConstructor, string]>([
    [{name: ''}, TypeError, 'name: expected a string that is not empty, got ""'],
    [{name: 5}, TypeError, 'name: expected a string that is not empty, got 5'],
    [{name: undefined}, TypeError, 'name: expected a string that is not empty, got undefined'],
    [{status: undefined}, TypeError, `status: ${pointers}, got undefined`],
    [{status: 'status'}, TypeError, `status: ${pointers}, got "status"`],
    [{status: ''}, TypeError, `status: ${pointers}, got ""`],
    [{status: []}, TypeError, `status: ${pointers}, got a list`],
    [{status: ['/status', 5]}, TypeError, `status: ${pointers}, got a list`],
    [{status: {path: '/status'}}, TypeError, `status: ${pointers}, got an object`],
    [{id: null}, TypeError, `id: ${pointers}, got null`],
    [{error: ['error']}, TypeError, `error: ${pointers}, got a list`],
    [{words: undefined}, TypeError, 'words: expected a status for each word, got undefined'],
    [{words: 'succeeded'}, TypeError, 'words: expected a status for each word, got "succeeded"'],
    [
      {words: {a: 'running', b: 'failed', c: 'failed'}, otherWords: 'canceled'},
      TypeError,
      'words: expected a word that means succeeded, got words for: running, failed, canceled',
    ],
    [{words: {}}, TypeError, 'words: expected a word that means succeeded, got words for: none'],
    [{words: {broken: 'failed'}}, TypeError, 'words: expected a word that means succeeded, got words for: failed'],
    [{words: {done: 'succeeded', odd: undefined}}, TypeError, `words.odd: ${statusOf}, got undefined`],
    [{words: {done: 'succeeded', odd: 'Failed'}}, TypeError, `words.odd: ${statusOf}, got "Failed"`],
    [{words: {done: 'succeeded', odd: 'abandoned'}}, TypeError, `words.odd: ${statusOf}, got "abandoned"`],
    [{words: {done: 'succeeded', odd: '__proto__'}}, TypeError, `words.odd: ${statusOf}, got "__proto__"`],
    [
      {words: {done: 'succeeded', DONE: 'failed'}},
      TypeError,
      'words.DONE: expected the status that the same word has in another case, succeeded, got "failed"',
    ],
    [{locationHeaders: 'location'}, TypeError, 'locationHeaders: expected a list of header names, got "location"'],
    [{locationHeaders: [5]}, TypeError, 'locationHeaders: expected a list of header names, got a list'],
    [
      {authorization: 'basic'},
      TypeError,
      `authorization: expected 'bearer', 'none' or an object with a header, got "basic"`,
    ],
    [
      {authorization: {header: 'X Key'}},
      TypeError,
      'authorization.header: expected the name of a header such as \'X-Api-Key\', got "X Key"',
    ],
    [
      {authorization: {header: 5}},
      TypeError,
      "authorization.header: expected the name of a header such as 'X-Api-Key', got 5",
    ],
    [{pathsUnderRoot: 1}, TypeError, 'pathsUnderRoot: expected true or false, got 1'],
    [{foreignHosts: 'yes'}, TypeError, 'foreignHosts: expected true or false, got "yes"'],
    [{minimumInterval: '5s'}, TypeError, 'minimumInterval: expected milliseconds, got "5s"'],
    [{minimumInterval: -1}, RangeError, 'minimumInterval: expected milliseconds, from 0 on, got -1'],
    [{minimumInterval: Number.NaN}, RangeError, 'minimumInterval: expected milliseconds, from 0 on, got NaN'],
    [{totalTimeout: 0}, RangeError, 'totalTimeout: expected milliseconds, from 1 on, got 0'],
    [{totalTimeout: Infinity}, RangeError, 'totalTimeout: expected milliseconds, up to 8000000000000000, got Infinity'],
    [{totalTimeout: false}, TypeError, 'totalTimeout: expected milliseconds, got false'],
    [
      {statusDetails: '/d'},
      TypeError,
      `statusDetails: there is no such field; there are ${names}. Did you mean statusDetail?`,
    ],
    [{progress: '/p'}, TypeError, `progress: there is no such field; there are ${names}`],
  ])('refuses %p', (fields, type, message) => {
    const error = thrownBy(() => protocols.define({...renders, ...fields} as ProtocolFields));
    expect(error).toBeInstanceOf(type);
    expect(error).toHaveProperty('message', `protocol.${message}`);
  });

  test.each([
    ['Content-Length', 'it belongs to the connection'],
    ['host', 'it belongs to the connection'],
    ['Transfer-Encoding', 'it belongs to the connection'],
    ['CONNECTION', 'it belongs to the connection'],
    ['Client-Request-Id', 'the library gives each request its own id'],
  ])('refuses the header %s for the token, which no request could carry', (header, why) => {
    const message = `protocol.authorization.header.${header}: expected none, because ${why}, got one`;
    expect(() => protocols.define({...renders, authorization: {header}})).toThrow(new TypeError(message));
  });

  const circular: Record<string, unknown> = {};
  circular['itself'] = {circular};
  /** A list in a list, as many as these around a number. */
  const nested = (depth: number): unknown => JSON.parse('['.repeat(depth) + 1 + ']'.repeat(depth));

  const expectsJson = 'expected what JSON can express, got ';
  const tooDeep = 'RangeError: it contains itself, or is nested over 100 deep';
  test.each<[string, unknown, string]>([
    ['is circular', circular, `: ${expectsJson}one that it cannot: ${tooDeep}`],
    ['is nested too deeply', nested(101), `: ${expectsJson}one that it cannot: ${tooDeep}`],
    [
      'is nested too deeply for the stack',
      Array.from({length: 50_000}).reduce<unknown>((inner) => [inner], 1),
      `: ${expectsJson}one that it cannot: ${tooDeep}`,
    ],
    ['contains a bigint', {at: [1n]}, `.at.0: ${expectsJson}a bigint`],
    ['is a function', () => 1, `: ${expectsJson}a function`],
    ['contains a function', {at: () => 1}, `.at: ${expectsJson}a function`],
    ['is a symbol', Symbol('mine'), `: ${expectsJson}Symbol(mine)`],
    ['is a map', new Map(), `: ${expectsJson}an object of the class Map`],
    ['contains a form', {at: [new FormData()]}, `.at.0: ${expectsJson}an object of the class FormData`],
    ['contains NaN', {at: Number.NaN}, `.at: ${expectsJson}NaN`],
    [
      'throws',
      {
        toJSON: () => {
          throw new Error('mine');
        },
      },
      `: ${expectsJson}one that it cannot: Error: mine`,
    ],
  ])('refuses what is sent to cancel where it %s', (_, body, why) => {
    const message = `protocol.cancel.body${why}`;
    const definition = {...renders, cancel: {method: 'POST', body}} as const;
    expect(() => protocols.define(definition)).toThrow(new TypeError(message));
  });

  test('takes all that JSON can express to cancel, and keeps it', () => {
    class Reason {
      text = 'mine';
    }
    const dated = {at: new Date(0), none: undefined, who: [{id: 5}]};
    const bare = Object.create(null);
    for (const body of [null, 0, '', false, {}, [], nested(100), dated, bare, new Reason(), {why: [new Reason()]}]) {
      const {cancel} = protocols.define({...renders, cancel: {method: 'POST', body}});
      expect(cancel?.body).toEqual(body);
    }
  });

  test('refuses what is circular wherever it is, without an overflow of the stack', () => {
    const itself: Record<string, unknown> = {...renders};
    const list: unknown[] = [];
    list.push(list);
    for (const [field, value] of [
      ['resource', itself],
      ['locationOnly', itself],
      ['requestHeaders', circular],
      ['pollHeaders', circular],
      ['words', circular],
      ['authorization', circular],
      ['retryAfter', circular],
      ['status', list],
      ['locationHeaders', list],
      ['resultLocation', list],
      ['start', circular],
    ] as const) {
      itself[field] = value;
      expect(thrownBy(() => protocols.define(itself as unknown as Protocol))).toHaveProperty(
        'message',
        expect.stringMatching(new RegExp(`^protocol\\.${field}`)),
      );
      delete itself[field];
    }
  });

  test('looks at each of many words once', () => {
    const words = Object.fromEntries(Array.from({length: 40_000}, (_, index) => [`word${index}`, 'running' as const]));
    const begun = process.cpuUsage();
    protocols.define({...renders, words: {...words, done: 'succeeded'}});
    expect(process.cpuUsage(begun).user / 1000).toBeLessThan(2000);
  });

  test.each([
    [null, 'null'],
    [undefined, 'undefined'],
    ['longRunning', 'a string'],
    [[renders], 'a list'],
    [new Map(Object.entries(renders)), 'an object of the class Map'],
  ])('refuses %p instead of a definition', (value, shown) => {
    const message = `protocol: expected an object with a name, a status and words, got ${shown}`;
    expect(() => protocols.define(value as unknown as ProtocolFields)).toThrow(new TypeError(message));
  });

  test('checks what it has copied: a getter may return something else the next time', () => {
    /** Defines a protocol with a word that is right for so many times that it is read. */
    const meaningAfter = (right: number): unknown => {
      let reads = 0;
      const words = {
        done: 'succeeded',
        get busy() {
          return reads++ < right ? 'running' : 'evil';
        },
      };
      try {
        return protocols.define({...renders, words} as ProtocolFields).words['busy'];
      } catch (error) {
        return String(error);
      }
    };
    expect(new Set(Array.from({length: 20}, (_, right) => meaningAfter(right)))).toEqual(
      new Set([`TypeError: protocol.words.busy: ${statusOf}, got "evil"`, 'running']),
    );
  });

  test.each<[what: string, value: unknown, shown: string]>([
    ['null', null, 'null'],
    ['nothing', undefined, 'undefined'],
    ['a name', 'longRunning', '"longRunning"'],
    ['a definition', renders, 'an object'],
    ['a spread', {...protocols.longRunning, totalTimeout: 5000}, 'an object'],
    ['a copy', structuredClone(protocols.longRunning), 'an object'],
    ['what inherits from a protocol', Object.create(protocols.longRunning), 'an object'],
    ['a part of a protocol', protocols.longRunning.words, 'an object'],
    [
      'a part that has a name',
      protocols.define({...renders, cancel: {method: 'POST', body: {name: 'stop'}}}).cancel?.body,
      'an object',
    ],
  ])('to watch by, refuses %s, which was not defined', (_, value, shown) => {
    const takes = 'a protocol such as protocols.longRunning or what protocols.define returns';
    expect(() => protocolReader(value as Protocol)).toThrow(new TypeError(`protocol: expected ${takes}, got ${shown}`));
  });

  test('is one in another copy of this package, too', async () => {
    jest.resetModules();
    const others = await import('../../src/protocol/protocols.ts');
    expect(others.define).not.toBe(protocols.define);
    expect(protocolReader(others.define(renders)).protocol.name).toBe('renders');
  });

  test('by another copy of this package brings the code for its fields along', async () => {
    jest.resetModules();
    const others = await import('../../src/protocol/protocols.ts');
    const given = {...renders, read: () => ({status: 'running' as const})};
    const {read, urlAt} = protocolReader(others.define(given));
    const response = {status: 200, headers: new Headers(), json: {stop: '/b'}, secrets: [], credentials: []};
    expect(read?.(response, redact, redactJson)).toEqual({status: 'running', rawStatus: 'running'});
    expect(urlAt?.({at: '/stop'}, response.json)).toBe('/b');
  });

  test('within another one has the code for its fields too', () => {
    const resource = {...renders, name: 'render', authorization: {header: 'X-Api-Key', scheme: 'Key'}};
    const {resource: defined = protocols.longRunning} = protocols.define({...renders, resource});
    expect(protocolReader(defined).authorization).toEqual({header: 'x-api-key', prefix: 'Key '});
  });
});
