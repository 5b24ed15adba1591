import {resolveLocation, rootedPath} from '../protocol/resolve.ts';
import {describeValue, expected} from '../shared/check-options.ts';

/** What a URL would resolve or drop, so that the request would go somewhere else than its path says. */
const unsafe = /\/(?:\.|%2e){1,2}(?=[/?#\\]|$)|\p{Cc}/iu;

/** Whether a location is a path, and not a URL without a scheme. */
export function isPath(location: unknown): location is string {
  return typeof location === 'string' && rootedPath.test(location);
}

/** @throws TypeError when a URL would not keep the path unchanged */
export function checkPath(name: string, path: string): void {
  if (!unsafe.test(path.split(/[?#]/)[0] ?? '')) return;
  throw expected(name, 'one without . and .. as segments and without control characters', describeValue(path));
}

/**
 * A location with a path resolved under the client's base, unless it already begins with the base's own path. Anything
 * but a path is returned unchanged.
 *
 * @throws TypeError when a URL would not keep the path unchanged
 */
export function resolvePath(location: string, base: string): string {
  if (!isPath(location)) return location;
  checkPath('location', location);
  return resolveLocation(location, base, base) ?? location;
}
