import {acceptsByDefault} from '../http/send.ts';
import type {Transport, TransportRequest} from '../http/transport.ts';
import {hasOrigin} from '../shared/location.ts';

/** Headers by their names. */
export type RequestHeaders = Readonly<Record<string, string>>;

/** Headers with their names in lower case, so that the same one cannot be sent twice. */
export function lowerCaseHeaders(headers: RequestHeaders = {}): RequestHeaders {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

/**
 * A request's headers with those of its client. The request's own take precedence, except the `accept` that every request has.
 *
 * @param headers their names are in lower case
 */
export function withClientHeaders(
  given: TransportRequest['headers'],
  headers: RequestHeaders,
): TransportRequest['headers'] {
  const all = {...given};
  for (const [name, value] of Object.entries(headers)) {
    const replaces = name === 'accept' && acceptsByDefault(all[name]);
    if (replaces || all[name] === undefined) all[name] = value;
  }
  return all;
}

/**
 * A transport that sends a client's headers with each request to the client's origin, and to no other.
 *
 * @param headers their names are in lower case
 */
export function withOriginHeaders(transport: Transport, origin: string, headers: RequestHeaders): Transport {
  if (Object.keys(headers).length === 0) return transport;
  return (location, request) =>
    transport(
      location,
      hasOrigin(location, origin) ? {...request, headers: withClientHeaders(request.headers, headers)} : request,
    );
}
