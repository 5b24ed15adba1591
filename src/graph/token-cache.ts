import {isToken, type TokenRequest, type TokenSource} from '../http/authorization.ts';

/** A token and until when it holds, as `@azure/identity` gives it. */
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
export type GraphTokenSource =
  | string
  | ((request: TokenRequest) => string | AccessToken | Promise<string | AccessToken>)
  | TokenCredential;

/** After how many milliseconds a token that is being fetched is no longer waited for by those who come. */
const patience = 30_000;

/** How long before it expires a token is no longer used, in milliseconds. */
const expiryMargin = 5 * 60_000;

/** A token on its way. One poller that stops does not take it from the others that wait for it. */
interface Fetching {
  readonly claims: string | undefined;
  readonly token: Promise<string>;
  readonly begunAt: number;
  readonly controller: AbortController;
}

type TokenGiver = (request: Omit<TokenRequest, 'signal'>) => string | Promise<string>;

interface Kept {
  readonly token: string;
  readonly usableUntil: number;
}

/**
 * Makes one token serve all that ask: it is kept until five minutes before it expires, and whoever asks while one is being
 * fetched gets that one. A text without a time of expiry is kept until the service refuses it.
 *
 * @param source where tokens come from
 * @param scope what a credential is asked for
 * @param name the option's
 * @throws TypeError when the source is none
 */
export function shareTokens(source: GraphTokenSource, scope: string, name = 'token'): TokenSource {
  if (typeof source === 'string') {
    if (isToken(source)) return source;
    throw new TypeError(`${name}: expected visible ASCII characters without spaces, got a text that has others`);
  }
  const fetchToken = typeof source === 'function' ? source : fromCredential(source, scope, name);
  let kept: Kept | undefined;
  let fetching: Fetching | undefined;
  const give: TokenGiver = ({claims, forceRefresh, refused}) => {
    const isGood = kept !== undefined && kept.token !== refused && Date.now() < kept.usableUntil;
    // With claims, a token that was kept before the challenge does not hold them, unless it is newer than the one refused.
    if (kept !== undefined && isGood && (!forceRefresh || refused !== undefined)) return kept.token;
    if (fetching !== undefined && Date.now() - fetching.begunAt >= patience) {
      fetching.controller.abort();
      fetching = undefined;
    }
    if (fetching !== undefined && (claims === undefined || fetching.claims === claims)) {
      const wanted = {forceRefresh, ...(claims === undefined ? {} : {claims})};
      // What was being fetched before the refusal may turn out to be the token that was refused.
      return fetching.token.then((token) => (token === refused ? give({...wanted, refused}) : token));
    }
    const controller = new AbortController();
    const {signal} = controller;
    const request: TokenRequest = {forceRefresh, signal, ...(claims === undefined ? {} : {claims})};
    const token = (async () => {
      const given = await fetchToken(refused === undefined ? request : {...request, refused});
      kept = keep(given);
      return kept.token;
    })();
    const ours: Fetching = {claims, token, begunAt: Date.now(), controller};
    fetching = ours;
    const done = (): void => {
      if (fetching === ours) fetching = undefined;
    };
    token.then(done, done);
    return token;
  };
  return give;
}

function keep(given: string | AccessToken): Kept {
  const token = typeof given === 'string' ? given : given?.token;
  if (!isToken(token))
    throw new TypeError(`token: expected visible ASCII characters without spaces, got ${typeof token}`);
  if (typeof given === 'string') return {token, usableUntil: Number.POSITIVE_INFINITY};
  const {expiresOnTimestamp} = given;
  const lifetime = expiresOnTimestamp - Date.now();
  // One that lives shorter than twice the margin is used for half of its life.
  return {token, usableUntil: expiresOnTimestamp - Math.min(expiryMargin, lifetime / 2)};
}

function fromCredential(
  credential: TokenCredential,
  scope: string,
  name: string,
): (request: TokenRequest) => Promise<AccessToken> {
  if (typeof credential?.getToken !== 'function') {
    throw new TypeError(
      `${name}: expected a text, a function or a credential with getToken(), got ${typeof credential}`,
    );
  }
  return async ({claims, signal}) => {
    const token = await credential.getToken(scope, {
      abortSignal: signal,
      enableCae: true,
      ...(claims === undefined ? {} : {claims}),
    });
    if (token === null) throw new TypeError('token: the credential gave none');
    return token;
  };
}
