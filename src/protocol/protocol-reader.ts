import type {OperationStatus} from '../operation/operation.ts';
import {checkProtocol} from './check.ts';
import {type PointerPath, pointerPaths} from './pointer.ts';
import type {Protocol, ResultPlace} from './protocol.ts';

/** A protocol prepared for parsing: defaults filled in, pointers split into paths, words in lower case. */
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

const readers = new WeakMap<Protocol, ProtocolReader>();

/**
 * Prepares a protocol for parsing, once for each protocol.
 *
 * @throws TypeError or RangeError as {@link defineProtocol} does
 */
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
    resultPlaces: [resultLocation].flat(),
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
