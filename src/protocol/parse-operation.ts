import {
  type Operation,
  type OperationFault,
  type OperationStatus,
  type SucceededOperation,
  statusRank,
} from '../operation/operation.ts';
import {describeKind} from '../shared/check-options.ts';
import {readDateTime} from '../shared/date-time.ts';
import {deepFreeze, isObject, isRecord, tooDeep} from '../shared/json.ts';
import {asString, asText} from './as-text.ts';
import {errorIn, parseErrorObject, readError} from './error-object.ts';
import type {FoundOperation} from './find-by-read.ts';
import {linksOf} from './links.ts';
import {ownProperty, valueAt} from './pointer.ts';
import type {Protocol} from './protocol.ts';
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

/** The body of a response, as JSON. */
export interface ResponseBody {
  /** `null` for a response without a body, `undefined` for one that is not JSON. */
  readonly json: unknown;
}

/**
 * Parses a response's JSON body as an operation by the rules of its protocol. Never throws.
 *
 * @param httpStatus the response's HTTP status, for protocols with `httpStatuses`; of an error, only one that they list
 * @param previous the last operation parsed by the same reader: it is returned when the body is equal, to spare the garbage
 *   collector
 */
export function parseOperation(
  body: ResponseBody,
  reader: ProtocolReader,
  httpStatus = 0,
  previous?: Operation,
): ParsedOperation {
  const {json} = body;
  const {protocol} = reader;
  if (previous !== undefined && protocol.httpStatuses === undefined && isEqualJson(previous.raw, json)) {
    return {is: 'operation', operation: previous};
  }
  // The body of a listed HTTP error may have a status that is not the operation's.
  const isError = httpStatus >= 400;
  const found = (isError ? undefined : statusByWord(json, reader)) ?? impliedStatus(json, reader, httpStatus);
  if (found === undefined) return unreadable(whyNoStatus(json, protocol));
  if (!deepFreeze(json)) return unreadable(tooDeep);
  const {rawStatus, known} = found;
  let status = known ?? protocol.otherWords;
  if (status === undefined) return {is: 'unknownStatus', rawStatus};
  let error: OperationFault | undefined;
  // `''`, `0` and `false` are no errors.
  if (status === 'succeeded' && protocol.errorMeansFailed && !isError && errorIn(json, reader)) {
    const {fault, meaning} = readError(json, reader);
    status = meaning ?? 'failed';
    error = fault;
  }
  const operation = createOperation(body, reader, {status, rawStatus, error});
  return {is: 'operation', operation, unknownWord: known === undefined ? rawStatus : undefined};
}

function whyNoStatus(body: unknown, {status}: Protocol): string {
  if (isRecord(body)) return `there is no status at ${status}`;
  if (body === undefined) return 'it is not JSON';
  return `expected a JSON object, got ${describeKind(body)}`;
}

const unreadable = (why: string): ParsedOperation => ({is: 'unreadable', why});

/** The operation that a protocol's `read` has found; a text says why there is none. */
export function parseFound(
  body: ResponseBody,
  reader: ProtocolReader,
  found: FoundOperation | string,
): ParsedOperation {
  if (typeof found === 'string') return unreadable(found);
  return {is: 'operation', operation: createOperation(body, reader, found)};
}

/** How each field of an operation is read, except its status, result and error. */
const facts = [
  ['createdDateTime', readDateTime],
  ['lastActionDateTime', readDateTime],
  ['statusDetail', asText],
  ['percentComplete', parsePercentage],
  ['resourceLocation', asString],
] as const;

/** @param found what it has not is looked up in the body */
function createOperation({json}: ResponseBody, reader: ProtocolReader, found: FoundOperation): Operation {
  const {status, rawStatus} = found;
  const find = (name: (typeof facts)[number][0] | 'id' | 'result'): unknown =>
    ownProperty(found, name) ?? valueAt(name === 'resourceLocation' ? linksOf(json) : json, reader[name]);
  const operation: Operation & {result?: unknown; error?: OperationFault} = {
    id: asText(find('id')),
    status,
    rawStatus,
    raw: json ?? null,
  };
  for (const [name, read] of facts) {
    const value = read(find(name));
    if (value !== undefined) Object.assign(operation, {[name]: value});
  }
  if (status === 'succeeded') {
    const result = find('result');
    if (result !== undefined) operation.result = result;
  } else if (status === 'failed' || status === 'canceled') {
    const fault = parseErrorObject(ownProperty(found, 'error')) ?? readError(json, reader).fault;
    if (fault !== undefined) operation.error = fault;
  }
  return Object.freeze(operation);
}

/** The operation's id in a body: a string, or a number as text. */
export function readId(body: unknown, {id}: Pick<ProtocolReader, 'id'>): string | undefined {
  return asText(valueAt(body, id));
}

/** A status as its service wrote it, and what that means to the protocol. */
interface FoundStatus {
  readonly rawStatus: string;
  readonly known: OperationStatus | undefined;
}

/** The status in a body: a string, or a boolean or a number if the protocol lists it among its words. */
function statusByWord(body: unknown, {status, statusIfKnown, words}: ProtocolReader): FoundStatus | undefined {
  if (!isRecord(body)) return undefined;
  const value = valueAt(body, status);
  const word = value ?? valueAt(body, statusIfKnown);
  if (word === undefined || isObject(word)) return undefined;
  const rawStatus = String(word);
  const known = words.get(rawStatus.toLowerCase());
  return known !== undefined || typeof value === 'string' ? {rawStatus, known} : undefined;
}

/** The status of a body without a status word, where the protocol gives one; a body with an error has none. */
function impliedStatus(body: unknown, reader: ProtocolReader, httpStatus: number): FoundStatus | undefined {
  const {withoutStatus, httpStatuses} = reader.protocol;
  const statusByHttp = httpStatuses?.[httpStatus];
  if (httpStatus < 400) {
    if (valueAt(body, reader.status) !== undefined) return undefined;
    if (errorIn(body, reader) !== undefined && readError(body, reader).meaning !== 'succeeded') return undefined;
  }
  if (statusByHttp !== undefined) {
    // What is not JSON may be a gateway's page, whatever its HTTP status, so it never counts as an end.
    const isPage = body === undefined && statusRank[statusByHttp] === statusRank.succeeded;
    return isPage ? undefined : {rawStatus: String(httpStatus), known: statusByHttp};
  }
  return withoutStatus && readId(body, reader) ? {rawStatus: '', known: withoutStatus} : undefined;
}

/**
 * The operation that an HTTP status alone reports as succeeded.
 *
 * @param resourceLocation the finished resource's, from the `Location` of a 303
 */
export function succeededByHttp(httpStatus: number, resourceLocation?: string): SucceededOperation {
  const resource = resourceLocation !== undefined && {resourceLocation};
  return Object.freeze({id: undefined, status: 'succeeded', rawStatus: String(httpStatus), ...resource, raw: null});
}

const percentage = /^\s*(\d+(?:\.\d*)?|\.\d+)(?:\s*%)?\s*$/;

// OneNote sends progress as a string, others with a percent sign; drives send fractions.
function parsePercentage(value: unknown): number | undefined {
  const number = typeof value === 'string' ? Number(percentage.exec(value)?.[1]) : value;
  return typeof number === 'number' && number >= 0 && number <= 100 ? number : undefined;
}

/** Whether two JSON values are equal. The first was parsed before, so it is not nested too deeply for recursion. */
function isEqualJson(parsed: unknown, other: unknown): boolean {
  if (parsed === other) return true;
  if (!isObject(parsed) || !isObject(other)) return false;
  const names = Object.keys(parsed);
  if (names.length !== Object.keys(other).length || Array.isArray(parsed) !== Array.isArray(other)) return false;
  for (const name of names) {
    if (!Object.hasOwn(other, name) || !isEqualJson(parsed[name], other[name])) return false;
  }
  return true;
}
