import {checkIsObject, describeKind, expected, hasForm} from './check-options.ts';
import {isObject} from './json.ts';

// RFC 9110: a field name is a token. A value only has to be unable to end the line.
export const headerName = /^[\w!#$%&'*+.^`|~-]+$/;
const headerValue = /^[\x20-\x7e]*$/;

/** What only the transport can know: one that is wrong ends the request, or makes it hang. */
const ofTransport = /^(?:connection|content-length|expect|host|keep-alive|te|trailer|transfer-encoding|upgrade)$/i;

/** Checks headers that a caller gave. A value is not shown: it may be a secret. */
export function checkHeaders(name: string, headers: unknown): asserts headers is object {
  const takes = 'an object with a string for each header';
  if (isObject(headers) && Symbol.iterator in headers)
    throw expected(name, `${takes}, e.g. Object.fromEntries(headers)`, 'a list');
  checkIsObject(name, headers, takes);
  for (const [header, value] of Object.entries(headers)) {
    const own = `${name}.${header.slice(0, 60)}`;
    if (!headerName.test(header)) throw expected(own, 'the name of a header', 'another string');
    const isId = /^client-request-id$/i.test(header);
    if (isId || ofTransport.test(header)) {
      const why = isId ? 'the library gives each request its own id' : 'it belongs to the connection';
      throw expected(own, `none, because ${why}`, 'one');
    }
    if (!hasForm(value, headerValue)) {
      const got = typeof value === 'string' ? 'other characters' : describeKind(value);
      throw expected(own, 'visible ASCII characters and spaces', got);
    }
  }
}

/**
 * Checks headers that are sent along with a token: none of them may carry the token.
 *
 * @param tokenHeader the one that does, in lower case
 */
export function checkHeadersBesideToken(name: string, headers: unknown, tokenHeader = 'authorization'): void {
  checkHeaders(name, headers);
  const own = Object.keys(headers).find((header) => header.toLowerCase() === tokenHeader);
  if (own !== undefined) throw expected(`${name}.${own}`, 'no token here, which is the option token', 'one');
}
