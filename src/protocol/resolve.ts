import {readLocation, withoutSlashes} from '../shared/location.ts';
import type {ProtocolReader} from './protocol-reader.ts';
import type {UrlPlace} from './url-template.ts';

// Anything else, e.g. a tab that a URL would drop, is left to the URL parser.
const absolute = /^https?:\/\/[\x21-\x7e]+$/i;

/** What a path begins with, unlike a URL without a scheme. */
export const rootedPath = /^\/(?![/\\])/;

/**
 * Resolves a location that a service sent. An absolute URL stays as it is, byte for byte: its query can be a signature or
 * carry routing. A path is resolved under the service's root, whose path contains the version, because Microsoft Teams
 * omits the version; a path that already begins with the root's is complete. Everything else follows the rules of URLs.
 *
 * @param text the location as sent, which may be anything
 * @param base the URL of the request whose response contained it
 * @param root the service's root, e.g. `https://graph.microsoft.com/v1.0`
 * @returns an absolute http or https URL, or `undefined`
 */
export function resolveLocation(text: unknown, base: string, root?: string): string | undefined {
  if (typeof text !== 'string' || text === '') return undefined;
  if (absolute.test(text)) return readLocation(text) && text;
  const target = readLocation(text, base);
  const service = readLocation(root);
  if (target === undefined || service?.origin !== target.origin) return target?.href;
  if (!rootedPath.test(text.trim().replace(/[\t\n\r]/g, ''))) return target.href;
  const under = withoutSlashes(service);
  if (`${target.origin}${target.pathname}/`.toLowerCase().startsWith(`${under}/`.toLowerCase())) return target.href;
  return under + target.pathname + target.search;
}

/**
 * Appends a suffix to a location's path and keeps its query.
 *
 * @returns an absolute http or https URL, or `undefined` when the location is not one
 */
export function withSuffix(location: string, suffix: string): string | undefined {
  const url = readLocation(location);
  return url && withoutSlashes(url) + suffix + url.search;
}

/**
 * The URL at a place of an operation: its own with a suffix, that of a template, or one that stands in the operation.
 *
 * @param location the operation's
 * @param body the operation as its service described it
 * @param base the service's root, under which paths are resolved
 * @returns an absolute http or https URL, or `undefined`
 */
export function locatePlace(
  place: UrlPlace & {readonly suffix?: string | undefined},
  {urlAt}: Pick<ProtocolReader, 'urlAt'>,
  location: string,
  body: unknown,
  base?: string,
): string | undefined {
  const {suffix} = place;
  return suffix === undefined ? resolveLocation(urlAt?.(place, body), location, base) : withSuffix(location, suffix);
}
