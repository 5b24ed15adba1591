import {describeToken, isToken, tokenForm} from '../http/authorization.ts';
import type {RequestSettings} from '../http/exchange.ts';
import {defaultMaxBodyLength} from '../http/read-body.ts';
import type {Secrets} from '../http/redact.ts';
import {transportOf} from '../http/transport.ts';
import type {WatchState} from '../operation/state.ts';
import type {TransitionTable} from '../operation/watch-event.ts';
import {longRunning} from '../protocol/long-running.ts';
import {type ProtocolReader, protocolReader} from '../protocol/protocol-reader.ts';
import type {FinalStateVia, StartRequest} from '../protocol/result-location.ts';
import {defaultSchedule, type Schedule} from '../schedule/schedule.ts';
import {
  type Check,
  type Checks,
  checkBoolean,
  checkedWhereRead,
  checkForm,
  checkFunction,
  checkMilliseconds,
  checkObjectWith,
  checkOneOf,
  checkOptions,
  checkRange,
  describeValue,
  expected,
  largestNumber,
  ownProperties,
} from '../shared/check-options.ts';
import {isObject} from '../shared/json.ts';
import {checkIsSecure, isLocation, readLocation} from '../shared/location.ts';
import type {PollOptions, RetryOptions} from './poll-options.ts';

/** Checked options with their defaults. */
export interface Settings extends RequestSettings {
  readonly reader: ProtocolReader;
  readonly schedule: Schedule;
  readonly retry: RetryOptions & {readonly retries: number};
  readonly totalTimeout: number | false;
  readonly initialDelay: number;
  readonly signal: AbortSignal | undefined;
  readonly unknownStatus: 'keepPolling' | 'fail';
  readonly notFoundGrace: number;
  readonly consecutiveFailures: number;
  readonly stalledAfter: number | false;
  readonly fetchResult: boolean | 'text';
  /** Watching begins when this resolves, so that whoever started the operation can add listeners first. */
  readonly startAfter: Promise<void> | undefined;
  /** The origin that the token goes to for a result, where that is not the operation's. */
  readonly resultOrigin: string | undefined;
  /** The root under which the paths that the service sends are resolved. Default: they are relative to the requested URL. */
  readonly pathRoot: string | undefined;
  /** The root of URL templates with a leading slash. Default the operation's origin. */
  readonly base: string | undefined;
  readonly started: StartRequest | undefined;
  readonly finalStateVia: FinalStateVia | undefined;
  /** The transitions of another machine, which only tests set. */
  readonly transitions: TransitionTable | undefined;
}

/** All that it takes to watch an operation: what is known of it, and how it is watched. */
export interface WatchSetup {
  readonly state: WatchState;
  readonly settings: Settings;
}

const defaultTransport = transportOf();
const defaultRetry = /* @__PURE__ */ retryWithDefaults({});
const fifteenMinutes = 15 * 60_000;
const noOrigins: ReadonlySet<string> = new Set();
const noSecrets: Secrets = [];

/** The method of a request that starts an operation. */
export const checkStartMethod: Check = checkOneOf('POST', 'PUT', 'PATCH', 'DELETE', 'GET');

const startedChecks = {
  method: checkStartMethod,
  url: checkForm('an absolute http or https URL', isLocation),
  location: checkForm(
    'the Location header of the response',
    (value) => readLocation(value, 'https://any.example') !== undefined,
  ),
} satisfies Checks<StartRequest>;

const retryChecks = {
  retries: checkRange({whole: true}),
  minTimeout: checkRange({most: largestNumber}),
  maxTimeout: checkRange(),
  factor: checkRange({most: largestNumber}),
  maxRetryTime: checkRange(),
  randomize: checkBoolean,
  unref: checkBoolean,
  shouldRetry: checkFunction,
  onFailedAttempt: checkFunction,
  shouldConsumeRetry: checkFunction,
} satisfies Checks<RetryOptions>;

/** A check for each option of a poller. */
export const pollOptionChecks = {
  protocol: checkedWhereRead,
  http: checkForm('a ky instance', isKy),
  token: checkToken,
  schedule: checkForm('a function such as schedules.fixed(1000)', (value) => typeof value === 'function'),
  retry: checkObjectWith(retryChecks, {takes: "p-retry's options"}),
  totalTimeout: checkMilliseconds(1, false),
  requestTimeout: checkMilliseconds(1),
  maxResponseSize: checkRange({takes: 'whole bytes,', least: 1, most: 2 ** 53 - 1, whole: true}),
  initialDelay: checkMilliseconds(0),
  maxRetryAfter: checkMilliseconds(1),
  signal: checkForm('an AbortSignal', isSignal),
  unknownStatus: checkOneOf('keepPolling', 'fail'),
  notFoundGrace: checkMilliseconds(0),
  consecutiveFailures: checkRange({least: 1, whole: true}),
  stalledAfter: checkMilliseconds(1, false),
  trustedOrigins: checkedWhereRead,
  fetchResult: checkForm("true, false or 'text'", (value) => typeof value === 'boolean' || value === 'text'),
  started: checkObjectWith(startedChecks, {takes: '{method, url, location}', required: ['method', 'url']}),
  finalStateVia: checkOneOf('azure-async-operation', 'operation-location', 'location', 'original-uri'),
} satisfies Checks<PollOptions>;

/** What a client gives to all its pollers. */
export type ClientSettings = Pick<
  Settings,
  'transport' | 'secrets' | 'credentials' | 'resultOrigin' | 'pathRoot' | 'base'
>;

/**
 * Checks options and fills in the defaults.
 *
 * @param client takes the place of the option `http`
 * @throws TypeError or RangeError that names the option, what it got and what it takes
 */
export function readOptions(given: PollOptions = {}, client?: ClientSettings): Settings {
  const options = checkOptions(given, pollOptionChecks);
  const {protocol: described = longRunning, http} = options;
  const reader = protocolReader(described);
  const {protocol} = reader;
  // One literal, with everything that a client adds: pollers keep it, and a copy with more fields takes more memory.
  return shared({
    reader,
    transport: client?.transport ?? (http === undefined ? defaultTransport : transportOf(http)),
    token: options.token,
    schedule: options.schedule ?? defaultSchedule,
    retry: options.retry === undefined ? defaultRetry : retryWithDefaults(options.retry),
    totalTimeout: options.totalTimeout ?? protocol.totalTimeout ?? fifteenMinutes,
    requestTimeout: options.requestTimeout ?? protocol.requestTimeout ?? 10_000,
    maxResponseSize: options.maxResponseSize ?? defaultMaxBodyLength,
    initialDelay: options.initialDelay ?? 0,
    maxRetryAfter: options.maxRetryAfter,
    secrets: client?.secrets ?? noSecrets,
    credentials: client?.credentials ?? noSecrets,
    signal: options.signal,
    unknownStatus: options.unknownStatus ?? 'keepPolling',
    notFoundGrace: options.notFoundGrace ?? 30_000,
    consecutiveFailures: options.consecutiveFailures ?? 5,
    stalledAfter: options.stalledAfter ?? 300_000,
    trustedOrigins: readOrigins(options.trustedOrigins, options.token !== undefined && reader.sendsToken),
    fetchResult: options.fetchResult ?? false,
    resultOrigin: client?.resultOrigin,
    pathRoot: client?.pathRoot,
    base: client?.base,
    started: options.started && ownProperties(options.started),
    finalStateVia: options.finalStateVia,
    startAfter: undefined,
    transitions: undefined,
  });
}

let latest: WeakRef<Settings> | undefined;

/** Settings as those of the operation before, where they are the same: a hundred thousand need not hold them each. */
function shared(settings: Settings): Settings {
  const before = latest?.deref();
  if (before !== undefined && haveSameFields(before, settings)) return before;
  // Cloudflare's workers with an old compatibility date have none.
  if (typeof WeakRef !== 'undefined') latest = new WeakRef(settings);
  return settings;
}

function haveSameFields<Fields extends object>(one: Fields, other: Fields): boolean {
  for (const name in one) if (one[name] !== other[name]) return false;
  return true;
}

/**
 * A check for what tokens come from.
 *
 * @param others what it may be besides a token
 */
export function checkToken(name: string, token: unknown, others = 'or a function'): void {
  if (typeof token !== 'function' && !isToken(token)) {
    throw expected(name, `${tokenForm}, ${others}`, describeToken(token));
  }
}

// axios and others have `get` and `create` too, got has `get` and `extend`; only ky has all three, and `stop`.
function isKy(value: unknown): boolean {
  if (typeof value !== 'function') return false;
  return 'stop' in value && ['get', 'extend', 'create'].every((name) => typeof Reflect.get(value, name) === 'function');
}

function isSignal(value: unknown): boolean {
  return isObject(value) && 'aborted' in value && 'addEventListener' in value;
}

function retryWithDefaults(given: RetryOptions): Settings['retry'] {
  const own = ownProperties(given);
  const {retries = 3, minTimeout = 500, maxTimeout = Math.max(minTimeout, 5000), factor = 2, randomize = true} = own;
  return Object.assign(own, {retries, minTimeout, maxTimeout, factor, randomize});
}

/** @param getToken whether a token goes to these origins */
function readOrigins(origins: readonly string[] | undefined, getToken: boolean): ReadonlySet<string> {
  if (origins === undefined) return noOrigins;
  if (!Array.isArray(origins)) throw expected('trustedOrigins', 'a list of origins', describeValue(origins));
  const set = new Set<string>();
  for (const text of origins) {
    const url = readLocation(text);
    if (url === undefined || url.pathname + url.search !== '/') {
      throw expected('trustedOrigins', "origins such as 'https://graph.microsoft.us'", describeValue(text));
    }
    if (getToken) checkIsSecure('trustedOrigins', url);
    set.add(url.origin);
  }
  return set;
}
