import type {Operation} from '../operation/operation.ts';
import type {ProtocolReader, ResultPlace} from './protocol.ts';
import {resolveLocation, withSuffix} from './resolve.ts';

/** The request that started an operation, as far as its result may depend on it. */
export interface StartRequest {
  /** Where it went. */
  readonly url: string;
  /** Its HTTP method. */
  readonly method: string;
  /** The `Location` header of the answer. */
  readonly location?: string | undefined;
  /** The service's root, under which a path is looked up that it names, e.g. `https://graph.microsoft.com/v1.0`. */
  readonly root?: string | undefined;
}

/** What is known about an operation besides its last answer. */
export interface ResultContext {
  /** Where it was asked for last. */
  readonly location: string;
  readonly started?: StartRequest | undefined;
}

/**
 * Where to fetch what an operation produced, if it succeeded and its answer does not hold the result itself. The order is
 * that of Azure's own client, where the protocol has all the places.
 *
 * @returns an absolute http or https URL, perhaps a foreign one, or `undefined`
 */
export function resultLocation(
  operation: Operation,
  reader: ProtocolReader,
  context: ResultContext,
): string | undefined {
  if (operation.status !== 'succeeded' || operation.result !== undefined) return undefined;
  for (const place of reader.resultPlaces) {
    const location = locationOf(place, operation, context);
    if (location !== undefined) return location;
  }
  return undefined;
}

function locationOf(place: ResultPlace, operation: Operation, {location, started}: ResultContext): string | undefined {
  if (typeof place === 'object') return withSuffix(location, place.suffix);
  if (place === 'resourceLocation') return resolveLocation(operation.resourceLocation, location, started?.root);
  if (started === undefined) return undefined;
  const method = started.method.toUpperCase();
  // The URL of a POST is that of an action or a collection; what a DELETE was about is gone.
  if (place === 'original')
    return ['PUT', 'PATCH'].includes(method) ? resolveLocation(started.url, location) : undefined;
  if (!['POST', 'PATCH'].includes(method)) return undefined;
  const target = resolveLocation(started.location, started.url, started.root);
  return target === location ? undefined : target;
}
