import {isObject} from '../shared/json.ts';

const linksOfBodies = new WeakMap<object, unknown>();

/**
 * Keeps a body as it was before the values of a client's headers were removed from it. It is kept beside the body, which is shown, and as
 * long as that: a body that comes from a resume token has none.
 */
export function keepLinks(body: unknown, links: unknown): void {
  if (isObject(body) && body !== links) linksOfBodies.set(body, links);
}

/** What URLs are read from: a body with the values of the client's headers that a URL may contain. Nothing else is read from it. */
export function linksOf(body: unknown): unknown {
  return linksOfBodies.get(Object(body)) ?? body;
}
