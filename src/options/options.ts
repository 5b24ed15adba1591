import type {KyInstance} from 'ky';
import type {Options as PRetryOptions} from 'p-retry';
import {type Transport, transportOf} from '../http/transport.ts';
import type {WatchState} from '../operation/state.ts';
import {longRunning} from '../protocol/long-running.ts';
import type {Protocol} from '../protocol/protocol.ts';
import {type ProtocolReader, protocolReader} from '../protocol/protocol-reader.ts';
import type {StartRequest} from '../protocol/result-location.ts';
import {exponential, type Schedule} from '../schedule/schedule.ts';
import {checkNumber, expected} from '../shared/check-options.ts';
import {isSecureOrLoopback, readLocation, redactLocation} from '../shared/location.ts';
import {checkOptionNames} from '../shared/option-names.ts';

/** Why a token is asked for. */
export interface TokenRequest {
  /** The claims that the service challenges for, decoded to JSON text; hand them to your identity library. */
  readonly claims?: string;
  /** Whether the token given last was refused, so that a cached one is of no use. */
  readonly forceRefresh: boolean;
  /** The token that was refused: a cache that holds another one by now may give that. */
  readonly refused?: string;
  /** Aborts when nobody waits for the token any more. */
  readonly signal: AbortSignal;
}

/** A bearer token, or a function that gives one and is asked before each request: let it cache. */
export type TokenSource = string | ((request: TokenRequest) => string | Promise<string>);

/** p-retry's options for the retries within one poll, without its `signal`, which is the poll's own. */
export type RetryOptions = Omit<PRetryOptions, 'signal'>;

/** The options of {@link pollOperation}, {@link resumeOperation} and {@link fetchOperation}; `undefined` means absent. */
export interface PollOptions {
  /** How the service words its operations. Default `protocols.longRunning`. */
  readonly protocol?: Protocol | undefined;
  /**
   * The ky instance that sends the requests, e.g. with hooks or another `fetch`. Its own retries and timeouts do not
   * apply, and its headers and hooks see every request, also one to a foreign origin: give the token by `token`. Default `ky`.
   */
  readonly http?: KyInstance | undefined;
  /**
   * The bearer token, without the word `Bearer`. It goes only to the origin of the location and to `trustedOrigins`, over
   * https or to this machine. After a 401 a function is asked once more. Default: none is sent.
   */
  readonly token?: TokenSource | undefined;
  /** When to ask again, unless the service says. Default `schedules.exponential()`: 1 s growing to 30 s, full jitter. */
  readonly schedule?: Schedule | undefined;
  /**
   * p-retry's options for transient failures within one poll: no connection, no answer in time, 408, 429, 500, 502, 503,
   * 504 and 509. Defaults: 3 `retries`, `minTimeout` 500 ms, `factor` 2, `maxTimeout` 5000 ms, `randomize` true. A failure
   * that comes with a `Retry-After` is not retried here: the poll ends, and the next one is made when the service says.
   */
  readonly retry?: RetryOptions | undefined;
  /**
   * How long to watch in all, in milliseconds: waits, requests and retries together. `false`: without end. Default the
   * protocol's, 15 minutes. Not to be mistaken for `requestTimeout`.
   */
  readonly totalTimeout?: number | false | undefined;
  /** How long one request may take from sending it to the end of the answer's body, in milliseconds. Default 10,000. */
  readonly requestTimeout?: number | undefined;
  /** How long to wait before the first request, in milliseconds, e.g. the `Retry-After` of the answer to the start. Default 0. */
  readonly initialDelay?: number | undefined;
  /** Stops watching when it aborts; the operation goes on. */
  readonly signal?: AbortSignal | undefined;
  /**
   * What to do about a status word that the protocol does not have: `'keepPolling'` tells of it in an `unknownStatus` event
   * and goes on, `'fail'` ends watching with an `UnknownStatusError`. Default `'keepPolling'`.
   */
  readonly unknownStatus?: 'keepPolling' | 'fail' | undefined;
  /** How long 404 means "not visible yet", in milliseconds from the first 404 since the last good answer. Default 30,000. */
  readonly notFoundGrace?: number | undefined;
  /** How many polls in a row may fail, each after its retries. Default 5. */
  readonly consecutiveFailures?: number | undefined;
  /** After how many milliseconds without any change a `stalled` event tells of it; `false`: never. Default 5 minutes. */
  readonly stalledAfter?: number | false | undefined;
  /**
   * Whether to fetch what the operation produced once it has succeeded, where its protocol says where that is: `result()`
   * then waits for it too, and gives the operation with its `result`. It is a phase of its own: the operation stays
   * succeeded whatever becomes of it, 404 is tolerated for `notFoundGrace`, and when the result cannot be had `result()`
   * rejects with a `ResultUnavailableError`. Default false.
   */
  readonly fetchResult?: boolean | undefined;
  /** Further origins that the token may go to, e.g. `['https://graph.microsoft.us']`. Default none. */
  readonly trustedOrigins?: readonly string[] | undefined;
}

/** Checked options with their defaults. */
export interface Settings {
  readonly reader: ProtocolReader;
  /** Brings the requests to the service. */
  readonly transport: Transport;
  readonly token: TokenSource | undefined;
  readonly schedule: Schedule;
  readonly retry: RetryOptions & {readonly retries: number};
  readonly totalTimeout: number | false;
  readonly requestTimeout: number;
  readonly initialDelay: number;
  readonly signal: AbortSignal | undefined;
  readonly unknownStatus: 'keepPolling' | 'fail';
  readonly notFoundGrace: number;
  readonly consecutiveFailures: number;
  readonly stalledAfter: number | false;
  readonly trustedOrigins: ReadonlySet<string>;
  readonly fetchResult: boolean;
  /** What to wait for before watching begins, so that whoever started the operation can add listeners first. */
  readonly ready?: Promise<void> | undefined;
  /** The origin that the token goes to for a result, where that is not the operation's. */
  readonly resultHome?: string | undefined;
  /** The request that started the operation, where a result may be found. */
  readonly started?: StartRequest | undefined;
}

/** The schedule where none is given, and in place of one that fails. */
export const defaultSchedule: Schedule = exponential();

const defaultTransport = transportOf();
const defaultRetry = {retries: 3, minTimeout: 500, maxTimeout: 5000, factor: 2, randomize: true};
const fifteenMinutes = 15 * 60_000;
const noOrigins: ReadonlySet<string> = new Set();

const optionNames: readonly string[] = [
  'protocol',
  'http',
  'token',
  'schedule',
  'retry',
  'totalTimeout',
  'requestTimeout',
  'initialDelay',
  'signal',
  'unknownStatus',
  'notFoundGrace',
  'consecutiveFailures',
  'stalledAfter',
  'trustedOrigins',
  'fetchResult',
];

/** What a client gives to all its pollers. */
type ClientSettings = Pick<Settings, 'transport' | 'resultHome'>;

/**
 * Checks options and fills in the defaults.
 *
 * @param client takes the place of the option `http`
 * @throws TypeError or RangeError that names the option, what it got and what it takes
 */
export function readOptions(options: PollOptions = {}, client?: ClientSettings): Settings {
  if (typeof options !== 'object' || options === null) {
    // A text is not shown: it may well be the token.
    const got = typeof options === 'string' ? 'a text' : show(options);
    throw expected('options', 'an object', got);
  }
  checkOptionNames(options, optionNames);
  const {
    protocol = longRunning,
    http,
    token,
    schedule = defaultSchedule,
    signal,
    unknownStatus = 'keepPolling',
  } = options;
  const {requestTimeout = 10_000, initialDelay = 0, notFoundGrace = 30_000, consecutiveFailures = 5} = options;
  const {
    totalTimeout = protocol?.totalTimeout ?? fifteenMinutes,
    stalledAfter = 300_000,
    trustedOrigins,
    fetchResult = false,
  } = options;
  const reader = protocolReader(protocol);
  if (http !== undefined && typeof http?.get !== 'function') throw wrong('http', http, 'a ky instance');
  if (typeof schedule !== 'function') throw wrong('schedule', schedule, 'a function such as schedules.fixed(1000)');
  checkToken(token);
  checkSignal(signal);
  if (unknownStatus !== 'keepPolling' && unknownStatus !== 'fail') {
    throw wrong('unknownStatus', unknownStatus, "'keepPolling' or 'fail'");
  }
  if (totalTimeout !== false) checkMilliseconds('totalTimeout', totalTimeout, 1, ' or false');
  if (stalledAfter !== false) checkMilliseconds('stalledAfter', stalledAfter, 1, ' or false');
  if (typeof fetchResult !== 'boolean') throw wrong('fetchResult', fetchResult, 'true or false');
  checkMilliseconds('requestTimeout', requestTimeout, 1);
  checkMilliseconds('initialDelay', initialDelay, 0);
  checkMilliseconds('notFoundGrace', notFoundGrace, 0);
  checkNumber('consecutiveFailures', consecutiveFailures, {least: 1, show});
  // One literal, with all that a client adds: each poller keeps it, and a copy with more fields takes more than they need.
  return {
    reader,
    transport: client?.transport ?? (http === undefined ? defaultTransport : transportOf(http)),
    token,
    schedule,
    retry: readRetry(options.retry),
    totalTimeout,
    requestTimeout,
    initialDelay,
    signal,
    unknownStatus,
    notFoundGrace,
    consecutiveFailures,
    stalledAfter,
    trustedOrigins: readOrigins(trustedOrigins),
    fetchResult,
    resultHome: client?.resultHome,
  };
}

/**
 * The state of an operation that nobody has asked for yet.
 *
 * @throws TypeError when the location is no absolute http or https URL, or when a token would have to go there unprotected
 */
export function beginWatching(location: string | URL, settings: Settings, now: number): WatchState {
  const text = checkLocation(location, settings);
  const tokenOrigin = settings.reader.sendsToken ? new URL(text).origin : '';
  return {
    location: text,
    redactedLocation: redactLocation(text, tokenOrigin),
    tokenOrigin,
    protocol: settings.reader.protocol.name,
    startedAt: now,
    dueAt: now + settings.initialDelay,
    deadlineAt: settings.totalTimeout === false ? undefined : now + settings.totalTimeout,
    attempt: 0,
    failures: 0,
    deferredAttempts: 0,
    missingSince: undefined,
    operation: undefined,
    reached: -1,
    unknownWords: [],
    observed: {},
    changedAt: now,
    stalled: false,
    endedAt: undefined,
    answer: undefined,
    abandoned: undefined,
  };
}

/** Checks a location that the caller gave; see {@link beginWatching}. */
export function checkLocation(location: unknown, {token, reader}: Pick<Settings, 'token' | 'reader'>): string {
  const text = location instanceof URL ? location.href : location;
  if (typeof text !== 'string') throw wrong('location', text, 'an absolute http or https URL');
  const url = readLocation(text);
  if (url === undefined) {
    // Not the whole text: a location can hold a password or a signature.
    const scheme = /^[a-z][a-z\d+.-]*:/i.exec(text)?.[0];
    const got = scheme === undefined ? 'a text without a scheme' : `one that begins with ${scheme}`;
    throw expected('location', 'an absolute http or https URL without user name and password', got);
  }
  if (token !== undefined && reader.sendsToken && !isSecureOrLoopback(url)) {
    throw new TypeError(
      `location: expected https, or http on this machine, because a token goes there; got ${url.origin}`,
    );
  }
  return text;
}

// RFC 6750 allows fewer characters, but what matters is that nothing can end the header line.
const tokenCharacters = /^[\x21-\x7e]+$/;

/** Whether a text can be sent as a bearer token. */
export function isToken(value: unknown): value is string {
  return typeof value === 'string' && tokenCharacters.test(value);
}

function checkToken(token: unknown): void {
  if (token === undefined || typeof token === 'function' || isToken(token)) return;
  // What was given is not shown: it may well be the token, with a line break after it.
  const got =
    typeof token === 'string' ? `a text of ${token.length} characters that are not all of these` : typeof token;
  throw expected('token', 'visible ASCII characters without spaces, or a function', got);
}

function checkSignal(signal: unknown): void {
  const isSignal = typeof signal === 'object' && signal !== null && 'aborted' in signal && 'addEventListener' in signal;
  if (signal !== undefined && !isSignal) throw wrong('signal', signal, 'an AbortSignal');
}

function checkMilliseconds(name: string, value: unknown, least: number, or = ''): void {
  checkNumber(name, value, {takes: `milliseconds${or}`, comma: ',', least, most: Number.MAX_SAFE_INTEGER, show});
}

function readRetry(retry: RetryOptions | undefined): Settings['retry'] {
  if (retry === undefined) return defaultRetry;
  if (typeof retry !== 'object' || retry === null) throw wrong('retry', retry, "p-retry's options");
  const settings = {...retry, retries: retry.retries ?? defaultRetry.retries};
  settings.minTimeout ??= defaultRetry.minTimeout;
  settings.maxTimeout ??= Math.max(settings.minTimeout, defaultRetry.maxTimeout);
  settings.factor ??= defaultRetry.factor;
  settings.randomize ??= defaultRetry.randomize;
  if (typeof settings.retries !== 'number') throw wrong('retry.retries', settings.retries, 'a number');
  if (!(settings.retries >= 0) || (Number.isFinite(settings.retries) && !Number.isInteger(settings.retries))) {
    throw new RangeError(`retry.retries: expected a whole number from 0 on, got ${settings.retries}`);
  }
  checkNumber('retry.minTimeout', settings.minTimeout, {most: Number.MAX_VALUE, show});
  checkNumber('retry.maxTimeout', settings.maxTimeout, {show});
  checkNumber('retry.factor', settings.factor, {most: Number.MAX_VALUE, show});
  if (settings.maxRetryTime !== undefined) checkNumber('retry.maxRetryTime', settings.maxRetryTime, {show});
  for (const name of ['shouldRetry', 'onFailedAttempt', 'shouldConsumeRetry'] as const) {
    const value: unknown = settings[name];
    if (value !== undefined && typeof value !== 'function') throw wrong(`retry.${name}`, value, 'a function');
  }
  for (const name of ['randomize', 'unref'] as const) {
    const value: unknown = settings[name];
    if (value !== undefined && typeof value !== 'boolean') throw wrong(`retry.${name}`, value, 'true or false');
  }
  return settings;
}

function readOrigins(origins: readonly string[] | undefined): ReadonlySet<string> {
  if (origins === undefined) return noOrigins;
  if (!Array.isArray(origins)) throw wrong('trustedOrigins', origins, 'a list of origins');
  const set = new Set<string>();
  for (const text of origins) {
    const url = typeof text === 'string' ? readLocation(text) : undefined;
    if (url === undefined || (url.pathname !== '/' && url.pathname !== '') || url.search !== '') {
      throw wrong('trustedOrigins', text, "origins such as 'https://graph.microsoft.us'");
    }
    set.add(url.origin);
  }
  return set;
}

function wrong(name: string, got: unknown, takes: string): TypeError {
  return expected(name, takes, show(got));
}

function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 60));
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}
