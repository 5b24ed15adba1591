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
  // `Headers` have no properties of their own: they would be taken for none.
  if (Symbol.iterator in headers)
    throw expected(name, `${takes}, e.g. Object.fromEntries(headers)`, 'a list of headers');
  for (const [header, value] of Object.entries(headers)) {
    const own = `${name}.${header.slice(0, 60)}`;
    if (!headerName.test(header)) throw new TypeError(printable(`${own}: expected the name of a header`));
    if (typeof value !== 'string') throw expected(own, 'a string', typeof value);
    if (!headerValue.test(value)) {
      throw expected(own, 'visible ASCII characters and spaces', 'a string with others');
    }
    if (header.toLowerCase() === 'client-request-id') {
      throw new TypeError(`${own}: expected none, each request has an id of its own`);
    }
  }
}

/** Checks headers beside which there is a token: none of them may be the token's. */
export function checkHeadersBesideToken(name: string, headers: unknown): void {
  checkHeaders(name, headers);
  const own = Object.keys(Object(headers)).find((header) => header.toLowerCase() === 'authorization');
  if (own === undefined) return;
  throw new TypeError(`${name}.${own}: expected no token here, it is the option token of the client`);
}

/** Headers with their names in lower case, so that the same one cannot be sent twice. */
export function lowerCaseHeaders(headers: RequestHeaders = {}): RequestHeaders {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

/** What must not be shown of headers: their values, and of `authorization` what follows the scheme. */
export function secretsOf(headers: RequestHeaders): readonly string[] {
  return Object.entries(headers).map(([name, value]) =>
    name === 'authorization' ? value.trim().replace(/^\S+ +/, '') : value.trim(),
  );
}

/**
 * A transport that sends a client's headers with each request to the client's origin, and with none to another. The headers
 * of the request itself take precedence, but for `accept`, which every request has.
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
