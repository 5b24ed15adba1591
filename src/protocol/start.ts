import {readLocation, withoutSlashes} from '../shared/location.ts';
import type {FindByRead, FoundOperation} from './find-by-read.ts';
import {linksOf} from './links.ts';
import {type ResponseBody, readId} from './parse-operation.ts';
import {pointerPaths, valueAt} from './pointer.ts';
import type {Protocol} from './protocol.ts';
import type {ProtocolReader} from './protocol-reader.ts';
import {resolveLocation} from './resolve.ts';
import {encodeSegment, urlAt} from './url-template.ts';

/** The response to the request that starts an operation. */
export interface StartAnswer extends ResponseBody {
  /** The request's URL. */
  readonly url: string;
  /** The HTTP status. */
  readonly status: number;
  readonly headers: {get(name: string): string | null};
  /** Gives the response to a protocol's `read`, without secrets. */
  readonly find?: (findByRead: FindByRead) => FoundOperation | string;
}

/**
 * Finds the location of the operation that a response started, by the rules of its protocol. Headers and body are untrusted.
 *
 * @param root the service's root, e.g. `https://graph.microsoft.com/v1.0`
 * @param pathRoot what a path in a header is relative to; `undefined`: to the request's URL, as RFC 9110 says
 * @returns an absolute http or https URL, possibly on a foreign origin; `undefined` when the response leads to none
 */
export function startLocation(
  answer: StartAnswer,
  reader: ProtocolReader,
  root: string,
  pathRoot: string | undefined,
): string | undefined {
  const {url, status, headers, json} = answer;
  const links = linksOf(json);
  if (!(status >= 200 && status < 300)) return undefined;
  const {start = 'headers', createdMeansDone} = reader.protocol;
  if (status === 201 && createdMeansDone === true) return undefined;
  if (start === 'original') return readLocation(url)?.href;
  if (start === 'resource') return locateResource(url, readId(links, reader));
  if (typeof start === 'object') return resolveLocation(urlAt(start, links), url, root);
  if (start !== 'headers') return locateName(valueAt(links, pointerPaths(start)), url, root);
  const header = locationHeader(answer, reader);
  return header === undefined ? undefined : resolveLocation(headers.get(header), url, pathRoot);
}

/** The protocol of the operation that a response started: its `locationOnly` if only a `location` header leads to it. */
export function startProtocol(answer: StartAnswer, reader: ProtocolReader): Protocol {
  const {locationOnly} = reader.protocol;
  const isOnly = locationOnly !== undefined && locationHeader(answer, reader)?.toLowerCase() === 'location';
  return isOnly ? locationOnly : reader.protocol;
}

/** A protocol, or the one within it to which a response may lead instead, by its name. */
export function protocolWithin(protocol: Protocol, name: string): Protocol | undefined {
  const {locationOnly, resource} = protocol;
  return [protocol, locationOnly, resource, locationOnly?.resource].find((one) => one?.name === name);
}

/** The protocol of a name among several, or within one of them: one that was given by itself comes first. */
export function protocolAmong(protocols: readonly Protocol[], name: string): Protocol | undefined {
  const given = protocols.find((own) => own.name === name);
  return given ?? protocols.flatMap((own) => protocolWithin(own, name) ?? [])[0];
}

/** The name of the first location header that is present. */
export function locationHeader({headers}: StartAnswer, {locationHeaders}: ProtocolReader): string | undefined {
  return locationHeaders.find((name) => (headers.get(name) ?? '') !== '');
}

/** The location of a resource by its id in the collection that it was posted to. */
function locateResource(url: string, id: string | undefined): string | undefined {
  const collection = readLocation(url);
  const segment = encodeSegment(id);
  if (collection === undefined || segment === undefined) return undefined;
  return `${withoutSlashes(collection)}/${segment}`;
}

const scheme = /^[a-z][a-z\d+.-]*:/i;

/** The location of a name in a body: a URL, or a path under the service's root, with or without a leading slash. */
function locateName(name: unknown, url: string, root: string): string | undefined {
  if (typeof name !== 'string' || name === '') return undefined;
  const base = readLocation(root) === undefined ? url : root;
  return resolveLocation(scheme.test(name) || /^[/\\]/.test(name) ? name : `/${name}`, base, root);
}
