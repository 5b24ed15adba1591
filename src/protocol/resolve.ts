import {readLocation} from '../shared/location.ts';

// What is more than this, e.g. a tab that a URL would lose, is taken as the URL parser takes it.
const absolute = /^https?:\/\/[\x21-\x7e]+$/i;
const pathOnly = /^\/(?![/\\])/;

/**
 * Where a location leads that a service names. An absolute one stays as it is, byte for byte: its query can be a signature
 * or carry routing. A path is looked up under the service's root, whose path holds the version, as Microsoft Teams leaves
 * the version out; one that begins with the root's path is complete. Everything else is what URLs make of it.
 *
 * @param text what the service named, whatever that is
 * @param base where it was named
 * @param root the service's root, e.g. `https://graph.microsoft.com/v1.0`
 * @returns an absolute http or https URL, or `undefined`
 */
export function resolveLocation(text: unknown, base: string, root?: string): string | undefined {
  if (typeof text !== 'string' || text === '') return undefined;
  if (absolute.test(text)) return readLocation(text) === undefined ? undefined : text;
  const target = readLocation(text, base);
  if (target === undefined || root === undefined || !pathOnly.test(text.trim().replace(/[\t\n\r]/g, ''))) {
    return target?.href;
  }
  const tokenOrigin = readLocation(root);
  if (tokenOrigin === undefined || tokenOrigin.origin !== target.origin) return target.href;
  const prefix = tokenOrigin.pathname.replace(/\/+$/, '');
  if (`${target.pathname}/`.toLowerCase().startsWith(`${prefix}/`.toLowerCase())) return target.href;
  return tokenOrigin.origin + prefix + target.pathname + target.search;
}

/**
 * A location with a suffix to its path; the query stays.
 *
 * @returns an absolute http or https URL, or `undefined` when the location is none
 */
export function withSuffix(location: string, suffix: string): string | undefined {
  const url = readLocation(location);
  return url === undefined ? undefined : url.origin + url.pathname.replace(/\/+$/, '') + suffix + url.search;
}
