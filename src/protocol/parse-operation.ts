import type {Operation, OperationFault, OperationStatus, SucceededOperation} from '../operation/operation.ts';
import {readDateTime} from '../shared/date-time.ts';
import {deepFreeze, maxJsonDepth} from '../shared/json.ts';
import {ownProperty, valueAt} from './pointer.ts';
import type {ProtocolReader} from './protocol.ts';

/** What an answer's body turned out to be. */
export type Reading =
  | {readonly is: 'operation'; readonly operation: Operation}
  | {readonly is: 'unknownStatus'; readonly rawStatus: string}
  | {readonly is: 'unreadable'; readonly why: string};

/**
 * Reads the parsed body of an answer as an operation, as its protocol words it. Never throws.
 *
 * @param body `null` for an answer without a body, `undefined` for one that is no JSON
 * @param httpStatus the answer's, for a protocol that goes by it
 * @param known what the same reader read last: of a body that says the same nothing is made anew, and nothing is left to collect
 */
export function readOperation(body: unknown, reader: ProtocolReader, httpStatus?: number, known?: Operation): Reading {
  if (known !== undefined && reader.httpStatuses.size === 0 && isSame(known.raw, body)) {
    return {is: 'operation', operation: known};
  }
  const isObject = typeof body === 'object' && body !== null && !Array.isArray(body);
  const word = isObject ? wordOf(body, reader) : undefined;
  const meant = word === undefined ? meaningOf(body, reader, httpStatus) : undefined;
  const rawStatus = word ?? meant?.rawStatus;
  if (rawStatus === undefined) {
    const why = isObject
      ? `there is no status at ${String(reader.protocol.status)}`
      : `expected a JSON object, got ${kindOf(body)}`;
    return {is: 'unreadable', why};
  }
  if (typeof body === 'object' && body !== null && !deepFreeze(body)) {
    return {is: 'unreadable', why: `the body is nested more than ${maxJsonDepth} levels deep`};
  }
  let status = meant?.status ?? reader.words.get(rawStatus.toLowerCase()) ?? reader.protocol.otherWords;
  if (status === undefined) return {is: 'unknownStatus', rawStatus};
  if (status === 'succeeded' && reader.errorMeansFailed && valueAt(body, reader.error) !== undefined) status = 'failed';
  const operation: Mutable<Operation> & {result?: unknown; error?: OperationFault} = {
    id: text(valueAt(body, reader.id)),
    status,
    rawStatus,
    raw: body ?? null,
  };
  const createdDateTime = readDateTime(valueAt(body, reader.createdDateTime));
  if (createdDateTime !== undefined) operation.createdDateTime = createdDateTime;
  const lastActionDateTime = readDateTime(valueAt(body, reader.lastActionDateTime));
  if (lastActionDateTime !== undefined) operation.lastActionDateTime = lastActionDateTime;
  const statusDetail = text(valueAt(body, reader.statusDetail));
  if (statusDetail !== undefined) operation.statusDetail = statusDetail;
  const percentComplete = percent(valueAt(body, reader.percentComplete));
  if (percentComplete !== undefined) operation.percentComplete = percentComplete;
  const resourceLocation = text(valueAt(body, reader.resourceLocation));
  if (resourceLocation !== undefined) operation.resourceLocation = resourceLocation;
  if (status === 'succeeded') {
    const result = valueAt(body, reader.result);
    if (result !== undefined) operation.result = result;
  } else if (status === 'failed' || status === 'canceled') {
    const error = readFault(valueAt(body, reader.error));
    if (error !== undefined) operation.error = error;
  }
  return {is: 'operation', operation: Object.freeze(operation) as Operation};
}

/** The status word of an answer: a text, or true or false where the protocol has them for words. */
function wordOf(body: object, reader: ProtocolReader): string | undefined {
  const value = valueAt(body, reader.status);
  if (typeof value === 'string') return value;
  return typeof value === 'boolean' && reader.words.has(String(value)) ? String(value) : undefined;
}

/** What an answer without a status word means, if its protocol says so; one with an error means nothing. */
function meaningOf(
  body: unknown,
  reader: ProtocolReader,
  httpStatus = 0,
): {readonly status: OperationStatus; readonly rawStatus: string} | undefined {
  const {withoutStatus} = reader.protocol;
  const byHttp = reader.httpStatuses.get(httpStatus);
  if (byHttp === undefined && withoutStatus === undefined) return undefined;
  if (valueAt(body, reader.status) !== undefined || valueAt(body, reader.error) !== undefined) return undefined;
  if (byHttp !== undefined) {
    // What is no JSON may be a page of some gateway, whatever its HTTP status.
    return body === undefined && byHttp === 'succeeded' ? undefined : {status: byHttp, rawStatus: String(httpStatus)};
  }
  const id = text(valueAt(body, reader.id));
  return withoutStatus === undefined || id === undefined || id === ''
    ? undefined
    : {status: withoutStatus, rawStatus: ''};
}

function kindOf(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'an array' : `a ${typeof value}`;
}

/**
 * The operation whose success is HTTP 303, for a protocol with `seeOtherSucceeds`.
 *
 * @param location where the 303 leads, which is where the finished resource is
 */
export function seeOtherOperation(location: string | undefined): SucceededOperation {
  const known = location === undefined ? {} : {resourceLocation: location};
  return Object.freeze({id: undefined, status: 'succeeded', rawStatus: '303', ...known, raw: null});
}

/** The operation whose success is that the resource is gone, for a protocol with `notFoundSucceeds`. */
export function notFoundOperation(httpStatus: number): SucceededOperation {
  return Object.freeze({id: undefined, status: 'succeeded', rawStatus: String(httpStatus), raw: null});
}

/**
 * Reads an error object as the services nest it, `{code, message, innerError: {code, …}}`, with the most specific code:
 * the innermost that says something. A bare text is taken as the code.
 */
export function readFault(value: unknown): OperationFault | undefined {
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
  const message = text(ownProperty(value, 'message'));
  if (code === undefined && message === undefined) return undefined;
  return Object.freeze({...(code === undefined ? {} : {code}), ...(message === undefined ? {} : {message})});
}

type Mutable<T> = {-readonly [Key in keyof T]: T[Key]};

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

// OneNote sends progress as text, drives with a fraction.
function percent(value: unknown): number | undefined {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && number >= 0 && number <= 100 ? number : undefined;
}

/** Whether two JSON documents say the same. The first is one that was read, and so is not nested too deeply to recurse. */
function isSame(read: unknown, other: unknown): boolean {
  if (read === other) return true;
  if (typeof read !== 'object' || typeof other !== 'object' || read === null || other === null) return false;
  const names = Object.keys(read);
  if (names.length !== Object.keys(other).length || Array.isArray(read) !== Array.isArray(other)) return false;
  for (const name of names) {
    if (!Object.hasOwn(other, name) || !isSame(ownProperty(read, name), ownProperty(other, name))) return false;
  }
  return true;
}
