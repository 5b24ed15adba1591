import type {OperationFault, OperationStatus} from '../operation/operation.ts';
import {isObject} from '../shared/json.ts';
import {asString, asText} from './as-text.ts';
import {ownProperty, valueAt} from './pointer.ts';
import type {ProtocolReader} from './protocol-reader.ts';

/** The error in a body. */
export interface BodyError {
  readonly fault: OperationFault | undefined;
  /** What it means to the protocol, by its code. */
  readonly meaning: OperationStatus | undefined;
}

/** The error in a body, unread: of a list the first one, so that an empty list is none. */
export function errorIn(body: unknown, {error}: Pick<ProtocolReader, 'error'>): unknown {
  const value = valueAt(body, error);
  return Array.isArray(value) ? (value[0] ?? undefined) : value;
}

/** Reads the error in a body, from wherever its protocol has the parts. */
export function readError(body: unknown, reader: ProtocolReader): BodyError {
  const {errorCode, errorMessage, errorCodes} = reader;
  const value = errorIn(body, reader);
  const own = parseErrorObject(value);
  const message = asString(valueAt(body, errorMessage)) ?? own?.message;
  // A text is the code, unless the protocol says that it is the message.
  const code = asText(valueAt(body, errorCode)) ?? (value === message ? undefined : own?.code);
  const fault = createFault(code, message);
  // The JSON form of Protocol Buffers leaves out a code of 0.
  const isEmpty = isObject(value) && Object.keys(value).length === 0;
  return {fault, meaning: errorCodes.get((code ?? (isEmpty ? '0' : '')).toLowerCase())};
}

/**
 * Reads the error in the body of an HTTP error: where the protocol has the parts of one, or at `/error` or `/errors`. A part that is
 * missing there may be in the body itself.
 */
export function readHttpFault(body: unknown, reader: ProtocolReader): OperationFault {
  const error = [...reader.error, ['error'], ['errors']];
  return {...parseErrorObject(body), ...readError(body, {...reader, error}).fault};
}

/**
 * Parses an error object as services nest it, `{code, message, innerError: {code, …}}`, and takes the most specific code: the
 * innermost that is meaningful, with its own message, or else that of the error around it. A plain string is taken as the code,
 * and so is a number.
 */
export function parseErrorObject(value: unknown): OperationFault | undefined {
  if (typeof value === 'string' || (typeof value === 'number' && value !== 0)) return createFault(String(value));
  if (!isObject(value)) return undefined;
  let code: string | undefined;
  let message = asString(ownProperty(value, 'message'));
  let inner: unknown = value;
  for (let depth = 0; depth < 10 && isObject(inner); depth++) {
    const own = ownProperty(inner, 'code');
    const text = asString(own);
    const isCode = code === undefined ? text || typeof own === 'number' : text && text !== 'UnknownError';
    if (isCode) code = String(own);
    if (isCode || message === undefined) message = asString(ownProperty(inner, 'message')) || message;
    inner = ownProperty(inner, 'innerError') ?? ownProperty(inner, 'innererror');
  }
  return createFault(code, message);
}

function createFault(code?: string, message?: string): OperationFault | undefined {
  if (code === undefined && message === undefined) return undefined;
  return Object.freeze({...(code !== undefined && {code}), ...(message !== undefined && {message})});
}
