import type {Operation} from '../operation/operation.ts';
import type {ResumeToken} from '../operation/resume-token.ts';
import type {PollOptions} from '../options/poll-options.ts';
import {pollOptionChecks} from '../options/settings.ts';
import type {OperationPoller} from '../poller.ts';
import type {Protocol} from '../protocol/protocol.ts';
import {checkHeaders, checkHeadersBesideToken} from '../shared/check-headers.ts';
import {
  type Checks,
  checkedWhereRead,
  checkForm,
  checkMilliseconds,
  checkOptions,
  checkRange,
} from '../shared/check-options.ts';
import {type ClientParts, createClientParts} from './client-parts.ts';
import type {RequestHeaders} from './headers.ts';
import type {ClientPollOptions} from './operation-settings.ts';
import {rememberClient} from './remember-client.ts';
import {readRoot} from './root.ts';
import {type StartedOperation, start} from './start.ts';
import type {StartRequest} from './start-request.ts';
import {type ClientTokenSource, checkTokenSource} from './token-cache.ts';
import {fetchOperation, resume, watch} from './watch.ts';

/** The options of {@link createOperationClient}; `undefined` means absent. */
export interface OperationClientOptions {
  /** The service's base URL, with or without a path, e.g. `https://api.example.com/v2`. Paths of requests are appended to it. */
  readonly root: string;
  /**
   * Where tokens come from: a credential of `@azure/identity`, a function, or a token. They go only to the root's origin and
   * to `trustedOrigins`. Default: none is sent.
   */
  readonly token?: ClientTokenSource | undefined;
  /** Where tokens for starting come from, if not from `token`: starting may need a user where polling does not. */
  readonly startToken?: ClientTokenSource | undefined;
  /** The scope that a credential is asked for. Default the root's origin with `/.default`, as Azure's services expect. */
  readonly scope?: string | undefined;
  /**
   * Headers that go with every request to the root's origin, e.g. `{'x-api-key': key}`, and never to another. Values of 8
   * characters and more are treated as secrets: they are redacted wherever the service sends them back. Default none.
   */
  readonly headers?: RequestHeaders | undefined;
  /** The ky instance that sends the requests. Default `ky`. */
  readonly http?: PollOptions['http'];
  /** How many requests may be in flight at once. Default 40. */
  readonly concurrency?: number | undefined;
  /**
   * How long the request that starts an operation may take, in milliseconds, in place of `requestTimeout`. It is longer because
   * that request is not repeated. Default 100,000.
   */
  readonly startTimeout?: number | undefined;
}

/** A client of a service: all its operations share tokens and limits. */
export interface OperationClient {
  /** The base URL, without a slash at the end. */
  readonly root: string;
  /** The scope that credentials are asked for. */
  readonly scope: string;
  /**
   * Starts an operation and watches it. The request is sent once, and again only after a 401, with a new token.
   *
   * @param protocol how the service describes its operations: one of `protocols`, or your own
   * @throws OperationNotStartedError, whose `mayHaveStarted` says whether the service may be processing the request anyway;
   *   OperationNotWatchableError when the operation was started on an origin that gets no token; TypeError or RangeError
   *   that names the invalid option
   */
  start<Result = unknown>(
    protocol: Protocol<Result>,
    request: StartRequest,
    options?: ClientPollOptions<Result>,
  ): Promise<StartedOperation<Result>>;
  /**
   * Watches an operation on the root's origin, on one of `trustedOrigins`, or anywhere if its protocol needs no token there.
   *
   * @param location a URL, or a path under the root, which may begin with the root's own path
   * @throws TypeError or RangeError that names the invalid option
   */
  watch<Result = unknown>(location: string, options?: ClientPollOptions<Result>): OperationPoller<Result>;
  /**
   * Resumes watching from a resume token, as `resumeOperation` does.
   *
   * @throws InvalidResumeTokenError; TypeError when its operation does not belong to this client
   */
  resume<Result = unknown>(token: ResumeToken | string, options?: ClientPollOptions<Result>): OperationPoller<Result>;
  /**
   * One GET of an operation, which ends with any failure.
   *
   * @param location as for `watch`
   * @throws as the package's `fetchOperation` does
   */
  fetchOperation<Result = unknown>(location: string, options?: ClientPollOptions<Result>): Promise<Operation<Result>>;
}

/** A check for each option that all clients have. */
export const sharedClientChecks = {
  token: checkTokenSource,
  startToken: checkTokenSource,
  headers: checkHeaders,
  http: pollOptionChecks.http,
  concurrency: checkRange({least: 1, whole: true}),
  startTimeout: checkMilliseconds(1),
} satisfies Checks<Omit<OperationClientOptions, 'root' | 'scope'>>;

const clientChecks = {
  root: checkedWhereRead,
  ...sharedClientChecks,
  scope: checkForm('a string', (scope) => typeof scope === 'string'),
} satisfies Checks<OperationClientOptions>;

/**
 * Makes a client for the long-running operations of a service.
 *
 * @throws TypeError or RangeError when an option is invalid; the message names it
 *
 * @example
 * ```ts
 * const client = createOperationClient({root: 'https://api.example.com/v2', headers: {'x-api-key': key}});
 * const {poller} = await client.start(protocol, {method: 'PUT', path: '/exports/2024', body: {format: 'csv'}});
 * ```
 */
export function createOperationClient(given: OperationClientOptions): OperationClient {
  const options = checkOptions(given, clientChecks, {takes: 'an object with a root'});
  const {token, startToken, headers} = options;
  const hasToken = token !== undefined || startToken !== undefined;
  const {origin, base} = readRoot(options.root, hasToken || headers !== undefined);
  if (hasToken) checkHeadersBesideToken('headers', headers ?? {});
  const scope = options.scope ?? `${origin}/.default`;
  const parts = createClientParts({origin, base, pathRoot: undefined, scope}, options);
  return rememberClient({root: base, scope, ...clientMethods(parts)}, parts);
}

/** The methods that all clients have. */
export function clientMethods(parts: ClientParts): Omit<OperationClient, 'root' | 'scope'> {
  return {
    start: (protocol, request, options) => start(parts, protocol, request, options),
    watch: (location, options) => watch(parts, location, options),
    resume: (token, options) => resume(parts, token, options),
    fetchOperation: (location, options) => fetchOperation(parts, location, options),
  };
}
