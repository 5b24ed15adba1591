import {describeValue, expected, isPlainObject, ownProperties} from '../shared/check-options.ts';
import {checkProtocol} from './check.ts';
import type {Protocol, ProtocolDefinition, ProtocolFields} from './protocol.ts';

/**
 * Defines a protocol for {@link pollOperation}'s `protocol` option.
 *
 * @typeParam Result the type of the operation's result, which nobody checks
 * @param definition what the service's responses look like; a word that maps to no status does not compile
 * @returns a checked and frozen copy
 * @throws TypeError or RangeError that names the field, its value and what is expected
 *
 * @example
 * ```ts
 * const renders = protocols.define({
 *   name: 'renders',
 *   status: '/state',
 *   words: {queued: 'notStarted', rendering: 'running', done: 'succeeded', broken: 'failed'},
 *   percentComplete: '/progress',
 *   result: '/image',
 * });
 * ```
 */
/* @__NO_SIDE_EFFECTS__ */ export function defineProtocol<Result = unknown>(
  definition: ProtocolDefinition<Result>,
): Protocol<Result> {
  checkProtocol(definition);
  const {status = [], words = {}} = ownProperties(definition);
  const protocol = definePreset({...definition, status, words});
  // What a getter or a proxy returns need not be the same again: what was copied counts.
  checkProtocol(protocol);
  return protocol;
}

/** Defines a protocol of this library, whose fields the tests check, so that no program spends time on it. */
/* @__NO_SIDE_EFFECTS__ */ export function definePreset<Result = unknown>(
  fields: ProtocolFields<Result>,
): Protocol<Result> {
  const protocol: unknown = frozenCopy(fields, true);
  checkDefined<Result>(protocol);
  return protocol;
}

// Marks a protocol that was checked and copied here. It is not enumerable, so that a spread has no mark, and it is the same in all copies
// of this package, of which a program may have two.
const defined = Symbol.for('operation-poller.protocol');

function isDefined(value: unknown): boolean {
  return Object.hasOwn(Object(value), defined);
}

/** Refuses as a protocol what {@link defineProtocol} has not made. @throws TypeError */
export function checkDefined<Result>(value: unknown): asserts value is Protocol<Result> {
  if (isDefined(value)) return;
  const takes = 'a protocol such as protocols.longRunning or what protocols.define returns';
  throw expected('protocol', takes, describeValue(value));
}

/** A frozen copy of a protocol, which it marks, or of a part of one. It inherits nothing, so what is read from it was defined. */
function frozenCopy(value: unknown, isProtocol = false): unknown {
  const isList = Array.isArray(value);
  if (!(isList || isPlainObject(value)) || isDefined(value)) return value;
  const copy = isList ? [...value] : ownProperties(value);
  for (const [name, inner] of Object.entries(copy))
    Reflect.set(copy, name, frozenCopy(inner, isProtocol && /^(?:locationOnly|resource)$/.test(name)));
  if (isProtocol) Object.defineProperty(copy, defined, Object.create(null));
  return Object.freeze(copy);
}
