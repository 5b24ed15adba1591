import type {Operation, OperationFault, OperationStatus, SucceededOperation} from '../operation/operation.ts';
import {readDateTime} from '../shared/date-time.ts';
import {deepFreeze, maxJsonDepth} from '../shared/json.ts';
import {ownProperty, valueAt} from './pointer.ts';
import type {ProtocolReader} from './protocol-reader.ts';

/** What a response body turned out to be. */
export type ParsedOperation =
  | {
      readonly is: 'operation';
      readonly operation: Operation;
      /** Its status word, where only `otherWords` gives that a meaning. */
      readonly unknownWord?: string | undefined;
    }
  | {readonly is: 'unknownStatus'; readonly rawStatus: string}
  | {readonly is: 'unreadable'; readonly why: string};

/**
 * Parses a response's JSON body as an operation by the rules of its protocol. Never throws.
 *
 * @param body `null` for a response without a body, `undefined` for one that is not JSON
 * @param httpStatus the response's HTTP status, for protocols with `httpStatuses`
 * @param previous the last operation parsed by the same reader: it is returned when the body is equal, to spare the garbage
 *   collector
 * @param links what `resourceLocation` is read from, if not from the body
 */
export function parseOperation(
  body: unknown,
  reader: ProtocolReader,
  httpStatus?: number,
  previous?: Operation,
  links: unknown = body,
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
  const known = implied?.status ?? reader.words.get(rawStatus.toLowerCase());
  let status = known ?? reader.protocol.otherWords;
  if (status === undefined) return {is: 'unknownStatus', rawStatus};
  if (status === 'succeeded' && reader.errorMeansFailed) status = statusByError(body, reader);
  const operation: Mutable<Operation> & {result?: unknown; error?: OperationFault} = {
    id: readId(body, reader),
    status,
    rawStatus,
    raw: body ?? null,
  };
  const createdDateTime = readDateTime(valueAt(body, reader.createdDateTime));
  if (createdDateTime !== undefined) operation.createdDateTime = createdDateTime;
  const lastActionDateTime = readDateTime(valueAt(body, reader.lastActionDateTime));
  if (lastActionDateTime !== undefined) operation.lastActionDateTime = lastActionDateTime;
  const statusDetail = asText(valueAt(body, reader.statusDetail));
  if (statusDetail !== undefined) operation.statusDetail = statusDetail;
  const percentComplete = parsePercentage(valueAt(body, reader.percentComplete));
  if (percentComplete !== undefined) operation.percentComplete = percentComplete;
  const resourceLocation = asString(valueAt(links, reader.resourceLocation));
  if (resourceLocation !== undefined) operation.resourceLocation = resourceLocation;
  if (status === 'succeeded') {
    const result = valueAt(body, reader.result);
    if (result !== undefined) operation.result = result;
  } else if (status === 'failed' || status === 'canceled') {
    const error = parseErrorObject(valueAt(body, reader.error));
    if (error !== undefined) operation.error = error;
  }
  const frozen = Object.freeze(operation) as Operation;
  return known === undefined
    ? {is: 'operation', operation: frozen, unknownWord: rawStatus}
    : {is: 'operation', operation: frozen};
}

/** The operation's id in a body: a string, or a number as text. */
export function readId(body: unknown, {id}: Pick<ProtocolReader, 'id'>): string | undefined {
  return asText(valueAt(body, id));
}

/** The status word of a body: a string, or a boolean or a number if the protocol lists it among its words. */
function parseStatusWord(body: object, reader: ProtocolReader): string | undefined {
  const value = valueAt(body, reader.status);
  if (typeof value === 'string') return value;
  const other = value ?? valueAt(body, reader.statusIfKnown);
  const isScalar = typeof other === 'string' || typeof other === 'boolean' || typeof other === 'number';
  return isScalar && reader.words.has(String(other).toLowerCase()) ? String(other) : undefined;
}

/** The status of an operation that succeeded by its word, where an error says otherwise. */
function statusByError(body: unknown, reader: ProtocolReader): OperationStatus {
  const error = valueAt(body, reader.error);
  if (error === undefined || error === '' || error === 0 || error === false) return 'succeeded';
  return meaningOf(error, reader) ?? 'failed';
}

/** What the code of an error means to the protocol. */
function meaningOf(error: unknown, {errorCodes}: ProtocolReader): OperationStatus | undefined {
  if (errorCodes.size === 0) return undefined;
  // The JSON form of Protocol Buffers leaves out a code of 0.
  const isEmpty = typeof error === 'object' && error !== null && Object.keys(error).length === 0;
  const code = parseErrorObject(error)?.code ?? (isEmpty ? '0' : undefined);
  return code === undefined ? undefined : errorCodes.get(code.toLowerCase());
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
  if (valueAt(body, reader.status) !== undefined) return undefined;
  const error = valueAt(body, reader.error);
  if (error !== undefined && meaningOf(error, reader) !== 'succeeded') return undefined;
  if (statusByHttp !== undefined) {
    // What is not JSON may be a gateway's page, whatever its HTTP status, so it never counts as a success.
    return body === undefined && statusByHttp === 'succeeded'
      ? undefined
      : {status: statusByHttp, rawStatus: String(httpStatus)};
  }
  const id = readId(body, reader);
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
 * innermost that is meaningful, with its own message, or else that of the error around it. A plain string is taken as the code, and so is a number.
 */
export function parseErrorObject(value: unknown): OperationFault | undefined {
  if (typeof value === 'string' || (typeof value === 'number' && value !== 0)) {
    return Object.freeze({code: String(value)});
  }
  if (typeof value !== 'object' || value === null) return undefined;
  let code: string | undefined;
  let message = asString(ownProperty(value, 'message'));
  let inner: unknown = value;
  for (let depth = 0; depth < 10 && typeof inner === 'object' && inner !== null; depth++) {
    const own = ownProperty(inner, 'code');
    const isCode = typeof own === 'string' && own !== '' && (code === undefined || own !== 'UnknownError');
    const isNumber = typeof own === 'number' && code === undefined;
    if (isCode || isNumber) code = String(own);
    if (isCode || isNumber || message === undefined) message = asString(ownProperty(inner, 'message')) || message;
    inner = ownProperty(inner, 'innerError') ?? ownProperty(inner, 'innererror');
  }
  if (code === undefined && message === undefined) return undefined;
  return Object.freeze({...(code === undefined ? {} : {code}), ...(message === undefined ? {} : {message})});
}

type Mutable<T> = {-readonly [Key in keyof T]: T[Key]};

function asString(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** A string, or a whole number as text; not one so large that JSON has rounded it. */
function asText(value: unknown): string | undefined {
  return Number.isSafeInteger(value) ? String(value) : asString(value);
}

const percentage = /^\s*(\d+(?:\.\d*)?|\.\d+)\s*%?\s*$/;

// OneNote sends progress as a string, others with a percent sign; drives send fractions.
function parsePercentage(value: unknown): number | undefined {
  const text = typeof value === 'string' ? percentage.exec(value)?.[1] : undefined;
  const number = text === undefined ? value : Number(text);
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
