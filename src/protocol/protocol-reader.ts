import type {OperationStatus} from '../operation/operation.ts';
import {checkDefined} from './define-protocol.ts';
import {type PointerPath, pointerPaths} from './pointer.ts';
import type {Protocol, ResultPlace} from './protocol.ts';

/** A protocol prepared for parsing: defaults filled in, pointers split into paths, words, codes and header names in lower case. */
export interface ProtocolReader {
  readonly protocol: Protocol;
  readonly words: ReadonlyMap<string, OperationStatus>;
  readonly errorCodes: ReadonlyMap<string, OperationStatus>;
  readonly throttlingCodes: ReadonlySet<string>;
  /** The HTTP statuses of redirects that are the operation's word. */
  readonly unfollowed: readonly number[];
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
  readonly pollHeaders: Readonly<Record<string, string>> | undefined;
  readonly sendsToken: boolean;
  /** The header that carries the token, in lower case, and what comes before the token in it. */
  readonly tokenHeader: {readonly name: string; readonly prefix: string};
  readonly foreignHosts: boolean;
  readonly minimumInterval: number;
  readonly maximumInterval: number;
}

const readers = new WeakMap<Protocol, ProtocolReader>();

/**
 * Prepares a protocol for parsing, once for each protocol.
 *
 * @throws TypeError for what {@link defineProtocol} has not made
 */
export function protocolReader(protocol: Protocol): ProtocolReader {
  const known = readers.get(protocol);
  if (known !== undefined) return known;
  checkDefined(protocol);
  const {authorization = 'bearer'} = protocol;
  const {header, scheme = ''} =
    typeof authorization === 'object' ? authorization : {header: 'authorization', scheme: 'Bearer'};
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
    pollHeaders: protocol.pollHeaders && readPollHeaders(protocol.pollHeaders),
    sendsToken: authorization !== 'none',
    tokenHeader: {name: header.toLowerCase(), prefix: scheme && `${scheme} `},
    foreignHosts: protocol.foreignHosts ?? false,
    minimumInterval: protocol.minimumInterval ?? 0,
    maximumInterval: protocol.maximumInterval ?? Number.POSITIVE_INFINITY,
  };
  readers.set(protocol, reader);
  return reader;
}

/** In lower case, as those that every request has. Only JSON can be read, so a poll accepts nothing else: a version of it, if need be. */
function readPollHeaders(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const {accept = '', ...others} = Object.fromEntries(lowerCaseMap(headers));
  return /json/i.test(accept) ? {...others, accept} : others;
}

function lowerCaseMap<Value>(record: Readonly<Record<string, Value>> = {}): Map<string, Value> {
  return new Map(Object.entries(record).map(([name, value]) => [name.toLowerCase(), value]));
}
