import {afterEach, beforeEach, describe, expect, jest, test} from '@jest/globals';
import ky from 'ky';
import {createOperationClient} from '../../src/client/operation-client.ts';
import {longRunning} from '../../src/protocol/long-running.ts';

const root = 'https://api.example.com';

beforeEach(() => {
  jest.useFakeTimers({doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate']});
});

afterEach(() => {
  jest.useRealTimers();
});

/** A service that never answers. */
function silent() {
  const counts = {requests: 0};
  const http = ky.create({
    fetch: () => {
      counts.requests++;
      return new Promise(() => {});
    },
  });
  return {http, counts};
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
}

describe('a client', () => {
  test.each([
    [undefined, 40],
    [1, 1],
  ])('with the concurrency %p has %i requests in flight at most', async (concurrency, expected) => {
    const {http, counts} = silent();
    const client = createOperationClient({root, http, concurrency});
    const pollers = Array.from({length: 50}, (_, index) => client.watch(`/operations/${index}`));
    await settle();
    expect(counts.requests).toBe(expected);
    for (const poller of pollers) poller.stop();
  });

  test.each([
    [undefined, 100_000],
    [1, 1],
  ])('with the startTimeout %p gives a start up after %i ms', async (startTimeout, expected) => {
    const {http, counts} = silent();
    const onError = jest.fn();
    const client = createOperationClient({root, http, startTimeout});
    client.start(longRunning, {path: '/exports'}).catch(onError);
    await settle();
    expect(counts.requests).toBe(1);
    await jest.advanceTimersByTimeAsync(expected - 1);
    expect(onError).not.toHaveBeenCalled();
    await jest.advanceTimersByTimeAsync(1);
    expect(onError.mock.calls).toEqual([[expect.objectContaining({mayHaveStarted: true})]]);
  });
});
