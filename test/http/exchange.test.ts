import {describe, expect, test} from '@jest/globals';
import type {TokenRequest} from '../../src/http/authorization.ts';
import {
  exchange,
  quotesSecret,
  type RequestSettings,
  type ServiceRequest,
  type TokenRefresh,
} from '../../src/http/exchange.ts';
import {createResponse, type TransportRequest} from '../../src/http/transport.ts';
import type {PollOptions} from '../../src/options/poll-options.ts';
import {readOptions} from '../../src/options/settings.ts';
import {defineProtocol} from '../../src/protocol/define-protocol.ts';
import {get, tasks} from '../support/core.ts';

const home = 'https://graph.example';
const token = 'marker-token-0123456789';
const request: ServiceRequest = {
  ...get,
  location: `${home}/a`,
  tokenOrigin: home,
  deadlineAt: undefined,
  signal: new AbortController().signal,
};

/** An answer: its status, where it redirects to, and how it challenges. */
type Answer = readonly [status: number, location?: string | undefined, challenge?: string | undefined];

/** Sends a request to a service that gives these answers, and gives the last one and all that was sent. */
async function exchanged(
  answers: readonly Answer[],
  options: PollOptions = {},
  changes: Partial<ServiceRequest> = {},
  refresh?: TokenRefresh,
  hidden: Partial<Pick<RequestSettings, 'secrets' | 'credentials'>> = {},
) {
  const left = [...answers];
  const sent: [string, TransportRequest][] = [];
  const transport = async (location: string, outgoing: TransportRequest) => {
    sent.push([location, outgoing]);
    const [status, target, challenge] = left.shift() ?? [200];
    const headers = new Headers();
    if (target !== undefined) headers.set('location', target);
    if (challenge !== undefined) headers.set('www-authenticate', challenge);
    return createResponse({status, headers}, {text: ''});
  };
  const settings = {...readOptions({protocol: tasks, token, ...options}), ...hidden, transport};
  return {response: await exchange(settings, {...request, ...changes}, refresh), sent};
}

const seeOther = defineProtocol({...tasks, seeOtherSucceeds: true});

test('where 303 is the end, other redirects are followed', async () => {
  const {response, sent} = await exchanged([[302, '/b'], [200]], {protocol: seeOther});
  expect([response.status, response.seeOther, response.redirected]).toEqual([200, undefined, true]);
  expect(sent.map(([location]) => location)).toEqual([`${home}/a`, `${home}/b`]);
});

test.each([
  ['is kept', '/made', `${home}/made`],
  ['is not kept where it holds the token', `/made?key=${token}`, undefined],
  ['is not kept where it is no http or https URL', 'ftp://graph.example/made', undefined],
])('where 303 is the end, its location %s', async (_, target, expected) => {
  const {response, sent} = await exchanged([[303, target]], {protocol: seeOther});
  expect([response.status, response.seeOther, sent.length]).toEqual([303, expected, 1]);
});

test.each([
  ['is foreign', [], true],
  ['is not foreign where it is trusted', ['https://other.example'], false],
])('another origin %s, also for a protocol that sends no token', async (_, trustedOrigins, expected) => {
  const protocol = defineProtocol({...tasks, authorization: 'none'});
  const {response, sent} = await exchanged([[307, 'https://other.example/b'], [200]], {protocol, trustedOrigins});
  expect([response.isForeign, sent.at(-1)?.[1].isForeign]).toEqual([expected, expected]);
  expect(sent.map(([, {headers}]) => headers['authorization'])).toEqual([undefined, undefined]);
});

test.each([100, 599])('the HTTP status %i is one', async (status) => {
  expect((await exchanged([[status]])).response.status).toBe(status);
});

test.each([99, 600, 200.5])('the HTTP status %p is none', async (status) => {
  const message = `The response cannot be read as an operation: the HTTP status ${status}`;
  await expect(exchanged([[status]])).rejects.toMatchObject({kind: 'protocol', message});
});

describe('redirects', () => {
  const locations = Array.from({length: 6}, (_, index) => `${home}/${index}`);
  const redirects = locations.map((location): Answer => [302, location]);

  test('are followed five times, and no more', async () => {
    const {response, sent} = await exchanged([...redirects.slice(1), [200]]);
    expect([response.status, response.location, response.redirected, sent.length]).toEqual([
      200,
      locations[5],
      true,
      6,
    ]);
    const message = 'The response cannot be read as an operation: more than 5 redirects';
    await expect(exchanged(redirects)).rejects.toMatchObject({kind: 'protocol', message});
  });

  test('that lead nowhere are answers', async () => {
    const {response, sent} = await exchanged([[302]]);
    expect([response.status, response.redirected, sent.length]).toEqual([302, false, 1]);
  });

  test('of a request that changes something are not followed', async () => {
    const {response, sent} = await exchanged([[307, '/b']], {}, {method: 'POST'});
    expect([response.status, sent.length]).toEqual([307, 1]);
  });
});

describe('a token that is refused', () => {
  /** What the option `token` is asked for, and gives: one after the other, and then the last again and again. */
  function tokens(...given: readonly string[]) {
    const wanted: unknown[] = [];
    const source = ({signal, ...rest}: TokenRequest): string => {
      wanted.push(rest);
      return given[Math.min(wanted.length, given.length) - 1] ?? '';
    };
    return {wanted, source};
  }

  const authorizations = (sent: readonly [string, TransportRequest][]) =>
    sent.map(([, {headers}]) => headers['authorization']);

  test('is replaced once, also after a redirect', async () => {
    const {source, wanted} = tokens('token-1', 'token-2', 'token-3');
    const {response, sent} = await exchanged([[401], [302, '/b'], [401]], {token: async (asked) => source(asked)});
    expect([response.status, response.sameToken]).toEqual([401, undefined]);
    expect(authorizations(sent)).toEqual(['Bearer token-1', 'Bearer token-2', 'Bearer token-2']);
    expect(wanted).toEqual([{forceRefresh: false}, {forceRefresh: true, refused: 'token-1'}]);
  });

  test.each([200, 400, 403])('is none where the answer is %d', async (status) => {
    const {source, wanted} = tokens('token-1', 'token-2');
    const {response} = await exchanged([[status]], {token: source});
    expect([response.status, wanted]).toEqual([status, [{forceRefresh: false}]]);
  });

  test('is not replaced where that has been done', async () => {
    const {source, wanted} = tokens('token-1', 'token-2');
    const {response, sent} = await exchanged([[401]], {token: source}, {}, {done: true});
    expect([response.status, sent.length, wanted.length]).toEqual([401, 1, 1]);
  });

  test('is not replaced where it is always the same', async () => {
    const {response, sent} = await exchanged([[401]]);
    expect([response.status, response.sameToken, sent.length]).toEqual([401, undefined, 1]);
  });

  test.each([
    ['the token that was refused', undefined, 'gave', {}],
    ['the same for claims', 'Bearer claims="e30="', 'answered the claims challenge with', {claims: '{}'}],
  ])('is not sent again where the function gives %s', async (_, challenge, did, claims) => {
    const {source, wanted} = tokens('token-1');
    const {response, sent} = await exchanged([[401, undefined, challenge]], {token: source});
    const sameToken = `the option token ${did} the token that was refused, which was not sent again`;
    expect([response.status, response.sameToken, sent.length]).toEqual([401, sameToken, 1]);
    expect(wanted).toEqual([{forceRefresh: false}, {forceRefresh: true, refused: 'token-1', ...claims}]);
  });
});

test('a URL that was made of a secret is not requested', async () => {
  const message = 'The service gave a URL that quotes a token or a header of the client, so it is not requested';
  for (const location of [`${home}/[token]`, `${home}/a?b=%5Btoken%5D`]) {
    await expect(exchanged([], {}, {location})).rejects.toMatchObject({kind: 'protocol', message});
  }
});

describe('a redirect that quotes the token', () => {
  test("is followed to the token's origin", async () => {
    const {sent} = await exchanged([[302, `/b?t=${token}`]]);
    expect(sent.map(([location]) => location)).toEqual([`${home}/a`, `${home}/b?t=${token}`]);
  });

  test('is followed nowhere else', async () => {
    const message = expect.stringContaining('quotes a token');
    await expect(exchanged([[302, `https://b.example/?t=${token}`]])).rejects.toMatchObject({message});
  });
});

test('what no URL may contain are the tokens and the credentials', async () => {
  const hidden = {secrets: ['version-1', 'version-2', 'key-0123'], credentials: ['key-0123']};
  const {response} = await exchanged([[200]], {}, {}, undefined, hidden);
  expect([response.secrets, response.credentials]).toEqual([
    [token, 'version-1', 'version-2', 'key-0123'],
    [token, 'key-0123'],
  ]);
});

test.each([
  ['a credential', `${home}/key-0123`, home, true],
  ['another header on the origin', `${home}/version-1`, home, false],
  ['another header on another origin', 'https://b.example/version-1', home, true],
  ['nothing', 'https://b.example/', home, false],
])('a URL that contains %s', (_, location, origin, expected) => {
  const credentials = ['key-0123'];
  expect(quotesSecret(location, origin, {secrets: ['version-1', ...credentials], credentials})).toBe(expected);
  expect(quotesSecret(location, origin, {secrets: credentials, credentials})).toBe(location.includes('key'));
});

describe('a request is foreign', () => {
  const other = 'https://other.example/b';

  test.each<[string, Partial<ServiceRequest>, PollOptions, boolean]>([
    ["unless it goes to the token's origin", {}, {}, false],
    [
      'unless it goes to that origin, even over http, where no token may go',
      {location: 'http://graph.example/a', tokenOrigin: 'http://graph.example'},
      {},
      false,
    ],
    ["where it goes to another than the token's", {location: other}, {}, true],
    ['unless it goes to a trusted origin', {location: other}, {trustedOrigins: ['https://other.example']}, false],
    ['unless there is no token, and it is the first', {location: other, tokenOrigin: ''}, {}, false],
    [
      'unless the operation is there',
      {location: other, tokenOrigin: '', operationLocation: 'https://other.example/x'},
      {},
      false,
    ],
    ['where the operation is elsewhere', {tokenOrigin: '', operationLocation: other}, {}, true],
    [
      'where the protocol says that any host may be one',
      {tokenOrigin: ''},
      {protocol: defineProtocol({...tasks, authorization: 'none', foreignHosts: true})},
      true,
    ],
  ])('%s', async (_, changes, options, expected) => {
    const {response, sent} = await exchanged([[200]], options, changes);
    expect([response.isForeign, sent[0]?.[1].isForeign]).toEqual([expected, expected]);
  });
});
