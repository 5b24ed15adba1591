import {setFlagsFromString} from 'node:v8';
import {runInNewContext} from 'node:vm';
import {afterEach, beforeEach, describe, expect, jest, test} from '@jest/globals';
import {RequestLimiter} from '../../src/client/request-limiter.ts';
import {createResponse, type Transport, type TransportRequest} from '../../src/http/transport.ts';

const origin = 'https://graph.example';
const location = `${origin}/v1.0/a`;
const {signal} = new AbortController();
const request: TransportRequest = {method: 'GET', headers: {}, signal, onSent: () => {}, onHead: () => {}};

beforeEach(() => {
  jest.useFakeTimers({now: 1_000_000});
});

afterEach(() => {
  jest.useRealTimers();
});

/** A response; `retryAfter` in milliseconds. */
function responseOf(status: number, retryAfter?: number) {
  const headers = new Headers(retryAfter === undefined ? {} : {'retry-after': String(retryAfter / 1000)});
  return createResponse({status, headers}, {text: ''});
}

/** When each of so many further requests is sent, in milliseconds from now. */
async function sendingTimes(limiter: RequestLimiter, count: number): Promise<number[]> {
  const start = Date.now();
  const times = Array.from({length: count}, () => limiter.single(location, request).then(() => Date.now() - start));
  await jest.runAllTimersAsync();
  return Promise.all(times);
}

describe('a throttled request', () => {
  test('with Retry-After: 0 does not slow the whole client down', async () => {
    const responses = [responseOf(200), responseOf(429, 0), responseOf(503, 0)];
    const transport: Transport = async () => responses.shift() ?? responseOf(200);
    const limiter = new RequestLimiter(transport, origin, 1);
    for (const status of [200, 429, 503]) expect(await limiter.single(location, request)).toMatchObject({status});
    await jest.advanceTimersByTimeAsync(1);
    expect(await sendingTimes(limiter, 30)).toEqual(Array(30).fill(0));
    expect(jest.getTimerCount()).toBe(0);
  });

  test.each([
    ['429 without Retry-After', responseOf(429)],
    ['503 without Retry-After', responseOf(503)],
    ['500 with Retry-After', responseOf(500, 1000)],
    ['202 with Retry-After', responseOf(202, 1000)],
    ...[402, 404, 428, 430, 502, 504].map(
      (status) => [`${status} with Retry-After`, responseOf(status, 1000)] as const,
    ),
  ])('is not: %s', async (_, response) => {
    const limiter = new RequestLimiter(async () => response, origin, 1);
    await limiter.single(location, request);
    expect(await sendingTimes(limiter, 3)).toEqual([0, 0, 0]);
  });

  test.each([403, 429, 503])('is: %i with Retry-After', async (status) => {
    const limiter = new RequestLimiter(async () => responseOf(status, 1000), origin, 1);
    await limiter.single(location, request);
    expect(await sendingTimes(limiter, 1)).toEqual([1000]);
  });

  test('in a batch: the accepted requests of it count first, and then its longest wait', async () => {
    const limiter = new RequestLimiter(async () => responseOf(200), origin, 1);
    const [one, two, other] = [responseOf(429, 100), responseOf(503, 300), responseOf(429, 200)];
    limiter.record(location, [one, two, undefined, other, responseOf(200), responseOf(404), responseOf(499)]);
    expect(await sendingTimes(limiter, 3)).toEqual([300, 420, 540]); // 3 in 300 ms
  });

  test('is not counted as accepted, and neither is a server error', async () => {
    const limiter = new RequestLimiter(async () => responseOf(200), origin, 1);
    limiter.record(location, [responseOf(500), responseOf(502), responseOf(503), responseOf(429)]);
    limiter.record(location, [responseOf(429, 300)]);
    expect(await sendingTimes(limiter, 3)).toEqual([300, 360, 420]); // the interval where nothing was accepted
  });
});

describe('requests that wait for one in flight while the gate closes and opens again', () => {
  /** A limiter for one request at a time, the first of which takes 4 s, and when each was sent, in milliseconds. */
  async function busyLimiter() {
    const start = Date.now();
    const sent: number[] = [];
    const limiter = new RequestLimiter(
      async () => {
        sent.push(Date.now() - start);
        if (sent.length === 1) await new Promise((resolve) => setTimeout(resolve, 4000));
        return responseOf(500);
      },
      origin,
      1,
    );
    void limiter.single(location, request);
    await jest.advanceTimersByTimeAsync(0);
    return {limiter, sent};
  }

  test('keep the pace', async () => {
    const {limiter, sent} = await busyLimiter();
    for (let index = 0; index < 2; index += 1) void limiter.single(location, request);
    limiter.record(location, [responseOf(200), responseOf(429, 500)]); // 1 in 500 ms
    await jest.runAllTimersAsync();
    expect(sent).toEqual([0, 4000, 4600]);
  });

  test('keep the pace also behind a batch, which counts for as many as it contains', async () => {
    const {limiter, sent} = await busyLimiter();
    limiter.record(location, [responseOf(200), responseOf(429, 500)]);
    void limiter.admit(location, request, 4, (transport) => transport(location, request));
    void limiter.single(location, request);
    await jest.runAllTimersAsync();
    expect(sent).toEqual([0, 4000, 6400]);
  });

  test('do not hold those to other origins back', async () => {
    const {limiter, sent} = await busyLimiter();
    void limiter.single(location, request);
    limiter.record(location, [responseOf(200), responseOf(429, 60_000)]);
    const other = limiter.single('https://other.example/operations/1', request).then(() => sent.at(-1));
    await jest.runAllTimersAsync();
    expect([await other, sent]).toEqual([4000, [0, 4000, 60_000]]);
  });
});

test('a request that was admitted before the gate closed waits with the others', async () => {
  const start = Date.now();
  const sent: number[] = [];
  const responses = [responseOf(429, 1000)];
  const transport: Transport = async () => {
    sent.push(Date.now() - start);
    return responses.shift() ?? responseOf(200);
  };
  const limiter = new RequestLimiter(transport, origin, 1);
  const ended = Promise.all([limiter.single(location, request), limiter.single(location, request)]);
  await jest.runAllTimersAsync();
  expect((await ended).map(({status}) => status)).toEqual([429, 200]);
  expect(sent).toEqual([0, 1000]);
});

test('as many requests are in flight as the limit says', async () => {
  let inFlight = 0;
  let most = 0;
  const transport: Transport = async () => {
    most = Math.max(most, ++inFlight);
    await new Promise((resolve) => setTimeout(resolve, 10));
    inFlight--;
    return responseOf(200);
  };
  const limiter = new RequestLimiter(transport, origin, 2);
  const ended = Promise.all(Array.from({length: 5}, () => limiter.single(location, request)));
  await jest.runAllTimersAsync();
  await ended;
  expect(most).toBe(2);
});

describe('the gates of many origins', () => {
  test('do not pile up', async () => {
    setFlagsFromString('--expose-gc');
    const collectGarbage: () => void = runInNewContext('gc');
    const used = (): number => {
      collectGarbage();
      return process.memoryUsage().heapUsed;
    };
    const limiter = new RequestLimiter(async () => responseOf(200), origin, 1);
    const before = used();
    // 40 MB of origins.
    for (let index = 0; index < 4000; index += 1) {
      await limiter.single(`https://${index}.${'x'.repeat(10_000)}.example/a`, request);
    }
    expect(used() - before).toBeLessThan(20_000_000);
    expect(await sendingTimes(limiter, 1)).toEqual([0]);
  });

  test('stay closed, however many there are', async () => {
    const limiter = new RequestLimiter(async () => responseOf(429, 60_000), origin, 1);
    const locations = Array.from({length: 1100}, (_, index) => `https://${index}.example/a`);
    for (const each of locations) await limiter.single(each, request);
    const onHeldBack = jest.fn();
    const controller = new AbortController();
    const held = locations.map((each) => limiter.single(each, {...request, onHeldBack, signal: controller.signal}));
    controller.abort();
    await Promise.allSettled(held);
    expect(onHeldBack).toHaveBeenCalledTimes(locations.length);
  });

  test('do not make the client forget at which rate its own service accepts requests', async () => {
    const responses = Array.from({length: 10}, () => responseOf(200));
    const transport: Transport = async (url) => (url === location ? responses.shift() : undefined) ?? responseOf(200);
    const limiter = new RequestLimiter(transport, origin, 1);
    for (let index = 0; index < 10; index += 1) await limiter.single(location, request);
    for (let index = 0; index < 1100; index += 1) await limiter.single(`https://${index}.example/a`, request);
    responses.push(responseOf(429, 1000));
    await limiter.single(location, request);
    const [first, second = 0] = await sendingTimes(limiter, 2);
    // Ten in a second, and a fifth slower, to be cautious.
    expect([first, Math.round(second)]).toEqual([1000, 1120]);
  });
});
