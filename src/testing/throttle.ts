import {type Answer, type AnswerHeaders, graphError} from './answer.ts';
import {type Check, checkFields, checkMilliseconds, checkOneOf, checkWhole, outOfRange} from './checks.ts';
import type {GraphRequest} from './graph-request.ts';

/** How many requests the service accepts in a window of time. `requests` and `window` are required. */
export interface ThrottleOptions {
  /** How many requests are served in a window; any more are answered 429. */
  readonly requests: number;
  /**
   * The length of a window in milliseconds. Windows do not slide: the first request after the end of one window starts the next, and
   * counting starts over.
   */
  readonly window: number;
  /**
   * How the `Retry-After` of a 429 gives the rest of the window: `'decimal'` exactly (`2.128`), `'seconds'` and `'date'` rounded up,
   * `'none'` not at all. Default `'decimal'`.
   */
  readonly retryAfter?: RetryAfterForm | undefined;
  /** Whether each token has a window of its own, or all share one. Requests without a token share a window. Default `'token'`. */
  readonly per?: 'token' | 'all' | undefined;
}

/** The form of `Retry-After` in a throttled answer. */
export type RetryAfterForm = (typeof retryAfterForms)[number];
const retryAfterForms = ['seconds', 'decimal', 'date', 'none'] as const;

const checks: Readonly<Record<keyof ThrottleOptions, Check>> = {
  requests: checkWhole(0, Number.MAX_SAFE_INTEGER),
  window: (name, value) => {
    checkMilliseconds(name, value);
    if (value === 0) throw outOfRange(name, 'more than 0 milliseconds', value);
  },
  retryAfter: checkOneOf(retryAfterForms),
  per: checkOneOf(['token', 'all']),
};

interface Usage {
  readonly end: number;
  /** Refused requests included: Graph counts usage even while it throttles. */
  requests: number;
}

export class Throttle {
  served = 0;
  throttled = 0;
  readonly #options: ThrottleOptions | undefined;
  readonly #usage = new Map<string, Usage>();

  /** @param options unchecked, as the emulator's option `throttle` has them; `undefined`: no limit */
  constructor(options: ThrottleOptions | undefined) {
    if (options !== undefined) checkFields('options.throttle', options, checks, ['requests', 'window']);
    this.#options = options && {...options};
  }

  /** Counts a request. Returns the answer that refuses it, or `undefined` if it may be served. */
  refuse(request: GraphRequest): Answer | undefined {
    const end = this.#options && this.#endIfFull(this.#options, request);
    if (end === undefined) {
      this.served += 1;
      return undefined;
    }
    this.throttled += 1;
    return graphError(429, request, {headers: retryAfter(this.#options?.retryAfter, end, request.now)});
  }

  /** The end of a request's window if that is full. */
  #endIfFull({requests, window, per}: ThrottleOptions, {authorization = '', now}: GraphRequest): number | undefined {
    const key = per === 'all' ? '' : authorization;
    let usage = this.#usage.get(key);
    if (usage === undefined || now >= usage.end) {
      // Windows are kept in the order of their ends; those of tokens that are no longer used must not pile up.
      for (const [ended, {end}] of this.#usage) {
        if (now < end) break;
        this.#usage.delete(ended);
      }
      usage = {end: now + window, requests: 0};
      this.#usage.set(key, usage);
    }
    usage.requests += 1;
    return usage.requests > requests ? usage.end : undefined;
  }
}

/** The rest of a window, never rounded down: a client that waits this long is served. */
function retryAfter(form: RetryAfterForm = 'decimal', end: number, now: number): AnswerHeaders {
  if (form === 'none') return {};
  const seconds = (end - now) / 1000;
  const forms = {
    decimal: String(seconds),
    seconds: String(Math.ceil(seconds)),
    date: new Date(Math.ceil(end / 1000) * 1000).toUTCString(),
  };
  return {'retry-after': forms[form]};
}
