import type {OperationStatus} from '../operation/operation.ts';
import {checkProtocol} from './check.ts';
import {type JsonPointer, type JsonPointers, type PointerPath, pointerPaths} from './pointer.ts';

/**
 * Where a result is to be fetched: at the operation's `resourceLocation`; at the `location` header of the answer that
 * started it, by POST or PATCH; at the `original` URL of the request that started it, by PUT or PATCH; or at the
 * operation's own location with a `suffix` to its path.
 */
export type ResultPlace = 'resourceLocation' | 'location' | 'original' | {readonly suffix: string};

/**
 * How a service words its long-running operations: data only. Places in an answer's body are JSON pointers
 * (`/status`); of several the first that holds something counts.
 */
export interface Protocol {
  /** Its name; a resume token refers to the protocol by it. */
  readonly name: string;
  /** Where the status word stands. */
  readonly status: JsonPointers;
  /**
   * Which word means which status; words are compared without regard to case. Where a service has `true` and `false` in
   * place of words, they are these words.
   */
  readonly words: Readonly<Record<string, OperationStatus>>;
  /** What every word means that is not in `words`. Default: nothing; an `unknownStatus` event tells of it. */
  readonly otherWords?: OperationStatus;
  /**
   * What an answer means that has an id, no status and no error, e.g. of a service that leaves `done: false` out. Default:
   * nothing; it cannot be read as an operation.
   */
  readonly withoutStatus?: OperationStatus;
  /**
   * What an answer without a status word and without an error means by its HTTP status, from 200 to 299, e.g.
   * `{202: 'running', 200: 'succeeded'}`. Default: nothing; a word always beats the HTTP status.
   */
  readonly httpStatuses?: Readonly<Record<number, OperationStatus>>;
  /** Whether something at `error` makes a word that means succeeded mean failed. Default `false`. */
  readonly errorMeansFailed?: boolean;
  /**
   * Whether HTTP 303 is the operation's success. It is not followed; its `Location` becomes the `resourceLocation`. Default
   * `false`.
   */
  readonly seeOtherSucceeds?: boolean;
  /** Whether HTTP 404 and 410 are the operation's success: a deletion, seen on the resource. Default `false`. */
  readonly notFoundSucceeds?: boolean;
  /** Where the id stands. Default `/id`. */
  readonly id?: JsonPointers;
  /** Where the time of creation stands. Default `/createdDateTime`. */
  readonly createdDateTime?: JsonPointers;
  /** Where the time of the last change stands. Default `/lastActionDateTime`. */
  readonly lastActionDateTime?: JsonPointers;
  /** Where a text about the status stands. Default `/statusDetail`. */
  readonly statusDetail?: JsonPointers;
  /** Where the progress stands, a number or numeric text from 0 to 100. Default: nowhere. */
  readonly percentComplete?: JsonPointers;
  /** Where the finished resource's address stands. Default `/resourceLocation`. */
  readonly resourceLocation?: JsonPointers;
  /** Where the result stands in the answer itself; `''` is the whole of it. Default: nowhere. */
  readonly result?: JsonPointers | '';
  /**
   * Where a result is to be fetched that is not in the answer: the first of these places that is known. Default
   * `'resourceLocation'`; `[]`: there is none to fetch.
   */
  readonly resultLocation?: ResultPlace | readonly ResultPlace[];
  /** Where a failed operation's error stands. Default `/error`. */
  readonly error?: JsonPointers;
  /**
   * How the answer that starts an operation leads to it: by `'headers'`, its `locationHeaders`; as the `'resource'` itself,
   * which is found under the request's URL by its id; or by its name, which stands in the body at a JSON pointer and is
   * looked up under the service's root. Default `'headers'`.
   */
  readonly start?: 'headers' | 'resource' | JsonPointer;
  /** Headers that the request which starts an operation needs, e.g. `{prefer: 'respond-async'}`. Default none. */
  readonly requestHeaders?: Readonly<Record<string, string>>;
  /** Whether HTTP 201 to the start means that it was done at once and there is nothing to watch. Default `false`. */
  readonly createdMeansDone?: boolean;
  /**
   * Which headers of an answer name the operation's location, the first that is there counts: of the answer that starts
   * it, and of later answers that move it. Default `['operation-location', 'location']`.
   */
  readonly locationHeaders?: readonly string[];
  /** Which headers of later answers move the operation, where these are others. Default: the `locationHeaders`. */
  readonly moveHeaders?: readonly string[];
  /** How the operation is read instead when it is only a `location` header that leads to it. Default: as otherwise. */
  readonly locationOnly?: Protocol;
  /**
   * How the operation is canceled: by a request of this method to its location, with the suffix to its path. Default: the
   * service has no way to.
   */
  readonly cancel?: {readonly method: 'DELETE' | 'POST'; readonly suffix?: string};
  /** Whether requests carry the bearer token. `'none'`: never, and locations are taken for capabilities. Default `'bearer'`. */
  readonly authorization?: 'bearer' | 'none';
  /** Whether an answer may move the operation to a foreign origin, where no token is sent. Default `false`. */
  readonly foreignHosts?: boolean;
  /** The shortest wait, in milliseconds, that the service allows unless it says otherwise itself. Default 0. */
  readonly minimumInterval?: number;
  /**
   * The longest wait, in milliseconds, that the service allows unless it says otherwise itself; not shorter than
   * `minimumInterval`. Default: none.
   */
  readonly maximumInterval?: number;
  /** The default of `totalTimeout` for this protocol, in milliseconds. Default 15 minutes. */
  readonly totalTimeout?: number;
}

/** A protocol made ready for reading. */
export interface ProtocolReader {
  readonly protocol: Protocol;
  readonly words: ReadonlyMap<string, OperationStatus>;
  readonly httpStatuses: ReadonlyMap<number, OperationStatus>;
  readonly errorMeansFailed: boolean;
  readonly seeOtherSucceeds: boolean;
  readonly notFoundSucceeds: boolean;
  readonly status: readonly PointerPath[];
  readonly id: readonly PointerPath[];
  readonly createdDateTime: readonly PointerPath[];
  readonly lastActionDateTime: readonly PointerPath[];
  readonly statusDetail: readonly PointerPath[];
  readonly percentComplete: readonly PointerPath[];
  readonly resourceLocation: readonly PointerPath[];
  readonly result: readonly PointerPath[];
  readonly error: readonly PointerPath[];
  readonly resultPlaces: readonly ResultPlace[];
  readonly locationHeaders: readonly string[];
  readonly moveHeaders: readonly string[];
  readonly sendsToken: boolean;
  readonly foreignHosts: boolean;
  readonly minimumInterval: number;
  readonly maximumInterval: number;
}

/**
 * Defines a protocol for {@link pollOperation}'s `protocol` option.
 *
 * @param protocol what the service's answers look like; a word without a status does not compile
 * @returns the same, checked and frozen
 * @throws TypeError or RangeError that names the field, what it holds and what it takes
 *
 * @example
 * ```ts
 * const renders = protocols.define({
 *   name: 'renders',
 *   status: '/state',
 *   words: {queued: 'notStarted', rendering: 'running', done: 'succeeded', broken: 'failed'},
 *   percentComplete: '/progress',
 *   result: '/image',
 * });
 * ```
 */
export function defineProtocol(protocol: Protocol): Protocol {
  checkProtocol(protocol);
  const copy = frozen(protocol);
  defined.add(copy);
  return copy;
}

// A protocol within a protocol stays the one it is.
const defined = new WeakSet<object>();

function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null || defined.has(value)) return value;
  const copy = Array.isArray(value)
    ? value.map(frozen)
    : Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, frozen(inner)]));
  return Object.freeze(copy) as T;
}

const readers = new WeakMap<Protocol, ProtocolReader>();

/** Makes a protocol ready for reading, once; throws as {@link defineProtocol} does. */
export function protocolReader(protocol: Protocol): ProtocolReader {
  const known = readers.get(protocol);
  if (known !== undefined) return known;
  checkProtocol(protocol);
  const {resultLocation = 'resourceLocation', locationHeaders = ['operation-location', 'location']} = protocol;
  const reader: ProtocolReader = {
    protocol,
    words: new Map(Object.entries(protocol.words).map(([word, status]) => [word.toLowerCase(), status])),
    httpStatuses: new Map(Object.entries(protocol.httpStatuses ?? {}).map(([code, status]) => [Number(code), status])),
    errorMeansFailed: protocol.errorMeansFailed ?? false,
    seeOtherSucceeds: protocol.seeOtherSucceeds ?? false,
    notFoundSucceeds: protocol.notFoundSucceeds ?? false,
    status: pointerPaths(protocol.status),
    id: pointerPaths(protocol.id ?? '/id'),
    createdDateTime: pointerPaths(protocol.createdDateTime ?? '/createdDateTime'),
    lastActionDateTime: pointerPaths(protocol.lastActionDateTime ?? '/lastActionDateTime'),
    statusDetail: pointerPaths(protocol.statusDetail ?? '/statusDetail'),
    percentComplete: pointerPaths(protocol.percentComplete),
    resourceLocation: pointerPaths(protocol.resourceLocation ?? '/resourceLocation'),
    result: pointerPaths(protocol.result),
    error: pointerPaths(protocol.error ?? '/error'),
    resultPlaces: isList(resultLocation) ? resultLocation : [resultLocation],
    locationHeaders,
    moveHeaders: protocol.moveHeaders ?? locationHeaders,
    sendsToken: protocol.authorization !== 'none',
    foreignHosts: protocol.foreignHosts ?? false,
    minimumInterval: protocol.minimumInterval ?? 0,
    maximumInterval: protocol.maximumInterval ?? Number.POSITIVE_INFINITY,
  };
  readers.set(protocol, reader);
  return reader;
}

// Array.isArray does not tell a readonly list from its elements.
function isList<T>(value: T | readonly T[]): value is readonly T[] {
  return Array.isArray(value);
}
