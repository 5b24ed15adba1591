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
  /** How many connections there are to one origin at the most; what finds none free waits for one. Default 128. */
  readonly connections?: number | undefined;
  /** How long a connection that nobody uses is kept, in milliseconds, unless the server says less. Default 60,000. */
  readonly keepAlive?: number | undefined;
  /** A dispatcher of your own instead, e.g. undici's `ProxyAgent`; closing it is yours. */
  readonly dispatcher?: Dispatcher | undefined;
}

const optionChecks = {
  connections: isWhole('a whole number'),
  keepAlive: isWhole('milliseconds'),
  dispatcher: isA("one of undici's", (value) => typeof Object(value).dispatch === 'function'),
} satisfies Checks<LeanHttpOptions>;

/**
 * A ky instance for services that poll a lot: its requests leave by undici's dispatcher, without what global `fetch` makes
 * of each. Give it as the option `http` to pollers, to a Graph client or to a worker; make it once, since it has the
 * connections. It needs the package `undici`.
 *
 * As it is, its polls do without ky's and `fetch`'s own work, which is most of what a poll costs. It is an ordinary ky
 * instance all the same: one that you make from it by `extend`, e.g. with hooks, has its connections and calls your hooks.
 *
 * @throws TypeError or RangeError when an option is not as it should be; the message names it
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
