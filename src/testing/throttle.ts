import type {Answer, AnswerHeaders} from './answer.ts';
import type {Check} from './checks.ts';
import {checkFields, checkMilliseconds, checkOneOf, checkWhole, outOfRange} from './checks.ts';
import {graphError} from './graph-error.ts';
import type {GraphRequest} from './graph-request.ts';

/** How many requests the service takes in a time. `requests` and `window` must be given. */
export interface ThrottleOptions {
  /** How many requests of a window are served; those beyond are answered 429. */
  readonly requests: number;
  /**
   * How long a window is, in milliseconds. Windows do not slide: one begins with the first request after the end of the one before, and
   * with it the counting.
   */
  readonly window: number;
  /**
   * How the `Retry-After` of a 429 says what is left of the window: `'decimal'` exactly (`2.128`), `'seconds'` and `'date'` rounded up,
   * `'none'` not at all. Default `'decimal'`.
   */
  readonly retryAfter?: RetryAfterForm | undefined;
  /** Whether each token has a window of its own, or all share one. Requests without a token share one. Default `'token'`. */
  readonly per?: 'token' | 'all' | undefined;
}

/** How a throttled answer words its `Retry-After`. */
export type RetryAfterForm = (typeof retryAfterForms)[number];
const retryAfterForms = ['seconds', 'decimal', 'date', 'none'] as const;

const checks: Readonly<Record<keyof ThrottleOptions, Check>> = {
  requests: checkWhole(0, Number.MAX_SAFE_INTEGER),
  window: (name, value) => {
    checkMilliseconds(name, value);
    if (value === 0) throw outOfRange(name, 'longer than 0 milliseconds', value);
  },
  retryAfter: checkOneOf(retryAfterForms),
  per: checkOneOf(['token', 'all']),
};

/** Checks the option `throttle`. */
export function readThrottleOptions(options: ThrottleOptions | undefined): ThrottleOptions | undefined {
  if (options === undefined) return undefined;
  checkFields('options.throttle', options, checks);
  checks.requests('options.throttle.requests', options.requests);
  checks.window('options.throttle.window', options.window);
  return {...options};
}

interface Usage {
  readonly end: number;
  /** Refused requests included: Graph goes on logging usage while it throttles. */
  requests: number;
}

/** Counts what the service is asked, and refuses what is too much. */
export class Throttle {
  served = 0;
  throttled = 0;
  readonly #options: ThrottleOptions | undefined;
  readonly #usage = new Map<string, Usage>();

  constructor(options: ThrottleOptions | undefined) {
    this.#options = options;
  }

  /** Counts a request; the answer that refuses it, or `undefined` if it may be served. */
  refuse(request: GraphRequest): Answer | undefined {
    const end = this.#options && this.#endIfFull(this.#options, request);
    if (end === undefined) {
      this.served += 1;
      return undefined;
    }
    this.throttled += 1;
    return graphError(429, request, {headers: retryAfter(this.#options?.retryAfter, end, request.now)});
  }

  /** When the window of a request ends, if it has no room for the request. */
  #endIfFull({requests, window, per}: ThrottleOptions, {authorization = '', now}: GraphRequest): number | undefined {
    const who = per === 'all' ? '' : authorization;
    let usage = this.#usage.get(who);
    if (usage === undefined || now >= usage.end) {
      usage = {end: now + window, requests: 0};
      this.#usage.set(who, usage);
    }
    usage.requests += 1;
    return usage.requests > requests ? usage.end : undefined;
  }
}

/** What is left of a window, never less: who waits as told is served. */
function retryAfter(form: RetryAfterForm = 'decimal', end: number, now: number): AnswerHeaders {
  switch (form) {
    case 'none':
      return {};
    case 'decimal':
      return {'retry-after': String((end - now) / 1000)};
    case 'seconds':
      return {'retry-after': String(Math.ceil((end - now) / 1000))};
    case 'date':
      return {'retry-after': new Date(Math.ceil(end / 1000) * 1000).toUTCString()};
  }
}
