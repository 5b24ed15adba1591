import {PollError} from '../operation/poll-error.ts';
import type {Answer} from '../operation/state.ts';
import type {ProtocolReader} from '../protocol/protocol-reader.ts';
import {hasOrigin, readLocation} from '../shared/location.ts';
import {maySendToken, requestToken, type TokenPolicy, type TokenSource} from './authorization.ts';
import {readClaims} from './claims-challenge.ts';
import {containsSecret, isRedacted, type RequestSecrets} from './redact.ts';
import {protocolError} from './request-errors.ts';
import {type RequestContent, type SendSettings, send} from './send.ts';
import type {ServiceResponse} from './service-response.ts';
import type {RequestLimits} from './time-limit.ts';
import {secretsWith} from './token-secrets.ts';
import {redirectStatuses} from './transport.ts';

const maxRedirects = 5;

/** What all requests for an operation have in common. */
export interface RequestSettings extends TokenPolicy, SendSettings {
  readonly token: TokenSource | undefined;
  readonly reader: Pick<ProtocolReader, 'sendsToken' | 'authorization' | 'retryAfter' | 'unfollowed' | 'foreignHosts'>;
}

/** A request to the service. */
export interface ServiceRequest extends RequestContent, RequestLimits {
  readonly location: string;
  /** The origin that the token belongs to; empty: none. */
  readonly tokenOrigin: string;
  /** Where the operation is, if the request goes elsewhere. Without a token, its origin counts as the request's own. */
  readonly operationLocation: string | undefined;
}

/** Whether a poll has already asked for a new token. */
export interface TokenRefresh {
  done: boolean;
}

/**
 * One request to the service: follows redirects, and repeats the request with a new token after a 401, if there is a new one.
 *
 * @param refresh shared by the requests of one poll, so that a new token is asked for once
 * @throws PollError when there is no response that can be read; the signal's reason when it aborts
 */
export async function exchange(
  settings: RequestSettings,
  request: ServiceRequest,
  refresh: TokenRefresh = {done: false},
): Promise<ServiceResponse> {
  const {tokenOrigin, method} = request;
  const {token: tokenSource, requestTimeout} = settings;
  let {location} = request;
  if (isRedacted(location)) throw quotingError();
  let redirects = 0;
  let refreshed: string | undefined;
  for (;;) {
    const trusted = maySendToken(location, tokenOrigin, settings);
    const given = trusted
      ? (refreshed ?? requestToken(tokenSource, requestTimeout, request, {forceRefresh: false}))
      : undefined;
    // Without a turn of the microtasks, where it is there.
    const token = given instanceof Promise ? await given : given;
    const {secrets, credentials} = secretsWith(tokenSource, token, settings);
    const isForeign = !trusted && isForeignOrigin(location, request, settings);
    const target = {location, token, trusted, secrets, credentials, isForeign, redirected: redirects > 0};
    const response = await send(settings, request, target);
    const {status} = response;
    // A request that changes something is never redirected.
    const redirect = method === 'GET' && redirectStatuses.includes(status) ? response.headers.get('location') : null;
    if (redirect !== null) {
      const next = readLocation(redirect, location)?.href;
      if (settings.reader.unfollowed.includes(status)) {
        // It is the operation's word. Where it leads becomes the operation's `resourceLocation`, which is shown.
        return next && !quotesSecret(next, tokenOrigin, response) ? {...response, seeOther: next} : response;
      }
      if (++redirects > maxRedirects) throw protocolError(`more than ${maxRedirects} redirects`, response);
      if (next === undefined) throw protocolError('a redirect to something that is not an http or https URL', response);
      if (containsSecret(next, secrets) && !maySendToken(next, tokenOrigin, settings))
        throw quotingError(response.answer);
      location = next;
      continue;
    }
    if (status !== 401 || token === undefined || typeof tokenSource !== 'function' || refresh.done) return response;
    refresh.done = true;
    const claims = readClaims(response.headers.get('www-authenticate'));
    const wanted = {forceRefresh: true, refused: token, ...(claims && {claims})};
    refreshed = await requestToken(tokenSource, requestTimeout, request, wanted);
    if (refreshed === token) {
      const did = claims === undefined ? 'gave' : 'answered the claims challenge with';
      return {...response, sameToken: `the option token ${did} the token that was refused, which was not sent again`};
    }
  }
}

/** Whether a URL that the service gave quotes what it must not: on its own origin it may contain what is in a client's headers. */
export function quotesSecret(location: string, origin: string, {secrets, credentials}: RequestSecrets): boolean {
  return containsSecret(location, credentials !== secrets && hasOrigin(location, origin) ? credentials : secrets);
}

/** The error for a URL of the service that quotes a token or a header of the client. */
function quotingError(answer?: Answer): PollError {
  const message = 'The service gave a URL that quotes a token or a header of the client, so it is not requested';
  return new PollError(message, {kind: 'protocol', transient: false, answer, ends: 'protocol'});
}

/** Whether a location is on another origin than the request's own, so that nothing of its credentials may go there. */
function isForeignOrigin(
  location: string,
  {location: requested, operationLocation = requested, tokenOrigin}: ServiceRequest,
  {reader, trustedOrigins}: RequestSettings,
): boolean {
  const {origin} = new URL(location);
  if (origin === tokenOrigin || trustedOrigins.has(origin)) return false;
  // If the locations of a protocol may be on any host and need no token, each of them counts as foreign.
  return tokenOrigin !== '' || reader.foreignHosts || !hasOrigin(operationLocation, origin);
}
