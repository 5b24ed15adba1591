import ky, {type KyInstance} from 'ky';
import {Agent, type Dispatcher} from 'undici';
import {setTransport} from '../http/transport.ts';
import {checkOptionNames} from '../shared/option-names.ts';
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

const optionNames: readonly string[] = ['connections', 'keepAlive', 'dispatcher'];

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
  if (typeof options !== 'object' || options === null) throw new TypeError('options: expected an object');
  checkOptionNames(options, optionNames);
  const dispatcher = readDispatcher(options);
  // Node's fetch accepts a dispatcher too, but its types do not say so.
  const http = ky.create({fetch: (input, init) => fetch(input, {...init, dispatcher} as RequestInit)});
  setTransport(http, undiciTransport(dispatcher));
  return http;
}

function readDispatcher({connections = 128, keepAlive = 60_000, dispatcher}: LeanHttpOptions): Dispatcher {
  if (dispatcher !== undefined) {
    if (typeof dispatcher?.dispatch === 'function') return dispatcher;
    throw new TypeError(`dispatcher: expected one of undici's, got ${typeof dispatcher}`);
  }
  checkWhole('connections', connections, 'a whole number');
  checkWhole('keepAlive', keepAlive, 'milliseconds');
  // A poll limits its requests itself; undici's timeouts would only interfere.
  return new Agent({connections, pipelining: 1, keepAliveTimeout: keepAlive, headersTimeout: 0, bodyTimeout: 0});
}

function checkWhole(name: string, value: unknown, takes: string): void {
  if (typeof value !== 'number') throw new TypeError(`${name}: expected ${takes}, got ${typeof value}`);
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new RangeError(`${name}: expected ${takes} from 1 on, got ${value}`);
  }
}
