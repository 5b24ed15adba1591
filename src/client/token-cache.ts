import {describeToken, isToken, type TokenRequest, type TokenSource, tokenForm} from '../http/authorization.ts';
import {checkToken} from '../options/settings.ts';
import {describeValue, expected} from '../shared/check-options.ts';
import {now} from '../shared/clock.ts';
import {leastMilliseconds} from '../shared/date-time.ts';
import {reportUncaught} from '../shared/report-error.ts';

/** A token and when it expires, as `@azure/identity` gives it. */
export interface AccessToken {
  readonly token: string;
  /** When it expires, in milliseconds since 1970. */
  readonly expiresOnTimestamp: number;
}

/** The part of `@azure/identity`'s `TokenCredential` that is used: every credential of that package fits. */
export interface TokenCredential {
  getToken(
    scopes: string | string[],
    options?: {abortSignal?: AbortSignal; claims?: string; enableCae?: boolean},
  ): Promise<AccessToken | null>;
}

/** Where a client's tokens come from: a token, a function that gives one, or a credential of `@azure/identity`. */
export type ClientTokenSource =
  | string
  | ((request: TokenRequest) => string | AccessToken | Promise<string | AccessToken>)
  | TokenCredential;

/** How long a token may take to fetch before the next caller fetches another one, in milliseconds. */
const fetchPatience = 30_000;

/** How long before its expiry a token stops being used, in milliseconds. */
const expiryMargin = 5 * 60_000;

interface CachedToken {
  readonly token: string;
  readonly usableUntil: number;
}

/** A token that is being fetched. It does not end with the poller that asked for it, since others wait for it too. */
interface PendingToken {
  readonly claims: string | undefined;
  /** The token in whose place it is fetched. */
  readonly refused: string | undefined;
  readonly token: Promise<string>;
  readonly startedAt: number;
  readonly controller: AbortController;
}

/** A check for {@link ClientTokenSource}. */
export function checkTokenSource(name: string, source: unknown): void {
  if (typeof Object(source).getToken === 'function') return;
  checkToken(name, source, 'a function or a credential with getToken()');
}

/**
 * Makes all pollers share one token: it is cached until five minutes before it expires, and pollers that
 * need one while it is being fetched wait for that one. A string, which has no expiry, is cached until the service refuses it.
 *
 * @param scope the scope that a credential is asked for
 */
export function shareTokens(source: ClientTokenSource, scope: string): TokenSource {
  if (typeof source === 'string') return source;
  const fetchToken = typeof source === 'function' ? source : credentialTokens(source, scope);
  let cached: CachedToken = {token: '', usableUntil: Number.NEGATIVE_INFINITY};
  let pending: PendingToken | undefined;
  let reported = false;
  const report = (error: TypeError): void => {
    if (!reported) reportUncaught(error);
    reported = true;
  };

  const tokenFor = (wanted: Omit<TokenRequest, 'signal'>): string | Promise<string> => {
    const {claims, forceRefresh, refused} = wanted;
    const isUsable = cached.token !== refused && now() < cached.usableUntil;
    // A token from before a claims challenge lacks the claims, unless it is newer than the one that was refused.
    if (isUsable && (!forceRefresh || refused !== undefined)) return cached.token;
    if (pending !== undefined && now() - pending.startedAt >= fetchPatience) {
      pending.controller.abort();
      pending = undefined;
    }
    if (pending !== undefined && (claims === undefined || pending.claims === claims)) {
      // A fetch that began before the refusal may yield the very token that was refused. From one that began after it, that is
      // the source's answer to all.
      const isAnswer = pending.refused === refused;
      return pending.token.then((token) => (token === refused && !isAnswer ? tokenFor(wanted) : token));
    }
    const controller = new AbortController();
    const token = (async () => {
      const fetched = cacheable(await fetchToken({...wanted, signal: controller.signal}), report);
      // One that was given up, or that began before a claims challenge, comes late: a newer one may be there.
      if (pending?.controller === controller) cached = fetched;
      return fetched.token;
    })();
    const started: PendingToken = {claims, refused, token, startedAt: now(), controller};
    pending = started;
    const settle = (): void => {
      if (pending === started) pending = undefined;
    };
    token.then(settle, settle);
    return token;
  };
  return tokenFor;
}

/**
 * The token with the time until which it can be used. One whose expiry cannot be read is used once.
 *
 * @param report gets what is wrong with the expiry
 */
function cacheable(given: string | AccessToken, report: (error: TypeError) => void): CachedToken {
  const token = typeof given === 'string' ? given : given?.token;
  if (typeof given === 'object' && token === undefined) {
    const got = given !== null && 'accessToken' in given ? describeToken(given) : 'an object without token';
    throw expected('token', 'a string or {token, expiresOnTimestamp}', got);
  }
  if (!isToken(token)) throw expected('token', tokenForm, describeToken(token));
  if (typeof given === 'string') return {token, usableUntil: Number.POSITIVE_INFINITY};
  const expiresOnTimestamp: unknown = given.expiresOnTimestamp;
  if (!isTime(expiresOnTimestamp)) {
    const takes = 'milliseconds since 1970, so that the token can be kept';
    report(expected('token: expiresOnTimestamp', takes, describeValue(expiresOnTimestamp)));
    return {token, usableUntil: Number.NEGATIVE_INFINITY};
  }
  // In this order: if this process stands still between the two, the token is used for less time, not for more.
  const at = now();
  const lifetime = expiresOnTimestamp - Date.now();
  // A token that lives less than twice the margin is used for half of its life.
  return {token, usableUntil: at + lifetime - Math.min(expiryMargin, lifetime / 2)};
}

// Not seconds. 0 and negative times mean what they say: the token has expired.
function isTime(value: unknown): value is number {
  return typeof value === 'number' && (value >= leastMilliseconds || value <= 0);
}

function credentialTokens(credential: TokenCredential, scope: string): (request: TokenRequest) => Promise<AccessToken> {
  return async ({claims, signal}) => {
    const options = {abortSignal: signal, enableCae: true, ...(claims === undefined ? {} : {claims})};
    const token = await credential.getToken(scope, options);
    if (token === null) throw new TypeError('token: the credential returned null');
    return token;
  };
}
