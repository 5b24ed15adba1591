import {afterEach, beforeEach, describe, expect, jest, test} from '@jest/globals';
import {type Progress, withTimeLimit} from '../../src/http/time-limit.ts';
import type {LazyAbortController} from '../../src/shared/abort.ts';
import {beginning} from '../support/core.ts';

beforeEach(() => {
  jest.useFakeTimers({now: beginning});
});

afterEach(() => {
  expect(jest.getTimerCount()).toBe(0);
  jest.useRealTimers();
});

interface Moments {
  /** When the work is sent, in milliseconds from the start; default at once. */
  readonly sentAfter?: number;
  /** When the head of the response is there; default never. */
  readonly headAfter?: number;
  /** When the work is done; default never. */
  readonly doneAfter?: number;
  /** In milliseconds from the start; default none. */
  readonly deadline?: number;
}

/** Limits work to 1000 ms, and gives how it ended and when. */
async function limited(
  {sentAfter = 0, headAfter, doneAfter, deadline}: Moments,
  kind: 'request' | 'token' | 'retry' = 'request',
) {
  const start = Date.now();
  const limits = {
    signal: new AbortController().signal,
    deadlineAt: deadline === undefined ? undefined : start + deadline,
  };
  let work: LazyAbortController | undefined;
  const ended = withTimeLimit(1000, limits, kind, (signal, {onSent, onHead}) => {
    work = signal;
    if (sentAfter === 0) onSent();
    else setTimeout(onSent, sentAfter);
    if (headAfter !== undefined) setTimeout(onHead, headAfter);
    return new Promise((resolve) => {
      if (doneAfter !== undefined) setTimeout(resolve, doneAfter, 'done');
    });
  }).then(
    (value) => [value, Date.now() - start],
    (error: Error) => [error, Date.now() - start],
  );
  await jest.advanceTimersByTimeAsync(10_000);
  const [result, at] = await ended;
  expect(work?.aborted).toBe(result instanceof Error);
  return [result instanceof Error ? {...result, message: result.message} : result, at];
}

describe('a time limit of 1000 ms', () => {
  test.each<[string, Moments, number, number?]>([
    ['ends what is not answered', {}, 1000],
    ['counts from when it is sent, and is what the message says', {sentAfter: 300}, 1300, 1000],
    ['is cut by the deadline', {deadline: 400}, 400],
    ['is cut by a deadline that passes before it is sent', {sentAfter: 300, deadline: 200}, 200],
    ['is cut by a deadline that has passed', {deadline: -5}, 0],
    ['is not cut by a later deadline', {deadline: 5000}, 1000],
    ['is whole again once the head is there', {headAfter: 300, deadline: 400}, 1000],
    ['is whole from when it was sent', {sentAfter: 300, headAfter: 500, deadline: 700}, 1300, 1000],
  ])('%s', async (_, moments, elapsed, limit = elapsed) => {
    const message = `No answer within ${limit} ms`;
    expect(await limited(moments)).toEqual([
      expect.objectContaining({kind: 'timeout', transient: true, message}),
      elapsed,
    ]);
  });

  test.each([
    ['token', 'token'],
    ['retry', 'network'],
  ] as const)('says of the option %s that it did not return', async (option, kind) => {
    const message = `The option ${option} did not return within 1000 ms`;
    expect(await limited({}, option)).toEqual([expect.objectContaining({kind, transient: false, message}), 1000]);
  });

  test('sets no negative timer where the deadline has passed: Node would warn of it', async () => {
    const set = jest.spyOn(globalThis, 'setTimeout');
    await limited({deadline: -5});
    expect(set.mock.calls.filter(([, delay]) => Number(delay) < 0)).toEqual([]);
    set.mockRestore();
  });

  test('leaves what is done in time, to the millisecond before', async () => {
    expect(await limited({doneAfter: 999})).toEqual(['done', 999]);
    expect(await limited({doneAfter: 399, deadline: 400})).toEqual(['done', 399]);
  });
});

// Where `fetch` itself has rejected, an abort can end the process.
test.each([
  ['work that fails is aborted, so that the rest of a body that is too long does not keep arriving', true],
  ['work that fails before there is a response is not aborted: nothing is under way', false],
])('%s', async (_, hasHead) => {
  const limits = {signal: new AbortController().signal, deadlineAt: undefined};
  let signal: LazyAbortController | undefined;
  const failing = withTimeLimit(1000, limits, 'request', async (given, {onHead}) => {
    signal = given;
    if (hasHead) onHead();
    throw new Error('too long');
  });
  await expect(failing).rejects.toThrow('too long');
  expect(signal?.aborted).toBe(hasHead);
});

test('what is held back after its batch was refused has all of its time again once it is sent', async () => {
  const start = Date.now();
  const ended = withTimeLimit(
    1000,
    {signal: new AbortController().signal, deadlineAt: start + 9000},
    'request',
    (_, {onSent, onRequeued, onHeldBack}) => {
      onSent();
      setTimeout(() => {
        onRequeued?.();
        onHeldBack?.(start + 5000);
      }, 500);
      setTimeout(onSent, 5000);
      return new Promise<void>(() => undefined);
    },
  ).catch(() => Date.now() - start);
  await jest.advanceTimersByTimeAsync(10_000);
  expect(await ended).toBe(6000);
});

test('what waits to be sent again after its batch failed has all of its time again once it is sent', async () => {
  const start = Date.now();
  const ended = withTimeLimit(
    1000,
    {signal: new AbortController().signal, deadlineAt: start + 9000},
    'request',
    (_, {onSent, onRequeued}) => {
      onSent();
      setTimeout(() => onRequeued?.(), 500);
      setTimeout(onSent, 5000);
      return new Promise<void>(() => undefined);
    },
  ).catch(() => Date.now() - start);
  await jest.advanceTimersByTimeAsync(10_000);
  expect(await ended).toBe(6000);
});

test.each(['the time is up', 'it is aborted'])(
  'work that never ends leaves nothing on the signal once %s',
  async (why) => {
    const controller = new AbortController();
    const remove = jest.spyOn(controller.signal, 'removeEventListener');
    const limited = withTimeLimit(
      1000,
      {signal: controller.signal, deadlineAt: undefined},
      'request',
      (_, {onSent}) => {
        onSent();
        return new Promise(() => undefined);
      },
    );
    const ended = limited.catch(() => 'ended');
    if (why === 'it is aborted') controller.abort();
    else await jest.advanceTimersByTimeAsync(1000);
    expect(await ended).toBe('ended');
    expect(remove).toHaveBeenCalledTimes(1);
    expect(jest.getTimerCount()).toBe(0);
  },
);

test('what is held back for longer than a timer can hold ends at its deadline', async () => {
  const month = 30 * 86_400_000;
  const limits = {signal: new AbortController().signal, deadlineAt: beginning + month};
  const ended = withTimeLimit(1000, limits, 'request', () => new Promise<void>(() => undefined)).catch(() =>
    Date.now(),
  );
  await jest.advanceTimersByTimeAsync(month);
  expect(await ended).toBe(beginning + month);
});

test('nothing is held back any more once its time is over', async () => {
  const held: number[] = [];
  const limits = {
    signal: new AbortController().signal,
    deadlineAt: undefined,
    onHeldBack: (until: number) => void held.push(until),
  };
  const ended = withTimeLimit(1000, limits, 'request', (_, {onSent, onHeldBack}) => {
    onSent();
    setTimeout(() => onHeldBack?.(beginning + 9000), 1500);
    return new Promise(() => {});
  }).catch(({kind}) => kind);
  await jest.advanceTimersByTimeAsync(2000);
  expect([await ended, held]).toEqual(['timeout', []]);
});

test('what was held back until its deadline says until when', async () => {
  const limits = {signal: new AbortController().signal, deadlineAt: beginning + 400, onHeldBack: jest.fn()};
  const ended = withTimeLimit(1000, limits, 'request', (_, {onHeldBack}) => {
    onHeldBack?.(beginning + 9000);
    return new Promise(() => {});
  }).catch(({kind, message}) => ({kind, message}));
  await jest.advanceTimersByTimeAsync(400);
  const message = 'No answer within 400 ms: held back until 2020-03-19T12:00:09.000Z';
  expect(await ended).toEqual({kind: 'timeout', message});
  expect(limits.onHeldBack.mock.calls).toEqual([[beginning + 9000]]);
});

test('what has arrived is read once when the time is up, though the work fails after it', async () => {
  const recover = jest.fn(() => 'recovered');
  const limits = {signal: new AbortController().signal, deadlineAt: undefined};
  const work = (signal: LazyAbortController, {onSent}: Progress): Promise<string> => {
    onSent();
    return new Promise((_, reject) => void signal.onAbort(() => reject(new Error('aborted'))));
  };
  const ended = withTimeLimit(1000, limits, 'request', work, recover);
  await jest.advanceTimersByTimeAsync(1000);
  expect([await ended, recover.mock.calls]).toEqual(['recovered', [[expect.objectContaining({kind: 'timeout'})]]]);
});

test('nothing is begun once the signal has aborted', () => {
  const work = jest.fn(async () => undefined);
  const limits = {signal: AbortSignal.abort('enough'), deadlineAt: undefined};
  expect(() => withTimeLimit(1000, limits, 'request', work)).toThrow('enough');
  expect(work).not.toHaveBeenCalled();
});
