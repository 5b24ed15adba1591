import {describe, expect, test} from '@jest/globals';
import {
  checkKeys,
  keyPlaceholders,
  noKeys,
  replaceEach,
  withKeyPlaceholders,
  withoutKeys,
} from '../../src/http/key-placeholders.ts';
import {createResponse, type ResponseHead, type Transport, type TransportRequest} from '../../src/http/transport.ts';
import {beginning, stateOf} from '../support/core.ts';

const origin = 'https://a.example';
const key = 'f00dfeedf00dfeed';
const keys = keyPlaceholders({'x-api-key': key}, origin);
const plain = `${origin}/jobs/7?of=`;
const kept = `${plain}${key}`;
const hidden = `${plain}[value-of-x-api-key]`;

test.each([
  ['its location', {location: kept, resultLocation: plain}, {location: hidden, resultLocation: plain}],
  ["its result's location", {location: plain, resultLocation: kept}, {location: plain, resultLocation: hidden}],
  ['both', {location: kept, resultLocation: kept}, {location: hidden, resultLocation: hidden}],
])('a state keeps no key of %s', (_, locations, expected) => {
  expect(withoutKeys(stateOf(locations), keys)).toMatchObject(expected);
});

test('a state without keys stays the same', () => {
  const state = stateOf({location: plain, resultLocation: plain});
  expect(withoutKeys(state, keys)).toBe(state);
});

test.each([
  ['of eight characters', 'x-api-key', '8-digits', true],
  ['of seven has none', 'x-api-key', '7-digit', false],
  ['with blanks around it', 'x-api-key', ' 8-digits ', true],
  ['of seven with blanks around it has none', 'x-api-key', ' 7-digit ', false],
  ['that is a number has none', 'x-api-key', '1234567890', false],
  ['that is a number in another notation has none', 'x-api-key', '0x12345678', false],
  ['that begins like a number', 'x-api-key', '1234567890a', true],
  ['that is part of the root has none', 'x-api-key', 'a.example', false],
  ['of a header with a name of all kinds of characters', 'X_api.key-2', '8-digits', true],
  ['of a header whose name no placeholder can contain has none', 'x-api-key~', '8-digits', false],
])('a key %s', (_, name, value, isUsable) => {
  const made = keyPlaceholders({[name]: value}, origin);
  expect([...made.headers]).toEqual(isUsable ? [name] : []);
  expect(replaceEach(value.trim(), made.byKey)).toBe(isUsable ? `[value-of-${name}]` : value.trim());
  expect(made.byPlaceholder.size).toBe(isUsable ? 2 : 0);
});

test.each([
  ['as it is', 'a+b/c==0', '[value-of-x-api-key]'],
  ['percent-encoded', 'a%2Bb%2Fc%3D%3D0', '%5Bvalue-of-x-api-key%5D'],
  ['percent-encoded in lower case', 'a%2bb%2fc%3d%3d0', '%5Bvalue-of-x-api-key%5D'],
  ['with the slashes of JSON', 'a+b\\/c==0', '[value-of-x-api-key]'],
])('a key is found %s, wherever it stands', (_, form, placeholder) => {
  const {byKey} = keyPlaceholders({'x-api-key': 'a+b/c==0'}, origin);
  expect(replaceEach(`?a=${form}&b=${form}`, byKey)).toBe(`?a=${placeholder}&b=${placeholder}`);
});

describe('a watch is refused without a key', () => {
  const message = "headers: expected x-api-key among the client's headers";

  test.each([
    ['of its location', {location: hidden}],
    ['of its location, percent-encoded', {location: `${plain}%5Bvalue-of-x-api-key%5D`}],
    ["of its result's location", {location: plain, resultLocation: hidden}],
  ])('%s', (_, locations) => {
    const state = stateOf(locations);
    expect(() => checkKeys(state)).toThrow(message);
    expect(() => checkKeys(state, keyPlaceholders({'x-other-key': key}, origin))).toThrow(message);
    expect(() => checkKeys(state, keys)).not.toThrow();
  });

  test('except where it is over and has no result to fetch', () => {
    expect(() => checkKeys(stateOf({location: hidden, endedAt: beginning}))).not.toThrow();
    expect(() => checkKeys(stateOf({location: plain, endedAt: beginning, resultLocation: hidden}))).toThrow(message);
  });
});

describe('a transport that fills in keys', () => {
  const {signal} = new AbortController();

  /** Sends a request by a transport that gives this response. */
  async function sent(
    location: string,
    {headers = {}, body}: {headers?: Record<string, string>; body?: Awaited<ReturnType<Transport>>['body']} = {},
  ) {
    const [locations, heads]: [string[], (ResponseHead | undefined)[]] = [[], []];
    const transport: Transport = async (url, {onHead}) => {
      locations.push(url);
      onHead();
      onHead({status: 202, headers: new Headers(headers)});
      return createResponse({status: 200, headers: new Headers(headers)}, body);
    };
    const request: TransportRequest = {
      method: 'GET',
      headers: {},
      signal,
      onSent: () => {},
      onHead: (head) => void heads.push(head),
    };
    const response = await withKeyPlaceholders(transport, origin, keys)(location, request);
    return {locations, heads, response};
  }

  test('is the transport itself where there are none', () => {
    const transport: Transport = async () => createResponse({status: 200, headers: new Headers()});
    expect(withKeyPlaceholders(transport, origin, noKeys)).toBe(transport);
  });

  test('does so on its origin alone', async () => {
    expect((await sent(hidden)).locations).toEqual([kept]);
    expect((await sent(`${plain}%5Bvalue-of-x-api-key%5D`)).locations).toEqual([kept]);
    expect((await sent('https://b.example/jobs/7')).locations).toEqual(['https://b.example/jobs/7']);
    await expect(sent('https://b.example/[value-of-x-api-key]')).rejects.toMatchObject({kind: 'protocol'});
  });

  test('leaves out keys in headers, of the head too, and gives none that there is not', async () => {
    const {heads, response} = await sent(plain, {headers: {location: kept, date: 'today'}});
    expect(heads.map((head) => head?.status)).toEqual([undefined, 202]);
    for (const headers of [heads[1]?.headers, response.headers]) {
      expect([headers?.get('location'), headers?.get('age')]).toEqual([hidden, null]);
      expect([headers?.has('location'), headers?.has('age')]).toEqual([true, false]);
      expect([...(headers?.entries() ?? [])]).toEqual([
        ['date', 'today'],
        ['location', hidden],
      ]);
    }
  });

  test.each([
    ['text', {text: `of ${key}`}, {text: 'of [value-of-x-api-key]'}],
    ['parsed JSON', {json: {of: key}}, {text: '{"of":"[value-of-x-api-key]"}'}],
  ])('leaves out keys in a body that is %s', async (_, body, expected) => {
    expect((await sent(plain, {body})).response.body).toEqual(expected);
  });

  test.each([[{text: 'of none'}], [{json: {of: 'none'}}], [undefined]])('leaves the body %j as it is', async (body) => {
    expect((await sent(plain, {body})).response.body).toBe(body);
  });
});
