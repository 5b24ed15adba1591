import type {OperationStatus} from '../operation/operation.ts';
import type {CompiledFields} from './compile-fields.ts';
import {checkDefined, defined} from './define-preset.ts';
import {lowerCaseMap} from './lower-case-map.ts';
import {type PointerPath, pointerPaths} from './pointer.ts';
import type {Protocol, ResultPlace} from './protocol.ts';

/** A protocol prepared for parsing: defaults filled in, pointers split into paths, words, codes and header names in lower case. */
export interface ProtocolReader extends CompiledFields {
  readonly protocol: Protocol;
  readonly words: ReadonlyMap<string, OperationStatus>;
  /** The HTTP statuses of redirects that are the operation's word. */
  readonly unfollowed: readonly number[];
  readonly errorCodes: ReadonlyMap<string, OperationStatus>;
  readonly throttlingCodes: ReadonlySet<string>;
  readonly status: readonly PointerPath[];
  readonly statusIfKnown: readonly PointerPath[];
  readonly id: readonly PointerPath[];
  readonly createdDateTime: readonly PointerPath[];
  readonly lastActionDateTime: readonly PointerPath[];
  readonly statusDetail: readonly PointerPath[];
  readonly percentComplete: readonly PointerPath[];
  readonly resourceLocation: readonly PointerPath[];
  readonly result: readonly PointerPath[];
  readonly error: readonly PointerPath[];
  readonly errorCode: readonly PointerPath[];
  readonly errorMessage: readonly PointerPath[];
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
 * @throws TypeError for what `define` has not made
 */
export function protocolReader(protocol: Protocol): ProtocolReader {
  const known = readers.get(protocol);
  if (known !== undefined) return known;
  checkDefined(protocol);
  const {resultLocation = 'resourceLocation', locationHeaders = ['operation-location', 'location']} = protocol;
  const reader: ProtocolReader = {
    protocol,
    words: lowerCaseMap(protocol.words),
    unfollowed: [...Object.keys(protocol.httpStatuses ?? {}).map(Number), protocol.seeOtherSucceeds ? 303 : 0],
    errorCodes: lowerCaseMap(protocol.errorCodes),
    throttlingCodes: new Set((protocol.throttlingCodes ?? []).map((code) => code.toLowerCase())),
    status: pointerPaths(protocol.status),
    statusIfKnown: pointerPaths(protocol.statusIfKnown),
    id: pointerPaths(protocol.id ?? '/id'),
    createdDateTime: pointerPaths(protocol.createdDateTime ?? '/createdDateTime'),
    lastActionDateTime: pointerPaths(protocol.lastActionDateTime ?? '/lastActionDateTime'),
    statusDetail: pointerPaths(protocol.statusDetail ?? '/statusDetail'),
    percentComplete: pointerPaths(protocol.percentComplete),
    resourceLocation: pointerPaths(protocol.resourceLocation ?? '/resourceLocation'),
    result: pointerPaths(protocol.result),
    error: pointerPaths(protocol.error ?? '/error'),
    errorCode: pointerPaths(protocol.errorCode),
    errorMessage: pointerPaths(protocol.errorMessage),
    resultPlaces: [resultLocation].flat(),
    locationHeaders,
    moveHeaders: protocol.moveHeaders ?? locationHeaders,
    sendsToken: protocol.authorization !== 'none',
    foreignHosts: protocol.foreignHosts ?? false,
    minimumInterval: protocol.minimumInterval ?? 0,
    maximumInterval: protocol.maximumInterval ?? Number.POSITIVE_INFINITY,
    read: undefined,
    urlAt: undefined,
    retryAfter: undefined,
    authorization: {header: 'authorization', prefix: 'Bearer '},
    pollHeaders: protocol.pollHeaders,
    ...protocol[defined]?.(protocol),
  };
  readers.set(protocol, reader);
  return reader;
}
