import {afterEach, beforeEach, describe, expect, jest, test} from '@jest/globals';
import ky from 'ky';
import type {SucceededOperation} from '../../src/operation/operation.ts';
import {PollError} from '../../src/operation/poll-error.ts';
import {readOptions} from '../../src/options/settings.ts';
import {fetchedOutcome, fetchResultOnce, type ResultProgress} from '../../src/polling/fetch-result.ts';
import {defineProtocol} from '../../src/protocol/define-protocol.ts';
import {beginning, clockAt, operationOf, stateOf, tasks} from '../support/core.ts';
import {withUnreadableHeader} from '../support/hostile.ts';

const succeeded = operationOf('succeeded', {});
const located: SucceededOperation = {...succeeded, resourceLocation: 'https://graph.example/made/1'};

/** Fetches a result from a service that answers so, and gives the outcome and the number of requests. */
async function fetched(
  answer: () => Response,
  operation: SucceededOperation = located,
  fetchResult: boolean | 'text' = true,
) {
  let requests = 0;
  const http = ky.create({
    fetch: async () => {
      requests++;
      return answer();
    },
  });
  const settings = readOptions({protocol: tasks, http, notFoundGrace: 0, fetchResult});
  const outcome = await fetchedOutcome(settings, stateOf({operation}), operation, new AbortController().signal);
  return {outcome, requests};
}

describe('a result', () => {
  test.each([[null], [''], [0], [false], [[]], [{}]])('of %j is one', async (result) => {
    const {outcome, requests} = await fetched(() => Response.json(result));
    expect(outcome).toEqual({status: 'succeeded', operation: {...located, result}});
    expect(requests).toBe(1);
    expect([outcome.operation, Object(outcome.operation).result].every(Object.isFrozen)).toBe(true);
  });

  test.each([
    ['a 204', () => new Response(null, {status: 204})],
    ['an empty body', () => new Response('')],
  ])('of %s is null', async (_, answer) => {
    const {outcome} = await fetched(answer);
    expect(outcome).toEqual({status: 'succeeded', operation: {...located, result: null}});
  });

  test.each([[''], [0], [false], [[]], [{}]])('of %j in the answer itself is not fetched', async (result) => {
    const operation = {...operationOf('succeeded', {result}), resourceLocation: located.resourceLocation ?? ''};
    const {outcome, requests} = await fetched(() => Response.json('another'), operation);
    expect([outcome, requests]).toEqual([{status: 'succeeded', operation}, 0]);
    expect(outcome.operation).toHaveProperty('result', result);
    expect(outcome.operation).toBe(operation);
  });

  test.each(['request-id', 'retry-after'])(
    'is unavailable because of a PollError where the mock of fetch throws for %s',
    async (header) => {
      const {outcome} = await fetched(() => withUnreadableHeader(Response.json('made'), header));
      expect(outcome).toMatchObject({reason: 'result', error: {cause: {message: 'No answer: Error: not readable'}}});
      expect(Object(outcome).error.cause).toBeInstanceOf(PollError);
    },
  );

  test('is the answer itself where the request that started the operation led to nothing else', async () => {
    const settings = readOptions({protocol: defineProtocol({...tasks, resultLocation: 'location'})});
    const state = stateOf({operation: succeeded, resultLocation: null});
    const outcome = await fetchedOutcome(settings, state, succeeded, new AbortController().signal);
    expect(outcome).toEqual({status: 'succeeded', operation: {...succeeded, result: succeeded.raw}});
    expect(Object.isFrozen(outcome.operation)).toBe(true);
  });

  test('of null in the answer itself is none, and is fetched', async () => {
    const operation = {...operationOf('succeeded', {result: null}), resourceLocation: located.resourceLocation ?? ''};
    const {outcome} = await fetched(() => Response.json('another'), operation);
    expect(outcome.operation).toHaveProperty('result', 'another');
  });
});

test.each([299, 300, 400])(
  'a response of HTTP %i to a request for text is text up to 299, and an error after that',
  async (status) => {
    const error = {code: 'gone', message: 'No more'};
    const {outcome} = await fetched(() => Response.json({error}, {status}), located, 'text');
    if (status < 300)
      expect(outcome).toMatchObject({status: 'succeeded', operation: {result: JSON.stringify({error})}});
    else {
      const message = expect.stringMatching(`answered ${status}: gone, No more`);
      expect(outcome).toMatchObject({reason: 'result', error: {cause: {message}}});
    }
  },
);

describe('a result that is not there yet', () => {
  beforeEach(() => {
    jest.useFakeTimers({now: beginning, doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate']});
  });

  afterEach(() => {
    expect(jest.getTimerCount()).toBe(0);
    jest.restoreAllMocks();
    jest.useRealTimers();
  });

  /** When each request was made, in milliseconds from the first, and how it ended. */
  async function askedFor(notFoundGrace: number, answers: readonly Response[]) {
    const left = [...answers];
    const at: number[] = [];
    const http = ky.create({
      fetch: async () => {
        at.push(Date.now() - beginning);
        return left.shift() ?? Response.json('made');
      },
    });
    const settings = readOptions({protocol: tasks, http, notFoundGrace});
    const ended = fetchedOutcome(settings, stateOf({operation: located}), located, new AbortController().signal);
    let status: string | undefined;
    void ended.then((outcome) => {
      status = outcome.status;
    });
    for (let passed = 0; passed < 5000; passed++) {
      await new Promise((resolve) => setImmediate(resolve));
      if (status !== undefined) break;
      await jest.advanceTimersByTimeAsync(jest.getTimerCount() > 0 && at.length > 0 ? 1 : 0);
    }
    return {at, status: (await ended).status};
  }

  const missing = (retryAfter?: string) =>
    new Response('', {status: 404, headers: retryAfter === undefined ? {} : {'retry-after': retryAfter}});

  test.each([
    ['0 gives half', 0, 250],
    ['almost 1 gives all', 0.9999, 500],
  ])('is asked for again within half a second: the random number %s of it', async (_, random, wait) => {
    jest.spyOn(Math, 'random').mockReturnValue(random);
    const {at, status} = await askedFor(30_000, [missing()]);
    expect([at[0], at.length, status]).toEqual([0, 2, 'succeeded']);
    expect(Math.abs((at[1] ?? 0) - wait)).toBeLessThanOrEqual(1);
  });

  test.each([
    ['in time', 3000, [0, 3000], 'succeeded'],
    ['but not after notFoundGrace', 2999, [0], 'abandoned'],
  ])('is asked for again when the service says so, %s', async (_, notFoundGrace, expected, ended) => {
    const {at, status} = await askedFor(notFoundGrace, [missing('3')]);
    expect([at, status]).toEqual([expected, ended]);
  });
});

describe('an attempt to fetch a result', () => {
  afterEach(() => {
    jest.restoreAllMocks();
  });

  const {signal} = new AbortController();

  /** What follows an attempt that is answered so, `elapsed` milliseconds after the beginning. */
  async function attempt(
    [status, retryAfter]: readonly [status: number, retryAfter?: string],
    elapsed: number,
    {random = 0, progress, deadline}: {random?: number; progress?: ResultProgress; deadline?: number} = {},
  ) {
    jest.spyOn(Math, 'random').mockReturnValue(random);
    const headers = retryAfter === undefined ? {} : {'retry-after': retryAfter};
    const http = ky.create({fetch: async () => Response.json({}, {status, headers})});
    const settings = readOptions({protocol: tasks, http, notFoundGrace: 30_000});
    const deadlineAt = deadline === undefined ? undefined : beginning + deadline;
    const state = stateOf({operation: located, deadlineAt});
    const step = await fetchResultOnce({settings, state}, located, progress, signal, clockAt(elapsed));
    if ('outcome' in step) return step.outcome.status === 'abandoned' ? step.outcome.reason : step.outcome.status;
    return [step.wait, step.progress.attempts, step.progress.since - beginning];
  }

  const begun = (attempts: number, since = 0): ResultProgress => ({attempts, since: beginning + since});

  test.each([
    [undefined, 0, 250, 1],
    [undefined, 0.9999, 500, 1],
    [begun(1), 0, 375, 2],
    [begun(1), 0.9999, 750, 2],
    [begun(2), 0, 563, 3],
    [begun(20), 0, 2500, 21],
    [begun(20), 0.9999, 5000, 21],
  ])('after %j, the random number %s makes it wait for %i ms', async (progress, random, wait, attempts) => {
    expect(await attempt([404], 0, {random, ...(progress && {progress})})).toEqual([wait, attempts, 0]);
  });

  test.each<[string, Parameters<typeof attempt>, unknown]>([
    ['a 404 begins the grace period', [[404], 7000], [250, 1, 7000]],
    ['a 503 does so too', [[503], 7000], [250, 1, 7000]],
    ['another keeps it', [[404], 7000, {progress: begun(1, 5000)}], [375, 2, 5000]],
    [
      'one that would end it with the wait is repeated',
      [[404, '1'], 34_000, {progress: begun(1, 5000)}],
      [1000, 2, 5000],
    ],
    ['one that ends after it is not', [[404, '1'], 34_001, {progress: begun(1, 5000)}], 'result'],
    ['where the clock was set back, it begins anew', [[404, '1'], 0, {progress: begun(1, 90_000)}], [1000, 2, 0]],
    ['403 is not repeated', [[403], 0], 'result'],
    ['405 is not repeated', [[405], 0], 'result'],
    ['201 is the result', [[201], 0], 'succeeded'],
    ['203 is the result', [[203], 0], 'succeeded'],
    ['a 202 puts the grace period off', [[202, '1'], 7000, {progress: begun(1, 5000)}], [1000, 2, 8000]],
    ['a 202 is waited for without a deadline', [[202, '90'], 99_000, {progress: begun(1)}], [90_000, 2, 189_000]],
    ['a 202 is waited for until the deadline', [[202, '1'], 99_000, {deadline: 100_000}], [1000, 1, 100_000]],
    ['a 202 is not waited for beyond it', [[202, '1'], 99_001, {deadline: 100_000}], 'result'],
    ['a 404 is not limited by the deadline', [[404, '1'], 99_500, {deadline: 100_000}], [1000, 1, 99_500]],
  ])('%s', async (_, given, expected) => {
    expect(await attempt(...given)).toEqual(expected);
  });

  test.each<[string, number, ResultProgress | undefined, number]>([
    ['at first', 0, undefined, 40_000],
    ['in the middle of the grace period', 10_000, begun(1), 30_000],
    ['when the grace period is over', 30_000, begun(1), 10_000],
    ['long after the grace period', 90_000, begun(1), 10_000],
  ])(
    'may be held back for the rest of the grace period and requestTimeout: %s',
    async (_, elapsed, progress, limit) => {
      jest.useFakeTimers({now: beginning, doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate']});
      const settings = {
        ...readOptions({protocol: tasks, notFoundGrace: 30_000, requestTimeout: 10_000}),
        transport: () => new Promise<never>(() => {}),
      };
      const state = stateOf({operation: located});
      const step = fetchResultOnce({settings, state}, located, progress, signal, clockAt(elapsed));
      const onEnd = jest.fn();
      void step.then(onEnd);
      await jest.advanceTimersByTimeAsync(limit - 1);
      expect(onEnd).not.toHaveBeenCalled();
      await jest.advanceTimersByTimeAsync(1);
      expect(onEnd).toHaveBeenCalledTimes(1);
      jest.useRealTimers();
    },
  );
});

describe('fetching that ends early', () => {
  const hang = (signal: AbortSignal) =>
    ky.create({
      fetch: (input, init) =>
        new Promise((_, reject) => {
          const request = new Request(input, init);
          request.signal.addEventListener('abort', () => reject(request.signal.reason), {once: true});
          if (signal.aborted) reject(signal.reason);
        }),
    });

  test.each([
    ['aborted', 'the signal of the options', true],
    ['stopped', 'stop()', false],
  ] as const)('is %s by %s', async (reason, _, bySignal) => {
    const ownSignal = new AbortController();
    const phase = new AbortController();
    const settings = readOptions({protocol: tasks, http: hang(phase.signal), signal: ownSignal.signal});
    const outcome = fetchedOutcome(settings, stateOf({operation: located}), located, phase.signal);
    if (bySignal) ownSignal.abort('enough');
    phase.abort('enough');
    expect(await outcome).toMatchObject({
      status: 'abandoned',
      reason,
      operation: located,
      error: {name: 'WatchAbortedError', message: expect.stringContaining(`was ${reason};`), cause: 'enough'},
    });
  });
});
