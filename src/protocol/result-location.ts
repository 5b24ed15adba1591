import type {SucceededOperation} from '../operation/operation.ts';
import {PollError} from '../operation/poll-error.ts';
import type {WatchState} from '../operation/state.ts';
import {linksOf} from './links.ts';
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

/** What the settings of a watch say about where a result is. */
export interface ResultSettings {
  readonly reader: ProtocolReader;
  /** The request that started the operation; `undefined` where it is not known. */
  readonly started?: StartRequest | undefined;
  readonly finalStateVia?: FinalStateVia | undefined;
  /** The root under which a path in the `Location` header or in `resourceLocation` is resolved. Default: it is relative to its URL. */
  readonly pathRoot?: string | undefined;
  /** The root of a URL template with a leading slash. Default the location's origin. */
  readonly base?: string | undefined;
}

/**
 * Decides where an operation's result will be, from the request that started it: by the table of [Azure's own
 * client](https://github.com/Azure/azure-sdk-for-js/tree/main/sdk/core/core-lro).
 *
 * @param location where the operation is watched
 * @returns an absolute http or https URL; `null`: it is in the operation's own response; `undefined` where the start decides nothing
 */
export function decideResultLocation(
  location: string,
  {started, reader: {resultPlaces}, finalStateVia, pathRoot}: ResultSettings,
): WatchState['resultLocation'] {
  if (!started || !looksAtStart(resultPlaces)) return undefined;
  const {method, url} = started;
  if (method === 'DELETE') return null;
  if (resultPlaces.includes('location') && method !== 'PUT' && (finalStateVia ?? 'location') === 'location') {
    const target = resolveLocation(started.location, url, pathRoot);
    // The watched location needs no second request.
    if (target && target !== location) return target;
  }
  const isAtOriginal = method === 'PUT' || method === 'PATCH' || finalStateVia === 'original-uri';
  return (isAtOriginal && resultPlaces.includes('original') ? resolveLocation(url, location) : undefined) ?? null;
}

/** Whether a protocol's result may be where the operation was started. */
function looksAtStart(places: readonly ResultPlace[]): boolean {
  return places.includes('location') || places.includes('original');
}

/** The URL of a result, possibly on a foreign origin; or else the result, which is in the operation: `undefined` where there is none. */
export type FoundResult = {readonly location: string} | {readonly location?: undefined; readonly result: unknown};

/**
 * Finds the result of an operation that succeeded. A `resourceLocation` in its response beats what was decided at the start.
 *
 * @throws PollError where it depends on the start, which is not known
 */
export function findResult(
  operation: SucceededOperation,
  {location, resultLocation: decided}: Pick<WatchState, 'location' | 'resultLocation'>,
  {reader, pathRoot, base}: ResultSettings,
): FoundResult {
  const {result, raw} = operation;
  const {resultPlaces: places, resourceLocation} = reader;
  const resource = places.includes('resourceLocation')
    ? resolveLocation(operation.resourceLocation, location, pathRoot)
    : undefined;
  // The response may say that there is no resource: `resourceLocation: null`.
  const isNone = resource === undefined && resourceLocation.some((path) => path.reduce(ownProperty, raw) === null);
  if (typeof decided === 'string') return isNone ? {result} : {location: resource ?? decided};
  if (result !== undefined) return {result};
  for (const place of places) {
    const isUrl = typeof place === 'object';
    const found = isUrl
      ? locatePlace(place, reader, location, linksOf(raw), base)
      : place === 'resourceLocation' && resource;
    if (found) return {location: found};
  }
  if (isNone || !looksAtStart(places)) return {result};
  if (decided === null) return {result: raw};
  const message =
    'Its protocol looks for it where the operation was started, which is not known: give the option started, {method, url, location}';
  throw new PollError(message, {kind: 'protocol', transient: false});
}
