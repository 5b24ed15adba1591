import {getEventListeners} from 'node:events';
import {setImmediate as settled} from 'node:timers/promises';
import {afterEach, beforeEach, describe, expect, jest, test} from '@jest/globals';
import {createBatcher} from '../../src/graph/batcher.ts';
import {createResponse, type TransportRequest} from '../../src/http/transport.ts';

const window = 50;

beforeEach(() => {
  jest.useFakeTimers();
});

afterEach(() => {
  jest.useRealTimers();
});

/** A batcher whose batches all succeed, and what it sent: the number of requests in each batch, 1 for one by itself. */
function recordingBatcher() {
  const sent: number[] = [];
  const response = createResponse({status: 200, headers: new Headers()}, {json: {}});
  const batcher = createBatcher(
    window,
    async () => {
      sent.push(1);
      return response;
    },
    async (requests) => {
      sent.push(requests.length);
      return requests.map(() => response);
    },
  );
  const send = (signal = new AbortController().signal) => {
    const request: TransportRequest = {method: 'GET', headers: {}, signal, onSent: () => {}, onHead: () => {}};
    return batcher('key', 'https://graph.example/v1.0/a', request);
  };
  const sendMany = (count: number) => Promise.all(Array.from({length: count}, () => send()));
  return {sent, send, sendMany};
}

describe('a batch', () => {
  test('is sent when its window is over, just before and just after', async () => {
    const {sent, sendMany} = recordingBatcher();
    const responses = sendMany(19);
    await jest.advanceTimersByTimeAsync(window - 1);
    expect(sent).toEqual([]);
    await jest.advanceTimersByTimeAsync(1);
    expect(sent).toEqual([19]);
    expect(await responses).toHaveLength(19);
  });

  test('that is full is sent at once', async () => {
    const {sent, sendMany} = recordingBatcher();
    await sendMany(20);
    expect([sent, jest.getTimerCount()]).toEqual([[20], 0]);
  });

  test('is followed by another one, with a window of its own, when it is full', async () => {
    const {sent, sendMany} = recordingBatcher();
    void sendMany(18);
    await jest.advanceTimersByTimeAsync(window - 1);
    const responses = sendMany(4);
    expect(sent).toEqual([20]);
    await jest.advanceTimersByTimeAsync(window - 1);
    expect(sent).toEqual([20]);
    await jest.advanceTimersByTimeAsync(1);
    expect(sent).toEqual([20, 2]);
    await responses;
  });
});

test.each([1, 2])('of %d requests that were answered, none leaves a listener', async (count) => {
  const {send} = recordingBatcher();
  const {signal} = new AbortController();
  const responses = Array.from({length: count}, () => send(signal));
  expect(getEventListeners(signal, 'abort')).toHaveLength(1);
  await jest.advanceTimersByTimeAsync(window);
  await Promise.all(responses);
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});

describe('a request that is given up within the window', () => {
  test('is sent by nobody; the last one leaves no batch, no timer and no listener', async () => {
    const {sent, send, sendMany} = recordingBatcher();
    const controllers = [new AbortController(), new AbortController()];
    const responses = Promise.allSettled(controllers.map(({signal}) => send(signal)));
    await jest.advanceTimersByTimeAsync(window - 10);
    for (const [index, controller] of controllers.entries()) controller.abort(`enough ${index}`);
    expect(await responses).toEqual([
      {status: 'rejected', reason: 'enough 0'},
      {status: 'rejected', reason: 'enough 1'},
    ]);
    expect(jest.getTimerCount()).toBe(0);
    for (const {signal} of controllers) expect(getEventListeners(signal, 'abort')).toHaveLength(0);

    // The next ones have a window of their own.
    const later = sendMany(2);
    await jest.advanceTimersByTimeAsync(window - 1);
    expect(sent).toEqual([]);
    await jest.advanceTimersByTimeAsync(1);
    await later;
    expect(sent).toEqual([2]);
  });

  test('leaves the others, and the last of them is sent by itself', async () => {
    const {sent, send} = recordingBatcher();
    const other = send();
    const controller = new AbortController();
    const abandoned = Promise.allSettled([send(controller.signal)]);
    controller.abort('enough');
    await abandoned;
    await jest.advanceTimersByTimeAsync(window);
    expect([(await other).status, sent]).toEqual([200, [1]]);
  });

  test('makes room for another one in a batch that was almost full', async () => {
    const {sent, send, sendMany} = recordingBatcher();
    const controller = new AbortController();
    const abandoned = Promise.allSettled([send(controller.signal)]);
    void sendMany(18);
    controller.abort('enough');
    await abandoned;
    void sendMany(1);
    expect(sent).toEqual([]);
    void sendMany(1);
    expect([sent, jest.getTimerCount()]).toEqual([[20], 0]);
  });
});

test('each request of a batch that failed is requeued before it is sent by itself', async () => {
  const steps: string[] = [];
  const batcher = createBatcher(
    window,
    async () => {
      steps.push('sent');
      return createResponse({status: 200, headers: new Headers()}, {json: {}});
    },
    async () => Promise.reject(new Error('no batches today')),
  );
  const {signal} = new AbortController();
  const onRequeued = () => void steps.push('requeued');
  const request: TransportRequest = {
    method: 'GET',
    headers: {},
    signal,
    onSent: () => {},
    onRequeued,
    onHead: () => {},
  };
  const responses = [1, 2].map(() => batcher('key', 'https://graph.example/v1.0/a', request));
  await jest.advanceTimersByTimeAsync(window);
  await Promise.all(responses);
  expect(steps).toEqual(['requeued', 'requeued', 'sent', 'sent']);
});

test.each([
  ['a request by itself', 1],
  ['each request of a batch that failed', 2],
])('%s that is aborted as soon as it is held back rejects once', async (_, count) => {
  const unhandled = jest.fn();
  process.on('unhandledRejection', unhandled);
  const batcher = createBatcher(
    window,
    async (_location, {signal, onHeldBack}) => {
      onHeldBack?.(Date.now() + 1000);
      signal.throwIfAborted();
      return createResponse({status: 200, headers: new Headers()}, {json: {}});
    },
    async () => [],
  );
  const sent = Array.from({length: count}, () => {
    const controller = new AbortController();
    const onHeldBack = () => controller.abort('enough');
    const {signal} = controller;
    const request: TransportRequest = {
      method: 'GET',
      headers: {},
      signal,
      onHeldBack,
      onSent: () => {},
      onHead: () => {},
    };
    return batcher('key', 'https://graph.example/v1.0/a', request);
  });
  const ended = Promise.allSettled(sent);
  await jest.advanceTimersByTimeAsync(window);
  expect(await ended).toEqual(sent.map(() => ({status: 'rejected', reason: 'enough'})));
  await settled();
  process.off('unhandledRejection', unhandled);
  expect(unhandled).not.toHaveBeenCalled();
});
