import type {Operation} from '../operation/operation.ts';
import {ownProperty} from './pointer.ts';
import type {ResultPlace} from './protocol.ts';
import type {ProtocolReader} from './protocol-reader.ts';
import {locatePlace, resolveLocation} from './resolve.ts';

/** Where the result of an operation is once it has succeeded, by Azure Resource Manager's own names. */
export type FinalStateVia = 'azure-async-operation' | 'operation-location' | 'location' | 'original-uri';

/** The request that started an operation, for protocols whose result is found there. */
export interface StartRequest {
  /** Its HTTP method, such as `'PUT'`. */
  readonly method: string;
  /** Its URL. */
  readonly url: string;
  /** The `Location` header of the response. */
  readonly location?: string | undefined;
}

/**
 * Decides where an operation's result will be, from the request that started it: by the table of [Azure's own
 * client](https://github.com/Azure/azure-sdk-for-js/tree/main/sdk/core/core-lro).
 *
 * @param location where the operation is watched
 * @param pathRoot the root under which a path in the `Location` header is resolved
 * @returns an absolute http or https URL; `null`: it is in the operation's own response; `undefined` where the start decides nothing
 */
export function decideResultLocation(
  {method, url, location: header}: StartRequest,
  {resultPlaces}: ProtocolReader,
  location: string,
  finalStateVia: FinalStateVia | undefined,
  pathRoot?: string,
): string | null | undefined {
  if (!looksAtStart(resultPlaces)) return undefined;
  if (method === 'DELETE') return null;
  if (resultPlaces.includes('location') && method !== 'PUT' && (finalStateVia ?? 'location') === 'location') {
    const target = resolveLocation(header, url, pathRoot);
    // The watched location needs no second request.
    if (target !== undefined && target !== location) return target;
  }
  const isAtOriginal = method === 'PUT' || method === 'PATCH' || finalStateVia === 'original-uri';
  return (isAtOriginal && resultPlaces.includes('original') ? resolveLocation(url, location) : undefined) ?? null;
}

/** Whether a protocol's result may be where the operation was started. */
function looksAtStart(places: readonly ResultPlace[]): boolean {
  return places.includes('location') || places.includes('original');
}

/** Where the result of a succeeded operation stands. */
export type ResultSource =
  /** at a URL, possibly on a foreign origin */
  | {readonly at: 'location'; readonly location: string}
  /** in the operation itself: `undefined` where there is none */
  | {readonly at: 'operation'; readonly result: unknown}
  /** where the operation was started, which is not known */
  | {readonly at: 'start'};

/** What is known about an operation besides its last response. */
export interface ResultContext {
  /** The location of the last poll. */
  readonly location: string;
  /** What {@link decideResultLocation} decided. */
  readonly resultLocation?: string | null | undefined;
  /** The root under which a path in `resourceLocation` is resolved. Default: it is relative to the location. */
  readonly pathRoot?: string | undefined;
  /** The root of a URL template with a leading slash. Default the location's origin. */
  readonly base?: string | undefined;
}

/** Finds the result of an operation that succeeded. A `resourceLocation` in its response beats what was decided at the start. */
export function findResult(
  operation: Operation & {readonly result?: unknown},
  reader: ProtocolReader,
  {location, resultLocation: decided, pathRoot, base}: ResultContext,
): ResultSource {
  const {result, raw} = operation;
  const {resultPlaces: places, resourceLocation} = reader;
  const resource = places.includes('resourceLocation')
    ? resolveLocation(operation.resourceLocation, location, pathRoot)
    : undefined;
  // The response may say that there is no resource: `resourceLocation: null`.
  const isNone = resource === undefined && resourceLocation.some((path) => path.reduce(ownProperty, raw) === null);
  const isDecided = typeof decided === 'string';
  if (isDecided && !isNone) return {at: 'location', location: resource ?? decided};
  if (isDecided || result !== undefined) return {at: 'operation', result};
  for (const place of places) {
    const isUrl = typeof place === 'object';
    const found = isUrl ? locatePlace(place, location, raw, base) : place === 'resourceLocation' && resource;
    if (found) return {at: 'location', location: found};
  }
  if (isNone || !looksAtStart(places)) return {at: 'operation', result};
  return decided === null ? {at: 'operation', result: raw} : {at: 'start'};
}
