import {describe, expect, test} from '@jest/globals';
import {batchRequest, batchResponses} from '../../src/graph/batch-format.ts';
import {parseBody, type TransportRequest} from '../../src/http/transport.ts';

const version = 'https://graph.example/v1.0';
const part = (maxBodyLength?: number): {location: string; request: TransportRequest} => ({
  location: `${version}/a`,
  request: {
    method: 'GET',
    headers: {authorization: 'Bearer x'},
    signal: new AbortController().signal,
    onSent: () => {},
    onHead: () => {},
    ...(maxBodyLength === undefined ? {} : {maxBodyLength}),
  },
});
const callbacks = {signal: new AbortController().signal, onHeldBack: () => {}, onSent: () => {}, onHead: () => {}};

test.each([
  ['20 MiB at least', [1000, 1000], 20 * 1024 * 1024],
  ['as much as all of its parts may take', [30e6, 40e6, 50e6], 120e6],
])("a batch's response may have %s", (_, limits, expected) => {
  expect(batchRequest(limits.map(part), version, {}, callbacks).maxBodyLength).toBe(expected);
});

test('a batch is for its own origin, whatever some other code has added to Object.prototype', () => {
  const request = batchRequest([part(), part()], version, {}, callbacks);
  expect(Object.getOwnPropertyDescriptor(request, 'isForeign')?.value).toBe(false);
});

describe('a part of a response', () => {
  /** How a batch of one request reads its part. */
  function read(response: object, envelope: Readonly<Record<string, string>> = {}, maxBodyLength?: number) {
    const json = {responses: [{id: '0', status: 200, ...response}]};
    const body = {text: JSON.stringify(json)};
    return batchResponses({headers: new Headers(envelope), body}, [part(maxBodyLength)])?.[0];
  }

  test.each<[unknown]>([[0], [''], [' 0'], ['0x0'], ['-0'], ['0.0'], ['1'], [null], [['0']]])(
    'with the id %j is no response to the request',
    (id) => {
      expect(read({id})).toBeUndefined();
    },
  );

  test.each<[unknown]>([['200'], [null], [undefined]])('with the status %j cannot be read', (status) => {
    expect(read({status})).toBeUndefined();
  });

  const bodyOf = (body: unknown, maxBodyLength?: number): unknown => parseBody(read({body}, {}, maxBodyLength)?.body);

  test.each([
    ['an object is JSON', {a: 1}, {a: 1}],
    ['a list is JSON', [1], [1]],
    ['a string is not, even if it looks like it', '{"a": 1', undefined],
    ['a string in Base64 is not', 'YWJj', undefined],
  ])('%s', (_, body, expected) => {
    expect([bodyOf(body), bodyOf(body, 60)]).toEqual([expected, expected]);
  });

  test.each([
    // In JSON, {"a":""} takes eight bytes.
    ['in letters', 'a', 100, 108],
    ['in characters of three bytes', '€', 200, 608],
  ])('is read up to its length in bytes, %s', (_, character, count, length) => {
    const body = {a: character.repeat(count)};
    expect(bodyOf(body, length)).toEqual(body);
    expect(read({body}, {}, length - 1)?.body).toBeUndefined();
    expect(read({body}, {}, Math.ceil(length * 0.92))?.body).toBeUndefined();
    expect(read({body})?.body).toEqual({json: body});
  });

  test.each([
    ['none', {}],
    ['null', {body: null}],
  ])('with %s as its body has none', (_, response) => {
    expect(parseBody(read(response)?.body)).toBeNull();
  });

  test('has its headers, numbers too, and nothing else', () => {
    const response = read({headers: {'Retry-After': 3, Location: '/a', 'X-List': ['a'], 'X-None': null}});
    expect(response?.retryAfter).toBe(3000);
    const names = ['retry-after', 'LOCATION', 'x-list', 'x-none', 'date'];
    expect(names.map((name) => response?.headers.get(name))).toEqual(['3', '/a', null, null, null]);
    expect(names.map((name) => response?.headers.has(name))).toEqual([true, true, false, false, false]);
  });

  test.each(['Date', 'Age'])('has the %s of the batch, unless it has one', (name) => {
    expect(read({}, {[name]: "the batch's"})?.headers.get(name)).toBe("the batch's");
    expect(read({headers: {[name]: 'own'}}, {[name]: "the batch's"})?.headers.get(name)).toBe('own');
  });
});
