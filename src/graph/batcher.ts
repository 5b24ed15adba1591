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

/** Requests that are being collected. */
interface OpenBatch {
  readonly requests: PendingRequest[];
  readonly timer: ReturnType<typeof setTimeout>;
}

interface PendingRequest extends BatchedRequest {
  readonly resolve: (response: TransportResponse | Promise<TransportResponse>) => void;
  /** Set once the request has been sent. */
  batch: SentBatch | undefined;
}

/** A batch in flight, which is aborted when none of its requests is needed any more. */
interface SentBatch {
  needed: number;
  readonly controller: LazyAbortController;
}

/**
 * Collects requests that are made within a short time and sends them as a batch. A single request is sent by
 * itself, and so is each request of a batch that failed.
 */
export class Batcher {
  readonly #window: number;
  readonly #single: Transport;
  readonly #sendBatch: SendBatch;
  readonly #open = new Map<string, OpenBatch>();

  /**
   * @param window how long requests are collected, in milliseconds
   * @param single sends a request by itself
   */
  constructor(window: number, single: Transport, sendBatch: SendBatch) {
    this.#window = window;
    this.#single = single;
    this.#sendBatch = sendBatch;
  }

  /** Sends a request with others that have the same key. @throws the signal's reason when it aborts */
  send(key: string, location: string, request: TransportRequest): Promise<TransportResponse> {
    return new Promise((resolve, reject) => {
      const batch = this.#open.get(key) ?? this.#openBatch(key);
      const {signal} = request;
      const unsubscribe = onAbort(signal, () => {
        reject(signal.reason);
        if (pending.batch === undefined) this.#remove(key, batch, pending);
        else release(pending.batch, signal.reason);
      });
      const pending: PendingRequest = {
        location,
        request,
        resolve: (response) => {
          unsubscribe();
          resolve(response);
        },
        batch: undefined,
      };
      batch.requests.push(pending);
      if (batch.requests.length === maxBatchSize) this.#close(key, batch);
    });
  }

  #openBatch(key: string): OpenBatch {
    const batch = {requests: [], timer: setTimer(() => this.#close(key, batch), this.#window)};
    this.#open.set(key, batch);
    return batch;
  }

  /** Removes a request that has not been sent; the last one takes the batch with it. */
  #remove(key: string, {requests, timer}: OpenBatch, pending: PendingRequest): void {
    requests.splice(requests.indexOf(pending), 1);
    if (requests.length > 0) return;
    clearTimeout(timer);
    this.#open.delete(key);
  }

  #close(key: string, {requests, timer}: OpenBatch): void {
    clearTimeout(timer);
    this.#open.delete(key);
    const [only] = requests;
    if (only !== undefined && requests.length === 1) this.#sendAlone(only);
    else void this.#send(requests);
  }

  /** Sends a request by itself. Its promise follows the request's first: a listener may abort it as soon as it is held back. */
  #sendAlone({location, request, resolve}: PendingRequest): void {
    resolve(Promise.resolve().then(() => this.#single(location, request)));
  }

  async #send(requests: readonly PendingRequest[]): Promise<void> {
    const batch: SentBatch = {needed: requests.length, controller: new LazyAbortController()};
    for (const pending of requests) pending.batch = batch;
    const notify = (call: (request: TransportRequest) => void): void => {
      for (const {request} of requests) call(request);
    };
    let responses: readonly (TransportResponse | undefined)[] = [];
    try {
      responses = await this.#sendBatch(requests, {
        signal: batch.controller,
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
        this.#sendAlone(pending);
      }
    }
  }
}

function release(batch: SentBatch, reason: unknown): void {
  batch.needed -= 1;
  if (batch.needed === 0) batch.controller.abort(reason);
}
