import {LazyAbortController, onAbort} from '../shared/abort.ts';
import {describeKind} from '../shared/check-options.ts';
import {describeError} from '../shared/describe-error.ts';
import {isObject} from '../shared/json.ts';
import {hasOrigin, isSecureOrLoopback} from '../shared/location.ts';
import {redact} from './redact.ts';
import {optionError, type RequestLimits, withTimeLimit} from './time-limit.ts';
import {secretsOfFunction} from './token-secrets.ts';

/** Why a token is asked for. */
export interface TokenRequest {
  /** The claims that the service challenges for, decoded to JSON text; pass them to your identity library. */
  readonly claims?: string;
  /** Whether the previous token was refused, so that a cached copy of it is useless. */
  readonly forceRefresh: boolean;
  /** The token that was refused: a cache that holds another one by now may return that. */
  readonly refused?: string;
  /** Aborts when nothing is waiting for the token any more. */
  readonly signal: AbortSignal;
}

/** A bearer token, or a function that returns one and is called before each request: let it cache. */
export type TokenSource = string | ((request: TokenRequest) => string | Promise<string>);

/** What decides whether the token goes along with a request. */
export interface TokenPolicy {
  readonly reader: {readonly sendsToken: boolean};
  readonly trustedOrigins: ReadonlySet<string>;
}

/** Whether the token may be sent to a location. */
export function maySendToken(location: string, tokenOrigin: string, {reader, trustedOrigins}: TokenPolicy): boolean {
  if (!reader.sendsToken) return false;
  const origin = hasOrigin(location, tokenOrigin) ? tokenOrigin : new URL(location).origin;
  return (origin === tokenOrigin || trustedOrigins.has(origin)) && isSecureOrLoopback(origin);
}

// RFC 6750 allows fewer characters, but what matters is that nothing can end the header line.
const tokenCharacters = /^[\x21-\x7e]+$/;

/** What a bearer token consists of, for messages. */
export const tokenForm = 'visible ASCII characters without spaces';

/** Whether a value can be sent as a bearer token. */
export function isToken(value: unknown): value is string {
  return typeof value === 'string' && tokenCharacters.test(value);
}

/**
 * The token for a request. A function that returns one synchronously costs neither a promise nor a signal.
 *
 * @throws PollError of the kind `token`
 */
export function requestToken(
  token: TokenSource | undefined,
  requestTimeout: number,
  limits: RequestLimits,
  wanted: Omit<TokenRequest, 'signal'>,
): string | undefined | Promise<string> {
  if (typeof token !== 'function') return token;
  const controller = new LazyAbortController();
  let given: unknown;
  try {
    given = token({
      ...wanted,
      get signal() {
        return controller.signal;
      },
    });
  } catch (error) {
    return refuseThrown(error, token);
  }
  if (!isObject(given)) return checkToken(given);
  const checked = Promise.resolve(given).then(checkToken, (error: unknown) => refuseThrown(error, token));
  // Nobody waits for it where the function has stopped the watch.
  checked.catch(() => {});
  return withTimeLimit(requestTimeout, limits, 'token', (ended, {onSent}) => {
    onSent();
    onAbort(ended, () => controller.abort(ended.reason));
    return checked;
  });
}

function refuseThrown(error: unknown, source: object): never {
  return refuse(`threw ${redact(describeError(error), secretsOfFunction(source), Number.POSITIVE_INFINITY)}`);
}

function checkToken(given: unknown): string {
  return isToken(given) ? given : refuse(`returned ${describeToken(given)}, expected ${tokenForm}`);
}

/** What was given in place of a bearer token, without showing it: it may well contain the token. */
export function describeToken(given: unknown): string {
  if (given === '') return 'an empty string';
  if (typeof given === 'string') {
    return /^bearer\s/i.test(given)
      ? 'a token that begins with the word Bearer'
      : `a string of ${given.length} characters, some of which are not allowed`;
  }
  if (!isObject(given)) return describeKind(given);
  try {
    // MSAL's AuthenticationResult, or a credential.
    if ('accessToken' in given) return 'an object with an accessToken: return that';
  } catch {
    // It cannot be read.
  }
  return 'an object, not its token';
}

function refuse(what: string): never {
  throw optionError('token', what);
}
