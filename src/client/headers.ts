import type {Transport, TransportRequest} from '../http/transport.ts';
import {checkIsObject, expected} from '../shared/check-options.ts';
import {hasOrigin} from '../shared/location.ts';
import {printable} from '../shared/printable.ts';

/** Headers by their names. */
export type RequestHeaders = Readonly<Record<string, string>>;

const headerName = /^[\w!#$%&'*+.^`|~-]+$/;
const headerValue = /^[\x20-\x7e]*$/;

/** Checks headers that a caller gave. A value is not shown: it may be a secret. */
export function checkHeaders(name: string, headers: unknown): void {
  const takes = 'an object with a string for each header';
  checkIsObject(name, headers, takes);
  // A `Headers` object has no own properties, so it would pass for no headers at all.
  if (Symbol.iterator in headers)
    throw expected(name, `${takes}, e.g. Object.fromEntries(headers)`, 'a list of headers');
  for (const [header, value] of Object.entries(headers)) {
    const own = `${name}.${header.slice(0, 60)}`;
    if (!headerName.test(header)) throw new TypeError(printable(`${own}: expected the name of a header`));
    if (typeof value !== 'string') throw expected(own, 'a string', typeof value);
    if (!headerValue.test(value)) {
      throw expected(own, 'visible ASCII characters and spaces', 'other characters');
    }
    if (header.toLowerCase() === 'client-request-id') {
      throw new TypeError(`${own}: expected none, because the library gives each request its own id`);
    }
  }
}

/** Checks headers that are sent along with a token: none of them may carry the token. */
export function checkHeadersBesideToken(name: string, headers: unknown): void {
  checkHeaders(name, headers);
  const own = Object.keys(Object(headers)).find((header) => header.toLowerCase() === 'authorization');
  if (own === undefined) return;
  throw new TypeError(`${name}.${own}: expected no token here; give it as the client's option token`);
}

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
