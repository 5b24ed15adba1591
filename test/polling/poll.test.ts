import {afterEach, beforeEach, describe, expect, jest, test} from '@jest/globals';
import ky from 'ky';
import type {PollOptions} from '../../src/options/poll-options.ts';
import {readOptions} from '../../src/options/settings.ts';
import {byProcessClock, type PollRequest, poll, type Report} from '../../src/polling/poll.ts';
import {defineProtocol} from '../../src/protocol/define-protocol.ts';
import {processClock} from '../../src/shared/clock.ts';
import {beginning, get, location, tasks} from '../support/core.ts';
import {hostileValues} from '../support/hostile.ts';

beforeEach(() => {
  jest.useFakeTimers({now: beginning, doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate']});
});

afterEach(() => {
  expect(jest.getTimerCount()).toBe(0);
  jest.useRealTimers();
});

/** A request without a deadline, that nobody aborts. */
function requestWith(own: Partial<PollRequest> = {}): PollRequest {
  return {
    ...get,
    location,
    tokenOrigin: '',
    deadlineAt: undefined,
    retryUntil: undefined,
    signal: new AbortController().signal,
    onRetry: () => {},
    ...own,
  };
}

describe('a retry within a poll', () => {
  // The wait before the retry is 500 ms.
  test.each([
    ['does not begin after the deadline', 499, 1],
    ['does not begin at the very deadline', 500, 1],
    ['begins a millisecond before the deadline', 501, 2],
  ])('%s', async (_, untilDeadline, expected) => {
    let requests = 0;
    const http = ky.create({
      fetch: async () => {
        requests++;
        return new Response('', {status: 503});
      },
    });
    const retry = {retries: 1, minTimeout: 500, randomize: false};
    const settings = readOptions({protocol: tasks, http, retry});
    const onRetry = jest.fn();
    const report = poll(
      settings,
      requestWith({deadlineAt: beginning + untilDeadline, retryUntil: beginning + untilDeadline, onRetry}),
    );
    await jest.advanceTimersByTimeAsync(1000);
    expect(await report).toMatchObject({is: 'failure', error: {httpStatus: 503}});
    expect([requests, onRetry.mock.calls.length]).toEqual([expected, expected - 1]);
  });
});

test.each([
  ['is made where shouldRetry says so', true, 2],
  ['is not made where shouldRetry does not', false, 1],
])('a retry %s', async (_, says, expected) => {
  const shouldRetry = jest.fn(async () => says);
  const fetch = jest.fn(async () => new Response('', {status: 503}));
  const retry = {retries: 1, minTimeout: 500, randomize: false, shouldRetry};
  const onRetry = jest.fn();
  const report = poll(readOptions({protocol: tasks, http: ky.create({fetch}), retry}), requestWith({onRetry}));
  await jest.advanceTimersByTimeAsync(1000);
  expect(await report).toMatchObject({is: 'failure', error: {httpStatus: 503}});
  expect([shouldRetry, fetch, onRetry].map(({mock}) => mock.calls.length)).toEqual([1, expected, expected - 1]);
});

test.each([['enough'], [new Error('enough')], [undefined]])(
  'a poll whose request is aborted rejects with the reason, %p, and makes no other',
  async (reason) => {
    const controller = new AbortController();
    const shouldRetry = jest.fn(() => true);
    const fetch = jest.fn(() => new Promise<never>(() => {}));
    const onRetry = jest.fn();
    const report = poll(
      readOptions({protocol: tasks, http: ky.create({fetch}), retry: {retries: 1, shouldRetry}}),
      requestWith({signal: controller.signal, onRetry}),
    );
    await jest.advanceTimersByTimeAsync(10);
    controller.abort(reason);
    await expect(report).rejects.toBe(controller.signal.reason);
    expect([fetch, shouldRetry, onRetry].map(({mock}) => mock.calls.length)).toEqual([1, 0, 0]);
  },
);

describe('a hook of the option retry that never returns', () => {
  const hang = (): Promise<never> => new Promise(() => {});

  const pollWith = (hook: string, limits: {readonly signal?: AbortSignal; readonly deadlineAt?: number}) => {
    const http = ky.create({fetch: async () => new Response('', {status: 503})});
    const settings = readOptions({protocol: tasks, http, retry: {retries: 1, [hook]: hang}});
    const {signal = new AbortController().signal, deadlineAt} = limits;
    return poll(settings, requestWith({deadlineAt, retryUntil: deadlineAt, signal}));
  };

  const hooks = ['onFailedAttempt', 'shouldRetry', 'shouldConsumeRetry'];

  test.each(hooks)('ends with the deadline: %s', async (hook) => {
    const report = pollWith(hook, {deadlineAt: beginning + 3000});
    await jest.advanceTimersByTimeAsync(3000);
    const error = {message: 'The option retry did not return within 3000 ms', kind: 'network'};
    expect(await report).toMatchObject({is: 'failure', error});
  });

  test.each(hooks)('ends with the signal: %s', async (hook) => {
    const controller = new AbortController();
    const report = pollWith(hook, {signal: controller.signal});
    await jest.advanceTimersByTimeAsync(10);
    controller.abort('enough');
    await expect(report).rejects.toBe('enough');
  });
});

describe('a hook of the option retry that throws', () => {
  const failing = async (hook: string, thrown: (context: {readonly error: Error}) => unknown) => {
    const http = ky.create({fetch: async () => new Response('', {status: 503})});
    const throwing = async (context: {readonly error: Error}): Promise<never> => {
      throw thrown(context);
    };
    return await poll(readOptions({protocol: tasks, http, retry: {retries: 1, [hook]: throwing}}), requestWith());
  };

  describe.each(['onFailedAttempt', 'shouldRetry', 'shouldConsumeRetry'])('%s', (hook) => {
    test.each(hostileValues)('%s: the poll fails, and says so', async (_, value) => {
      const message = expect.stringMatching(
        /^The option retry threw (?:object|symbol|undefined|Error: Symbol\(mine\))$/,
      );
      const error = {kind: 'network', transient: false, message};
      expect(await failing(hook, () => value)).toMatchObject({is: 'failure', error});
    });

    test('what it was given: the poll fails with that', async () => {
      expect(await failing(hook, ({error}) => error)).toMatchObject({is: 'failure', error: {httpStatus: 503}});
    });
  });
});

describe('maxRetryTime', () => {
  // The first attempt takes 200 ms, and the wait before the retry is 500 ms.
  test.each([
    ['that has passed when the first attempt fails allows no retry', 100, 1],
    ['that has not passed allows one', 1000, 2],
  ])('%s', async (_, maxRetryTime, expected) => {
    let requests = 0;
    const http = ky.create({
      fetch: async () => {
        requests++;
        await new Promise((resolve) => setTimeout(resolve, 200));
        return new Response('', {status: 503});
      },
    });
    const retry = {retries: 1, minTimeout: 500, randomize: false, maxRetryTime};
    const report = poll(readOptions({protocol: tasks, http, retry}), requestWith());
    for (let count = 0; count < 20; count++) {
      await new Promise((resolve) => setImmediate(resolve));
      await jest.advanceTimersByTimeAsync(100);
    }
    expect([await report, requests]).toMatchObject([{is: 'failure', error: {httpStatus: 503}}, expected]);
  });
});

describe('where 404 is the end', () => {
  const protocol = defineProtocol({...tasks, notFoundSucceeds: true});
  const none = () => new Response('', {status: 404});
  const to = (target: string) => () => new Response('', {status: 302, headers: {location: target}});

  test.each<[string, (() => Response)[], string, string?]>([
    ['it is', [none], 'operation'],
    ['410 is it too', [() => new Response('', {status: 410})], 'operation'],
    [
      'it is on a foreign host where the operation has been from the start',
      [none],
      'operation',
      'https://other.example',
    ],
    ['it is also after a redirect on the same origin', [to('/elsewhere'), none], 'operation'],
    ['it is not on a foreign host that a redirect led to', [to('https://other.example/'), none], 'failure'],
    ...[403, 405, 409, 411].map((status): [string, (() => Response)[], string] => [
      `${status} is none`,
      [() => new Response('', {status})],
      'failure',
    ]),
  ])('%s', async (_, answers, expected, tokenOrigin = 'https://graph.example') => {
    const left = [...answers];
    const http = ky.create({fetch: async () => left.shift()?.() ?? none()});
    const report = await poll(readOptions({protocol, http, retry: {retries: 0}}), requestWith({tokenOrigin}));
    expect(report.is).toBe(expected);
  });
});

/** What a poll reports of one response. */
async function reportOf(
  body: object | null,
  init: ResponseInit = {},
  {options = {}, tokenOrigin = 'https://graph.example'}: {options?: PollOptions; tokenOrigin?: string} = {},
): Promise<Report> {
  const http = ky.create({fetch: async () => new Response(body && JSON.stringify(body), init)});
  return poll(readOptions({protocol: tasks, http, retry: {retries: 0}, ...options}), requestWith({tokenOrigin}));
}

describe('a body that is an operation', () => {
  test.each([
    [399, 'operation', 'operation'],
    [400, 'operation', 'failure'],
    [401, 'failure', 'failure'],
    [402, 'operation', 'failure'],
    [403, 'failure', 'failure'],
    [404, 'operation', 'failure'],
    [500, 'operation', 'failure'],
  ])('and comes with HTTP %i: with an id it is reported as %s, without one as %s', async (status, withId, without) => {
    const reports = [
      await reportOf({id: 'b', status: 'running'}, {status}),
      await reportOf({status: 'running'}, {status}),
    ];
    expect(reports.map(({is}) => is)).toEqual([withId, without]);
  });
});

describe('a new location', () => {
  const moved = async (
    headers: Readonly<Record<string, string>>,
    ...more: [{options?: PollOptions; tokenOrigin?: string}?]
  ) => {
    const report = await reportOf({id: 'b', status: 'running'}, {headers}, ...more);
    return report.is === 'operation' ? report.relocation : report;
  };
  const there = 'https://graph.example/there?a=b';
  const abroad = 'https://other.example/there?a=b';
  const token = 'a-long-secret-token';
  const roaming = defineProtocol({...tasks, foreignHosts: true});

  test.each<[string, Readonly<Record<string, string>>, PollOptions, unknown]>([
    ['on the same origin is followed', {location: there}, {}, {followed: true, location: there}],
    ['that is relative is, too', {location: '/there?a=b'}, {}, {followed: true, location: there}],
    ['on another origin is not', {location: abroad}, {}, {followed: false, to: 'https://other.example'}],
    [
      'on a trusted origin is followed',
      {location: abroad},
      {trustedOrigins: ['https://other.example']},
      {followed: true, location: abroad},
    ],
    [
      'is followed anywhere, where the protocol says so',
      {location: abroad},
      {protocol: roaming},
      {followed: true, location: abroad},
    ],
    [
      'that contains the token is not followed',
      {location: `${there}&c=${token}`},
      {token},
      {followed: false, to: 'https://graph.example'},
    ],
    ['that is none is not', {location: 'ftp://graph.example/'}, {}, {followed: false, to: 'not an http or https URL'}],
    ['that is the present one moves nothing', {location}, {}, undefined],
    [
      'that is the present one by another spelling moves nothing',
      {location: location.replace('/beta/', '/v1.0/../beta/')},
      {},
      undefined,
    ],
  ])('%s', async (_, headers, options, expected) => {
    expect(await moved(headers, {options})).toEqual(expected);
  });

  test('is followed on the origin of the token alone', async () => {
    const tokenOrigin = 'https://other.example';
    expect(await moved({location: abroad}, {tokenOrigin})).toEqual({followed: true, location: abroad});
    expect(await moved({location: there}, {tokenOrigin})).toEqual({followed: false, to: 'https://graph.example'});
  });
});

describe('an HTTP error of a protocol with a function read', () => {
  const protocol = defineProtocol({name: 'own', read: () => ({status: 'running', id: 'b'})});

  test.each([
    [400, 'operation'],
    [401, 'failure'],
    [402, 'operation'],
    [403, 'failure'],
    [404, 'operation'],
    [428, 'operation'],
    [429, 'failure'],
    [430, 'operation'],
  ])('%i: %s', async (status, expected) => {
    expect((await reportOf({}, {status}, {options: {protocol}})).is).toBe(expected);
  });

  test.each([
    [399, 'operation'],
    [400, 'failure'],
  ])('%i of a foreign host that a redirect led to: %s', async (status, expected) => {
    const answers = [
      new Response('', {status: 302, headers: {location: 'https://other.example/'}}),
      new Response('{}', {status}),
    ];
    const http = ky.create({fetch: async () => answers.shift() ?? new Response('')});
    const report = await poll(readOptions({protocol, http, retry: {retries: 0}}), {
      ...get,
      location,
      tokenOrigin: 'https://graph.example',
      deadlineAt: undefined,
      retryUntil: undefined,
      signal: new AbortController().signal,
      onRetry: () => {},
    });
    expect(report.is).toBe(expected);
  });
});

describe('where a 303 is the end', () => {
  const protocol = defineProtocol({...tasks, seeOtherSucceeds: true});

  test.each([
    [302, 'failure'],
    [303, 'operation'],
    [304, 'failure'],
  ])('HTTP %i is reported as %s', async (status, expected) => {
    const report = await reportOf(null, {status}, {options: {protocol}});
    expect([report.is, Object(report).error?.httpStatus]).toEqual([
      expected,
      expected === 'failure' ? status : undefined,
    ]);
  });
});

test('times of the wall clock become those of the process when the wall clock is set', () => {
  const request = requestWith({deadlineAt: Date.now() + 10_000});
  const deadline = () => byProcessClock(request, processClock.wallOffset()).deadlineAt ?? 0;
  const before = deadline();
  jest.setSystemTime(beginning + 3_600_000);
  expect(deadline() - before).toBe(-3_600_000);
});

describe('a clock that is an hour ahead of the process', () => {
  const hour = 3_600_000;
  const request = requestWith();

  test('has its times moved back, and gets those of the process moved ahead', () => {
    const onHeldBack = jest.fn();
    const moved = byProcessClock(
      {...request, deadlineAt: beginning + hour, retryUntil: beginning + 2 * hour, onHeldBack},
      hour,
    );
    expect([moved.deadlineAt, moved.retryUntil]).toEqual([beginning, beginning + hour]);
    moved.onHeldBack?.(beginning + 5000);
    expect(onHeldBack.mock.calls).toEqual([[beginning + hour + 5000]]);
  });

  test('needs no deadline and no callback', () => {
    const moved = byProcessClock({...request, deadlineAt: undefined, retryUntil: undefined}, hour);
    expect([moved.deadlineAt, moved.retryUntil, moved.onHeldBack]).toEqual([undefined, undefined, undefined]);
  });
});
