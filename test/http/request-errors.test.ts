import {describe, expect, test} from '@jest/globals';
import {httpError, networkError} from '../../src/http/request-errors.ts';
import type {ServiceResponse} from '../../src/http/service-response.ts';
import {createResponse} from '../../src/http/transport.ts';
import {defineProtocol} from '../../src/protocol/define-protocol.ts';
import type {Protocol} from '../../src/protocol/protocol.ts';
import {protocolReader} from '../../src/protocol/protocol-reader.ts';
import {tasks} from '../support/core.ts';
import {hostileValues} from '../support/hostile.ts';

const home = 'https://graph.example';
const reader = protocolReader(defineProtocol({...tasks, throttlingCodes: ['slowDown']}));

/** The error for a response with this status, these headers and this error object. */
function errorOf(
  status: number,
  headers: Readonly<Record<string, string>> = {},
  error: object = {},
  changes: Partial<ServiceResponse> = {},
  by = reader,
) {
  const response: ServiceResponse = {
    ...createResponse({status, headers: new Headers(headers)}, {text: ''}),
    json: {error},
    bodyError: undefined,
    answer: {httpStatus: status, clientRequestId: 'c'},
    method: 'GET',
    location: `${home}/a`,
    redirected: false,
    isForeign: false,
    seeOther: undefined,
    sameToken: undefined,
    secrets: [],
    credentials: [],
    ...changes,
  };
  return httpError(response, home, by);
}

describe('a response', () => {
  test.each([
    ['403 with Retry-After', 403, {'retry-after': '5'}],
    ['403 with a Retry-After that says nothing readable', 403, {'retry-after': 'soon'}],
    ["403 with Azure's header for milliseconds", 403, {'retry-after-ms': '5000'}],
    ['429', 429, {}],
  ])('throttles: %s', (_, status, headers) => {
    expect(errorOf(status, headers)).toMatchObject({throttled: true, transient: true, ends: undefined});
  });

  test.each([
    ['403', 403, {}],
    ['503 with Retry-After', 503, {'retry-after': '5'}],
    ['404 with Retry-After', 404, {'retry-after': '5'}],
  ])('does not throttle: %s', (_, status, headers) => {
    expect(errorOf(status, headers).throttled).toBe(false);
  });

  test.each([408, 500, 502, 503, 504, 509])('may be gone a moment later: %i', (status) => {
    expect(errorOf(status).transient).toBe(true);
  });

  test.each([400, 401, 407, 409, 499, 501, 505, 508, 510])('says the same a moment later: %i', (status) => {
    expect(errorOf(status).transient).toBe(false);
  });

  test.each([
    [401, 'unauthorized'],
    [402, undefined],
    [403, 'forbidden'],
    [404, undefined],
    [409, undefined],
    [410, 'notFound'],
    [411, undefined],
  ])('of HTTP %i ends watching as %p', (status, ends) => {
    expect(errorOf(status).ends).toBe(ends);
  });

  test('is shown with its query, unless a redirect led there', () => {
    const location = `${home}/a?b=c`;
    expect(errorOf(400, {}, {}, {location}).message).toBe(`GET ${location} answered 400`);
    expect(errorOf(400, {}, {}, {location, redirected: true}).message).not.toContain('b=c');
  });

  test.each([
    [400, true, undefined],
    [399, false, undefined],
    [401, false, 'unauthorized'],
  ] as const)('with the code of throttling and %i: %p', (status, throttled, ends) => {
    expect(errorOf(status, {}, {code: 'slowDown'})).toMatchObject({throttled, ends});
  });

  test.each([
    [false, false, 'unauthorized'],
    [false, true, 'unauthorized'],
    [true, false, 'unauthorized'],
    [true, true, undefined],
  ])('ends watching by 401, unless a redirect led to a foreign host: %p, %p', (redirected, isForeign, ends) => {
    expect(errorOf(401, {}, {}, {redirected, isForeign}).ends).toBe(ends);
  });

  test.each([
    ['with both', {code: 'Bad', message: 'Not so'}, ': Bad, Not so'],
    ['without a message', {code: 'Bad'}, ': Bad'],
    ['with an empty message', {code: 'Bad', message: ''}, ': Bad'],
    ['with nothing', {}, ''],
  ])('is described by code and message: %s', (_, error, details) => {
    expect(errorOf(400, {}, error).message).toBe(`GET ${home}/a answered 400${details}`);
  });

  test.each([
    ['its error is one text', {json: {error: 'p'.repeat(5000)}}],
    ['its body is one text', {json: 'p'.repeat(5000)}],
    ['an error in it has a code that long', {json: {error: {code: 'p'.repeat(5000)}}}],
  ])('has a code of up to 200 characters where a whole page stands in its place: %s', (_, changes) => {
    const error = errorOf(400, {}, {}, changes);
    expect(error.code).toBe('p'.repeat(200));
    expect(error.message).toBe(`GET ${home}/a answered 400: ${error.code}`);
  });

  const fault = {error: '/fault', errorCode: '/fault/name', errorMessage: '/fault/text'} as const;
  test.each<[string, Pick<Protocol, 'error' | 'errorCode' | 'errorMessage'>, unknown, string]>([
    [
      'where the protocol has its parts',
      fault,
      {fault: {name: 'Bad', text: 'Not so'}, error: {code: 'x'}},
      'Bad, Not so',
    ],
    ['at /error, whatever the protocol says', fault, {error: {code: 'Bad', message: 'Not so'}}, 'Bad, Not so'],
    [
      'partly at /error',
      {error: '/fault', errorMessage: '/text'},
      {error: {code: 'Bad'}, text: 'Not so'},
      'Bad, Not so',
    ],
    ['in the body itself', {}, {code: 'Bad', message: 'Not so', status: 400}, 'Bad, Not so'],
    ['partly in the body itself', {}, {error: 'Bad', message: 'Not so', statusCode: 400}, 'Bad, Not so'],
    ['as a text that is the message', {errorMessage: '/error'}, {error: 'Not so'}, 'Not so'],
    ['as a text', {}, 'Bad', 'Bad'],
    ['first in a list', {}, {errors: [{code: 'Bad', message: 'Not so'}, {code: 'Worse'}]}, 'Bad, Not so'],
    [
      'first in a list of the protocol',
      {error: '/faults'},
      {faults: [{code: 'Bad'}], error: 'x', errors: ['y']},
      'Bad',
    ],
  ])('has its error %s', (_, fields, json, why) => {
    const own = protocolReader(defineProtocol({...tasks, ...fields}));
    expect(errorOf(400, {}, {}, {json}, own).message).toBe(`GET ${home}/a answered 400: ${why}`);
  });
});

test('a 401 says why the request was not sent again', () => {
  const sameToken = 'the option token gave the token that was refused, which was not sent again';
  expect(errorOf(401, {}, {code: 'Bad'}, {sameToken}).message).toBe(`GET ${home}/a answered 401 (${sameToken}): Bad`);
});

test('an error of the network may be gone a moment later', () => {
  expect(networkError(new Error('socket hang up'), [])).toMatchObject({
    kind: 'network',
    transient: true,
    message: 'No answer: Error: socket hang up',
  });
});

test.each([
  new TypeError('headers is not iterable'),
  new ReferenceError('token is not defined'),
  new SyntaxError('Unexpected end of JSON input'),
])('a bug in a hook is not retried: %p', (bug) => {
  expect(networkError(bug, [])).toMatchObject({kind: 'network', transient: false, ends: 'unreachable'});
});

test.each([
  ['a system code', Object.assign(new TypeError('broken'), {code: 'ECONNRESET'})],
  ['a cause', new TypeError('broken', {cause: new Error('other side closed')})],
  ['the words of fetch', new TypeError('fetch failed')],
])('an error of the network is no bug, by %s', (_, error) => {
  expect(networkError(error, [])).toMatchObject({kind: 'network', transient: true, ends: undefined});
});

test.each(hostileValues)('what cannot be read of an error is left out: %s', (_, thrown) => {
  const described = /^No answer: (?:object|symbol|undefined|Error: (?:Symbol\(mine\)|outer))$/;
  const expected = {kind: 'network', transient: true, message: expect.stringMatching(described)};
  expect(networkError(thrown, [])).toMatchObject(expected);
  expect(networkError(new Error('outer', {cause: thrown}), [])).toMatchObject(expected);
});

test('a code of the network has up to 200 characters too', () => {
  const error = networkError(Object.assign(new Error('mine'), {code: 'p'.repeat(5000)}), []);
  expect([error.code, error.message]).toEqual(['p'.repeat(200), `No answer: ${'p'.repeat(200)}`]);
});

test.each(['code', 'cause'])('an error whose %s cannot be read is described by its message', (name) => {
  const error = Object.defineProperty(new Error('mine'), name, {
    get: () => {
      throw new Error('not readable');
    },
  });
  expect(networkError(error, []).message).toBe('No answer: Error: mine');
  const outer = new Error('outer', {cause: error});
  expect(networkError(outer, []).message).toBe(`No answer: Error: ${name === 'code' ? 'outer' : 'mine'}`);
});

test.each([
  ['the fifth', 5, {code: 'ECONNRESET', message: 'No answer: ECONNRESET'}],
  ['the fifth and no further', 6, {code: undefined, message: 'No answer: Error: 5'}],
])('causes are followed to %s', (_, count, expected) => {
  let error: Error = Object.assign(new Error(String(count)), {code: 'ECONNRESET'});
  for (let number = count - 1; number > 0; number--) error = new Error(String(number), {cause: error});
  expect(networkError(error, [])).toMatchObject(expected);
});

test.each(['ERR_INVALID_ARG_TYPE', 'ERR_INVALID_ARG_VALUE', 'ERR_OUT_OF_RANGE'])(
  'a request that cannot be sent at all is not retried: %s',
  (code) => {
    const cause = Object.assign(new TypeError('The "msecs" argument must be of type number'), {code});
    expect(networkError(new TypeError('fetch failed', {cause}), [])).toMatchObject({
      kind: 'network',
      transient: false,
      ends: 'unreachable',
      code,
      message: `The request cannot be sent: ${code}, TypeError: The "msecs" argument must be of type number`,
    });
  },
);
