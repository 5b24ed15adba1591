import {describeValue, expected, isPlainObject, ownProperties} from '../shared/check-options.ts';
import type {compileFields} from './compile-fields.ts';
import type {Protocol, ProtocolFields} from './protocol.ts';

/**
 * Defines a protocol of this library, whose fields the tests check, so that no program spends time on it.
 *
 * @param compile reads those of its fields that no preset has
 */
/* @__NO_SIDE_EFFECTS__ */ export function definePreset<Result = unknown>(
  fields: ProtocolFields<Result>,
  compile?: typeof compileFields,
): Protocol<Result> {
  const protocol: unknown = frozenCopy(fields, ownProperties({value: compile}));
  checkDefined<Result>(protocol);
  return protocol;
}

/**
 * Marks a protocol that was copied here. It is not enumerable, so that a spread has no mark, and it is the same in all copies of this
 * package, of which a program may have two.
 */
export const defined: unique symbol = Symbol.for('operation-poller.protocol');

/** A protocol with its mark, which holds what reads the fields that no preset has. */
export interface MarkedProtocol<Result = unknown> extends Protocol<Result> {
  readonly [defined]: typeof compileFields | undefined;
}

function isDefined(value: unknown): boolean {
  return Object.hasOwn(Object(value), defined);
}

/** Refuses as a protocol what `define` has not made. @throws TypeError */
export function checkDefined<Result>(value: unknown): asserts value is MarkedProtocol<Result> {
  if (isDefined(value)) return;
  const takes = 'a protocol such as protocols.longRunning or what protocols.define returns';
  throw expected('protocol', takes, describeValue(value));
}

/**
 * A frozen copy of a protocol or of a part of one. It inherits nothing, so what is read from it was defined.
 *
 * @param mark of a protocol
 */
function frozenCopy(value: unknown, mark?: PropertyDescriptor): unknown {
  const isList = Array.isArray(value);
  if (!(isList || isPlainObject(value)) || isDefined(value)) return value;
  const copy = isList ? [...value] : ownProperties(value);
  for (const [name, inner] of Object.entries(copy))
    Reflect.set(copy, name, frozenCopy(inner, /^(?:locationOnly|resource)$/.test(name) ? mark : undefined));
  if (mark) Object.defineProperty(copy, defined, mark);
  return Object.freeze(copy);
}
