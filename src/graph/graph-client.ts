import {createClientParts} from '../client/client-parts.ts';
import {
  clientMethods,
  type OperationClient,
  type OperationClientOptions,
  sharedClientChecks,
} from '../client/operation-client.ts';
import type {ClientPollOptions} from '../client/operation-settings.ts';
import {rememberClient} from '../client/remember-client.ts';
import type {ClientTokenSource} from '../client/token-cache.ts';
import {fetchOperation, watch} from '../client/watch.ts';
import type {Operation} from '../operation/operation.ts';
import type {OperationPoller} from '../poller.ts';
import {checkHeadersBesideToken} from '../shared/check-headers.ts';
import {
  type Checks,
  checkedWhereRead,
  checkForm,
  checkOptions,
  describeValue,
  expected,
} from '../shared/check-options.ts';
import {operationLocation} from './authentication-urls.ts';
import {batchTransport} from './batch-transport.ts';
import {type GraphCloud, readOrigin} from './clouds.ts';
import {type PasswordReset, type ResetPasswordOptions, resetPassword} from './password-reset.ts';

/**
 * The options of {@link createGraphClient}; `undefined` means absent. A batch counts as many requests for `concurrency` as it
 * contains.
 */
export interface GraphClientOptions extends Omit<OperationClientOptions, 'root' | 'token' | 'scope'> {
  /** The cloud. Default `'global'`. */
  readonly cloud?: GraphCloud | undefined;
  /** The origin of another cloud, instead of `cloud`. */
  readonly root?: string | undefined;
  /** Graph's version. Default `'v1.0'`. */
  readonly version?: string | undefined;
  /** Where tokens come from: a credential of `@azure/identity`, a function, or a token. */
  readonly token: ClientTokenSource;
  /**
   * Within how many milliseconds, 0 to 1000, polls must fall due to be sent as one `$batch`, of up to 20. `true`: 50 ms. `false`: each
   * poll is sent as its own request. Default `true`.
   */
  readonly batch?: boolean | number | undefined;
}

/** A client for Microsoft Graph's long-running operations. All its pollers share tokens, limits and batches. */
export interface GraphClient extends OperationClient {
  /** The origin, e.g. `https://graph.microsoft.com`. */
  readonly root: string;
  /** The version, e.g. `v1.0`. */
  readonly version: string;
  /** The scope that tokens are asked for, e.g. `https://graph.microsoft.com/.default`. */
  readonly scope: string;
  /**
   * Resets a user's password and watches the operation. The request is sent once.
   *
   * @param user the user's id or principal name
   * @throws as `start` does: OperationNotStartedError, whose `mayHaveStarted` says whether the service may be processing the request
   *   anyway, or OperationNotWatchableError; TypeError or RangeError that names the invalid option
   */
  resetPassword(user: string, options?: ResetPasswordOptions): Promise<PasswordReset>;
  /** One GET of a user's authentication operation, which ends with any failure. @throws as `fetchOperation` does */
  getOperation(user: string, id: string, options?: ClientPollOptions): Promise<Operation>;
  /** Watches a user's authentication operation. @param idOrLocation its id or, better, its location, which contains routing information */
  watchOperation(user: string, idOrLocation: string, options?: ClientPollOptions): OperationPoller;
}

const optionChecks = {
  cloud: checkedWhereRead,
  root: checkedWhereRead,
  version: checkForm("'v1.0' or 'beta'", (version) => typeof version === 'string' && /^[\w.-]+$/.test(version)),
  ...sharedClientChecks,
  headers: checkHeadersBesideToken,
  batch: checkBatch,
} satisfies Checks<GraphClientOptions>;

const defaultBatchWindow = 50;
const maxBatchWindow = 1000;

function checkBatch(name: string, batch: unknown): void {
  if (typeof batch === 'boolean') return;
  if (typeof batch !== 'number') throw expected(name, 'true, false or milliseconds', describeValue(batch));
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
export function createGraphClient(given: GraphClientOptions): GraphClient {
  const options = checkOptions(given, optionChecks, {takes: 'an object with a token', required: ['token']});
  const {cloud, version = 'v1.0', batch = true} = options;
  const root = readOrigin(cloud, options.root);
  const base = `${root}/${version}`;
  const scope = `${root}/.default`;
  const batchWindow = batch === true ? defaultBatchWindow : batch;
  const parts = createClientParts(
    {origin: root, base, pathRoot: base, scope},
    options,
    batchWindow === false ? undefined : (limiter, headers) => batchTransport(limiter, base, batchWindow, headers),
  );
  const client: GraphClient = {
    root,
    version,
    scope,
    ...clientMethods(parts),
    resetPassword: (user, reset) => resetPassword(parts, user, reset),
    getOperation: async (user, id, poll) => fetchOperation(parts, operationLocation(user, id), poll),
    watchOperation: (user, idOrLocation, poll) => watch(parts, operationLocation(user, idOrLocation), poll),
  };
  return rememberClient(client, parts);
}
