import type {Operation} from '../../src/operation/operation.ts';
import {type ParsedOperation, parseOperation} from '../../src/protocol/parse-operation.ts';
import {type Protocol, protocolReader} from '../../src/protocol/protocol.ts';

/** What an answer's body is under a protocol. */
export function parse(protocol: Protocol, body: unknown, httpStatus = 200): ParsedOperation {
  return parseOperation(body, protocolReader(protocol), httpStatus);
}

/** The operation that an answer tells of, without its raw body. */
export function operationOf(protocol: Protocol, body: unknown, httpStatus?: number): Partial<Operation> {
  const reading = parse(protocol, body, httpStatus);
  if (reading.is !== 'operation') throw new Error(`The body is no operation: ${JSON.stringify(reading)}`);
  const {raw, ...operation} = reading.operation;
  return operation;
}

/** The status that an answer tells of, or what it is instead. */
export function statusOf(protocol: Protocol, body: unknown, httpStatus?: number): string {
  const reading = parse(protocol, body, httpStatus);
  return reading.is === 'operation' ? reading.operation.status : reading.is;
}
