import {describe, expect, test} from '@jest/globals';
import {succeededByHttp} from '../../src/protocol/parse-operation.ts';
import type {Protocol, ProtocolFields} from '../../src/protocol/protocol.ts';
import * as protocols from '../../src/protocol/protocols.ts';
import {operationOf, parse, statusOf} from './parsing.ts';

const base = {
  name: 'tasks',
  status: '/status',
  words: {busy: 'running', done: 'succeeded'},
} as const satisfies ProtocolFields;
const define = (fields: Partial<ProtocolFields>): Protocol => protocols.define({...base, ...fields});

describe('words', () => {
  test.each([
    ['running', 'anything else', 'running'],
    ['running', '', 'running'],
    ['failed', 'anything else', 'failed'],
    ['failed', 'DONE', 'succeeded'],
    [undefined, 'anything else', 'unknownStatus'],
  ] as const)('otherWords %s: %p is %s', (otherWords, word, expected) => {
    const protocol = define(otherWords === undefined ? {} : {otherWords});
    expect(statusOf(protocol, {status: word})).toBe(expected);
  });

  test.each([
    ['true and false are the words', {true: 'succeeded', false: 'running'}, true, 'succeeded'],
    ['false too', {true: 'succeeded', false: 'running'}, false, 'running'],
    ['in any case', {TRUE: 'succeeded'}, true, 'succeeded'],
    ['only the given one', {true: 'succeeded'}, false, 'unreadable'],
    ['unless they are not among the words', {done: 'succeeded'}, true, 'unreadable'],
    ['numbers are words', {1: 'succeeded', 0: 'running'}, 1, 'succeeded'],
    ['0 too', {1: 'succeeded', 0: 'running'}, 0, 'running'],
    ['as text too', {1: 'succeeded', 0: 'running'}, '1', 'succeeded'],
    ['only the given numbers', {1: 'succeeded', 0: 'running'}, 5, 'unreadable'],
  ] as const)('booleans and numbers: %s', (_, words, status, expected) => {
    expect(statusOf(define({words}), {status})).toBe(expected);
  });

  test.each([true, 5])('%p, which is not a word, is not covered by otherWords', (status) => {
    expect(statusOf(define({otherWords: 'running'}), {status})).toBe('unreadable');
  });

  test('the raw status of a boolean is a string', () => {
    expect(operationOf(define({words: {true: 'succeeded'}}), {status: true})).toMatchObject({rawStatus: 'true'});
  });
});

describe('withoutStatus', () => {
  const protocol = define({withoutStatus: 'running'});

  test.each([
    ['an id', {id: 'a'}, 'running'],
    ['an id and null', {id: 'a', status: null}, 'running'],
    ['an id and null for an error', {id: 'a', error: null}, 'running'],
    ['an id and an error', {id: 'a', error: {code: 'x'}}, 'unreadable'],
    ['an id and an empty error', {id: 'a', error: {}}, 'unreadable'],
    ['an empty id', {id: ''}, 'unreadable'],
    ['an id that is a number', {id: 5}, 'running'],
    ['no id', {}, 'unreadable'],
    ['an id and a status that is a number', {id: 'a', status: 5}, 'unreadable'],
    ['a word', {id: 'a', status: 'done'}, 'succeeded'],
    ['another word', {id: 'a', status: 'odd'}, 'unknownStatus'],
    ['a list', [{id: 'a'}], 'unreadable'],
  ])('with %s', (_, body, expected) => {
    expect(statusOf(protocol, body)).toBe(expected);
  });

  test('the raw status is empty', () => {
    expect(operationOf(protocol, {id: 'a'})).toEqual({id: 'a', status: 'running', rawStatus: ''});
  });

  test('without it, an id is not enough', () => {
    expect(statusOf(define({}), {id: 'a'})).toBe('unreadable');
  });
});

describe('httpStatuses', () => {
  const protocol = define({httpStatuses: {200: 'succeeded', 202: 'running'}, result: ''});

  test.each([
    ['an empty body', null, 202, 'running'],
    ['an empty body', null, 200, 'succeeded'],
    ['an object', {name: 'x'}, 200, 'succeeded'],
    ['a list', [1, 2], 200, 'succeeded'],
    ['not JSON', undefined, 202, 'running'],
    ['not JSON', undefined, 200, 'unreadable'],
    ['an error', {error: {code: 'x'}}, 200, 'unreadable'],
    ['an error', {error: {code: 'x'}}, 202, 'unreadable'],
    ['a status that is not a word', {status: {state: 'x'}}, 200, 'unreadable'],
    ['a word, which takes precedence', {status: 'busy'}, 200, 'running'],
    ['a word, which takes precedence', {status: 'done'}, 202, 'succeeded'],
    ['another word, which takes precedence', {status: 'odd'}, 200, 'unknownStatus'],
    ['a status that is not listed', null, 204, 'unreadable'],
    ['a status that is not listed', {name: 'x'}, 404, 'unreadable'],
  ])('%s: %j under %i is %s', (_, body, httpStatus, expected) => {
    expect(statusOf(protocol, body, httpStatus)).toBe(expected);
  });

  test('the raw status is the HTTP status, the result the whole body', () => {
    const body = {id: 'a', name: 'x'};
    expect(operationOf(protocol, body, 200)).toEqual({id: 'a', status: 'succeeded', rawStatus: '200', result: body});
    expect(parse(protocol, null, 202)).toEqual({
      is: 'operation',
      operation: {id: undefined, status: 'running', rawStatus: '202', raw: null},
    });
  });

  test('a body that is nested too deeply is unreadable', () => {
    const deep: unknown = JSON.parse('['.repeat(200) + ']'.repeat(200));
    expect(statusOf(protocol, deep, 200)).toBe('unreadable');
  });
});

describe('errorMeansFailed', () => {
  const error = {code: 3, message: 'It went wrong.'};

  test.each([
    ['an error', {status: 'done', error}, 'failed'],
    ['an empty error', {status: 'done', error: {}}, 'failed'],
    ['null', {status: 'done', error: null}, 'succeeded'],
    ['no error', {status: 'done'}, 'succeeded'],
    ['an error while it is running', {status: 'busy', error}, 'running'],
  ])('with %s', (_, body, expected) => {
    expect(statusOf(define({errorMeansFailed: true}), body)).toBe(expected);
  });

  test('the operation has the error but not the result', () => {
    const protocol = define({errorMeansFailed: true, result: '/result'});
    const operation = operationOf(protocol, {id: 'a', status: 'done', error, result: 5});
    expect(operation).toEqual({
      id: 'a',
      status: 'failed',
      rawStatus: 'done',
      error: {code: '3', message: 'It went wrong.'},
    });
  });

  test.each([
    ['an empty string', '', 'succeeded'],
    ['0', 0, 'succeeded'],
    ['false', false, 'succeeded'],
    ['the code of no error', {code: 0, message: ''}, 'succeeded'],
    ['no code, which is 0', {}, 'succeeded'],
    ['the code of a cancellation', {code: 1}, 'canceled'],
    ['the same as text', {code: '1'}, 'canceled'],
    ['a code by its name, in any case', 'ABORTED', 'canceled'],
    ['another code', {code: 2}, 'failed'],
    ['a message without a code', {message: 'It went wrong.'}, 'failed'],
  ])('with errorCodes: %s', (_, error, expected) => {
    const protocol = define({errorMeansFailed: true, errorCodes: {0: 'succeeded', 1: 'canceled', aborted: 'canceled'}});
    expect(statusOf(protocol, {status: 'done', error})).toBe(expected);
  });

  test('without it the word counts', () => {
    expect(statusOf(define({}), {status: 'done', error})).toBe('succeeded');
  });
});

describe('a success without a body', () => {
  test('HTTP 303', () => {
    const resourceLocation = 'https://graph.example/v1.0/me/drive/items/01';
    const operation = succeededByHttp(303, resourceLocation);
    expect(operation).toEqual({id: undefined, status: 'succeeded', rawStatus: '303', resourceLocation, raw: null});
    expect(Object.isFrozen(operation)).toBe(true);
  });

  test('HTTP 303 without a Location', () => {
    expect(Object.keys(succeededByHttp(303, undefined))).toEqual(['id', 'status', 'rawStatus', 'raw']);
  });

  test.each([404, 410])('HTTP %i', (httpStatus) => {
    const operation = succeededByHttp(httpStatus);
    expect(operation).toEqual({id: undefined, status: 'succeeded', rawStatus: String(httpStatus), raw: null});
    expect(Object.isFrozen(operation)).toBe(true);
  });
});

describe('protocols.define', () => {
  test('accepts every field', () => {
    const protocol: ProtocolFields = {
      ...base,
      otherWords: 'running',
      withoutStatus: 'notStarted',
      httpStatuses: {202: 'running'},
      statusIfKnown: ['/state', '/phase'],
      errorMeansFailed: true,
      errorCodes: {0: 'succeeded', Aborted: 'canceled'},
      throttlingCodes: ['slowDown'],
      seeOtherSucceeds: false,
      notFoundSucceeds: true,
      result: '',
      resultLocation: ['resourceLocation', {suffix: '/content'}, 'location', 'original'],
      start: '/metadata/name',
      requestHeaders: {prefer: 'respond-async', 'x-empty': ''},
      pollHeaders: {prefer: 'wait=5'},
      createdMeansDone: true,
      moveHeaders: [],
      locationOnly: protocols.azure.location,
      cancel: {method: 'DELETE'},
      minimumInterval: 1000,
      maximumInterval: 1000,
    };
    expect(protocols.define(protocol)).toEqual(protocol);
  });

  test.each<Partial<ProtocolFields>>([
    {words: {}, notFoundSucceeds: true},
    {words: {broken: 'failed'}, seeOtherSucceeds: true},
    {words: {}, httpStatuses: {204: 'succeeded'}},
    {words: {}, otherWords: 'succeeded'},
    {words: {}, withoutStatus: 'succeeded'},
  ])('needs no word for success when there is another way to succeed: %p', (fields) => {
    expect(define(fields)).toMatchObject(fields);
  });

  test('returns a deeply frozen protocol that is independent of its source', () => {
    const source = {
      ...base,
      httpStatuses: {202: 'running' as const},
      resultLocation: [{suffix: '/content'}],
      cancel: {method: 'POST' as const},
    };
    const defined = protocols.define(source);
    source.resultLocation[0] = {suffix: '/another'};
    expect(defined.resultLocation).toEqual([{suffix: '/content'}]);
    const parts = [
      defined,
      defined.httpStatuses,
      defined.resultLocation,
      Object.values(defined.resultLocation ?? [])[0],
      defined.cancel,
    ];
    expect(parts.every(Object.isFrozen)).toBe(true);
  });

  test('keeps a nested protocol that is defined, and defines one that is not', () => {
    const {location} = protocols.azure;
    expect(define({locationOnly: location}).locationOnly).toBe(location);
    expect(Object.isFrozen(define({locationOnly: {...base}}).locationOnly?.words)).toBe(true);
  });

  const statuses = 'notStarted, running, succeeded, failed or canceled';
  const places = "'resourceLocation', 'location', 'original', {suffix}, {template} or a list";
  const starts = "'headers', 'resource', 'original', '/name' or {template: '/status/{/id}'}";
  const suffixes = "a string such as '/records' or ':cancel'";
  test.each<[Record<string, unknown>, string]>([
    [{otherWords: 'Running'}, `otherWords: expected ${statuses}, got "Running"`],
    [{withoutStatus: null}, `withoutStatus: expected ${statuses}, got null`],
    [{httpStatuses: [200]}, 'httpStatuses: expected a status for each HTTP status, got a list'],
    [
      {httpStatuses: {401: 'succeeded'}},
      'httpStatuses.401: expected HTTP statuses from 200 to 599 but 401 and 429, got "401"',
    ],
    [
      {httpStatuses: {ok: 'succeeded'}},
      'httpStatuses.ok: expected HTTP statuses from 200 to 599 but 401 and 429, got "ok"',
    ],
    [{httpStatuses: {200: 'ok'}}, `httpStatuses.200: expected ${statuses}, got "ok"`],
    [{words: [['done', 'succeeded']]}, 'words: expected a status for each word, got a list'],
    [{words: {}, notFoundSucceeds: false}, 'words: expected a word that means succeeded, got words for: none'],
    [{errorMeansFailed: 'yes'}, 'errorMeansFailed: expected true or false, got "yes"'],
    [{seeOtherSucceeds: 1}, 'seeOtherSucceeds: expected true or false, got 1'],
    [{notFoundSucceeds: null}, 'notFoundSucceeds: expected true or false, got null'],
    [{createdMeansDone: 201}, 'createdMeansDone: expected true or false, got 201'],
    [{start: 'name'}, `start: expected ${starts}, got "name"`],
    [{start: ''}, `start: expected ${starts}, got ""`],
    [{start: ['/name']}, `start: expected ${starts}, got a list`],
    [{resultLocation: 'records'}, `resultLocation: expected ${places}, got "records"`],
    [{resultLocation: ['location', null]}, `resultLocation: expected ${places}, got a list`],
    [{resultLocation: {suffix: 'records'}}, `resultLocation: expected ${places}, got an object`],
    [{resultLocation: {suffix: '/records?a=b'}}, `resultLocation: expected ${places}, got an object`],
    [{resultLocation: {suffix: '/records', method: 'GET'}}, `resultLocation: expected ${places}, got an object`],
    [{requestHeaders: 'prefer'}, 'requestHeaders: expected an object with a string for each header, got a string'],
    [{requestHeaders: {'a b': 'c'}}, 'requestHeaders.a b: expected the name of a header, got another string'],
    [
      {requestHeaders: {prefer: 5}},
      'requestHeaders.prefer: expected visible ASCII characters and spaces, got a number',
    ],
    [
      {requestHeaders: {prefer: 'a\r\nb: c'}},
      'requestHeaders.prefer: expected visible ASCII characters and spaces, got other characters',
    ],
    [
      {requestHeaders: {Authorization: 'Bearer secret'}},
      'requestHeaders.Authorization: expected no token here, which is the option token, got one',
    ],
    [
      {pollHeaders: {Authorization: 'Bearer secret'}},
      'pollHeaders.Authorization: expected no token here, which is the option token, got one',
    ],
    [{statusIfKnown: 'state'}, `statusIfKnown: expected JSON pointers such as '/status', got "state"`],
    [{errorCodes: {1: 'cancelled'}}, `errorCodes.1: expected ${statuses}, got "cancelled"`],
    [{errorCodes: ['a']}, 'errorCodes: expected a status for each error code, got a list'],
    [{throttlingCodes: 'slowDown'}, 'throttlingCodes: expected a list of error codes, got "slowDown"'],
    [{throttlingCodes: ['']}, 'throttlingCodes: expected a list of error codes, got a list'],
    [{locationHeaders: ['a b']}, 'locationHeaders: expected a list of header names, got a list'],
    [{moveHeaders: 'location'}, 'moveHeaders: expected a list of header names, got "location"'],
    [
      {locationOnly: 'azure.location'},
      'locationOnly: expected a protocol without a locationOnly of its own, got "azure.location"',
    ],
    [
      {locationOnly: {...base, locationOnly: base}},
      'locationOnly: expected a protocol without a locationOnly of its own, got an object',
    ],
    [{cancel: 'DELETE'}, 'cancel: expected an object with a method, got "DELETE"'],
    [{cancel: {}}, 'cancel: expected an object with a method, got an object'],
    [
      {cancel: {method: 'DELETE', path: 1}},
      'cancel.path: there is no such field; there are method, suffix, template, at, body. Did you mean at?',
    ],
    [{cancel: {method: 'GET'}}, `cancel.method: expected 'DELETE', 'POST', 'PUT' or 'PATCH', got "GET"`],
    [{cancel: {method: 'POST', suffix: 'cancel'}}, `cancel.suffix: expected ${suffixes}, got "cancel"`],
    [
      {cancel: {method: 'PUT', suffix: '/stop', at: '/urls/stop'}},
      'cancel: expected one of suffix, template and at, got 2 of them',
    ],
    [{status: Object.assign([], {length: 1})}, "status: expected JSON pointers such as '/status', got a list"],
    [{locationHeaders: Object.assign([], {length: 1})}, 'locationHeaders: expected a list of header names, got a list'],
    [{resource: {...base, name: ''}}, 'resource.name: expected a string that is not empty, got ""'],
    [
      {locationOnly: {...base, resource: {...base, words: {busy: 'running'}}}},
      'locationOnly.resource.words: expected a word that means succeeded, got words for: running',
    ],
    [
      {resource: {...base, words: {...base.words, BUSY: 'failed'}}},
      'resource.words.BUSY: expected the status that the same word has in another case, running, got "failed"',
    ],
    [
      {resource: {...base, cancel: {method: 'PUT', suffix: '/stop', at: '/urls/stop'}}},
      'resource.cancel: expected one of suffix, template and at, got 2 of them',
    ],
    [{retryAfter: {unit: 's'}}, 'retryAfter: expected an object with a header or at, got neither'],
    [{maximumInterval: 'long'}, 'maximumInterval: expected milliseconds, got "long"'],
  ])('refuses %p', (fields, message) => {
    expect(() => define(fields as Partial<ProtocolFields>)).toThrow(new TypeError(`protocol.${message}`));
  });

  test.each([
    [{maximumInterval: -1}, 'maximumInterval: expected milliseconds, from 0 on, got -1'],
    [{minimumInterval: 5, maximumInterval: 4}, 'maximumInterval: expected no less than minimumInterval, 5, got 4'],
    [
      {resource: {...base, minimumInterval: 5, maximumInterval: 4}},
      'resource.maximumInterval: expected no less than minimumInterval, 5, got 4',
    ],
  ])('refuses %p', (fields, message) => {
    expect(() => define(fields)).toThrow(new RangeError(`protocol.${message}`));
  });

  test('an invalid nested protocol is refused, and a protocol nested in itself does no harm', () => {
    expect(() => define({locationOnly: {...base, name: ''}})).toThrow(TypeError);
    const own: ProtocolFields & {locationOnly?: ProtocolFields} = {...base};
    own.locationOnly = own;
    expect(() => protocols.define(own)).toThrow(TypeError);
  });
});
