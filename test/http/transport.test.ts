import {once} from 'node:events';
import {createServer} from 'node:http';
import {setImmediate as nextTurn} from 'node:timers/promises';
import {setFlagsFromString} from 'node:v8';
import {runInNewContext} from 'node:vm';
import {afterEach, describe, expect, jest, test} from '@jest/globals';
import ky, {type KyInstance} from 'ky';
import {parseBody, setTransport, type TransportRequest, transportOf} from '../../src/http/transport.ts';
import {pollOperation} from '../../src/index.ts';

test("a ky instance's own headers and query go to the operation's origin", async () => {
  const sent: Request[] = [];
  const http = ky.create({
    headers: {'x-tenant': 'contoso'},
    searchParams: {'api-version': '1'},
    fetch: async (input, init) => {
      sent.push(new Request(input, init));
      return Response.json({id: 'a', status: 'succeeded'});
    },
  });
  await pollOperation('https://service.example/jobs/1', {http}).result();
  expect(sent.map(({url, headers}) => [url, headers.get('x-tenant')])).toEqual([
    ['https://service.example/jobs/1?api-version=1', 'contoso'],
  ]);
});

test('a redirect that the browser hides is not followed, and no retry helps', async () => {
  let requests = 0;
  const http = ky.create({
    fetch: async () => {
      requests += 1;
      // What ky makes of a response keeps its type.
      return Object.defineProperty(new Response(), 'type', {value: 'opaqueredirect'});
    },
  });
  const outcome = await pollOperation('https://service.example/jobs/1', {http, consecutiveFailures: 1}).outcome();
  const cause = {kind: 'protocol', transient: false, code: undefined};
  expect(outcome).toMatchObject({status: 'abandoned', reason: 'protocol', error: {cause}});
  expect(requests).toBe(1);
});

let stopServer = (): void => undefined;

afterEach(() => {
  jest.restoreAllMocks();
  stopServer();
});

describe.each<[string, (fetch: typeof globalThis.fetch) => KyInstance | undefined]>([
  [
    'by the default',
    (fetch) => {
      jest.spyOn(globalThis, 'fetch').mockImplementation(fetch);
      return undefined;
    },
  ],
  ["by a ky instance of the user's", (fetch) => ky.create({fetch, retry: 3, headers: {'x-own': 'a'}})],
])('%s', (_, httpOf) => {
  const location = 'https://service.example/jobs/1';

  /** Sends a request to a service that gives this response, and records what was sent and what happened. */
  async function sent(response: () => Response, changes: Partial<TransportRequest> = {}) {
    const requests: Request[] = [];
    const happened: unknown[] = [];
    const http = httpOf(async (input, init) => {
      requests.push(new Request(input, init));
      happened.push('fetch');
      return response();
    });
    const sending = transportOf(http)(location, {
      method: 'GET',
      headers: {accept: 'text/own', 'x-none': undefined},
      signal: new AbortController().signal,
      onSent: () => void happened.push('sent'),
      onHead: (head) => void happened.push(head?.status),
      ...changes,
    });
    const [outcome] = await Promise.allSettled([sending]);
    return {outcome, requests, happened};
  }

  test('a request has its headers, and none that is undefined', async () => {
    const {requests, happened} = await sent(() => new Response('{}'));
    expect(requests.map(({url, method}) => [url, method])).toEqual([[location, 'GET']]);
    expect(requests[0]?.headers.get('accept')).toBe('text/own');
    expect(requests[0]?.headers.has('x-none')).toBe(false);
    expect(happened).toEqual(['sent', 'fetch', 200]);
  });

  test('JSON is sent as such', async () => {
    const {requests} = await sent(() => new Response('{}'), {method: 'POST', json: {a: 1}});
    expect(requests[0]?.headers.get('content-type')).toBe('application/json');
    expect(await requests[0]?.text()).toBe('{"a":1}');
  });

  test('a request that fails is not sent again', async () => {
    const fail = (): never => {
      throw new TypeError('fetch failed');
    };
    const {outcome, requests} = await sent(fail);
    expect([outcome.status, requests.length]).toEqual(['rejected', 1]);
  });

  test('what goes to a foreign origin has nothing of the instance', async () => {
    const {requests} = await sent(() => new Response('{}'), {isForeign: true});
    expect([...(requests[0]?.headers.keys() ?? [])]).toEqual(['accept']);
  });

  test.each([
    [301, true],
    [302, true],
    [303, true],
    [307, true],
    [308, true],
    [300, false],
    [305, false],
    [306, false],
    [309, false],
  ])('the body of a response with %d is discarded unread: %p', async (status, isDiscarded) => {
    let discarded = false;
    const body = new ReadableStream({
      start: (controller) => {
        controller.enqueue(new TextEncoder().encode('{}'));
        if (!isDiscarded) controller.close();
      },
      cancel: () => {
        discarded = true;
      },
    });
    const {outcome} = await sent(() => new Response(body, {status, headers: {location: '/b'}}));
    expect(outcome).toMatchObject({value: {status, body: {text: isDiscarded ? '' : '{}'}}});
    expect(discarded).toBe(isDiscarded);
  });

  test('a body that is too long is none', async () => {
    const {outcome} = await sent(() => new Response('12345'), {maxBodyLength: 4});
    expect(outcome).toMatchObject({value: {status: 200, body: undefined}});
  });
});

test.each([false, true])(
  'an abort reaches a body that is still arriving, whatever was collected meanwhile; foreign: %p',
  async (isForeign) => {
    setFlagsFromString('--expose-gc');
    const collectGarbage = runInNewContext('gc');
    const server = createServer((_, response) => void response.writeHead(200).write('{'));
    stopServer = () => {
      server.close();
      server.closeAllConnections();
    };
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const answered = once(server, 'request');
    const controller = new AbortController();
    const onHead = jest.fn();
    const sending = transportOf(ky.create())(`http://127.0.0.1:${Object(server.address()).port}/`, {
      method: 'GET',
      headers: {},
      isForeign,
      signal: controller.signal,
      onSent: () => {},
      onHead,
    });
    const [, response] = await answered;
    while (onHead.mock.calls.length === 0) await nextTurn();
    for (let turn = 0; turn < 2; turn++) {
      collectGarbage();
      await nextTurn();
    }
    controller.abort();
    await expect(sending).rejects.toBe(controller.signal.reason);
    await once(response, 'close');
  },
);

test('a ky instance has one transport, which another one may replace', () => {
  const [http, other] = [ky.create(), ky.create()];
  expect(transportOf(http)).toBe(transportOf(http));
  setTransport(http, transportOf(other));
  expect(transportOf(http)).toBe(transportOf(other));
});

test('a body that has been parsed is given as it is', () => {
  expect(parseBody({json: {a: 1}})).toEqual({a: 1});
  expect(parseBody(undefined)).toBeUndefined();
});

test.each([
  ['{"status":"running"}', {status: 'running'}],
  ['\uFEFF{"status":"running"}', {status: 'running'}],
  ['\uFEFF\r\n', null],
  ['', null],
  ['<html>', undefined],
])('the body %j is parsed as %j', (text, expected) => {
  expect(parseBody({text})).toEqual(expected);
});
