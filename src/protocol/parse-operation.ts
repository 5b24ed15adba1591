import type {Operation, OperationFault, OperationStatus, SucceededOperation} from '../operation/operation.ts';
import {readDateTime} from '../shared/date-time.ts';
import {deepFreeze, maxJsonDepth} from '../shared/json.ts';
import {ownProperty, valueAt} from './pointer.ts';
import type {ProtocolReader} from './protocol-reader.ts';

/** What a response body turned out to be. */
export type ParsedOperation =
  | {readonly is: 'operation'; readonly operation: Operation}
  | {readonly is: 'unknownStatus'; readonly rawStatus: string}
  | {readonly is: 'unreadable'; readonly why: string};

/**
 * Parses a response's JSON body as an operation by the rules of its protocol. Never throws.
 *
 * @param body `null` for a response without a body, `undefined` for one that is not JSON
 * @param httpStatus the response's HTTP status, for protocols with `httpStatuses`
 * @param previous the last operation parsed by the same reader: it is returned when the body is equal, to spare the garbage
 *   collector
 */
export function parseOperation(
  body: unknown,
  reader: ProtocolReader,
  httpStatus?: number,
  previous?: Operation,
): ParsedOperation {
  if (previous !== undefined && reader.httpStatuses.size === 0 && isEqualJson(previous.raw, body)) {
    return {is: 'operation', operation: previous};
  }
  const isObject = typeof body === 'object' && body !== null && !Array.isArray(body);
  const word = isObject ? parseStatusWord(body, reader) : undefined;
  const implied = word === undefined ? impliedStatus(body, reader, httpStatus) : undefined;
  const rawStatus = word ?? implied?.rawStatus;
  if (rawStatus === undefined) {
    const why = isObject
      ? `there is no status at ${String(reader.protocol.status)}`
      : `expected a JSON object, got ${describeJsonType(body)}`;
    return {is: 'unreadable', why};
  }
  if (!deepFreeze(body)) {
    return {is: 'unreadable', why: `the body is nested more than ${maxJsonDepth} levels deep`};
  }
  let status = implied?.status ?? reader.words.get(rawStatus.toLowerCase()) ?? reader.protocol.otherWords;
  if (status === undefined) return {is: 'unknownStatus', rawStatus};
  if (status === 'succeeded' && reader.errorMeansFailed && valueAt(body, reader.error) !== undefined) status = 'failed';
  const operation: Mutable<Operation> & {result?: unknown; error?: OperationFault} = {
    id: asString(valueAt(body, reader.id)),
    status,
    rawStatus,
    raw: body ?? null,
  };
  const createdDateTime = readDateTime(valueAt(body, reader.createdDateTime));
  if (createdDateTime !== undefined) operation.createdDateTime = createdDateTime;
  const lastActionDateTime = readDateTime(valueAt(body, reader.lastActionDateTime));
  if (lastActionDateTime !== undefined) operation.lastActionDateTime = lastActionDateTime;
  const statusDetail = asString(valueAt(body, reader.statusDetail));
  if (statusDetail !== undefined) operation.statusDetail = statusDetail;
  const percentComplete = parsePercentage(valueAt(body, reader.percentComplete));
  if (percentComplete !== undefined) operation.percentComplete = percentComplete;
  const resourceLocation = asString(valueAt(body, reader.resourceLocation));
  if (resourceLocation !== undefined) operation.resourceLocation = resourceLocation;
  if (status === 'succeeded') {
    const result = valueAt(body, reader.result);
    if (result !== undefined) operation.result = result;
  } else if (status === 'failed' || status === 'canceled') {
    const error = parseErrorObject(valueAt(body, reader.error));
    if (error !== undefined) operation.error = error;
  }
  return {is: 'operation', operation: Object.freeze(operation) as Operation};
}

/** The status word of a body: a string, or a boolean if the protocol lists it among its words. */
function parseStatusWord(body: object, reader: ProtocolReader): string | undefined {
  const value = valueAt(body, reader.status);
  if (typeof value === 'string') return value;
  return typeof value === 'boolean' && reader.words.has(String(value)) ? String(value) : undefined;
}

/** The status of a body without a status word, where the protocol gives one; a body with an error has none. */
function impliedStatus(
  body: unknown,
  reader: ProtocolReader,
  httpStatus = 0,
): {readonly status: OperationStatus; readonly rawStatus: string} | undefined {
  const {withoutStatus} = reader.protocol;
  const statusByHttp = reader.httpStatuses.get(httpStatus);
  if (statusByHttp === undefined && withoutStatus === undefined) return undefined;
  if (valueAt(body, reader.status) !== undefined || valueAt(body, reader.error) !== undefined) return undefined;
  if (statusByHttp !== undefined) {
    // What is not JSON may be a gateway's page, whatever its HTTP status, so it never counts as a success.
    return body === undefined && statusByHttp === 'succeeded'
      ? undefined
      : {status: statusByHttp, rawStatus: String(httpStatus)};
  }
  const id = asString(valueAt(body, reader.id));
  return withoutStatus === undefined || id === undefined || id === ''
    ? undefined
    : {status: withoutStatus, rawStatus: ''};
}

function describeJsonType(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  return Array.isArray(value) ? 'an array' : `a ${typeof value}`;
}

/**
 * The operation that HTTP 303 reports as succeeded, for a protocol with `seeOtherSucceeds`.
 *
 * @param location the 303's `Location`, which is that of the finished resource
 */
export function seeOtherOperation(location: string | undefined): SucceededOperation {
  const resource = location === undefined ? {} : {resourceLocation: location};
  return Object.freeze({id: undefined, status: 'succeeded', rawStatus: '303', ...resource, raw: null});
}

/** The operation that HTTP 404 or 410 reports as succeeded, for a protocol with `notFoundSucceeds`. */
export function notFoundOperation(httpStatus: number): SucceededOperation {
  return Object.freeze({id: undefined, status: 'succeeded', rawStatus: String(httpStatus), raw: null});
}

/**
 * Parses an error object as services nest it, `{code, message, innerError: {code, …}}`, and takes the most specific code: the
 * innermost that is meaningful. A plain string is taken as the code.
 */
export function parseErrorObject(value: unknown): OperationFault | undefined {
  if (typeof value === 'string') return Object.freeze({code: value});
  if (typeof value !== 'object' || value === null) return undefined;
  let code: string | undefined;
  let inner: unknown = value;
  for (let depth = 0; depth < 10 && typeof inner === 'object' && inner !== null; depth++) {
    const own = ownProperty(inner, 'code');
    if (typeof own === 'string' && own !== '' && (code === undefined || own !== 'UnknownError')) code = own;
    if (typeof own === 'number' && code === undefined) code = String(own);
    inner = ownProperty(inner, 'innerError') ?? ownProperty(inner, 'innererror');
  }
  const message = asString(ownProperty(value, 'message'));
  if (code === undefined && message === undefined) return undefined;
  return Object.freeze({...(code === undefined ? {} : {code}), ...(message === undefined ? {} : {message})});
}

type Mutable<T> = {-readonly [Key in keyof T]: T[Key]};

function asString(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

// OneNote sends progress as a string, drives send fractions.
function parsePercentage(value: unknown): number | undefined {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && number >= 0 && number <= 100 ? number : undefined;
}

/** Whether two JSON values are equal. The first was parsed before, so it is not nested too deeply for recursion. */
function isEqualJson(parsed: unknown, other: unknown): boolean {
  if (parsed === other) return true;
  if (typeof parsed !== 'object' || typeof other !== 'object' || parsed === null || other === null) return false;
  const names = Object.keys(parsed);
  if (names.length !== Object.keys(other).length || Array.isArray(parsed) !== Array.isArray(other)) return false;
  for (const name of names) {
    if (!Object.hasOwn(other, name) || !isEqualJson(ownProperty(parsed, name), ownProperty(other, name))) return false;
  }
  return true;
}
