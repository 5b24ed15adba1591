import {readLocation} from '../shared/location.ts';
import {pointerPaths, valueAt} from './pointer.ts';
import type {Protocol, ProtocolReader} from './protocol.ts';
import {resolveLocation} from './resolve.ts';

/** The answer to the request that starts an operation. */
export interface StartAnswer {
  /** Where the request went. */
  readonly url: string;
  /** The answer's HTTP status. */
  readonly status: number;
  readonly headers: {get(name: string): string | null};
  /** The answer's body as parsed JSON, `undefined` if there is none. */
  readonly body: unknown;
}

/**
 * Where the operation is that an answer starts, as its protocol leads there. What the answer holds may be anything.
 *
 * @param root the service's root, e.g. `https://graph.microsoft.com/v1.0`
 * @returns an absolute http or https URL, perhaps a foreign one; `undefined` when the answer does not lead to one
 */
export function startLocation(answer: StartAnswer, reader: ProtocolReader, root: string): string | undefined {
  const {url, status, headers, body} = answer;
  if (!(status >= 200 && status < 300)) return undefined;
  const {start = 'headers', createdMeansDone} = reader.protocol;
  if (status === 201 && createdMeansDone === true) return undefined;
  if (start === 'resource') return resourceLocation(url, valueAt(body, reader.id));
  if (start !== 'headers') return namedLocation(valueAt(body, pointerPaths(start)), url, root);
  const header = locationHeader(answer, reader);
  return header === undefined ? undefined : resolveLocation(headers.get(header), url, root);
}

/** How the operation is to be read that an answer starts: another way if only a `location` header leads to it. */
export function startProtocol(answer: StartAnswer, {protocol, ...reader}: ProtocolReader): Protocol {
  const {locationOnly} = protocol;
  const isOnly = locationOnly !== undefined && locationHeader(answer, reader)?.toLowerCase() === 'location';
  return isOnly ? locationOnly : protocol;
}

/** The first of the location headers that an answer has. */
function locationHeader(
  {headers}: StartAnswer,
  {locationHeaders}: Pick<ProtocolReader, 'locationHeaders'>,
): string | undefined {
  return locationHeaders.find((name) => (headers.get(name) ?? '') !== '');
}

/** A resource's own location, by its id in the collection that it was posted to. */
function resourceLocation(url: string, id: unknown): string | undefined {
  const collection = readLocation(url);
  // URLs take these two for steps up the path, in whatever way they are written.
  if (collection === undefined || typeof id !== 'string' || ['', '.', '..'].includes(id)) return undefined;
  try {
    return `${collection.origin}${collection.pathname.replace(/\/+$/, '')}/${encodeURIComponent(id)}`;
  } catch {
    return undefined; // half a surrogate pair
  }
}

const scheme = /^[a-z][a-z\d+.-]*:/i;

/** The location of what a body names: a URL, or a name under the service's root, with or without a slash before it. */
function namedLocation(name: unknown, url: string, root: string): string | undefined {
  if (typeof name !== 'string' || name === '') return undefined;
  const base = readLocation(root) === undefined ? url : root;
  return resolveLocation(scheme.test(name) || /^[/\\]/.test(name) ? name : `/${name}`, base, root);
}
