import type {Transport, TransportRequest, TransportResponse} from '../http/transport.ts';
import {LazyAbortController, onAbort} from '../shared/abort.ts';
import {setTimer} from '../shared/clock.ts';
import {type BatchedRequest, maxBatchSize} from './batch-format.ts';

/**
 * Sends a batch.
 *
 * @returns the responses in the order of the requests; `undefined` for a request that is to be sent again by itself
 */
export type SendBatch = (
  requests: readonly BatchedRequest[],
  callbacks: Pick<TransportRequest, 'signal' | 'onHeldBack' | 'onSent' | 'onHead'>,
) => Promise<readonly (TransportResponse | undefined)[]>;

/** Sends a request with others that have the same key. @throws the signal's reason when it aborts */
type Batcher = (key: string, location: string, request: TransportRequest) => Promise<TransportResponse>;

/** Requests that are being collected, or have been sent. */
interface Batch {
  readonly requests: PendingRequest[];
  readonly timer: ReturnType<typeof setTimeout>;
  /** Aborts what has been sent once none of the requests is needed any more. */
  readonly controller: LazyAbortController;
}

interface PendingRequest extends BatchedRequest {
  readonly resolve: (response: TransportResponse | Promise<TransportResponse>) => void;
}

/**
 * Collects requests that are made within a short time and sends them as a batch. A single request is sent by
 * itself, and so is each request of a batch that failed.
 *
 * @param window how long requests are collected, in milliseconds
 * @param single sends a request by itself
 */
export function createBatcher(window: number, single: Transport, sendBatch: SendBatch): Batcher {
  const collecting = new Map<string, Batch>();

  const openBatch = (key: string): Batch => {
    const timer = setTimer(() => closeBatch(key, batch), window, undefined);
    const batch = {requests: [], timer, controller: new LazyAbortController()};
    collecting.set(key, batch);
    return batch;
  };

  const closeBatch = (key: string, batch: Batch): void => {
    clearTimeout(batch.timer);
    collecting.delete(key);
    if (batch.requests.length > 1) void sendTogether(batch);
    else for (const only of batch.requests) sendAlone(only);
  };

  // The promise follows the request's first: a listener may abort it as soon as it is held back.
  const sendAlone = ({location, request, resolve}: PendingRequest): void =>
    resolve(Promise.resolve().then(() => single(location, request)));

  const sendTogether = async ({requests, controller}: Batch): Promise<void> => {
    const notify = (call: (request: TransportRequest) => void): void => {
      for (const {request} of requests) call(request);
    };
    let responses: readonly (TransportResponse | undefined)[] = [];
    try {
      responses = await sendBatch(requests, {
        signal: controller,
        onHeldBack: (until) => notify((request) => request.onHeldBack?.(until)),
        onSent: () => notify((request) => request.onSent()),
        onHead: () => notify((request) => request.onHead()),
      });
    } catch {
      // No request fails because its batch did: each is sent again and reports what happens then.
    }
    for (const [index, pending] of requests.entries()) {
      const response = responses[index];
      const {request} = pending;
      if (response !== undefined) pending.resolve(response);
      else if (!request.signal.aborted) {
        request.onRequeued?.();
        sendAlone(pending);
      }
    }
  };

  const leave = (key: string, batch: Batch, pending: PendingRequest, reason: unknown): void => {
    const {requests, controller} = batch;
    if (collecting.get(key) === batch) {
      requests.splice(requests.indexOf(pending), 1);
      if (requests.length === 0) closeBatch(key, batch);
    } else if (requests.every(({request}) => request.signal.aborted)) controller.abort(reason);
  };

  return (key, location, request) =>
    new Promise((resolve, reject) => {
      const batch = collecting.get(key) ?? openBatch(key);
      const {signal} = request;
      const unsubscribe = onAbort(signal, () => {
        reject(signal.reason);
        leave(key, batch, pending, signal.reason);
      });
      const pending: PendingRequest = {
        location,
        request,
        resolve: (response) => {
          unsubscribe();
          resolve(response);
        },
      };
      batch.requests.push(pending);
      if (batch.requests.length === maxBatchSize) closeBatch(key, batch);
    });
}
