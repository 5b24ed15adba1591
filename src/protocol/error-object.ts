import type {OperationFault, OperationStatus} from '../operation/operation.ts';
import {isObject} from '../shared/json.ts';
import {asString, asText} from './as-text.ts';
import {ownProperty, valueAt} from './pointer.ts';
import type {ProtocolReader} from './protocol-reader.ts';

/** The error in a body, from wherever its protocol has the parts. */
export function readFault(body: unknown, {error, errorCode, errorMessage}: ProtocolReader): OperationFault | undefined {
  const fault = parseErrorObject(valueAt(body, error));
  const code = asText(valueAt(body, errorCode)) ?? fault?.code;
  return createFault(code, asString(valueAt(body, errorMessage)) ?? fault?.message);
}

/** What an error in a body means to the protocol, by its code. */
export function meaningOf(body: unknown, reader: ProtocolReader): OperationStatus | undefined {
  const error = valueAt(body, reader.error);
  // The JSON form of Protocol Buffers leaves out a code of 0.
  const isEmpty = isObject(error) && Object.keys(error).length === 0;
  const code = readFault(body, reader)?.code ?? (isEmpty ? '0' : '');
  return reader.errorCodes.get(code.toLowerCase());
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
    const isCode = typeof own === 'string' && own !== '' && (code === undefined || own !== 'UnknownError');
    const isNumber = typeof own === 'number' && code === undefined;
    if (isCode || isNumber) code = String(own);
    if (isCode || isNumber || message === undefined) message = asString(ownProperty(inner, 'message')) || message;
    inner = ownProperty(inner, 'innerError') ?? ownProperty(inner, 'innererror');
  }
  return createFault(code, message);
}

function createFault(code?: string, message?: string): OperationFault | undefined {
  if (code === undefined && message === undefined) return undefined;
  return Object.freeze({...(code === undefined ? {} : {code}), ...(message === undefined ? {} : {message})});
}
