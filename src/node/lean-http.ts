import {createRequire} from 'node:module';
import ky, {type KyInstance} from 'ky';
import type {Dispatcher} from 'undici';
import {setTransport} from '../http/transport.ts';
import {type Checks, checkForm, checkOptions, checkRange} from '../shared/check-options.ts';
import {loadOptional} from './load-optional.ts';
import {undiciTransport} from './undici-transport.ts';

type Undici = typeof import('undici');

/** The options of {@link leanHttp}; `undefined` means absent. */
export interface LeanHttpOptions {
  /** The maximum number of connections per origin; further requests wait for a free one. Default 128. */
  readonly connections?: number | undefined;
  /** How long an idle connection is kept open, in milliseconds, unless the server asks for less. Default 60,000. */
  readonly keepAlive?: number | undefined;
  /** Your own dispatcher instead, e.g. undici's `ProxyAgent`, or its `MockAgent` in a test; you close it. */
  // By its shape: these declarations are read without undici too.
  readonly dispatcher?: {dispatch(options: never, handler: never): boolean} | undefined;
}

const wholeFrom1 = {least: 1, most: Number.MAX_SAFE_INTEGER, whole: true};

const optionChecks = {
  connections: checkRange(wholeFrom1),
  keepAlive: checkRange({takes: 'whole milliseconds', ...wholeFrom1}),
  dispatcher: checkForm("one of undici's", isDispatcher),
} satisfies Checks<LeanHttpOptions>;

/**
 * A ky instance for processes that poll a lot: its requests go directly to undici's dispatcher, without the objects that
 * global `fetch` creates for each. Pass it as the option `http` to pollers, to a Graph client or to a worker; create it once,
 * because it owns the connections. Requires the package `undici`.
 *
 * Used as it is, its polls skip the work of ky and `fetch`, which is most of the cost of a poll. It is still an ordinary ky
 * instance: one derived from it by `extend`, e.g. with hooks, shares its connections and calls your hooks.
 *
 * With `NODE_USE_ENV_PROXY=1`, it uses the proxies of `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` as Node's own `fetch` does.
 *
 * @throws TypeError or RangeError that names the invalid option
 * @throws Error where the package `undici` is not installed
 * @throws Error on Bun, which replaces undici with its own module
 *
 * @example
 * ```ts
 * const http = leanHttp();
 * const poller = pollOperation(location, {http, token: getToken});
 * ```
 */
export function leanHttp(given: LeanHttpOptions = {}): KyInstance {
  const undici: Undici = loadOptional('leanHttp', 'undici', () => createRequire(import.meta.url)('undici'));
  const {Agent, EnvHttpProxyAgent} = undici;
  // Bun's undici has the names of the package, but ignores dispatchers and follows redirects with the token.
  if (typeof Agent.prototype.dispatch !== 'function') {
    throw new Error(
      'leanHttp: Bun replaces the package undici with a module without dispatchers. Leave out the option http there',
    );
  }
  const options = checkOptions(given, optionChecks);
  const {connections = 128, keepAlive = 60_000} = options;
  // A poll limits its requests itself: undici's own timeouts would be a second clock.
  const limits = {connections, pipelining: 1, keepAliveTimeout: keepAlive, headersTimeout: 0, bodyTimeout: 0};
  const {dispatcher: own} = options;
  const createDispatcher = (): Dispatcher =>
    usesEnvironmentProxy() ? new EnvHttpProxyAgent(limits) : new Agent(limits);
  const dispatcher = isDispatcher(own) ? own : createDispatcher();
  const withDispatcher = {dispatcher: dispatcherForFetch(undici, dispatcher)};
  // Node's own fetch takes a dispatcher too, which its types do not know.
  const http = ky.create({fetch: (input, init) => fetch(input, {...init, ...withDispatcher} as RequestInit)});
  setTransport(http, undiciTransport(dispatcher));
  return http;
}

function isDispatcher(value: unknown): value is Dispatcher {
  return typeof Object(value).dispatch === 'function';
}

/**
 * Whether Node's `fetch` uses the proxies of the environment, decided as Node decides it: a flag counts more than the variable,
 * and the command line more than `NODE_OPTIONS`. The variable counts before Node 22.21 too, whose `fetch` does not know it.
 */
function usesEnvironmentProxy(): boolean {
  const {NODE_OPTIONS = '', NODE_USE_ENV_PROXY} = process.env;
  const flags = [...NODE_OPTIONS.split(/\s+/), ...process.execArgv];
  const flag = flags.findLast((each) => each === '--use-env-proxy' || each === '--no-use-env-proxy');
  return flag === undefined ? NODE_USE_ENV_PROXY === '1' : flag === '--use-env-proxy';
}

/** The dispatcher as Node's `fetch` can use it: before Node 26 it does not know the interface that those of undici 8 have. */
function dispatcherForFetch(undici: Undici, dispatcher: Dispatcher): Dispatcher {
  const {Dispatcher1Wrapper: Wrapper}: {readonly Agent: unknown; readonly Dispatcher1Wrapper?: unknown} = undici;
  return typeof Wrapper === 'function' ? Reflect.construct(Wrapper, [dispatcher]) : dispatcher;
}
