import type {KyInstance} from 'ky';
import type {TokenSource} from '../http/authorization.ts';
import {type KeyPlaceholders, keyPlaceholders, withKeyPlaceholders} from '../http/key-placeholders.ts';
import {type Transport, transportOf} from '../http/transport.ts';
import type {Settings} from '../options/settings.ts';
import {credentialHeaders, keyHeaders, secretsOf} from './header-secrets.ts';
import {lowerCaseHeaders, type RequestHeaders, withOriginHeaders} from './headers.ts';
import {RequestLimiter} from './request-limiter.ts';
import {type ClientTokenSource, shareTokens} from './token-cache.ts';

/** What the operations of a client share; other runners of this package use it too. */
export interface ClientParts extends Pick<Settings, 'transport' | 'secrets' | 'credentials'> {
  /** The origin that the tokens and the client's headers belong to. */
  readonly origin: string;
  /** What stands for the keys among the client's headers in the URLs that are kept. */
  readonly keys: KeyPlaceholders;
  /** What paths are appended to: the root, and a version where there is one. */
  readonly base: string;
  /**
   * What a path in a response is appended to. `undefined`: as the protocol says, or else a path is resolved against the request's URL
   * ([RFC 9110](https://www.rfc-editor.org/rfc/rfc9110#section-10.2.2)).
   */
  readonly pathRoot: string | undefined;
  /** The token for watching. */
  readonly token: TokenSource | undefined;
  /** The token for starting. */
  readonly startToken: TokenSource | undefined;
  /** Sends a start, which must not be part of a batch: a request that a batch refuses is sent again by itself. */
  readonly startTransport: Transport;
  /** How long a start may take, in milliseconds. */
  readonly startTimeout: number;
}

/** The service that a client is for. No field may be left out: one could be found in a polluted `Object.prototype`. */
interface Service extends Pick<ClientParts, 'origin' | 'base' | 'pathRoot'> {
  /** The scope that credentials are asked for. */
  readonly scope: string;
}

/** The options that all clients have, checked. */
interface CheckedOptions {
  readonly token?: ClientTokenSource | undefined;
  readonly startToken?: ClientTokenSource | undefined;
  readonly headers?: RequestHeaders | undefined;
  readonly http?: KyInstance | undefined;
  readonly concurrency?: number | undefined;
  readonly startTimeout?: number | undefined;
}

/**
 * Makes what the operations of a client share.
 *
 * @param createTransport makes a transport of the client's own in front of its limits, such as one that collects requests; it gets the
 *   client's headers, their names in lower case
 */
export function createClientParts(
  {origin, base, pathRoot, scope}: Service,
  {token: source, startToken, headers: given, http, concurrency = 40, startTimeout = 100_000}: CheckedOptions,
  createTransport: (limiter: RequestLimiter, headers: RequestHeaders) => Transport = ({single}) => single,
): ClientParts {
  const headers = lowerCaseHeaders(given);
  const keys = keyPlaceholders(keyHeaders(headers), base);
  const limiter = new RequestLimiter(withOriginHeaders(transportOf(http), origin, headers), origin, concurrency);
  const token = source === undefined ? undefined : shareTokens(source, scope);
  return {
    origin,
    keys,
    base,
    pathRoot,
    token,
    startToken: startToken === undefined ? token : shareTokens(startToken, scope),
    startTimeout,
    transport: withKeyPlaceholders(createTransport(limiter, headers), origin, keys),
    startTransport: withKeyPlaceholders(limiter.single, origin, keys),
    // Where something is shown, a placeholder is one of the secrets.
    secrets: [...secretsOf(headers, base), ...keys.byPlaceholder.keys()],
    credentials: secretsOf(credentialHeaders(headers, keys.headers), base),
  };
}

// Not a property of the client, so that printing a client shows no token.
const partsOfClients = new WeakMap<object, ClientParts>();

/** Remembers the parts of a client. @returns the client */
export function rememberParts<Client extends object>(client: Client, parts: ClientParts): Client {
  partsOfClients.set(client, parts);
  return client;
}

/** The parts of a client; `undefined` for anything but a client of this package. */
export function partsOf(client: object): ClientParts | undefined {
  return partsOfClients.get(client);
}
