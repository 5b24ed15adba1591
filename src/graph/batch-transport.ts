import type {RequestHeaders} from '../client/headers.ts';
import type {RequestLimiter} from '../client/request-limiter.ts';
import type {Transport, TransportResponse} from '../http/transport.ts';
import {now} from '../shared/clock.ts';
import {batchRequest, batchResponses} from './batch-format.ts';
import {createBatcher, type SendBatch} from './batcher.ts';

/** How long no batches are sent after one got no response, in milliseconds. */
const batchPause = 60_000;

/** HTTP statuses of a service that has no batches. */
const noBatches: ReadonlySet<number> = new Set([404, 405, 501]);

// `fetch` resolves such a path, a batch does not.
const unresolved = /[#\\]|\/\.{1,2}(?:[/?]|$)/;

/**
 * A transport that sends requests made within a short time as one `$batch`, where possible: GET requests to the
 * same version of Graph with the same token.
 *
 * @param base the client's root with its version
 * @param window how long requests are collected, in milliseconds
 * @param clientHeaders the client's own, which each request in a batch has too; their names are in lower case
 */
export function batchTransport(
  limiter: RequestLimiter,
  base: string,
  window: number,
  clientHeaders: RequestHeaders,
): Transport {
  const {origin} = new URL(base);
  let pausedUntil = 0;
  const sendBatchTo =
    (version: string): SendBatch =>
    (requests, callbacks) => {
      const location = `${version}/$batch`;
      return limiter.admit(location, callbacks, requests.length, async (transport) => {
        let response: TransportResponse;
        try {
          // Made when it leaves: requests may be aborted while the batch is held back.
          response = await transport(location, batchRequest(requests, version, clientHeaders, callbacks));
        } catch (error) {
          // None of its requests is needed any more. A service that does not respond to the batch may respond to each of them.
          if (callbacks.signal.aborted) pausedUntil = now() + batchPause;
          throw error;
        }
        const responses = batchResponses(response, requests);
        // A gate is shared by all: the longest of their limits counts.
        const limits = requests.map(({request: {maxRetryAfter = Number.POSITIVE_INFINITY}}) => maxRetryAfter);
        limiter.record(base, responses ?? [response], Math.max(...limits));
        if (responses === undefined && noBatches.has(response.status)) pausedUntil = Number.POSITIVE_INFINITY;
        return responses ?? [];
      });
    };
  // An operation can have another version than the client: password resets are often found under beta.
  const batchers = new Map(
    [base, `${origin}/v1.0`, `${origin}/beta`].map((version) => [
      `${version}/`,
      createBatcher(window, limiter.single, sendBatchTo(version)),
    ]),
  );
  return (location, request) => {
    const {method, headers, json} = request;
    const {accept, authorization} = headers;
    const fits =
      method === 'GET' &&
      json === undefined &&
      accept === 'application/json' &&
      !unresolved.test(location) &&
      now() >= pausedUntil;
    if (fits && authorization !== undefined) {
      for (const [version, batcher] of batchers) {
        if (location.startsWith(version)) return batcher(authorization, location, request);
      }
    }
    return limiter.single(location, request);
  };
}
