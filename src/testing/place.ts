import {objectIdOf} from './object-id.ts';

/** Graph's two versions; `false` for a path that has none, as on another host. */
export type Version = 'v1.0' | 'beta' | false;

/** Where a path leads. Graph's versions share their places: what is at `/v1.0/x` is at `/beta/x` too. */
export interface Place {
  /** The same text for every way of writing the same place; a place without a version starts otherwise than one with. */
  readonly key: string;
  /** Whether it has the form of an operation of a user's authentication. */
  readonly userOperation: boolean;
}

const versioned = /^\/(?:v1\.0|beta)(\/.*)$/i;
const userOperation = /^\/users\/([^/]+)\/authentication\/operations\/([^/]+)$/i;

/** The place of a path without its query, or `undefined` if its percent signs make no sense. */
export function placeOf(path: string): Place | undefined {
  const bare = versioned.exec(path)?.[1];
  try {
    if (bare === undefined) return {key: `without version: ${decode(path)}`, userOperation: false};
    // Only here does Graph know a user by two names, and words in any case.
    const [, user, id] = userOperation.exec(bare) ?? [];
    if (user === undefined || id === undefined) return {key: decode(bare), userOperation: false};
    return {key: userOperationKey(objectIdOf(decode(user)), decode(id)), userOperation: true};
  } catch {
    return undefined;
  }
}

/** The key of a path that was checked before, so that it can be read. */
export function keyOf({version, path}: {readonly version: Version; readonly path: string}): string {
  return placeOf(version === false ? path : `/${version}${path}`)?.key ?? path;
}

/** The key of an operation of a user's authentication, by the user's object id. */
export function userOperationKey(userId: string, id: string): string {
  return `/users/${userId}/authentication/operations/${id}`;
}

/** The path of a request, without its query. */
export function pathOf(target: string): string {
  const query = target.indexOf('?');
  return query === -1 ? target : target.slice(0, query);
}

function decode(text: string): string {
  return text.includes('%') ? decodeURIComponent(text) : text;
}
