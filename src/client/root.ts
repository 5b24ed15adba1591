import {describeValue, expected} from '../shared/check-options.ts';
import {checkIsSecure, readLocation, withoutSlashes} from '../shared/location.ts';

/** A service's root. */
interface Root {
  readonly origin: string;
  /** The origin and the path, without a slash at the end. */
  readonly base: string;
}

const takesRoot = "an https or http URL such as 'https://api.example.com/v2', without user, query and fragment";

/**
 * Reads the option `root`.
 *
 * @param isProtected whether a token or key goes there
 * @param takes what it should be, for messages
 * @throws TypeError which does not show it: it may hold a password
 */
export function readRoot(root: unknown, isProtected: boolean, takes = takesRoot): Root {
  const url = typeof root === 'string' ? readLocation(root) : undefined;
  if (url === undefined || url.search !== '' || url.hash !== '') {
    throw expected('root', takes, typeof root === 'string' ? describeRoot(root) : describeValue(root));
  }
  if (isProtected) checkIsSecure('root', url, 'a token or key');
  return {origin: url.origin, base: withoutSlashes(url)};
}

/** What is wrong with a root. */
function describeRoot(root: string): string {
  const scheme = /^\s*([a-z][a-z\d+.-]*:)/i.exec(root)?.[1];
  if (scheme === undefined) return 'a string without a scheme';
  if (!/^https?:$/i.test(scheme)) return `one that begins with ${scheme}`;
  return readLocation(root) === undefined ? 'one with a user name, or an invalid URL' : 'one with a query or fragment';
}
