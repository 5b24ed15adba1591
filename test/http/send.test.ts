import {afterEach, beforeEach, describe, expect, jest, test} from '@jest/globals';
import {type RequestContent, type SendSettings, send} from '../../src/http/send.ts';
import type {RequestTarget} from '../../src/http/service-response.ts';
import {createResponse, type TransportRequest, type TransportResponse} from '../../src/http/transport.ts';
import {PollError} from '../../src/operation/poll-error.ts';
import {readOptions} from '../../src/options/settings.ts';
import {defineProtocol} from '../../src/protocol/define-protocol.ts';
import {linksOf} from '../../src/protocol/links.ts';
import type {Protocol} from '../../src/protocol/protocol.ts';
import {get, tasks} from '../support/core.ts';

const token = 'marker-token-0123456789';

const home: RequestTarget = {
  token: undefined,
  trusted: true,
  location: 'https://graph.example/a',
  secrets: [token],
  credentials: [token],
  isForeign: false,
  redirected: false,
};

interface Sending {
  readonly answer?: Partial<Omit<TransportResponse, 'headers'>> & {readonly headers?: Record<string, string>};
  readonly request?: Partial<RequestContent>;
  readonly target?: Partial<RequestTarget>;
  readonly settings?: Partial<SendSettings>;
  readonly protocol?: Protocol;
}

/** Sends a request that gets this answer. */
async function sent({answer = {}, request = {}, target = {}, settings = {}, protocol = tasks}: Sending) {
  let outgoing: TransportRequest | undefined;
  const transport: SendSettings['transport'] = async (_, given) => {
    outgoing = given;
    given.onSent();
    const {status = 200, headers = {}, body = {text: '{}'}} = answer;
    return {
      ...createResponse({status, headers: new Headers(headers)}, body),
      ...('body' in answer ? {body: answer.body} : {}),
    };
  };
  const limits = {deadlineAt: undefined, signal: new AbortController().signal};
  const response = await send(
    {...readOptions({protocol}), ...settings, transport},
    {...get, ...request, ...limits},
    {...home, token, ...target},
  );
  const {'client-request-id': id, ...headers} = outgoing?.headers ?? {};
  return {response, headers, id};
}

describe('the headers of a request', () => {
  const json = 'application/json';

  test.each<[string, Sending, object]>([
    ['ask for JSON and carry the token', {}, {accept: json, authorization: `Bearer ${token}`}],
    ['ask for any text where that is taken', {request: {takesText: true}}, {accept: '*/*'}],
    ['carry the token as its protocol says', {protocol: keyed()}, {accept: json, 'x-key': `key ${token}`}],
    ['have those of the caller, too', {request: {headers: {'x-own': 'a'}}}, {accept: json, 'x-own': 'a'}],
    ['accept what the caller says', {request: {headers: {accept: 'a/b'}}}, {accept: 'a/b'}],
    ['but not where text is taken', {request: {headers: {accept: 'a/b'}, takesText: true}}, {accept: '*/*'}],
    ['keep the token', {request: {headers: {authorization: 'x'}}}, {authorization: `Bearer ${token}`}],
  ])('%s', async (_, sending, expected) => {
    expect((await sent(sending)).headers).toMatchObject(expected);
  });

  test('have an id of their own', async () => {
    const {id, response} = await sent({request: {headers: {'client-request-id': 'x'}}});
    expect(id).toMatch(/^[\da-f-]{36}$/);
    expect(response.answer.clientRequestId).toBe(id);
  });

  test("without a token, leave the credentials of the ky instance where the location is the token's", async () => {
    expect((await sent({target: {token: undefined}})).headers).toEqual({accept: json});
    const {headers} = await sent({target: {token: undefined, trusted: false}, protocol: keyed()});
    expect(Object.entries(headers)).toEqual([
      ['accept', json],
      ['authorization', undefined],
      ['x-key', undefined],
    ]);
  });

  function keyed(): Protocol {
    return defineProtocol({...tasks, authorization: {header: 'X-Key', scheme: 'key'}});
  }
});

describe('the body of a response', () => {
  const text = '{"a": 1}';

  test.each<[string, number, boolean, unknown]>([
    ['is parsed', 200, false, {a: 1}],
    ['is left where text is taken', 200, true, text],
    ['is left up to the status 299', 299, true, text],
    ['is parsed from 300 on, where there may be an error', 300, true, {a: 1}],
  ])('%s', async (_, status, takesText, expected) => {
    const {response} = await sent({answer: {status, body: {text}}, request: {takesText}});
    expect([response.json, linksOf(response.json)]).toEqual([expected, expected]);
  });

  test('that has been parsed stays parsed, even where text is taken', async () => {
    const {response} = await sent({answer: {body: {json: {a: token}}}, request: {takesText: true}});
    expect(response.json).toEqual({a: '[token]'});
  });

  test('keeps what a URL may contain for links alone', async () => {
    const body = {text: JSON.stringify({a: `version-1 ${token}`})};
    const {response} = await sent({answer: {body}, target: {secrets: [token, 'version-1']}});
    expect([response.json, linksOf(response.json)]).toEqual([{a: '[token] [token]'}, {a: 'version-1 [token]'}]);
  });

  test('that is too long is none', async () => {
    const {response} = await sent({answer: {body: undefined}, settings: {maxResponseSize: 1234}});
    expect([response.json, linksOf(response.json)]).toEqual([undefined, undefined]);
    expect(response.bodyError).toMatchObject({kind: 'protocol', message: expect.stringContaining('1234 bytes')});
    expect((await sent({})).response.bodyError).toBeUndefined();
  });
});

describe('the wait that a response asks for', () => {
  const protocol = defineProtocol({...tasks, retryAfter: {at: '/wait', unit: 's'}});
  const body = {text: '{"wait": 7}'};

  test.each<[string, Sending, number | undefined]>([
    ['is none where it asks for none', {}, undefined],
    ['is that of its header', {answer: {headers: {'retry-after': '5'}}}, 5000],
    ['is that of its body, where the protocol says so', {answer: {body}, protocol}, 7000],
    ['is not that of its body, where the protocol does not', {answer: {body}}, undefined],
    ['is rather that of its header', {answer: {body, headers: {'retry-after': '5'}}, protocol}, 5000],
    ['is cut', {answer: {body}, protocol, settings: {maxRetryAfter: 6000}}, 6000],
    ['is not cut where it is shorter', {answer: {body}, protocol, settings: {maxRetryAfter: 8000}}, 7000],
  ])('%s', async (_, sending, expected) => {
    expect((await sent(sending)).response.retryAfter).toBe(expected);
  });
});

test.each<[Record<string, string>, object]>([
  [{}, {}],
  [{date: 'today'}, {date: 'today'}],
  [{'request-id': '1'}, {requestId: '1'}],
  [{'x-ms-request-id': '2'}, {requestId: '2'}],
  [
    {'request-id': '1', 'x-ms-request-id': '2', date: `of ${token}`},
    {requestId: '1', date: 'of [token]'},
  ],
])('of the headers %j, the answer keeps %j', async (headers, kept) => {
  const {response, id} = await sent({answer: {status: 404, headers}});
  expect(response.answer).toEqual({httpStatus: 404, clientRequestId: id, ...kept});
  expect(Object.isFrozen(response.answer)).toBe(true);
});

describe('a request whose head has arrived', () => {
  beforeEach(() => void jest.useFakeTimers());

  afterEach(() => void jest.useRealTimers());

  /** Sends a request whose head comes at once and whose body after 500 ms. */
  async function arriving(status: number, limits: {readonly deadline?: number; readonly requestTimeout?: number}) {
    const {deadline, requestTimeout = 1000} = limits;
    const headers = new Headers({'retry-after': '5'});
    const transport: SendSettings['transport'] = async (_, {onSent, onHead}) => {
      onSent();
      onHead({status, headers});
      await new Promise((resolve) => setTimeout(resolve, 500));
      return createResponse({status, headers}, {text: '{}'});
    };
    const deadlineAt = deadline === undefined ? undefined : Date.now() + deadline;
    const sending = send(
      {...readOptions({protocol: tasks}), transport, requestTimeout},
      {...get, deadlineAt, signal: new AbortController().signal},
      home,
    ).catch((error: unknown) => error);
    await jest.advanceTimersByTimeAsync(500);
    return sending;
  }

  test('is read to its end, even after the deadline', async () => {
    expect(await arriving(200, {deadline: 100})).toMatchObject({status: 200, json: {}, bodyError: undefined});
  });

  test('counts without its body, once the time for a request is up', async () => {
    const bodyError = expect.objectContaining({kind: 'timeout', message: 'No answer within 300 ms', retryAfter: 5000});
    const answer = expect.objectContaining({httpStatus: 202});
    expect(await arriving(202, {requestTimeout: 300})).toMatchObject({
      status: 202,
      retryAfter: 5000,
      bodyError,
      answer,
    });
  });

  test('fails where its HTTP status is none', async () => {
    expect(await arriving(99, {requestTimeout: 300})).toMatchObject({kind: 'timeout', httpStatus: undefined});
  });

  test('fails with what its body did where it has no headers, as in a mock of fetch', async () => {
    const head = Object.defineProperty(new Response(), 'headers', {value: undefined});
    const transport: SendSettings['transport'] = async (_, {onHead}) => {
      onHead(head);
      throw new TypeError('no headers');
    };
    const settings = {...readOptions({protocol: tasks}), transport};
    const limits = {deadlineAt: undefined, signal: new AbortController().signal};
    await expect(send(settings, {...get, ...limits}, home)).rejects.toMatchObject({
      kind: 'network',
      ends: 'unreachable',
      message: 'TypeError: no headers (thrown by the ky instance: a hook, or its fetch)',
    });
  });

  test('is aborted all the same, even by an error that a request has failed with', async () => {
    const controller = new AbortController();
    const transport: SendSettings['transport'] = (_, {onHead}) => {
      onHead({status: 202, headers: new Headers()});
      return new Promise(() => undefined);
    };
    const settings = {...readOptions({protocol: tasks}), transport};
    const limits = {deadlineAt: undefined, signal: controller.signal};
    const sending = send(settings, {...get, ...limits}, home);
    const reason = new PollError('No answer', {kind: 'network', transient: true});
    controller.abort(reason);
    await expect(sending).rejects.toBe(reason);
  });
});
