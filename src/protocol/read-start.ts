import type {Operation} from '../operation/operation.ts';
import {deepFreeze} from '../shared/json.ts';
import {errorIn} from './error-object.ts';
import {type ParsedOperation, parseFound, parseOperation, readId} from './parse-operation.ts';
import type {Protocol} from './protocol.ts';
import {type ProtocolReader, protocolReader} from './protocol-reader.ts';
import {locationHeader, type StartAnswer, startLocation, startProtocol} from './start.ts';

/** What the response to the request that starts an operation says about it. */
export type StartReport =
  /** where to watch it; `isFirstReport`: the response is what that location would have returned, so the first poll needs no request */
  | {readonly kind: 'watch'; readonly protocol: Protocol; readonly location: string; readonly isFirstReport: boolean}
  /** it has ended, so no request follows */
  | {readonly kind: 'ended'; readonly protocol: Protocol; readonly operation: Operation}
  /** the service accepted it but does not say where the operation is */
  | {readonly kind: 'unconfirmed'};

const unconfirmed: StartReport = {kind: 'unconfirmed'};

// After these, the request's own URL shows the operation. A POST goes to an action, and a deleted resource is gone.
const resourceMethods: ReadonlySet<string> = new Set(['PUT', 'PATCH', 'GET']);

/**
 * Reads the response to the request that starts an operation, by the rules of its protocol. Headers and body are untrusted:
 * an operation has succeeded only if the response says so.
 *
 * @param method the request's HTTP method
 * @param root the service's root, e.g. `https://graph.microsoft.com/v1.0`
 * @param pathRoot what a path in a header is relative to; `undefined`: to the request's URL
 */
export function readStart(
  method: string,
  answer: StartAnswer,
  reader: ProtocolReader,
  root: string,
  pathRoot: string | undefined,
): StartReport {
  const {url, status} = answer;
  if (!(status >= 200 && status < 300)) return unconfirmed;
  const {start = 'headers', resource} = reader.protocol;
  const location = startLocation(answer, reader, root, pathRoot);
  if (location !== undefined && start === 'headers') {
    // A resource that has ended needs no monitor, as in Azure's client for Go (`New` of its `async` and `loc` pollers). A
    // monitor's status in this response may be out of date.
    const shown = resource === undefined ? undefined : ended(answer, protocolReader(resource));
    return shown ?? {kind: 'watch', protocol: startProtocol(answer, reader), location, isFirstReport: false};
  }
  if (location !== undefined) {
    // Only 202 says how the operation is. 200 and 201 say that it was started, whatever they mean at its location.
    const isFirstReport = parse(answer, reader, status === 202 ? status : 0).is !== 'unreadable';
    return {kind: 'watch', protocol: reader.protocol, location, isFirstReport};
  }
  // A resource is found by its id: a body without one is something else.
  if (start === 'resource' && status !== 204) return unconfirmed;
  return readWithoutLocation(method.toUpperCase(), url, answer, reader);
}

function readWithoutLocation(method: string, url: string, answer: StartAnswer, given: ProtocolReader): StartReport {
  const {status, json} = answer;
  const {start = 'headers', resource} = given.protocol;
  const isResource = start === 'headers' && resourceMethods.has(method);
  const reader = isResource && resource !== undefined ? protocolReader(resource) : given;
  const {protocol} = reader;
  const shown = ended(answer, reader);
  if (shown !== undefined) return shown;
  const hasStatus = parse(answer, reader).is !== 'unreadable';
  if (hasStatus || (status === 202 && json !== undefined)) {
    return isResource ? {kind: 'watch', protocol, location: url, isFirstReport: hasStatus} : unconfirmed;
  }
  return isCompleted(method, answer, given)
    ? {kind: 'ended', protocol, operation: completedOperation(answer, reader)}
    : unconfirmed;
}

/** @param httpStatus given where it may be the operation's word */
function parse(answer: StartAnswer, reader: ProtocolReader, httpStatus?: number): ParsedOperation {
  const found = reader.read && answer.find?.(reader.read);
  return found === undefined ? parseOperation(answer, reader, httpStatus) : parseFound(answer, reader, found);
}

/** The operation in a body whose status says that it has ended. */
function ended(answer: StartAnswer, reader: ProtocolReader): StartReport | undefined {
  const parsed = parse(answer, reader);
  if (parsed.is !== 'operation') return undefined;
  const {operation} = parsed;
  return operation.status === 'notStarted' || operation.status === 'running'
    ? undefined
    : {kind: 'ended', protocol: reader.protocol, operation};
}

/** Whether a response without any status means that the operation has completed. */
function isCompleted(method: string, answer: StartAnswer, reader: ProtocolReader): boolean {
  const {status, json} = answer;
  // A location that cannot be used still means that the operation goes on; a body that is not JSON may be a gateway's page.
  const {bodyMeansDone, createdMeansDone} = reader.protocol;
  const isCreated = status === 201 && createdMeansDone === true;
  if ((locationHeader(answer, reader) !== undefined && !isCreated) || json === undefined) return false;
  if (errorIn(json, reader) !== undefined) return false;
  if (status === 204 || (status === 200 && method === 'DELETE')) return true;
  return json !== null && (isCreated || ((status === 200 || status === 201) && bodyMeansDone === true));
}

/** The operation of a request that completed immediately: the response's body is the result. */
function completedOperation({status, json}: StartAnswer, reader: ProtocolReader): Operation {
  // A body that is nested too deeply is useless.
  const result = deepFreeze(json) ? json : null;
  return Object.freeze({
    id: readId(json, reader),
    status: 'succeeded' as const,
    rawStatus: String(status),
    raw: result,
    result,
  });
}
