import {createHash} from 'node:crypto';
import {checkText, outOfRange, wrongType} from './checks.ts';

/** Graph's two versions; `false` for a path without one, as on another host. */
export type Version = 'v1.0' | 'beta' | false;

/** A path of the service. Graph's versions share their resources: what is at `/v1.0/x` is at `/beta/x` as well. */
export interface ServicePath {
  /** The same text for each spelling of the same path. A path without a version never has the key of one with a version. */
  readonly key: string;
  /** Whether it has the form of an operation of a user's authentication. */
  readonly isUserOperation: boolean;
}

const versionedPath = /^\/(?:v1\.0|beta)(\/.*)$/i;
const userOperationPath = /^\/users\/([^/]+)\/authentication\/operations\/([^/]+)$/i;

/** Parses a path without its query; `undefined` if its percent-encoding is invalid. */
export function parsePath(path: string): ServicePath | undefined {
  const resource = versionedPath.exec(path)?.[1];
  try {
    if (resource === undefined) return {key: `without version: ${decode(path)}`, isUserOperation: false};
    // Only here does Graph accept two names for a user, and any case for the other segments.
    const [, user, id] = userOperationPath.exec(resource) ?? [];
    if (user === undefined || id === undefined) return {key: decode(resource), isUserOperation: false};
    return {key: `/users/${objectIdOf(decode(user))}/authentication/operations/${decode(id)}`, isUserOperation: true};
  } catch {
    return undefined;
  }
}

/** Where something is at the service. */
export interface ServicePlace {
  readonly version: Version;
  /** Its path under the version, without a query. It has been checked, so that it can be parsed. */
  readonly path: string;
  readonly query?: string;
}

/** The key of its path. */
export function keyOf({version, path}: ServicePlace): string {
  return parsePath(version === false ? path : `/${version}${path}`)?.key ?? path;
}

/**
 * The object id of a user. An id is returned as it is; a user principal name gives a GUID, the same one at every call.
 * Graph maps names to ids as well, which is why a location never contains the name that the request had.
 */
export function objectIdOf(user: string): string {
  if (!user.includes('@')) return user;
  const hex = createHash('sha256').update(user.toLowerCase()).digest('hex');
  // The fixed digits mark a GUID made from a name (version 8, variant 1), so that strict parsers accept it.
  return [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  );
}

/** The path of a request, without its query. */
export function pathOf(target: string): string {
  const query = target.indexOf('?');
  return query === -1 ? target : target.slice(0, query);
}

/** Its absolute URL. */
export function locationOf(root: string, {version, path, query = ''}: ServicePlace): string {
  return `${root}${version === false ? '' : `/${version}`}${path}${query === '' ? '' : `?${query}`}`;
}

/** The id at the end of a path: `b` in `/a/b`, in `/a('b')` and in `/a(b)`. */
export function idInPath(path: string): string {
  const last = decodeURIComponent(path.slice(path.lastIndexOf('/') + 1));
  return /\('?([^()]+?)'?\)$/.exec(last)?.[1] ?? last;
}

export function checkQuery(name: string, value: unknown): void {
  checkText(name, value);
  if (!/^[\w!$%&'()*+,\-./:;=?@~]*$/.test(value)) {
    throw outOfRange(name, 'a query, encoded as in a URL', value);
  }
}

export function checkPath(name: string, value: unknown): void {
  checkText(name, value);
  if (!isPath(value)) throw outOfRange(name, `${pathDescription}, such as '/teams/a/clone'`, value);
}

/** Checks a path in which `{id}` stands for an id that is not known yet. */
export function checkPathWithId(name: string, value: unknown): void {
  checkText(name, value);
  if (!isPath(value.replaceAll('{id}', 'id'))) {
    throw outOfRange(name, `${pathDescription}, such as '/teams/a/operations/{id}'`, value);
  }
}

export function checkVersion(name: string, value: unknown): void {
  if (value !== 'v1.0' && value !== 'beta' && value !== false) throw wrongType(name, "'v1.0', 'beta' or false", value);
}

const pathDescription = 'a path, encoded as in a URL, without version and query';

function isPath(text: string): boolean {
  if (/^\/(?:v1\.0|beta)(?:\/|$)/i.test(text) || !/^(?:\/[\w!$%&'()*+,\-.:;=@~]+)+$/.test(text)) return false;
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

function decode(text: string): string {
  return text.includes('%') ? decodeURIComponent(text) : text;
}
