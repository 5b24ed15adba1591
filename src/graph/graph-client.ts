import {type ClientParts, rememberParts} from '../client/client-parts.ts';
import type {GraphPollOptions} from '../client/operation-settings.ts';
import {RequestLimiter} from '../client/request-limiter.ts';
import {type StartedOperation, start} from '../client/start.ts';
import type {GraphRequest} from '../client/start-request.ts';
import {checkTokenSource, type GraphTokenSource, shareTokens} from '../client/token-cache.ts';
import {fetchOperation, resume, watch} from '../client/watch.ts';
import {transportOf} from '../http/transport.ts';
import type {Operation} from '../operation/operation.ts';
import type {ResumeToken} from '../operation/resume-token.ts';
import type {PollOptions} from '../options/poll-options.ts';
import {pollOptionChecks} from '../options/settings.ts';
import type {OperationPoller} from '../poller.ts';
import type {Protocol} from '../protocol/protocol.ts';
import {type Checks, checkIsObject, checkOptions, expected, isA, isNumber} from '../shared/check-options.ts';
import {operationLocation} from './authentication-urls.ts';
import {batchTransport} from './batch-transport.ts';
import {type GraphCloud, readRoot} from './clouds.ts';
import {type PasswordReset, type ResetPasswordOptions, resetPassword} from './password-reset.ts';

/** The options of {@link createGraphClient}; `undefined` means absent. */
export interface GraphClientOptions {
  /** The cloud. Default `'global'`. */
  readonly cloud?: GraphCloud | undefined;
  /** The origin of another cloud, instead of `cloud`. */
  readonly root?: string | undefined;
  /** Graph's version. Default `'v1.0'`. */
  readonly version?: string | undefined;
  /** Where tokens come from: a credential of `@azure/identity`, a function, or a token. */
  readonly token: GraphTokenSource;
  /** Where the tokens come from that start operations, if from elsewhere: starting may need a user where polling does not. */
  readonly startToken?: GraphTokenSource | undefined;
  /** The ky instance that sends the requests. Default `ky`. */
  readonly http?: PollOptions['http'];
  /** How many requests may be in flight at once; a batch counts as many as it contains. Default 40. */
  readonly concurrency?: number | undefined;
  /**
   * Whether polls that fall due within so many milliseconds are sent as one `$batch`, of up to 20. `true`: within 50 ms.
   * `false`: each poll is a request of its own. Default `true`.
   */
  readonly batch?: boolean | number | undefined;
}

/** Microsoft Graph, as far as long-running operations go. All its pollers share tokens, limits and batches. */
export interface GraphClient {
  /** The origin, e.g. `https://graph.microsoft.com`. */
  readonly root: string;
  /** The version, e.g. `v1.0`. */
  readonly version: string;
  /** The scope that tokens are asked for, e.g. `https://graph.microsoft.com/.default`. */
  readonly scope: string;
  /**
   * Resets a user's password and watches it happen. The request is sent once.
   *
   * @param user the user's id or principal name
   * @throws OperationNotStartedError, which says whether the service may be at work all the same
   */
  resetPassword(user: string, options?: ResetPasswordOptions): Promise<PasswordReset>;
  /** One GET of a user's authentication operation, which ends with any failure. @throws as `fetchOperation` does */
  getOperation(user: string, id: string, options?: GraphPollOptions): Promise<Operation>;
  /** Watches a user's authentication operation. @param idOrLocation its id, or better its location, which routes the request */
  watchOperation(user: string, idOrLocation: string, options?: GraphPollOptions): OperationPoller;
  /** Watches any operation of this root, or of another host if its protocol needs no token there. */
  watch(location: string, options?: GraphPollOptions): OperationPoller;
  /** Goes on from a resume token, as `resumeOperation` does. */
  resume(token: ResumeToken | string, options?: GraphPollOptions): OperationPoller;
  /**
   * Starts any operation of the family and watches it. The request is sent once.
   *
   * @param protocol how the service words it, one of `protocols`
   * @throws OperationNotStartedError; ProtocolError when the answer leads where the protocol does not allow
   */
  start(protocol: Protocol, request: GraphRequest, options?: GraphPollOptions): Promise<StartedOperation>;
}

const optionChecks = {
  cloud: () => {}, // readRoot checks these two.
  root: () => {},
  version: isA("'v1.0' or 'beta'", (version) => typeof version === 'string' && /^[\w.-]+$/.test(version)),
  token: checkTokenSource,
  startToken: checkTokenSource,
  http: pollOptionChecks.http,
  concurrency: isNumber({least: 1}),
  batch: checkBatch,
} satisfies Checks<GraphClientOptions>;

const defaultConcurrency = 40;
const defaultBatchWindow = 50;
const maxBatchWindow = 1000;

function checkBatch(name: string, batch: unknown): void {
  if (typeof batch === 'boolean') return;
  if (typeof batch !== 'number') throw expected(name, 'true, false or milliseconds', typeof batch);
  if (batch >= 0 && batch <= maxBatchWindow) return;
  throw new RangeError(`${name}: expected milliseconds from 0 to ${maxBatchWindow}, got ${batch}`);
}

/**
 * Makes a client for Microsoft Graph's long-running operations.
 *
 * @throws TypeError or RangeError when an option is invalid; the message names it
 *
 * @example
 * ```ts
 * const graph = createGraphClient({
 *   startToken: new OnBehalfOfCredential({tenantId, clientId, clientSecret, userAssertionToken}), // an administrator
 *   token: new ClientSecretCredential(tenantId, clientId, clientSecret), // the app, for the polls
 * });
 * const reset = await graph.resetPassword('adele@contoso.com');
 * if (reset.confirmed) handOver(await reset.newPassword());
 * ```
 */
export function createGraphClient(options: GraphClientOptions): GraphClient {
  checkIsObject('options', options, 'an object with a token');
  checkOptions(options, optionChecks);
  checkTokenSource('token', options.token); // It is required.
  const {version = 'v1.0', startToken, concurrency = defaultConcurrency, batch = true} = options;
  const root = readRoot(options.cloud, options.root);
  const base = `${root}/${version}`;
  const scope = `${root}/.default`;
  const token = shareTokens(options.token, scope);
  const limiter = new RequestLimiter(transportOf(options.http), root, concurrency);
  const batchWindow = batch === true ? defaultBatchWindow : batch;
  const parts: ClientParts = {
    root,
    base,
    token,
    startToken: startToken === undefined ? token : shareTokens(startToken, scope),
    transport: limiter.gated(batchWindow === false ? limiter.single : batchTransport(limiter, base, batchWindow)),
  };
  const client: GraphClient = {
    root,
    version,
    scope,
    resetPassword: (user, given) => resetPassword(parts, user, given),
    getOperation: async (user, id, given) => fetchOperation(parts, operationLocation(base, user, id), given),
    watchOperation: (user, idOrLocation, given) => watch(parts, operationLocation(base, user, idOrLocation), given),
    watch: (location, given) => watch(parts, location, given),
    resume: (resumeToken, given) => resume(parts, resumeToken, given),
    start: (protocol, request, given) => start(parts, protocol, request, given),
  };
  return rememberParts(client, parts);
}
