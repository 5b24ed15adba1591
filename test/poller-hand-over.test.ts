import {afterEach, beforeEach, describe, expect, jest, test} from '@jest/globals';
import ky from 'ky';
import {type OperationPoller, pollOperation, type ResumeToken, schedules, WatchAbortedError} from 'operation-poller';

beforeEach(() => {
  jest.useFakeTimers({doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate']});
});

afterEach(() => {
  expect(jest.getTimerCount()).toBe(0);
  jest.useRealTimers();
});

/** Lets everything run that waits for no timer. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
}

interface Watched {
  readonly poller: OperationPoller;
  /** Answers the request that has waited longest. */
  readonly answer: (response: Response) => Promise<void>;
  readonly requests: () => number;
  readonly aborted: () => number;
  readonly events: string[];
}

/** A poller whose requests the test answers; it polls every second. */
function watched(options: {readonly initialDelay?: number; readonly fetchResult?: boolean} = {}): Watched {
  const pending: ((response: Response) => void)[] = [];
  const events: string[] = [];
  let requests = 0;
  let aborted = 0;
  const http = ky.create({
    fetch: (input, init) => {
      requests += 1;
      return new Promise((resolve, reject) => {
        pending.push(resolve);
        (input instanceof Request ? input : init)?.signal?.addEventListener('abort', () => {
          aborted += 1;
          reject(new DOMException('aborted', 'AbortError'));
        });
      });
    },
  });
  const schedule = schedules.fixed(1000);
  const poller = pollOperation('https://graph.example/operations/b', {http, schedule, ...options});
  poller.on('*', ({type}) => events.push(type));
  return {
    poller,
    answer: async (response) => {
      pending.shift()?.(response);
      await settle();
    },
    requests: () => requests,
    aborted: () => aborted,
    events,
  };
}

const running = (): Response => Response.json({id: 'b', status: 'running'});
const token = (given: ResumeToken): Promise<ResumeToken> => Promise.resolve(given);

async function expectHandedOver(poller: OperationPoller): Promise<void> {
  const error = await poller.result().catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(WatchAbortedError);
  expect(error).toMatchObject({cause: {message: 'handed over'}});
  expect(poller.abandoned).toBe('stopped');
}

describe('83: a poller that is handed over', () => {
  test('before its first request makes none', async () => {
    const {poller, requests, events} = watched({initialDelay: 500});
    await expect(poller.handOver(token)).resolves.toMatchObject({attempt: 0});
    await expectHandedOver(poller);
    await jest.advanceTimersByTimeAsync(5000);
    expect(requests()).toBe(0);
    expect(events.at(-1)).toBe('abandoned');
  });

  test('during a wait makes no other request, and its token is due when that wait ends', async () => {
    const {poller, answer, requests} = watched();
    await settle();
    await answer(running());
    const due = Date.now() + 1000;
    await jest.advanceTimersByTimeAsync(400);
    const given = await poller.handOver(token);
    expect(given).toMatchObject({attempt: 1, dueAt: due, operation: {status: 'running'}});
    expect(given.abandoned).toBeUndefined();
    await expectHandedOver(poller);
    await jest.advanceTimersByTimeAsync(5000);
    expect(requests()).toBe(1);
  });

  test('during a request waits for its answer', async () => {
    const {poller, answer, requests, aborted, events} = watched();
    await settle();
    let taken: ResumeToken | undefined;
    const handingOver = poller.handOver(async (given) => {
      taken = given;
    });
    await jest.advanceTimersByTimeAsync(3000);
    expect(taken).toBeUndefined();
    await answer(running());
    await handingOver;
    expect(taken).toMatchObject({attempt: 1, operation: {status: 'running'}});
    await expectHandedOver(poller);
    expect([requests(), aborted()]).toEqual([1, 0]);
    expect(events).toEqual(['polled', 'running', 'waiting', 'abandoned']);
  });

  test('during the wait before a repeated request does not wait for that', async () => {
    const {poller, answer, requests} = watched();
    await settle();
    const handedOver = poller.handOver(token);
    await answer(new Response(null, {status: 503}));
    await expect(handedOver).resolves.toMatchObject({observed: {503: 1}});
    await jest.advanceTimersByTimeAsync(60_000);
    expect(requests()).toBe(1);
  });

  test('during such a wait that has begun before does not wait for that either', async () => {
    const {poller, answer, requests} = watched();
    await settle();
    await answer(new Response(null, {status: 503}));
    const onToken = jest.fn(token);
    void poller.handOver(onToken);
    await settle();
    expect(onToken).toHaveBeenCalledTimes(1);
    await expectHandedOver(poller);
    await jest.advanceTimersByTimeAsync(60_000);
    expect(requests()).toBe(1);
  });

  test('by a listener that a hint has called makes no other request', async () => {
    const {poller, answer, requests} = watched();
    await settle();
    await answer(running());
    const handedOver = new Promise<ResumeToken>((resolve, reject) => {
      poller.on('waiting', () => {
        // A store takes its time.
        const take = async (given: ResumeToken): Promise<ResumeToken> => {
          await new Promise((stored) => setTimeout(stored, 3000));
          return given;
        };
        poller.handOver(take).then(resolve, reject);
      });
    });
    poller.wake();
    await jest.advanceTimersByTimeAsync(3000);
    await expect(handedOver).resolves.toMatchObject({attempt: 1});
    await expectHandedOver(poller);
    expect(requests()).toBe(1);
  });

  test('as it ends, ends by itself, and gives the end', async () => {
    const {poller, answer} = watched();
    await settle();
    const handedOver = poller.handOver(token);
    await answer(Response.json({id: 'b', status: 'succeeded'}));
    await expect(handedOver).resolves.toMatchObject({operation: {status: 'succeeded'}});
    await expect(poller.result()).resolves.toMatchObject({status: 'succeeded'});
  });

  const succeeded = {id: 'b', status: 'succeeded', resourceLocation: 'https://graph.example/result'};

  test('while it fetches the result does not wait for that', async () => {
    const {poller, answer, requests, aborted} = watched({fetchResult: true});
    await settle();
    await answer(Response.json(succeeded));
    await expect(poller.handOver(token)).resolves.toMatchObject({operation: {status: 'succeeded'}});
    await expectHandedOver(poller);
    expect([requests(), aborted()]).toEqual([2, 1]);
  });

  test('while it waits to fetch the result again does not wait for that, and fetches no more', async () => {
    const {poller, answer, requests} = watched({fetchResult: true});
    await settle();
    await answer(Response.json(succeeded));
    await answer(new Response(null, {status: 404}));
    await expect(poller.handOver(token)).resolves.toMatchObject({operation: {status: 'succeeded'}});
    await expectHandedOver(poller);
    await jest.advanceTimersByTimeAsync(60_000);
    expect(requests()).toBe(2);
  });

  test('goes on fetching the result where nobody takes it', async () => {
    const {poller, answer, requests, aborted} = watched({fetchResult: true});
    await settle();
    await answer(Response.json(succeeded));
    const refusing = poller.handOver(() => Promise.reject(new Error('no')));
    await expect(refusing).rejects.toThrow('no');
    await answer(Response.json({made: true}));
    await expect(poller.result()).resolves.toMatchObject({result: {made: true}});
    expect([requests(), aborted()]).toEqual([2, 0]);
  });
});

describe('a poller that nobody takes over', () => {
  const refuse = (): Promise<never> => Promise.reject(new Error('the store is down'));

  test('goes on when its next poll is due, and can be handed over again', async () => {
    const {poller, answer, requests} = watched();
    await settle();
    await answer(running());
    await jest.advanceTimersByTimeAsync(400);
    await expect(poller.handOver(refuse)).rejects.toThrow('the store is down');
    await jest.advanceTimersByTimeAsync(599);
    expect(requests()).toBe(1);
    await jest.advanceTimersByTimeAsync(1);
    await settle();
    expect(requests()).toBe(2);
    await answer(running());
    await poller.handOver(token);
    await expectHandedOver(poller);
  });

  test('goes on at once where its poll was due in the meantime', async () => {
    const {poller, answer, requests} = watched();
    await settle();
    await answer(running());
    const late = new Promise<never>((_, reject) => setTimeout(() => reject(new Error('late')), 3000));
    const handingOver = poller.handOver(() => late).catch(() => undefined);
    await jest.advanceTimersByTimeAsync(3000);
    await handingOver;
    await jest.advanceTimersByTimeAsync(1);
    await settle();
    expect(requests()).toBe(2);
    await answer(Response.json({id: 'b', status: 'succeeded'}));
    await expect(poller.result()).resolves.toMatchObject({status: 'succeeded'});
  });

  test('begins where it had not begun yet', async () => {
    const {poller, answer, requests} = watched();
    await poller.handOver(refuse).catch(() => undefined);
    await jest.advanceTimersByTimeAsync(0);
    await settle();
    expect(requests()).toBe(1);
    await answer(Response.json({id: 'b', status: 'succeeded'}));
    await expect(poller.result()).resolves.toMatchObject({status: 'succeeded'});
  });

  test('keeps a hint that came in the meantime', async () => {
    const {poller, answer, requests} = watched();
    await settle();
    await answer(running());
    const woken = (): Promise<never> => {
      poller.wake();
      return refuse();
    };
    await poller.handOver(woken).catch(() => undefined);
    await jest.advanceTimersByTimeAsync(0);
    await settle();
    expect(requests()).toBe(2);
    poller.stop();
  });
});

test('a poller is handed over to one runner at a time', async () => {
  const {poller} = watched();
  const first = poller.handOver(token);
  await expect(poller.handOver(token)).rejects.toThrow('The poller is being handed over already');
  await first;
  await expectHandedOver(poller);
});

test('a poller that is stopped while it is handed over stays stopped', async () => {
  const {poller, requests} = watched();
  await settle();
  const refused = poller.handOver(async () => {
    throw new Error('the store is down');
  });
  poller.stop('enough');
  await expect(refused).rejects.toThrow('the store is down');
  await jest.advanceTimersByTimeAsync(5000);
  expect(requests()).toBe(1);
  await expect(poller.result()).rejects.toMatchObject({cause: 'enough'});
});
