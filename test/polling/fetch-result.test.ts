import {describe, expect, test} from '@jest/globals';
import ky from 'ky';
import type {SucceededOperation} from '../../src/operation/operation.ts';
import {readOptions} from '../../src/options/settings.ts';
import {fetchedOutcome} from '../../src/polling/fetch-result.ts';
import {operationOf, stateOf, tasks} from '../support/core.ts';

const succeeded = operationOf('succeeded', {});
const located: SucceededOperation = {...succeeded, resourceLocation: 'https://graph.example/made/1'};

/** Fetches a result from a service that answers so, and gives the outcome and the number of requests. */
async function fetched(answer: () => Response, operation: SucceededOperation = located) {
  let requests = 0;
  const http = ky.create({
    fetch: async () => {
      requests++;
      return answer();
    },
  });
  const settings = readOptions({protocol: tasks, http, notFoundGrace: 0});
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
  });

  test('of null in the answer itself is none, and is fetched', async () => {
    const operation = {...operationOf('succeeded', {result: null}), resourceLocation: located.resourceLocation ?? ''};
    const {outcome} = await fetched(() => Response.json('another'), operation);
    expect(outcome.operation).toHaveProperty('result', 'another');
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
