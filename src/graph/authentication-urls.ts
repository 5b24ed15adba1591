import {isPath} from '../client/path.ts';
import {checkNonEmptyString, expected} from '../shared/check-options.ts';
import {isLocation} from '../shared/location.ts';

/** The id of the password method, the same for every user. */
const passwordMethod = '28c10230-6103-485e-b985-444c60001490';

/** Where a user's password is reset: a path under the client's base. */
export function resetPasswordPath(user: string, methodId: string = passwordMethod): string {
  return `${authenticationPath(user)}/methods/${pathSegment('methodId', methodId)}/resetPassword`;
}

/** Where a user's authentication operation is, given its id or that location itself, which may be a path. */
export function operationLocation(user: string, idOrLocation: string): string {
  if (isPath(idOrLocation) || isLocation(idOrLocation)) return idOrLocation;
  return `${authenticationPath(user)}/operations/${pathSegment('id', idOrLocation)}`;
}

function authenticationPath(user: string): string {
  return `/users/${pathSegment('user', user)}/authentication`;
}

/** A string as a segment of a path. */
function pathSegment(name: string, text: string): string {
  checkNonEmptyString(name, text);
  // URLs treat these two as path segments to resolve, however they are encoded.
  if (text === '.' || text === '..') throw expected(name, 'an id', JSON.stringify(text));
  try {
    return encodeURIComponent(text);
  } catch {
    throw expected(name, 'a string', 'one with half of a surrogate pair');
  }
}
