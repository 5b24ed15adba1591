import {isObject} from '../shared/json.ts';
import {asText} from './as-text.ts';
import {ownProperty, valueAt} from './pointer.ts';
import type {ProtocolReader} from './protocol-reader.ts';

/** Whether the body of an HTTP error has one of the protocol's `throttlingCodes`. */
export function hasThrottlingCode(
  body: unknown,
  {throttlingCodes, error, errorCode}: Pick<ProtocolReader, 'throttlingCodes' | 'error' | 'errorCode'>,
): boolean {
  const values = [body, valueAt(body, error), valueAt(body, errorCode)];
  return codesIn(values).some((code) => throttlingCodes.has(code.toLowerCase()));
}

// Google writes {error: {status, errors: [{reason}], details: [{reason}]}}, Microsoft {error: {code, innerError: {code}}}.
const codeNames = ['code', 'status', 'reason'];
const innerNames = ['error', 'errors', 'details', 'innerError', 'innererror'];
const maxDepth = 10;

/** All codes in an error's body, those of inner errors too. */
function codesIn(value: unknown, depth = 0): string[] {
  const text = asText(value);
  if (text !== undefined) return [text];
  if (!isObject(value) || depth === maxDepth) return [];
  if (Array.isArray(value)) return value.flatMap((inner) => codesIn(inner, depth + 1));
  const codes = codeNames.map((name) => ownProperty(value, name)).filter((code) => typeof code !== 'object');
  const inner = innerNames.map((name) => ownProperty(value, name));
  return [codes, inner].flatMap((values) => codesIn(values, depth));
}
