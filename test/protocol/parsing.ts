import type {Operation} from '../../src/operation/operation.ts';
import {type ParsedOperation, parseOperation} from '../../src/protocol/parse-operation.ts';
import type {Protocol} from '../../src/protocol/protocol.ts';
import {protocolReader} from '../../src/protocol/protocol-reader.ts';

/** Parses a response body by a protocol. */
export function parse(protocol: Protocol, body: unknown, httpStatus = 200): ParsedOperation {
  return parseOperation({json: body}, protocolReader(protocol), httpStatus);
}

/** The operation in a response, without its raw body. */
export function operationOf(protocol: Protocol, body: unknown, httpStatus?: number): Partial<Operation> {
  const parsed = parse(protocol, body, httpStatus);
  if (parsed.is !== 'operation') throw new Error(`Expected an operation: ${JSON.stringify(parsed)}`);
  const {raw, ...operation} = parsed.operation;
  return operation;
}

/** The status in a response, or what it is if not an operation. */
export function statusOf(protocol: Protocol, body: unknown, httpStatus?: number): string {
  const parsed = parse(protocol, body, httpStatus);
  return parsed.is === 'operation' ? parsed.operation.status : parsed.is;
}
