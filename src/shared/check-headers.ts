import {checkIsObject, expected} from './check-options.ts';
import {isObject} from './json.ts';

// RFC 9110: a field name is a token. A value only has to be unable to end the line.
export const headerName = /^[\w!#$%&'*+.^`|~-]+$/;
const headerValue = /^[\x20-\x7e]*$/;

/** What only the transport can know: one that is wrong ends the request, or makes it hang. */
const ofTransport: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Checks headers that a caller gave. A value is not shown: it may be a secret. */
export function checkHeaders(name: string, headers: unknown): void {
  const takes = 'an object with a string for each header';
  if (isObject(headers) && Symbol.iterator in headers)
    throw expected(name, `${takes}, e.g. Object.fromEntries(headers)`, 'a list');
  checkIsObject(name, headers, takes);
  for (const [header, value] of Object.entries(headers)) {
    const own = `${name}.${header.slice(0, 60)}`;
    if (!headerName.test(header)) throw expected(own, 'the name of a header', 'another string');
    if (header.toLowerCase() === 'client-request-id')
      throw expected(own, 'none, because the library gives each request its own id', 'one');
    if (ofTransport.has(header.toLowerCase())) throw expected(own, 'none, because it belongs to the connection', 'one');
    const isValid = typeof value === 'string' && headerValue.test(value);
    if (!isValid)
      throw expected(
        own,
        'visible ASCII characters and spaces',
        typeof value === 'string' ? 'other characters' : typeof value,
      );
  }
}

/** Checks headers that are sent along with a token: none of them may carry the token. */
export function checkHeadersBesideToken(name: string, headers: unknown): void {
  checkHeaders(name, headers);
  const own = Object.keys(Object(headers)).find((header) => header.toLowerCase() === 'authorization');
  if (own !== undefined) throw expected(`${name}.${own}`, 'no token here, which is the option token', 'one');
}
