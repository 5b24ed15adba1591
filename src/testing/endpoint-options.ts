import {checkText, outOfRange, wrongType} from './checks.ts';
import type {Version} from './place.ts';

/** Checks that operations, resources and starts share, and what their paths say. */
export function checkQuery(name: string, value: unknown): void {
  checkText(name, value);
  if (!/^[\w!$%&'()*+,\-./:;=?@~]*$/.test(String(value))) {
    throw outOfRange(name, 'a query as it stands in a URL', value);
  }
}

export function checkPath(name: string, value: unknown): void {
  checkText(name, value);
  if (!isPath(String(value))) {
    throw outOfRange(name, "a path as it stands in a URL, without version and query, such as '/teams/a/clone'", value);
  }
}

/** Checks a path in which `{id}` stands for an id that is not known yet. */
export function checkPathWithId(name: string, value: unknown): void {
  checkText(name, value);
  if (!isPath(String(value).replaceAll('{id}', 'id'))) {
    throw outOfRange(
      name,
      "a path as it stands in a URL, without version and query, such as '/teams/a/operations/{id}'",
      value,
    );
  }
}

export function checkVersion(name: string, value: unknown): void {
  if (value !== 'v1.0' && value !== 'beta' && value !== false) throw wrongType(name, "'v1.0', 'beta' or false", value);
}

/** The absolute URL of a path. */
export function locationOf(
  root: string,
  {version, path, query}: {readonly version: Version; readonly path: string; readonly query: string},
): string {
  return `${root}${version === false ? '' : `/${version}`}${path}${query === '' ? '' : `?${query}`}`;
}

/** What stands last in a path: `b` in `/a/b`, in `/a('b')` and in `/a(b)`. */
export function idInPath(path: string): string {
  const last = decodeURIComponent(path.slice(path.lastIndexOf('/') + 1));
  return /\('?([^()]+?)'?\)$/.exec(last)?.[1] ?? last;
}

function isPath(text: string): boolean {
  if (/^\/(?:v1\.0|beta)(?:\/|$)/i.test(text) || !/^(?:\/[\w!$%&'()*+,\-.:;=@~]+)+$/.test(text)) return false;
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
