import {afterEach, beforeEach, describe, expect, jest, test} from '@jest/globals';
import ky from 'ky';
import type {SucceededOperation} from '../../src/operation/operation.ts';
import {readOptions} from '../../src/options/settings.ts';
import {fetchedOutcome} from '../../src/polling/fetch-result.ts';
import {beginning, operationOf, stateOf, tasks} from '../support/core.ts';

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
