import {createHash} from 'node:crypto';

/**
 * The object id of a user: an id is itself; a user principal name gives a GUID that is the same at every call.
 * Graph does the same, which is why a location never holds the name that the request had.
 */
export function objectIdOf(user: string): string {
  if (!user.includes('@')) return user;
  const hex = createHash('sha256').update(user.toLowerCase()).digest('hex');
  // The fixed digits mark a GUID made from a name (version 8, variant 1), so that strict readers accept it too.
  return [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  );
}
