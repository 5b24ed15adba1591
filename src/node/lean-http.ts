import ky, {type KyInstance} from 'ky';
import {Agent, type Dispatcher} from 'undici';
import {setTransport} from '../http/transport.ts';
import {
  type Check,
  type Checks,
  checkIsObject,
  checkOptions,
  describeValue,
  expected,
  isA,
} from '../shared/check-options.ts';
import {undiciTransport} from './undici-transport.ts';

/** The options of {@link leanHttp}; `undefined` means absent. */
export interface LeanHttpOptions {
  /** The maximum number of connections per origin; further requests wait for a free one. Default 128. */
  readonly connections?: number | undefined;
  /** How long an idle connection is kept open, in milliseconds, unless the server asks for less. Default 60,000. */
  readonly keepAlive?: number | undefined;
  /** Your own dispatcher instead, e.g. undici's `ProxyAgent`; you close it. */
  readonly dispatcher?: Dispatcher | undefined;
}

const optionChecks = {
  connections: isWhole('a whole number'),
  keepAlive: isWhole('milliseconds'),
  dispatcher: isA("one of undici's", (value) => typeof Object(value).dispatch === 'function'),
} satisfies Checks<LeanHttpOptions>;

/**
 * A ky instance for processes that poll a lot: its requests go directly to undici's dispatcher, without the objects that
 * global `fetch` creates for each. Pass it as the option `http` to pollers, to a Graph client or to a worker; create it once,
 * because it owns the connections. Requires the package `undici`.
 *
 * Used as it is, its polls skip the work of ky and `fetch`, which is most of the cost of a poll. It is still an ordinary ky
 * instance: one derived from it by `extend`, e.g. with hooks, shares its connections and calls your hooks.
 *
 * @throws TypeError or RangeError that names the invalid option
 *
 * @example
 * ```ts
 * const http = leanHttp();
 * const poller = pollOperation(location, {http, token: getToken});
 * ```
 */
export function leanHttp(options: LeanHttpOptions = {}): KyInstance {
  checkIsObject('options', options);
  checkOptions(options, optionChecks);
  const {connections = 128, keepAlive = 60_000} = options;
  // A poll limits its requests itself: undici's own time-outs would be a second clock.
  const limits = {connections, pipelining: 1, keepAliveTimeout: keepAlive, headersTimeout: 0, bodyTimeout: 0};
  const dispatcher = options.dispatcher ?? new Agent(limits);
  // Node's own fetch takes a dispatcher too, which its types do not know.
  const http = ky.create({fetch: (input, init) => fetch(input, {...init, dispatcher} as RequestInit)});
  setTransport(http, undiciTransport(dispatcher));
  return http;
}

function isWhole(takes: string): Check {
  return (name, value) => {
    if (typeof value !== 'number') throw expected(name, takes, describeValue(value));
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new RangeError(`${name}: expected ${takes} from 1 on, got ${value}`);
    }
  };
}
