import type {Operation} from '../operation/operation.ts';
import type {ResultPlace} from './protocol.ts';
import type {ProtocolReader} from './protocol-reader.ts';
import {resolveLocation, withSuffix} from './resolve.ts';
import {fillTemplate} from './url-template.ts';

/** What may be needed of the request that started an operation to find its result. */
export interface StartRequest {
  /** Its URL. */
  readonly url: string;
  /** Its HTTP method. */
  readonly method: string;
  /** The `Location` header of the response. */
  readonly location?: string | undefined;
  /** The service's root, under which paths are resolved, e.g. `https://graph.microsoft.com/v1.0`. */
  readonly root?: string | undefined;
}

/** What is known about an operation besides its last response. */
export interface ResultContext {
  /** The location of the last poll. */
  readonly location: string;
  /** What a leading slash of a URL template is relative to. Default the location's origin. */
  readonly root?: string | undefined;
  readonly started?: StartRequest | undefined;
}

/**
 * Where to fetch the result of an operation that succeeded and whose response does not contain it. Where the protocol lists
 * all the places, the order is that of Azure's own client.
 *
 * @returns an absolute http or https URL, possibly on a foreign origin, or `undefined`
 */
export function resultLocation(
  operation: Operation,
  reader: ProtocolReader,
  context: ResultContext,
): string | undefined {
  if (operation.status !== 'succeeded' || operation.result !== undefined) return undefined;
  for (const place of reader.resultPlaces) {
    const location = locateResult(place, operation, context);
    if (location !== undefined) return location;
  }
  return undefined;
}

function locateResult(
  place: ResultPlace,
  operation: Operation,
  {location, root, started}: ResultContext,
): string | undefined {
  if (typeof place === 'object') {
    return 'suffix' in place
      ? withSuffix(location, place.suffix)
      : resolveLocation(fillTemplate(place.template, operation.raw), location, root);
  }
  if (place === 'resourceLocation') return resolveLocation(operation.resourceLocation, location, started?.root);
  if (started === undefined) return undefined;
  const method = started.method.toUpperCase();
  // A POST goes to an action or a collection, and after a DELETE the resource is gone.
  if (place === 'original')
    return ['PUT', 'PATCH'].includes(method) ? resolveLocation(started.url, location) : undefined;
  if (!['POST', 'PATCH'].includes(method)) return undefined;
  const target = resolveLocation(started.location, started.url, started.root);
  return target === location ? undefined : target;
}
