import type {Transport, TransportRequest} from '../http/transport.ts';
import {hasOrigin} from '../shared/location.ts';

/** Headers by their names. */
export type RequestHeaders = Readonly<Record<string, string>>;

/** Headers with their names in lower case, so that the same one cannot be sent twice. */
export function lowerCaseHeaders(headers: RequestHeaders = {}): RequestHeaders {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

/** The secrets in headers: their values; of `authorization`, what follows the scheme. */
export function secretsOf(headers: RequestHeaders): readonly string[] {
  return Object.entries(headers).map(([name, value]) =>
    name === 'authorization' ? value.trim().replace(/^\S+ +/, '') : value.trim(),
  );
}

/**
 * A transport that sends a client's headers with each request to the client's origin, and to no other. The request's
 * own headers take precedence, except `accept`, which every request has.
 *
 * @param headers their names are in lower case
 */
export function withOriginHeaders(transport: Transport, origin: string, headers: RequestHeaders): Transport {
  const entries = Object.entries(headers);
  if (entries.length === 0) return transport;
  const withHeaders = (given: TransportRequest['headers']): TransportRequest['headers'] => {
    const all = {...given};
    for (const [name, value] of entries) if (all[name] === undefined || name === 'accept') all[name] = value;
    return all;
  };
  return (location, request) =>
    transport(location, hasOrigin(location, origin) ? {...request, headers: withHeaders(request.headers)} : request);
}
