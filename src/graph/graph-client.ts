import type {TokenSource} from '../http/authorization.ts';
import {ProtocolError} from '../operation/errors.ts';
import type {Operation} from '../operation/operation.ts';
import type {ResumeToken} from '../operation/resume-token.ts';
import type {WatchState} from '../operation/state.ts';
import {firstState} from '../options/first-state.ts';
import type {PollOptions} from '../options/poll-options.ts';
import {resumeWatching} from '../options/resume.ts';
import {pollOptionChecks, readOptions, type Settings} from '../options/settings.ts';
import {OperationPoller} from '../poller.ts';
import {fetchOnce} from '../polling/fetch-once.ts';
import {longRunning} from '../protocol/long-running.ts';
import type {Protocol} from '../protocol/protocol.ts';
import {type Checks, checkOptions, isNumber} from '../shared/check-options.ts';
import {readLocation, redactLocation} from '../shared/location.ts';
import {clientTransport} from './batch-transport.ts';
import {checkBatch, checkConcurrency, checkRequest, checkVersion, requestUrl, segment} from './checks.ts';
import {rememberParts} from './client-parts.ts';
import {type GraphCloud, readRoot} from './clouds.ts';
import {completedState} from './completed.ts';
import {type PasswordReset, passwordIn, withPassword} from './password-reset.ts';
import {
  type GraphRequest,
  type Started,
  type StartedOperation,
  startOperation,
  withFirstResponse,
  withoutBody,
} from './start.ts';
import {startAfterReturn} from './start-after-return.ts';
import {type GraphTokenSource, shareTokens} from './token-cache.ts';

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
  /** How many requests may be under way at once; a batch counts as many as it carries. Default 40. */
  readonly concurrency?: number | undefined;
  /**
   * Whether polls that fall due within so many milliseconds travel together as one `$batch`, up to 20 each. `true`: within
   * 50 ms. `false`: each poll is a request of its own. Default `true`.
   */
  readonly batch?: boolean | number | undefined;
}

/** The options of one operation of a client: the client has `http` and `token`. */
export type GraphPollOptions = Omit<PollOptions, 'http' | 'token'>;

/** The options of `resetPassword`. */
export interface ResetPasswordOptions extends GraphPollOptions {
  /** The new password. Absent: the service makes one, for a user of the cloud alone. */
  readonly newPassword?: string | undefined;
  /** The id of the password method. Default the one that all users have. */
  readonly methodId?: string | undefined;
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
  /** One GET of a user's authentication operation, which tolerates nothing. @throws as `fetchOperation` does */
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
  version: checkVersion,
  token: () => {}, // shareTokens checks these two.
  startToken: () => {},
  http: pollOptionChecks.http,
  concurrency: isNumber({least: 1}),
  batch: () => {}, // checkBatch
} satisfies Checks<GraphClientOptions>;

const defaultConcurrency = 40;

/** That the request or its answer holds a secret, and the one that the request does. */
interface Secret {
  readonly sent: string | undefined;
}

/** The id of the password method, the same for every user. */
const passwordMethod = '28c10230-6103-485e-b985-444c60001490';

/**
 * Makes a client for Microsoft Graph's long-running operations.
 *
 * @throws TypeError or RangeError when an option is not as it should be; the message names it
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
  if (typeof options !== 'object' || options === null) throw new TypeError('options: expected an object with a token');
  checkOptions(options, optionChecks);
  const {cloud, version = 'v1.0', http, concurrency = defaultConcurrency, batch = true} = options;
  const root = readRoot(cloud, options.root);
  const base = `${root}/${checkVersion(version)}`;
  const scope = `${root}/.default`;
  const token = shareTokens(options.token, scope);
  const startToken = options.startToken === undefined ? token : shareTokens(options.startToken, scope, 'startToken');
  const {transport: single} = readOptions({http});
  const transport = clientTransport({
    transport: single,
    base,
    concurrency: checkConcurrency(concurrency),
    batchWindow: checkBatch(batch),
  });
  const ours = {transport, resultOrigin: root};

  const checkGiven = (given: GraphPollOptions): void => {
    if (typeof given !== 'object' || given === null) throw new TypeError('options: expected an object');
    for (const name of ['http', 'token']) {
      if (name in given) throw new TypeError(`${name}: it is the client's, give it to createGraphClient`);
    }
  };
  const settingsOf = (given: GraphPollOptions, source: TokenSource = token): Settings => {
    checkGiven(given);
    return readOptions({...given, token: source}, ours);
  };
  // The token belongs to the client's root, wherever a location leads.
  const stateAt = (location: string, settings: Settings): WatchState => {
    const {sendsToken, foreignHosts} = settings.reader;
    const state = firstState(location, settings, Date.now());
    if (!sendsToken || state.tokenOrigin === root) return state;
    if (settings.trustedOrigins.has(state.tokenOrigin) || foreignHosts) {
      return {...state, tokenOrigin: root, redactedLocation: redactLocation(state.location, root)};
    }
    throw new TypeError(`location: expected one on ${root}, got ${state.tokenOrigin}: no token goes there`);
  };
  const watch = (location: string, given: GraphPollOptions = {}): OperationPoller => {
    const settings = settingsOf(given);
    return new OperationPoller(stateAt(location, settings), settings);
  };
  const locationOf = (user: string, idOrLocation: string): string => {
    if (readLocation(idOrLocation) !== undefined) return idOrLocation;
    return `${base}/users/${segment('user', user)}/authentication/operations/${segment('id', idOrLocation)}`;
  };

  const start = async (
    protocol: Protocol,
    request: GraphRequest,
    given: GraphPollOptions,
    ready: Promise<void>,
    secret?: Secret,
  ): Promise<{readonly started: StartedOperation; readonly body: unknown}> => {
    checkRequest(request);
    const url = requestUrl(request.path, base);
    const starting = settingsOf({...given, protocol}, startToken);
    const answer = await startOperation(starting, {url, base, tokenOrigin: root}, request, secret?.sent);
    const settings: Settings = {...settingsOf({...given, protocol: answer.protocol}), startAfter: ready};
    // A body that may hold a secret becomes neither the result nor the first report.
    const shown: Started = secret === undefined ? answer : withoutBody(answer);
    return {started: watchStarted(shown, url, request, settings), body: answer.response.json};
  };
  const watchStarted = (
    {start: outcome, response}: Started,
    url: string,
    {method = 'POST'}: GraphRequest,
    given: Settings,
  ): StartedOperation => {
    const {answer} = response;
    if (outcome.is === 'unconfirmed') return {confirmed: false, poller: undefined, answer};
    if (outcome.is === 'done') {
      return {
        confirmed: true,
        poller: new OperationPoller(completedState(url, response.json, response, given), given),
        answer,
      };
    }
    const {location, first} = outcome;
    const header = response.headers.get('location');
    const settings: Settings = {
      ...given,
      initialDelay: given.initialDelay === 0 ? outcome.initialDelay : given.initialDelay,
      transport: first === undefined ? transport : withFirstResponse(first, location, transport),
      started: {method, url, root: base, ...(header === null ? {} : {location: header})},
    };
    return {confirmed: true, poller: new OperationPoller(startedAt(location, settings), settings), answer};
  };
  const startedAt = (location: string, settings: Settings): WatchState => {
    try {
      return stateAt(location, settings);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new ProtocolError(`The operation was started, but cannot be watched: ${why}`);
    }
  };

  const client: GraphClient = {
    root,
    version,
    scope,
    watch,
    watchOperation: (user, idOrLocation, given = {}) => watch(locationOf(user, idOrLocation), given),
    getOperation: async (user, id, given = {}) => {
      const settings = settingsOf(given);
      return fetchOnce(stateAt(locationOf(user, id), settings), settings);
    },
    resume: (resumeToken, given = {}) => {
      checkGiven(given);
      const {state, settings} = resumeWatching(resumeToken, {...given, token});
      const tokenOrigin = settings.reader.sendsToken ? root : '';
      if (state.tokenOrigin !== tokenOrigin && !settings.trustedOrigins.has(state.tokenOrigin)) {
        throw new TypeError(`resume: expected the token of an operation on ${root}, got one on ${state.tokenOrigin}`);
      }
      return new OperationPoller(state, {...settings, ...ours});
    },
    start: (protocol, request, given = {}) =>
      startAfterReturn(async (ready) => (await start(protocol, request, given, ready)).started),
    resetPassword: (user, {newPassword, methodId = passwordMethod, ...given} = {}) =>
      startAfterReturn(async (ready) => {
        if (newPassword !== undefined && typeof newPassword !== 'string') {
          throw new TypeError(`newPassword: expected a text, got ${typeof newPassword}`);
        }
        const path = `/users/${segment('user', user)}/authentication/methods/${segment('methodId', methodId)}/resetPassword`;
        const request: GraphRequest = {path, body: newPassword === undefined ? {} : {newPassword}};
        const {started, body} = await start(given.protocol ?? longRunning, request, given, ready, {sent: newPassword});
        return withPassword(started, newPassword ?? passwordIn(body));
      }),
  };
  return rememberParts(client, {token, transport});
}
