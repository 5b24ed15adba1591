import {createResponse, type Transport, type TransportRequest, type TransportResponse} from '../http/transport.ts';
import {ConcurrencyLimit} from './concurrency-limit.ts';
import {RateGate} from './rate-gate.ts';

/** The HTTP statuses by which services throttle, if they say for how long. */
const throttlingStatuses: ReadonlySet<number> = new Set([403, 429, 503]);

/** From how many gates on those that are idle are dropped: a redirect or a result may lead to a new origin each time. */
const maxGates = 1000;

/** Limits the requests of a client: a rate gate for each origin, and one concurrency limit for all. */
export class RequestLimiter {
  readonly #transport: Transport;
  readonly #origin: string;
  readonly #concurrency: ConcurrencyLimit;
  readonly #gates = new Map<string, RateGate>();

  /**
   * @param transport sends one request
   * @param origin the client's own, to which most requests go
   * @param concurrency how many requests may be in flight at once
   */
  constructor(transport: Transport, origin: string, concurrency: number) {
    this.#transport = transport;
    this.#origin = origin;
    this.#concurrency = new ConcurrencyLimit(concurrency);
  }

  /** Sends a request, and records how the service responded. */
  readonly single: Transport = (location, request) =>
    this.admit(location, request, 1, async (transport) => {
      const {maxRetryAfter} = request;
      let throttled = false;
      const onHead: TransportRequest['onHead'] = (head) => {
        // The others are held back at once, and even if the body never arrives.
        if (head && throttlingStatuses.has(head.status)) {
          throttled = true;
          this.record(location, [createResponse(head)], maxRetryAfter);
        }
        request.onHead(head);
      };
      const response = await transport(location, {...request, onHead});
      if (!throttled) this.record(location, [response], maxRetryAfter);
      return response;
    });

  /**
   * Does work with the service as soon as the limits admit it.
   *
   * @param weight how many requests it counts for
   * @param work what is sent, and recorded: before that, nothing else takes its place
   */
  async admit<Result>(
    location: string,
    {signal, onHeldBack}: Pick<TransportRequest, 'signal' | 'onHeldBack'>,
    weight: number,
    work: (transport: Transport) => Promise<Result>,
  ): Promise<Result> {
    await this.#gateOf(location).acquire(weight, signal, onHeldBack);
    try {
      return await work(this.#transport);
    } finally {
      this.#concurrency.release(weight);
    }
  }

  /**
   * Records how the service responded to requests to one origin; of a batch, the accepted ones count first.
   *
   * @param maxWait the longest wait that is kept, in milliseconds; `undefined`: any
   */
  record(
    location: string,
    responses: readonly (TransportResponse | undefined)[],
    maxWait = Number.POSITIVE_INFINITY,
  ): void {
    const gate = this.#gateOf(location);
    let longestWait: number | undefined;
    for (const response of responses) {
      if (response === undefined) continue;
      const {status} = response;
      const wait = throttlingStatuses.has(status) ? response.retryAfter : undefined;
      if (wait !== undefined) longestWait = Math.max(wait, longestWait ?? 0);
      else if (status < 500 && status !== 429) gate.accepted();
    }
    if (longestWait !== undefined) gate.throttled(Math.min(longestWait, maxWait));
  }

  #gateOf(location: string): RateGate {
    // The common case without parsing a URL.
    const origin = location.startsWith(`${this.#origin}/`) ? this.#origin : new URL(location).origin;
    let gate = this.#gates.get(origin);
    if (gate === undefined) {
      if (this.#gates.size >= maxGates) this.#dropIdle();
      gate = new RateGate(this.#concurrency);
      this.#gates.set(origin, gate);
    }
    return gate;
  }

  #dropIdle(): void {
    for (const [origin, gate] of this.#gates) if (gate.isIdle && origin !== this.#origin) this.#gates.delete(origin);
  }
}
